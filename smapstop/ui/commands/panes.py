"""Commands about the panes below the table."""

from smapstop.errors import SmapstopError
from smapstop.number_limits import SPLIT_LIMITS, parse_number
from smapstop.ui.commands.command import ScreenCommand
from smapstop.ui.commands.moments import show_span
from smapstop.ui.screens.dashboard import MainScreen
from smapstop.ui.widgets.time_band import TimeBand
from smapstop.ui.widgets.zoom import PARTS, Part

_STEPS = {"higher": 1, "lower": -1}
_MOST_LINES = 200


def _events(screen: MainScreen, argument: str) -> None:
    """Show or hide the events; with words, show those that have them."""
    panes, table = screen.panes, screen.views.table
    if argument:
        panes.events.filter_entries(argument)
    if panes.open_events is not None and panes.open_events.has_focus and not argument:
        screen.set_focus(table)
    if not (argument and panes.open_events is not None):
        panes.toggle_events()
    screen.request_redraw()


def _split(screen: MainScreen, argument: str) -> None:
    screen.views.set_split(parse_number(argument, SPLIT.name, *SPLIT_LIMITS, "percent"))


def _pane(screen: MainScreen, argument: str) -> None:
    if argument in _STEPS:
        screen.panes.grow(_STEPS[argument])
    else:
        screen.panes.set_lines(round(parse_number(argument, PANE.name, 0, _MOST_LINES, "lines")))


def _find_part(screen: MainScreen, command: ScreenCommand, name: str) -> Part:
    """The part of a name, for a command.

    Raises:
        SmapstopError: There is none.
    """
    part = next(each for each in PARTS if each == command.choose(name, PARTS))
    if part == "program" and screen.dock is None:
        raise SmapstopError("no program was launched", "smapstop -- COMMAND starts one")
    return part


def _focus(screen: MainScreen, argument: str) -> None:
    """Give the keys to a part, which is opened if it is not; without one, to the next."""
    match _find_part(screen, FOCUS, argument) if argument else None:
        case "table":
            screen.focus_table()
        case "inspector":
            screen.views.open()
        case "band":
            screen.set_focus(screen.query_one(TimeBand))
        case "events":
            screen.panes.events.set_open(True)
            screen.panes.fit()
            screen.set_focus(screen.panes.events)
        case "program":
            screen.action_program()
        case None:
            screen.focus_next()
    screen.request_redraw()


def _zoom(screen: MainScreen, argument: str) -> None:
    """Make a part fill the screen, by default the focused one; or show a span of time."""
    if not argument:
        screen.zoom.toggle()
        return
    if argument == "all" or argument[0].isdigit():
        show_span(screen, argument)
        return
    part = _find_part(screen, ZOOM, argument)
    if part == screen.zoom.part:
        screen.zoom.set(None)
        return
    if part == "events":
        screen.panes.events.set_open(True)
    screen.zoom.set(part)
    if part == "program":
        screen.action_program()
    elif part in ("band", "events"):
        screen.set_focus(screen.query_one(TimeBand) if part == "band" else screen.panes.events)


EVENTS = ScreenCommand("events", "[WORDS]", "Show or hide the events; with words, only these.", _events)
PANE = ScreenCommand("pane", "LINES|higher|lower", "Set the height of the lower pane.", _pane, lambda *_: _STEPS)
SPLIT = ScreenCommand("split", "PERCENT", "Set the share of the inspector, right of the table or below it.", _split)
FOCUS = ScreenCommand(
    "focus", "[PART]", "Move the focus to a part of the screen, or to the next one.", _focus, lambda *_: PARTS
)
ZOOM = ScreenCommand(
    "zoom",
    "[PART|10m|all]",
    "Let a part fill the screen, or show all parts again; or show a span of time.",
    _zoom,
    lambda *_: (*PARTS, "10m", "all"),
)
