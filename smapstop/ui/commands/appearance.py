"""Commands about the appearance of the dashboard, and its help."""

from smapstop.ui.commands.command import ScreenCommand
from smapstop.ui.screens.dashboard import MainScreen
from smapstop.ui.theme.app_theme import theme_names
from smapstop.ui.widgets.help_place import help_place


def _theme(screen: MainScreen, argument: str) -> None:
    """Use a theme; without one, open the choice."""
    if argument:
        screen.app.theme = THEME.choose(argument, theme_names())
        return
    from smapstop.ui.screens.theme import ThemeScreen

    screen.app.push_screen(ThemeScreen())


def _help(screen: MainScreen, argument: str) -> None:
    """Open the help of the part that has the focus, with all commands."""
    from smapstop.ui.commands.table import COMMANDS  # the table has this command, too
    from smapstop.ui.help.content import HelpEntry
    from smapstop.ui.screens.help import HelpScreen

    commands = tuple(HelpEntry(each.name, f"{each.usage}  {each.help}".strip()) for each in COMMANDS)
    screen.app.push_screen(HelpScreen(help_place(screen.focused), argument, commands))


THEME = ScreenCommand("theme", "[NAME]", "Choose the colours.", _theme, lambda *_: theme_names())
HELP = ScreenCommand("help", "[WORDS]", "Open the help, at these words.", _help)
