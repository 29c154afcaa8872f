"""Commands about the mapping under the cursor, and the runs of a program."""

from typing import get_args

from smapstop.ui.commands.command import ScreenCommand
from smapstop.ui.drawing.inspector_title import Tab
from smapstop.ui.screens.dashboard import MainScreen

_TABS: tuple[Tab, ...] = get_args(Tab)


def _inspect(screen: MainScreen, argument: str) -> None:
    """Go into the inspector, at a tab if given."""
    if not argument:
        screen.action_open()
        return
    name = INSPECT.choose(argument, _TABS)
    screen.views.open(next(tab for tab in _TABS if tab == name))
    screen.request_redraw()


INSPECT = ScreenCommand("inspect", "[TAB]", "Go into the mapping under the cursor.", _inspect, lambda *_: _TABS)
PAGES = ScreenCommand("pages", "", "Show the pages of the mapping.", lambda screen, _: screen.action_pages())
RUNS = ScreenCommand("runs", "", "List the runs of --watch.", lambda screen, _: screen.action_runs())
