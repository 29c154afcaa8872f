"""Command about the callers of page faults."""

from smapstop.ui.commands.command import ScreenCommand
from smapstop.ui.screens.dashboard import MainScreen


def _callers(screen: MainScreen, argument: str) -> None:
    """Show the callers of the whole process, or of what is under the cursor."""
    if not argument:
        screen.views.toggle_callers()
    else:
        screen.views.inspector.shows_process = CALLERS.choose(argument, _SCOPES) == "process"
        screen.views.open("callers")
    screen.request_redraw()


_SCOPES = ("process", "mapping")
CALLERS = ScreenCommand(
    "callers",
    "[process|mapping]",
    "Show which code makes page faults.",
    _callers,
    lambda *_: _SCOPES,
)
