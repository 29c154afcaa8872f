"""Quitting asks once before more than a minute of history is lost."""

import os
from collections.abc import Iterator

import pytest
from factories import mappings_of, tick_of
from list_source import ListSource
from textual.pilot import Pilot

from smapstop.errors import SmapstopError
from smapstop.model.compare.runs import Run
from smapstop.model.protocol import Attach, Launch, Request
from smapstop.settings import Replay, Settings, StartRequest
from smapstop.ui.app import Dashboard
from smapstop.ui.screens.quit import QuitScreen

ROWS = mappings_of((0x1000, 0x1100, "rw-p", "[heap]", 40))
SECOND_NS = 1_000_000_000


def dashboard(
    seconds: int,
    *,
    recording: bool = False,
    fails: bool = False,
    begin: StartRequest = Attach(4711),  # noqa: B008
) -> tuple[Dashboard, list[str]]:
    """A dashboard that has watched so long, and the files that it saved."""
    saved = list[str]()

    def save(run: Run, file: str, family: object) -> Iterator[str]:
        yield f"saved, {len(run.timeline)} ticks"
        if fails:
            raise SmapstopError("cannot create it")
        saved.append(file)

    ticks = [tick_of(n, ROWS, [0], keyframe=True, monotonic_ns=n * seconds * SECOND_NS) for n in range(2)]
    return Dashboard(ListSource(*ticks), begin, Settings(is_recording=recording, save=save)), saved


async def press(pilot: Pilot[int], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()


@pytest.mark.parametrize(
    ("seconds", "recording", "key"), [(30, False, "q"), (100, True, "q"), (100, False, "f10"), (100, False, "ctrl+c")]
)
async def test_without_much_to_lose_or_asked_to_quit_now_it_quits(seconds: int, recording: bool, key: str) -> None:
    app, saved = dashboard(seconds, recording=recording)
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press(key)
        assert app.return_code == 0
    assert saved == []


async def test_a_long_history_is_asked_for_once_and_q_again_quits() -> None:
    app, saved = dashboard(100)
    async with app.run_test(size=(118, 40)) as pilot:
        await press(pilot, "q")
        assert isinstance(app.screen, QuitScreen)
        assert "1m40s of history is not saved" in str(app.screen.query_one("#question").render())
        await press(pilot, "escape", "q", "q")
        assert app.return_code == 0
    assert saved == []


async def test_it_can_be_saved_then() -> None:
    app, saved = dashboard(100)
    async with app.run_test(size=(118, 40)) as pilot:
        await press(pilot, "q", "x")
        assert app.return_code == 0
    assert (saved, app.session.notices) == ([""], ["saved, 2 ticks"])


async def test_what_could_not_be_saved_is_still_there() -> None:
    app, saved = dashboard(100, fails=True)
    async with app.run_test(size=(118, 40)) as pilot:
        await press(pilot, "q", "x")
        assert (app.return_code, saved) == (None, [])
        assert [notice.message for notice in app._notifications] == ["cannot create it"]


async def test_what_was_saved_is_not_asked_for() -> None:
    app, saved = dashboard(100)
    async with app.run_test(size=(118, 40)) as pilot:
        app.action_command("save there.smaps")
        await press(pilot, "q")
        assert (saved, app.return_code) == (["there.smaps"], 0)


async def test_a_recording_is_saved_only_as_another_file() -> None:
    app, saved = dashboard(100, begin=Replay("run.smaps"))
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        app.action_command("save")
        await pilot.pause()
        assert [notice.message.partition(":")[0] for notice in app._notifications] == ["this is a recording already"]
        await press(pilot, "q")
        assert (saved, app.return_code) == ([], 0)


class Starting(ListSource):
    """A source whose program has not reported yet."""

    def request(self, request: Request) -> None:
        self.requests.append(request)


async def test_a_program_that_is_just_being_launched_is_asked_for_too() -> None:
    source = Starting()
    master, slave = os.openpty()
    source.terminal_fd = master
    app = Dashboard(source, Launch(("sleep", "1000"), {}), Settings())
    try:
        async with app.run_test(size=(118, 40)) as pilot:
            await pilot.press("q")
            await pilot.pause()
            assert isinstance(app.screen, QuitScreen)
            assert app.return_code is None
            app.exit(0)
    finally:
        os.close(master)
        os.close(slave)
