"""Commands about the panes below the table."""

from smapstop.number_limits import parse_number
from smapstop.ui.commands.command import ScreenCommand
from smapstop.ui.screens.dashboard import MainScreen

_STEPS = {"higher": 1, "lower": -1}
_MOST_LINES = 200


def _events(screen: MainScreen, argument: str) -> None:
    """Show or hide the events; with words, show those that have them."""
    panes, table = screen.panes, screen.views.table
    if argument:
        panes.events.filter_entries(argument)
    if panes.events.display and panes.events.has_focus and not argument:
        table.focus()
    if not (argument and panes.events.display):
        panes.toggle_events()
    screen.request_redraw()


def _pane(screen: MainScreen, argument: str) -> None:
    if argument in _STEPS:
        screen.panes.grow(_STEPS[argument])
    else:
        screen.panes.set_lines(round(parse_number(argument, PANE.name, 0, _MOST_LINES, "lines")))


EVENTS = ScreenCommand("events", "[WORDS]", "Show or hide the events; with words, only these.", _events)
PANE = ScreenCommand("pane", "LINES|higher|lower", "Set the height of the lower pane.", _pane, lambda *_: _STEPS)
