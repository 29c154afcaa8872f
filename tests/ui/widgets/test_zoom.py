"""One part of the dashboard on the whole screen, and back."""

import asyncio
import os
import termios
from collections.abc import Iterator

import pytest
from factories import mappings_of, tick_of
from list_source import ListSource
from textual.pilot import Pilot
from waiting import pause_until

from smapstop.model.protocol import Attach, Launch
from smapstop.settings import Settings
from smapstop.ui.app import Dashboard
from smapstop.ui.widgets.events_pane import EventsPane
from smapstop.ui.widgets.header import HeaderBar
from smapstop.ui.widgets.inspector import Inspector
from smapstop.ui.widgets.mapping_table import MappingTable
from smapstop.ui.widgets.program_dock import ProgramDock
from smapstop.ui.widgets.program_pane import ProgramPane
from smapstop.ui.widgets.time_band import TimeBand

START = tick_of(0, mappings_of((0x1000, 0x1100, "rw-p", "[heap]", 40)), [0], keyframe=True)
PARTS = (TimeBand, MappingTable, Inspector, EventsPane)


def dashboard() -> Dashboard:
    return Dashboard(ListSource(START), Attach(4711), Settings())


def shown(app: Dashboard) -> list[str]:
    """The parts that are on the screen."""
    return [part.__name__ for part in PARTS if any(each.region.height for each in app.query(part))]


@pytest.mark.parametrize(
    ("keys", "part", "size", "back"),
    [
        ("", MappingTable, (80, 24), "z"),
        ("", MappingTable, (200, 60), "escape"),
        ("enter", Inspector, (80, 24), "escape"),
        ("enter", Inspector, (118, 40), "z"),
        ("v", Inspector, (118, 40), "escape"),
        ("v", Inspector, (200, 60), "z"),
        ("shift+tab", TimeBand, (80, 24), "z"),
        ("shift+tab shift+tab", EventsPane, (118, 40), "escape"),
    ],
)
async def test_the_part_with_the_focus_fills_the_screen_and_gives_it_back(
    keys: str, part: type[TimeBand], size: tuple[int, int], back: str
) -> None:
    app = dashboard()
    async with app.run_test(size=size) as pilot:
        await pilot.press("e", *keys.split())
        await pilot.pause()
        before, focused, header = shown(app), app.focused, app.query_one(HeaderBar)
        await pilot.press("z")
        await pilot.pause()
        assert shown(app) == [part.__name__]
        assert app.query_one(part).region.height == size[1] - 2
        assert header.render_line(0).text.endswith(" z: back ")
        assert app.focused is focused
        await pilot.press(back)
        await pilot.pause()
        assert (shown(app), app.focused) == (before, focused)
        assert "back" not in header.render_line(0).text


async def test_a_click_on_how_to_get_back_does_so() -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("shift+tab", "z")
        await pilot.pause()
        await pilot.click(HeaderBar, offset=(115, 0))
        await pilot.pause()
        assert "MappingTable" in shown(app)


async def test_the_inspector_keeps_the_keys_and_gets_the_screen_when_there_is_no_more_room_for_two() -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("enter")
        await pilot.pause()
        assert shown(app) == ["TimeBand", "MappingTable", "Inspector"]
        focused = app.focused
        await pilot.resize_terminal(40, 10)
        await pause_until(pilot, lambda: shown(app) == ["Inspector"], "it alone is shown")
        assert app.focused is focused
        await pilot.press("escape")
        await pause_until(pilot, lambda: shown(app) == ["MappingTable"], "back in the table")
        assert isinstance(app.focused, MappingTable)


async def test_what_needs_another_part_shows_it() -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("shift+tab", "z", "v")
        await pilot.pause()
        assert app.query_one(Inspector).has_focus_within
        assert {"MappingTable", "TimeBand", "Inspector"} <= set(shown(app))


# the program


class Launched(ListSource):
    """A source with a terminal."""

    def __init__(self, terminal_fd: int) -> None:
        super().__init__(START)
        self.terminal_fd = terminal_fd


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """Both sides of a terminal."""
    sides = os.openpty()
    yield sides
    for fd in sides:
        os.close(fd)


async def size_is(pilot: Pilot[int], fd: int, rows: int, columns: int) -> None:
    """Wait until the terminal has a size."""
    await pause_until(
        pilot,
        lambda: termios.tcgetwinsize(fd) == (rows, columns),
        lambda: f"{rows, columns}, but {termios.tcgetwinsize(fd)}",
    )


async def test_the_program_gets_the_keys_and_the_whole_screen_and_its_terminal_that_size(
    terminal: tuple[int, int],
) -> None:
    master, slave = terminal
    app = Dashboard(Launched(master), Launch(("./app",), {}), Settings())
    async with asyncio.timeout(60), app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        dock, pane = app.query_one(ProgramDock), app.query_one(ProgramPane)
        before = dock.region.height
        await pilot.press("Z")
        await size_is(pilot, slave, 21, 78)  # without the header and the frame
        assert (shown(app), app.focused) == ([], pane)
        assert "leaves the program" in str(dock.border_subtitle)
        await pilot.press("f12")
        await size_is(pilot, slave, before - 2, 78)
        assert app.focused is app.query_one(MappingTable)
        assert app.query_one(MappingTable).region.height
