"""Commands that select mappings, whose sums, history and events are shown together."""

import numpy as np

from smapstop.errors import SmapstopError
from smapstop.model.view.selection import RowSelection, mappings_in
from smapstop.model.view.view import View
from smapstop.ui.commands.command import ScreenCommand
from smapstop.ui.screens.dashboard import MainScreen

_CHOICES = ("row", "range", "all", "none")


def _select(screen: MainScreen, argument: str) -> None:
    choice, session = SELECT.choose(argument or "row", _CHOICES), screen.session
    if choice == "none":
        screen.select(RowSelection())
        return
    view, row = session.view, screen.views.table.current
    if view is None or row is None:
        raise SmapstopError("there are no mappings to select")
    now, here = session.row_selection, mappings_in(view, (row,))
    if choice == "all":
        screen.select(now.add(_matching(view)))
    elif not here and now.anchor is None:
        raise SmapstopError("the mapping is unmapped, and cannot be selected")
    else:
        screen.select(now.toggle_range(row, here) if choice == "range" else now.toggle(here))


def _matching(view: View) -> list[int]:
    """Mappings that pass the filter."""
    ids: list[int] = view.mappings.ids[np.flatnonzero(view.matching & ~view.mappings.gone)].tolist()
    return ids


SELECT = ScreenCommand(
    "select",
    "[row|range|all|none]",
    "Select the row, a range that moving extends, all that match, or nothing; shows their sums.",
    _select,
    lambda *_: _CHOICES,
)
