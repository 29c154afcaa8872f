"""Redraw of a large map, in slices."""

import time
from collections.abc import Callable

from factories import mappings_of, tick_of
from list_source import ListSource, target
from stepped_program import DEADLINE_SECONDS
from textual.pilot import Pilot

from smapstop.model.protocol import Attach
from smapstop.model.tick import Tick
from smapstop.settings import Settings
from smapstop.ui.app import Dashboard
from smapstop.ui.widgets.inspector import Inspector
from smapstop.ui.widgets.mapping_table import MappingTable

MAPPINGS = 6_000


def tick(number: int, first_kb: int) -> Tick:
    """All mappings, of which the first has this Rss."""
    rows = mappings_of(*((2 * at + 1, 2 * at + 2, "rw-p", "", 4) for at in range(MAPPINGS)))
    rows.amounts[rows.fields.index("rss"), 0] = first_kb
    return tick_of(number, rows, list(range(MAPPINGS)), keyframe=True)


async def until(pilot: Pilot[int], condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        await pilot.pause()


def text_of(app: Dashboard, kind: type[MappingTable] | type[Inspector]) -> str:
    """What a part shows."""
    widget = app.query_one(kind)
    part = widget.body if isinstance(widget, Inspector) else widget
    return "\n".join(part.render_line(y).text for y in range(part.size.height))


async def test_all_parts_show_the_newest_tick_in_the_end() -> None:
    source = ListSource(tick(0, 4))
    app = Dashboard(source, Attach(4711), Settings())
    async with app.run_test(size=(118, 40)) as pilot:
        await until(pilot, lambda: app.session.view is not None)
        source.deliver(tick(1, 8), tick(2, 812))
        await pilot.press("down")
        await until(pilot, lambda: "812 K" in text_of(app, Inspector) or "812 K" in text_of(app, MappingTable))
        await until(pilot, lambda: app.session.shown_number == 2)
        await pilot.press("home")
        await until(pilot, lambda: "812 K" in text_of(app, Inspector))
        assert "812 K" in text_of(app, MappingTable)


async def test_another_run_takes_the_place_of_one_that_is_being_drawn() -> None:
    source = ListSource(tick(0, 4))
    app = Dashboard(source, Attach(4711), Settings())
    async with app.run_test(size=(118, 40)) as pilot:
        await until(pilot, lambda: app.session.view is not None)
        source.deliver(tick(1, 812), target(), tick(0, 428))
        await until(pilot, lambda: "428 K" in text_of(app, Inspector))
        await until(pilot, lambda: "428 K" in text_of(app, MappingTable))
        assert "812 K" not in text_of(app, MappingTable) + text_of(app, Inspector)
