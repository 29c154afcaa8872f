"""Keys that the user changed, in the hands of a user."""

from factories import mappings_of, tick_of
from list_source import ListSource
from textual.command import CommandList, CommandPalette
from textual.pilot import Pilot
from waiting import pause_until

from smapstop.model.protocol import Attach
from smapstop.settings import Settings
from smapstop.ui.app import Dashboard
from smapstop.ui.keys.table import KEYS
from smapstop.ui.screens.help import HelpScreen, HelpText
from smapstop.ui.screens.sort import SortScreen
from smapstop.ui.widgets.key_bar import KeyBar
from smapstop.ui.widgets.mapping_pages import MappingPages


def dashboard(**keys: tuple[str, ...]) -> Dashboard:
    source = ListSource(tick_of(0, mappings_of((0, 4)), [0]))
    return Dashboard(source, Attach(4711), Settings(keys=keys))


async def titles(pilot: Pilot[int]) -> list[str]:
    """What the palette finds, opened by its key."""
    await pilot.press("ctrl+p")
    palette = pilot.app.screen
    assert isinstance(palette, CommandPalette)
    commands = palette.query_one(CommandList)
    await pause_until(pilot, lambda: commands.option_count, "a command in the palette")
    await pilot.app.workers.wait_for_complete()
    return [str(option.prompt).split("\n")[0] for option in commands.options]


async def test_a_changed_key_does_what_the_usual_one_did_and_that_one_nothing() -> None:
    app = dashboard(sort=("o", "f9"), open=("s",))
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("f6")
        assert len(app.screen_stack) == 1
        for key in ("o", "f9"):
            await pilot.press(key)
            assert isinstance(app.screen, SortScreen)
            await pilot.press("escape")
        await pilot.press("s", "v")
        assert app.query_one(MappingPages).display


async def test_the_key_bar_the_help_and_the_messages_name_the_changed_keys_in_the_usual_order() -> None:
    app = dashboard(help=("H", "f1"), quit=("Q",), filter=("&",), back=("x",), up=("w",))
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        assert app.query_one(KeyBar).render_line(0).text.startswith(" H help  Q quit  space pause  & filter  s sort")
        await pilot.press("H")
        assert isinstance(app.screen, HelpScreen)
        assert "x close" in str(app.screen.query_one(".box").border_subtitle)
        text = app.screen.query_one(HelpText)
        lines = [text.render_line(y).text for y in range(text.size.height)]
        assert any(line.split()[:2] == ["Q", "Quit,"] for line in lines)
        await pilot.press("x")
        assert len(app.screen_stack) == 1


async def test_a_key_of_a_part_can_be_changed_too() -> None:
    app = dashboard(closer=("a",), reverse=("A",), faster=("F",))
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("v")
        bound = app.screen.active_bindings
        assert {key: bound[key].binding.action for key in ("a", "A")} == {"a": "zoom(-1)", "A": "reverse"}
        assert "plus" not in bound


async def test_the_palette_finds_all_that_a_key_does_here_and_no_more() -> None:
    app = dashboard()
    async with app.run_test(size=(118, 60)) as pilot:
        everywhere = {key.label.capitalize() for key in KEYS if "anywhere" in key.actions}
        missing = {"More", "Program", "Leave program", "Play"}
        assert set(await titles(pilot)) == everywhere - missing | {"Screenshot"}
        await pilot.press("escape", "v")
        assert {"Zoom in", "Copied", "Next changed"} < set(await titles(pilot))
        await pilot.press("escape", "ctrl+o", "b")
        assert {"Its mapping", "Start"} < set(await titles(pilot))


async def test_what_the_palette_finds_is_done() -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await titles(pilot)
        await pilot.press(*"sort")
        await app.workers.wait_for_complete()
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, SortScreen)


def test_ctrl_c_and_f10_close_whatever_q_closes() -> None:
    keys = {key.name: key for key in KEYS}
    assert keys["quit"].actions.keys() <= keys["quit_now"].actions.keys()
