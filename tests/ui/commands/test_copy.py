"""Copying, as a user does it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from factories import mappings_of, tick_of
from list_source import ListSource
from textual import events
from textual.pilot import Pilot

from smapstop.model.protocol import Attach
from smapstop.settings import Settings
from smapstop.ui.app import Dashboard
from smapstop.ui.screens.copy import CopyScreen

ROWS = mappings_of((0x1000, 0x1100, "rw-p", "[heap]", 40), (0x2000, 0x2100, "r-xp", "/usr/lib/libc.so.6", 30))


@pytest.fixture(autouse=True)
def no_tmux(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.delenv("TMUX", raising=False)
        patch.setenv("TERM_PROGRAM", "iTerm.app")
        yield


def dashboard() -> Dashboard:
    return Dashboard(ListSource(tick_of(0, ROWS, [0, 1], keyframe=True)), Attach(4711), Settings())


async def notices(pilot: Pilot[int]) -> list[str]:
    await pilot.pause()
    return [notice.message for notice in pilot.app._notifications]


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("a", "01000000-01100000"),
        ("n", "[heap]"),
        ("r", "start\tend\tmappings\tname\t"),
        ("w", "[heap]  01000000-01100000\n"),
    ],
)
async def test_y_and_a_letter_copy_something_of_the_row_under_the_cursor(key: str, text: str) -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("y")
        assert isinstance(app.screen, CopyScreen)
        await pilot.press(key)
        await pilot.pause()
        assert not isinstance(app.screen, CopyScreen)
        assert app.clipboard.startswith(text)


async def test_keys_that_come_with_the_filter_s_enter_go_to_the_rows_that_it_left() -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        for key in ("slash", *"libc", "enter", "y"):  # none of the messages that these post is handled in between
            await app.on_event(events.Key(key, key if len(key) == 1 else None))
        await pilot.pause()
        await pilot.press("n")
        await pilot.pause()
        assert (app.view_state.filter, app.clipboard) == ("libc", "/usr/lib/libc.so.6")


async def test_the_screen_is_copied_without_the_menu() -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("y", "s")
        await pilot.pause()
        lines = app.clipboard.split("\n")
        assert len(lines) == 41
        assert "libc.so.6 .text" in app.clipboard
        assert "full name" not in app.clipboard


async def test_what_to_set_is_said_once() -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        app.action_command("copy name")
        app.action_command("copy addr")
        first, second = await notices(pilot)
        assert first.startswith("copied: [heap]\nIf your terminal forbids it (OSC 52), in iTerm2: ")
        assert second == "copied: 01000000-01100000"


async def test_the_row_is_that_of_the_moment_when_the_menu_opened() -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("y")
        app.main_screen.views.table.move_to(1)
        await pilot.press("n")
        await pilot.pause()
        assert app.clipboard == "[heap]"


async def test_a_menu_that_is_left_copies_nothing() -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("y", "escape")
        assert await notices(pilot) == []
        await pilot.press("y", "down", "enter")
        assert (await notices(pilot))[0].startswith("copied: [heap]")


async def test_an_svg_is_a_new_file_whose_path_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        app.action_command("copy svg")
        (said,) = await notices(pilot)
        (file,) = tmp_path.iterdir()
        assert said == f"saved the screen: {file}"
        assert file.read_text().startswith("<svg")
        monkeypatch.chdir("/proc/self")
        app.action_command("copy svg")
        assert (await notices(pilot))[-1].startswith("cannot write smapstop-4711-")


async def test_without_rows_the_screen_may_still_be_copied() -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        app.action_command("filter nothing")
        await pilot.pause()
        app.action_command("copy row")
        assert await notices(pilot) == ["no row to copy"]
        await pilot.press("y", "s")
        await pilot.pause()
        assert "no mapping matches" in app.clipboard
