"""The command that chooses the theme, and the help with all commands."""

from factories import mappings_of, tick_of
from list_source import ListSource
from textual.widgets import Input

from smapstop.model.protocol import Attach
from smapstop.settings import Settings
from smapstop.ui.app import Dashboard
from smapstop.ui.screens.help import HelpScreen, HelpText
from smapstop.ui.screens.theme import ThemeScreen

ROWS = mappings_of((0x1000, 0x1100, "rw-p", "[heap]", 40))


def dashboard() -> Dashboard:
    return Dashboard(ListSource(tick_of(0, ROWS, [0], keyframe=True)), Attach(4711), Settings())


async def test_a_theme_is_taken_by_its_name_or_the_beginning_of_it() -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        app.action_command("theme nord")
        assert app.theme == "nord"
        app.action_command("theme drac")
        assert app.theme == "dracula"
        app.action_command("theme")
        await pilot.pause()
        assert isinstance(app.screen, ThemeScreen)


async def test_the_help_opens_at_the_words_given_and_has_the_commands() -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        app.action_command("help go to a moment")
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)
        assert app.screen.query_one(Input).value == "go to a moment"
        text = app.screen.query_one(HelpText)
        lines = [text.render_line(y).text.strip() for y in range(text.size.height)]
        assert "Commands, after :" in lines
        assert any(line.startswith("goto ") for line in lines)
