"""Command that chooses the theme."""

from smapstop.ui.commands.command import ScreenCommand
from smapstop.ui.screens.dashboard import MainScreen
from smapstop.ui.theme.app_theme import theme_names


def _theme(screen: MainScreen, argument: str) -> None:
    """Use a theme; without one, open the choice."""
    if argument:
        screen.app.theme = THEME.choose(argument, theme_names())
        return
    from smapstop.ui.screens.theme import ThemeScreen

    screen.app.push_screen(ThemeScreen())


THEME = ScreenCommand("theme", "[NAME]", "Choose the colours.", _theme, lambda *_: theme_names())
