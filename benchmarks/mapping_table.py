"""P5: the table of mappings compared with Textual's DataTable, both headless at 200 columns and 50 rows.

The figure is CPU time until the screen is painted. Our table gets derived views; the DataTable gets cells: in an
update those of the mappings that changed, in the columns whose text changed.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median

import numpy as np
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import DataTable

from benchmarks.figures import Measurement
from benchmarks.timeline import ticks
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.sort import RowIndices, Sorting, sort_rows
from smapstop.model.view.view import View, derive_view
from smapstop.model.view.view_state import ViewState
from smapstop.text.table_columns import find_columns, fit_columns
from smapstop.text.table_rows import build_rows
from smapstop.ui.widgets.column_widths import ColumnWidths
from smapstop.ui.widgets.mapping_table import MappingTable

MAPPINGS = 65_530
CHANGED_MAPPINGS = MAPPINGS // 20
STEPS = {"fill": 100.0, "update 5 % of": 100.0, "sort": 20.0, "repaint": 1.0}
"""Operations on the rows, and how many times faster ours should be."""


def measurements() -> Iterator[Measurement]:
    """Measure each operation of `STEPS`."""
    ours, theirs = asyncio.run(_measure_ours()), asyncio.run(_measure_data_table())
    for (step, goal), we, they in zip(STEPS.items(), ours, theirs, strict=True):
        what = f"table: {step} {MAPPINGS:,} rows" if step != "repaint" else "table: repaint the visible rows"
        detail = f"{we * 1e3:.1f} ms against {they * 1e3:.1f} ms"
        yield Measurement("P5", what, "faster than a DataTable", they / we, goal, detail, least=True)


class _OneWidgetApp(App[None]):
    """App with a single widget."""

    def __init__(self, widget: Widget) -> None:
        super().__init__()
        self.widget = widget

    def compose(self) -> ComposeResult:
        """Compose the widget."""
        yield self.widget

    async def measure_paint(self, pilot: Pilot[None], work: Callable[[], object]) -> float:
        """CPU time of some work and of the paint that follows, seconds."""
        began = time.process_time()
        work()
        await pilot.pause()
        return time.process_time() - began


async def _measure_ours() -> list[float]:
    """CPU times of our table, seconds, in the order of `STEPS`."""
    table, timeline, views = MappingTable(find_columns(()), ColumnWidths({})), Timeline(), list[View]()
    for tick in ticks(MAPPINGS, CHANGED_MAPPINGS, 6):
        timeline.append(tick)
        views.append(derive_view(timeline, ViewState(at=tick.number), None))

    ordered = sort_rows(views[0].table, Sorting())

    def show(view: View, sorting: Sorting, rows: RowIndices | None = None) -> None:
        rows = sort_rows(view.table, sorting) if rows is None else rows
        table.show(timeline, view, rows, sorting, frozen=False)

    app = _OneWidgetApp(table)
    async with app.run_test(size=(200, 50)) as pilot:
        fill = await app.measure_paint(pilot, lambda: show(views[0], Sorting()))
        update = [await app.measure_paint(pilot, partial(show, view, Sorting(), ordered)) for view in views[1:]]
        keys = ("rss", "name", "start", "delta", "size")
        sort = [await app.measure_paint(pilot, partial(show, views[-1], Sorting(key))) for key in keys]
        repaint = [await app.measure_paint(pilot, table.refresh) for _ in range(9)]
    return [fill, *(median(times) for times in (update, sort, repaint))]


def _changing_titles(columns: int) -> list[str]:
    """Titles of the columns whose text changes for a changed mapping."""
    timeline, fitted = Timeline(), fit_columns(find_columns(()), columns)
    for tick in ticks(MAPPINGS, CHANGED_MAPPINGS, 3):
        timeline.append(tick)
    views = [derive_view(timeline, ViewState(at=number), None) for number in (1, 2)]
    one = np.flatnonzero(views[1].table.ids == tick.ids[0])
    (old,), (new,) = (build_rows(view, timeline, one, fitted) for view in views)
    return [column.title for (column, _), a, b in zip(fitted, old.cells, new.cells, strict=True) if a != b]


async def _measure_data_table() -> list[float]:
    """CPU times of a DataTable, seconds, in the order of `STEPS`."""
    table: DataTable[str] = DataTable(cursor_type="row")
    titles, changing = [column.title for column in find_columns(())], _changing_titles(200)
    cells = [[f"{row * column} K" for column in range(len(titles))] for row in range(MAPPINGS)]

    def fill() -> None:
        for key, row in enumerate(cells):
            table.add_row(*row, key=str(key))

    def update(number: int) -> None:
        for row in range(number, MAPPINGS, 20):
            for column in changing:
                table.update_cell(str(row), column, f"{number} K")

    app = _OneWidgetApp(table)
    async with app.run_test(size=(200, 50)) as pilot:
        for title in titles:
            table.add_column(title, key=title, width=12)
        fill_seconds = await app.measure_paint(pilot, fill)
        update_seconds = [await app.measure_paint(pilot, partial(update, number)) for number in range(5)]
        sort = [await app.measure_paint(pilot, partial(table.sort, title)) for title in titles[1:6]]
        repaint = [await app.measure_paint(pilot, table.refresh) for _ in range(9)]
    return [fill_seconds, *(median(times) for times in (update_seconds, sort, repaint))]
