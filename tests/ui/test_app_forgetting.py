"""A dashboard that has been watching for so long that the oldest is forgotten."""

from functools import partial

import numpy as np
import pytest
from factories import SECOND_NS, mappings_of, tick_of
from list_source import ListSource
from textual.pilot import Pilot
from textual.widget import Widget

from smapstop.model.compare import runs as module
from smapstop.model.events import MECHANISMS, Events
from smapstop.model.protocol import Attach
from smapstop.model.tick import Tick
from smapstop.model.timeline.timeline import Timeline
from smapstop.settings import Settings
from smapstop.text import format as fmt
from smapstop.ui.app import Dashboard
from smapstop.ui.widgets.events_pane import EventsPane
from smapstop.ui.widgets.header import HeaderBar
from smapstop.ui.widgets.mapping_fields import MappingFields
from smapstop.ui.widgets.mapping_table import MappingTable
from smapstop.ui.widgets.time_band import TimeBand

HEAP = (0x1000, 0x2000, "rw-p", "[heap]")
LIBC = (0x3000, 0x3100, "r-xp", "/usr/lib/libc.so.6")
EVERYTHING = (
    *(
        "e",
        "tab",
        "o",
        "m",
        "m",
        "d",
        "o",
        "d",
        "o",
        "d",
        "o",
        "less_than_sign",
        "enter",
        "space",
        "space",
        "left_parenthesis",
        "p",
        "p",
    ),
    *(
        "left_square_bracket",
        "right_square_bracket",
        "enter",
        "m",
        "m",
        "d",
        "left_curly_bracket",
        "right_parenthesis",
        "comma",
        "L",
        "escape",
        "e",
        "down",
        "enter",
    ),
)
"""Keys that look at the past in every way."""


def tick(number: int) -> Tick:
    """The heap grows; the library changed once, in the second tick."""
    heap, libc = (*HEAP, 40 + 4 * number), (*LIBC, 30 + 4 * (number > 0))
    rows, ids = ([heap, libc], [0, 1]) if number < 2 else ([heap], [0])
    touched = Events(
        np.array([0]), np.array([MECHANISMS.index("first-touch")], np.int8), np.array([4]), np.ones(1, bool)
    )
    return tick_of(number, mappings_of(*rows), ids, **({"events": touched} if number else {}))


@pytest.fixture
def _forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dashboards that keep some ten ticks."""
    monkeypatch.setattr(module, "Timeline", partial(Timeline, max_bytes=100_000, segment_ticks=2))


async def watched(pilot: Pilot[int], source: ListSource, ticks: range) -> None:
    for number in ticks:
        source.deliver(tick(number))
    await pilot.pause()


def dashboard() -> tuple[Dashboard, ListSource]:
    source = ListSource(tick(0))
    return Dashboard(source, Attach(4711), Settings()), source


def text_of(app: Dashboard, kind: type[Widget]) -> str:
    """What a widget shows, drawn line by line."""
    widget = app.query_one(kind)
    return "\n".join(widget.render_line(y).text for y in range(widget.size.height))


def clock_of(number: int) -> str:
    return fmt.clock((1_700_000_000 + number) * SECOND_NS)


@pytest.mark.usefixtures("_forgetful")
async def test_the_header_and_the_rows_say_what_is_forgotten() -> None:
    app, source = dashboard()
    async with app.run_test(size=(200, 40)) as pilot:
        await watched(pilot, source, range(1, 60))
        first = app.timeline.oldest
        assert 0 < first < 58
        assert f"history since {clock_of(first)}" in text_of(app, HeaderBar)
        lines = text_of(app, MappingTable).splitlines()
        assert [line.rstrip().endswith(f"before {clock_of(first)}") for line in lines[1:3]] == [False, True]


@pytest.mark.usefixtures("_forgetful")
async def test_one_goes_back_to_the_oldest_and_no_further() -> None:
    app, source = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await watched(pilot, source, range(1, 60))
        first = app.timeline.oldest
        app.query_one(TimeBand).focus()
        await pilot.press("home", "comma", "comma")
        assert f"tick {first}/59" in text_of(app, HeaderBar)
        await pilot.press("full_stop")
        assert f"tick {first + 1}/59" in text_of(app, HeaderBar)


@pytest.mark.usefixtures("_forgetful")
async def test_what_was_compared_with_is_compared_with_for_ever() -> None:
    app, source = dashboard()
    async with app.run_test(size=(200, 40)) as pilot:
        await watched(pilot, source, range(1, 6))
        await pilot.press("m", "m")
        await watched(pilot, source, range(6, 60))
        assert app.timeline.oldest > 5
        assert f"mark {clock_of(5)}" in text_of(app, HeaderBar)
        assert "+216 K" in text_of(app, MappingTable), "54 ticks since the mark"
        await pilot.press("d")
        assert "Δ start" in text_of(app, HeaderBar)
        assert "+236 K" in text_of(app, MappingTable), "59 ticks since the start"


@pytest.mark.usefixtures("_forgetful")
async def test_a_mapping_is_compared_with_the_start_though_its_history_begins_later() -> None:
    app, source = dashboard()
    async with app.run_test(size=(160, 50)) as pilot:
        await watched(pilot, source, range(1, 60))
        await pilot.press("d", "enter", "2")
        await pilot.pause()
        (rss,) = [line for line in text_of(app, MappingFields).splitlines() if " Rss " in line and "→" in line][-1:]
        assert [word for word in rss.split() if word != "›"][1:5] == ["40", "→", "276", "+236"]


@pytest.mark.usefixtures("_forgetful")
async def test_what_goes_on_since_before_is_said() -> None:
    app, source = dashboard()
    async with app.run_test(size=(160, 50)) as pilot:
        await pilot.press("e")
        for at in range(1, 60, 4):
            await watched(pilot, source, range(at, min(60, at + 4)))
        assert f"since before {clock_of(app.timeline.oldest)}  ×59" in text_of(app, EventsPane)


@pytest.mark.usefixtures("_forgetful")
async def test_whatever_is_looked_at_while_it_is_forgotten_nothing_breaks() -> None:
    app, source = dashboard()
    async with app.run_test(size=(160, 50)) as pilot:
        await watched(pilot, source, range(1, 30))
        for at, key in enumerate(EVERYTHING):
            await pilot.press(key)
            await watched(pilot, source, range(30 + 6 * at, 36 + 6 * at))
        assert app.timeline.oldest > 6 * len(EVERYTHING)
        assert app.is_running
