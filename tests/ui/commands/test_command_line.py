"""The line of commands, as its user meets it."""

import pytest
from factories import mappings_of, tick_of
from list_source import ListSource
from textual import events
from textual.pilot import Pilot
from textual.widgets import Static
from waiting import pause_until

from smapstop.model.protocol import Attach
from smapstop.settings import Settings
from smapstop.ui.app import Dashboard
from smapstop.ui.commands.command_line import CommandLine
from smapstop.ui.widgets.mapping_table import MappingTable

ROWS = mappings_of((0x1000, 0x1100, "rw-p", "[heap]", 40), (0x2000, 0x2100, "r-xp", "/usr/lib/libc.so.6", 30))


def dashboard() -> Dashboard:
    return Dashboard(ListSource(tick_of(0, ROWS, [0, 1], keyframe=True)), Attach(4711), Settings())


async def type_line(pilot: Pilot[int], text: str) -> None:
    """Type a line, as far as it is given."""
    names = {" ": "space", ":": "colon", "-": "minus", ".": "full_stop"}
    await pilot.press(*(names.get(letter, letter) for letter in text))
    await pilot.pause()


def line_of(pilot: Pilot[int]) -> CommandLine:
    return pilot.app.query_one(CommandLine)


def above(pilot: Pilot[int]) -> str:
    """What stands above the line."""
    return str(line_of(pilot).query_one(Static).content)


async def test_a_command_is_typed_run_and_gone() -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        assert not pilot.app.query(CommandLine)
        await type_line(pilot, ":sort name")
        assert line_of(pilot).display
        assert "sort [COLUMN" in above(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert app.session.order.sorting.key == "name"
        assert not line_of(pilot).display
        assert isinstance(app.focused, MappingTable)


async def test_keys_that_come_with_the_enter_of_a_command_go_to_the_rows_that_it_left() -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        for key in ("colon", *"reverse", "enter", "o"):  # none of the messages that these post is handled in between
            await app.on_event(events.Key(key, key if len(key) == 1 else None))
        await pause_until(pilot, lambda: app.view_state.grouping == "name", "grouped by the key after enter")
        assert (app.session.order.sorting.descending, line_of(pilot).input.value) == (False, "reverse")


async def test_a_command_that_makes_no_sense_says_why_and_is_kept_for_mending() -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await type_line(pilot, ":sort nmae")
        await pilot.press("enter")
        await pilot.pause()
        assert "'nmae'" in above(pilot)
        assert (line_of(pilot).input.value, line_of(pilot).display) == ("sort nmae", True)
        await pilot.press(*["backspace"] * 3)
        await type_line(pilot, "ame")
        await pilot.press("enter")
        await pilot.pause()
        assert (app.session.order.sorting.key, line_of(pilot).display) == ("name", False)
        assert list(app._notifications) == []


@pytest.mark.parametrize("width", [118, 80, 40])
async def test_all_that_stands_above_the_line_fits_into_it(width: int) -> None:
    app = dashboard()
    async with app.run_test(size=(width, 24)) as pilot:
        await type_line(pilot, ":")
        assert above(pilot).startswith("sort   group")
        assert above(pilot).endswith("more: tab")
        for text in ("", "foo"):
            await type_line(pilot, text)
            assert len(above(pilot)) <= width - 2


async def test_tab_goes_through_the_completions_and_back() -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await type_line(pilot, ":gr")
        await pilot.press("tab")
        assert line_of(pilot).input.value == "group "
        await type_line(pilot, "n")
        await pilot.press("tab")
        assert line_of(pilot).input.value == "group none"
        await pilot.press("tab")
        assert line_of(pilot).input.value == "group name"
        await pilot.press("shift+tab", "shift+tab")
        assert line_of(pilot).input.value == "group n"


async def test_the_rest_of_the_first_completion_is_suggested_and_taken_with_right() -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await type_line(pilot, ":metric u")
        await app.workers.wait_for_complete()
        await pilot.pause()
        await pilot.press("right")
        assert line_of(pilot).input.value == "metric uss"


async def test_lines_typed_before_come_back_and_esc_leaves_things_as_they_are() -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await type_line(pilot, ":metric uss")
        await pilot.press("enter")
        await type_line(pilot, ":")
        await pilot.press("up")
        assert line_of(pilot).input.value == "metric uss"
        await pilot.press("escape")
        await pilot.pause()
        assert (line_of(pilot).display, app.view_state.metric) == (False, "uss")
        assert isinstance(app.focused, MappingTable)


async def test_a_key_may_run_a_command_and_shows_why_not() -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        app.action_command("group kind")
        assert app.view_state.grouping == "kind"
        app.action_command("interval never")
        await pilot.pause()
        assert [notice.message for notice in app._notifications] == ["interval never: give seconds from 0.05 to 3600"]
