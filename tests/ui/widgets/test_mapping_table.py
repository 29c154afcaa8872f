"""The table of mappings as a widget: which rows its lines are of."""

import numpy as np
from factories import mappings_of, tick_of
from textual.app import App, ComposeResult

from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.sort import Sorting
from smapstop.model.view.view import derive_view
from smapstop.model.view.view_state import ViewState
from smapstop.text.table_columns import find_columns
from smapstop.ui.widgets.column_widths import ColumnWidths
from smapstop.ui.widgets.mapping_table import MappingTable

NAMES = ["/lib/one.so", "/lib/two.so", "/lib/three.so"]
ROWS = [(0x1000 * at, 0x1000 * at + 0x800, "rw-p", name, at) for at, name in enumerate(NAMES, 1)]


class _App(App[None]):
    def compose(self) -> ComposeResult:
        yield MappingTable(find_columns(()), ColumnWidths({}))


async def test_the_same_view_in_another_order_is_drawn_in_that_order() -> None:
    timeline = Timeline()
    timeline.append(tick_of(0, mappings_of(*ROWS), [0, 1, 2], keyframe=True))
    view = derive_view(timeline, ViewState(at=0), None)
    async with (app := _App()).run_test(size=(80, 10)) as pilot:
        table = app.query_one(MappingTable)
        for order in ([0, 1, 2], [2, 0, 1]):
            table.show(timeline, view, np.array(order), Sorting("name"), frozen=False)
            await pilot.pause()
            lines = [table.render_line(y).text for y in (1, 2, 3)]
            assert [next(at for at, name in enumerate(NAMES) if name[5:] in line) for line in lines] == order
