"""Commands that search: the cursor jumps to rows, and none is hidden."""

from smapstop.errors import SmapstopError
from smapstop.ui.commands.command import ScreenCommand
from smapstop.ui.screens.dashboard import MainScreen

_DIRECTIONS = {"next": 1, "previous": -1}


def _find(screen: MainScreen, argument: str) -> None:
    """Find words, or open the line to type them."""
    if not argument:
        screen.open_search()
    elif argument == "off":
        screen.search("")
    elif not screen.session.matches_rows(argument):
        raise SmapstopError(f"no row matches {argument!r}")
    else:
        screen.search(argument)
        screen.go_to_hit(0)


def _hit(screen: MainScreen, argument: str) -> None:
    direction = _DIRECTIONS[HIT.choose(argument or "next", _DIRECTIONS)]
    if not screen.session.search:
        screen.open_search()
    else:
        screen.go_to_hit(direction)


FIND = ScreenCommand(
    "find",
    "[WORDS|off]",
    "Jump to rows, with the terms of a filter; nothing is hidden.",
    _find,
    lambda screen, argument: screen.session.complete_filter(argument),
)
HIT = ScreenCommand("hit", "[next|previous]", "Go to another row found.", _hit, lambda *_: _DIRECTIONS)
