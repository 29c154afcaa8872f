"""A launched program that is ended and started again, by what is asked of its source."""

import asyncio
import signal

import pytest
from list_source import ListSource
from stepped_program import DEADLINE_SECONDS

from smapstop.model.protocol import Launch, Request, Signal
from smapstop.ui import program_control as module
from smapstop.ui.program_control import ProgramLauncher

LAUNCH = Launch(("./app",), {})
HUP, TERM, KILL = Signal(signal.SIGHUP), Signal(signal.SIGTERM), Signal(signal.SIGKILL)


class Source(ListSource):
    """A source whose program ends at one of the signals, if any."""

    def __init__(self, ends_at: Signal | None) -> None:
        super().__init__()
        self.launching = ProgramLauncher(self, LAUNCH)
        self.ends_at = ends_at

    def request(self, request: Request) -> None:
        self.requests.append(request)
        if request == self.ends_at:
            self.launching.note_end()
        elif request == LAUNCH:
            self.launching.note_start()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GRACE_SECONDS", 0.01)


def test_it_is_launched_once_however_often_its_terminal_is_sized() -> None:
    source = Source(None)
    source.launching.start()
    source.launching.start()
    assert source.requests == [LAUNCH]


@pytest.mark.parametrize(("ends_at", "asked"), [(HUP, [HUP]), (TERM, [HUP, TERM]), (KILL, [HUP, TERM, KILL])])
async def test_it_is_ended_with_as_little_force_as_it_takes(ends_at: Signal, asked: list[Request]) -> None:
    source = Source(ends_at)
    source.launching.start()
    await source.launching.end()
    await source.launching.end()
    assert source.requests == [LAUNCH, *asked]


async def test_it_begins_again_when_it_has_ended() -> None:
    source = Source(TERM)
    source.launching.start()
    for _ in range(2):
        await source.launching.restart()
    assert source.requests == [LAUNCH, HUP, TERM, LAUNCH, HUP, TERM, LAUNCH]


async def test_one_that_ended_by_itself_gets_no_signal() -> None:
    source = Source(None)
    source.launching.start()
    source.launching.note_end()
    await source.launching.restart()
    assert source.requests == [LAUNCH, LAUNCH]


async def test_while_it_is_started_again_it_says_so_and_no_other_start_is_asked_for() -> None:
    source = ListSource()
    launching = ProgramLauncher(source, LAUNCH)
    again = asyncio.create_task(launching.restart())
    await asyncio.sleep(0)
    assert not launching.is_restarting  # it has not begun the first time
    launching.note_start()
    launching.note_end()
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not launching.is_restarting:
            await asyncio.sleep(0)
        while not source.requests:
            await asyncio.sleep(0)
    assert not again.done()
    launching.note_launch_failure()
    await again
    assert not launching.is_restarting
    assert source.requests == [LAUNCH]
