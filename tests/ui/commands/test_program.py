"""The next run of what was watched: a program that smapstop launched, or the next process of the name."""

import os
import signal
from collections.abc import Iterator

import pytest
from factories import mappings_of, tick_of
from list_source import ListSource, target
from textual.pilot import Pilot
from textual.widget import Widget
from waiting import pause_until

from smapstop.model.protocol import (
    Attach,
    AttachNext,
    EndOfRecording,
    Launch,
    LaunchFailed,
    Request,
    Signal,
    StopWaiting,
)
from smapstop.model.tick import ExitStatus, Tick
from smapstop.settings import Replay, Settings
from smapstop.ui.app import Dashboard
from smapstop.ui.screens.quit import RunAgainScreen
from smapstop.ui.widgets.header import HeaderBar
from smapstop.ui.widgets.key_bar import KeyBar
from smapstop.ui.widgets.program_dock import ProgramDock

LAUNCH = Launch(("./app",), {})


def tick(number: int, status: int | None = None) -> Tick:
    rows = mappings_of((0x1000, 0x1100, "rw-p", "[heap]", 40 + number))
    ending = None if status is None else ExitStatus(status=status)
    return tick_of(number, rows, [0], keyframe=True, ending=ending)


class Runs(ListSource):
    """A source whose program or process has the next pid in each run, and ends at a signal."""

    def __init__(self, terminal_fd: int | None = None) -> None:
        super().__init__()
        self.terminal_fd = terminal_fd
        self.pid = 0

    def request(self, request: Request) -> None:
        self.requests.append(request)
        match request:
            case Launch() | Attach():
                self.begin()
            case Signal():
                self.deliver(tick(1, status=7))

    def begin(self) -> None:
        """Begin a run."""
        self.pid += 1
        self.deliver(target(pid=self.pid, launched=self.terminal_fd is not None), tick(0))


@pytest.fixture
def terminal() -> Iterator[int]:
    """The master of a terminal that somebody else has open, too."""
    master, slave = os.openpty()
    yield master
    os.close(slave)
    os.close(master)


async def header_says(pilot: Pilot[int], text: str) -> None:
    bar = pilot.app.query_one(HeaderBar)
    await pause_until(pilot, lambda: text in bar.render_line(0).text, lambda: f"{text} in {bar.render_line(0).text}")


def painted(app: Dashboard, widget: Widget) -> str:
    """The first line of a widget, as it was painted last."""
    strip = app.screen._compositor.render_strips()[widget.region.y]
    return "".join(segment.text for segment in strip)


async def test_a_program_that_ended_is_run_again_and_compared_with_the_run_before(terminal: int) -> None:
    source = Runs(terminal)
    app = Dashboard(source, LAUNCH, Settings())
    async with app.run_test(size=(118, 40)) as pilot:
        await header_says(pilot, "● live")
        source.deliver(tick(1, status=3))
        await header_says(pilot, "exited 3   R: run again")
        assert str(app.query_one(ProgramDock).border_subtitle) == "exited 3 · R: run again"
        await pilot.press("R")
        await header_says(pilot, "run 2   2")
        await header_says(pilot, "Δ run 1")
        assert source.requests == [LAUNCH, LAUNCH]


@pytest.mark.parametrize("ends", [True, False])
async def test_the_key_to_type_is_gone_when_the_program_has_ended_or_closed_its_terminal(ends: bool) -> None:
    master, slave = os.openpty()
    source = Runs(master)
    app = Dashboard(source, LAUNCH, Settings())
    async with app.run_test(size=(118, 40)) as pilot:
        await header_says(pilot, "● live")
        bar, dock = app.query_one(KeyBar), app.query_one(ProgramDock)
        assert "i program" in painted(app, bar)
        if ends:
            source.deliver(tick(1, status=0))
        os.close(slave)
        await pause_until(pilot, lambda: "i program" not in painted(app, bar), "a key bar without it")
        assert str(dock.border_subtitle) == ("exited 0 · R: run again" if ends else "its terminal is closed")
        await pilot.press("Z")
        await header_says(pilot, "ctrl+]: back")
        await pilot.press("ctrl+right_square_bracket")
        assert app.main_screen.zoom.part is None
        assert app.main_screen.views.table.has_focus
    os.close(master)


async def test_a_program_that_runs_is_ended_first_if_the_user_says_so(terminal: int) -> None:
    source = Runs(terminal)
    app = Dashboard(source, LAUNCH, Settings())
    async with app.run_test(size=(118, 40)) as pilot:
        await header_says(pilot, "● live")
        await pilot.press("R")
        await pilot.pause()
        assert isinstance(app.screen, RunAgainScreen)
        await pilot.press("escape")
        assert source.requests == [LAUNCH]
        await pilot.press("R")
        await pilot.pause()
        await pilot.press("e")
        await header_says(pilot, "run 2   2")
        assert source.requests == [LAUNCH, Signal(signal.SIGHUP), LAUNCH]


async def test_the_next_process_is_awaited_when_the_user_says_so_and_no_longer_when_he_says_it_again() -> None:
    source = Runs()
    app = Dashboard(source, Attach(1), Settings())
    async with app.run_test(size=(118, 40)) as pilot:
        await header_says(pilot, "● live")
        await pilot.press("R")
        await pilot.pause()
        assert source.requests == [Attach(1)]  # it still runs
        source.deliver(tick(1, status=3))
        await header_says(pilot, "R: attach to the next program")
        await pilot.press("R")
        await header_says(pilot, "waiting for the next program, R stops")
        await pilot.press("R")
        await header_says(pilot, "R: attach to the next program")
        bar = app.query_one(HeaderBar)
        await pilot.click(HeaderBar, offset=(bar.render_line(0).text.index("R: attach"), 0))
        await header_says(pilot, "waiting for the next program, R stops")
        assert source.requests[1:] == [AttachNext(), StopWaiting(), AttachNext()]
        source.begin()
        await header_says(pilot, "run 2   2")
        await header_says(pilot, "● live")


async def test_one_that_cannot_be_watched_is_reported_and_can_be_awaited_again() -> None:
    source = Runs()
    app = Dashboard(source, Attach(1), Settings())
    async with app.run_test(size=(118, 40)) as pilot:
        await header_says(pilot, "● live")
        source.deliver(tick(1, status=3))
        await header_says(pilot, "R: attach")
        await pilot.press("R")
        source.deliver(LaunchFailed("cannot watch process 2: Permission denied"))
        await header_says(pilot, "R: attach")
        assert [notice.message for notice in app._notifications] == ["cannot watch process 2: Permission denied"]


async def test_a_recording_offers_no_run() -> None:
    source = Runs()
    app = Dashboard(source, Replay("a.smaps"), Settings())
    async with app.run_test(size=(118, 40)) as pilot:
        source.begin()
        source.deliver(tick(1, status=3), EndOfRecording("the process ended"))
        await header_says(pilot, "exited 3")
        await pilot.press("R")
        await pilot.pause()
        assert "R:" not in app.query_one(HeaderBar).render_line(0).text
        assert source.requests == []


@pytest.mark.parametrize(
    ("width", "expected"), [(118, "R: attach to the next program"), (60, "R: attach to the next "), (42, "R: next")]
)
async def test_the_offer_is_the_last_to_go_on_a_narrow_terminal(width: int, expected: str) -> None:
    source = Runs()
    app = Dashboard(source, Attach(1), Settings())
    async with app.run_test(size=(width, 24)) as pilot:
        await header_says(pilot, "● live")
        source.deliver(tick(1, status=3))
        await header_says(pilot, expected)
        assert "exited 3" in app.query_one(HeaderBar).render_line(0).text
