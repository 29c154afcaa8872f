"""Commands that fold and unfold groups of rows."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from smapstop.errors import SmapstopError
from smapstop.model.short_names import without_path
from smapstop.ui.commands.command import ScreenCommand
from smapstop.ui.screens.dashboard import MainScreen


def _groups(screen: MainScreen) -> dict[str, int]:
    """Ids of the groups in the table, by the names shown."""
    view = screen.session.view
    if view is None or view.scope.by == "none":
        raise SmapstopError("the rows are not grouped", "group file makes a tree of files and their sections")
    table = view.table
    rows = np.flatnonzero(table.ids < 0).tolist()
    return {without_path(table.texts[int(table.name[row])]): int(table.ids[row]) for row in rows}


def _fold(screen: MainScreen, argument: str) -> None:
    state, groups = screen.session.view_state, _groups(screen)
    folded = frozenset({groups[FOLD.choose(argument, groups)]}) if argument else state.unfolded
    screen.change_view(replace(state, unfolded=state.unfolded - folded))


def _unfold(screen: MainScreen, argument: str) -> None:
    state, groups = screen.session.view_state, _groups(screen)
    unfolded = {groups[UNFOLD.choose(argument, groups)]} if argument else groups.values()
    screen.change_view(replace(state, unfolded=state.unfolded.union(unfolded)))


def _complete(screen: MainScreen, _: str) -> Iterator[str]:
    try:
        yield from _groups(screen)
    except SmapstopError:
        return


FOLD = ScreenCommand("fold", "[GROUP]", "Fold a group of rows; without one, all.", _fold, _complete)
UNFOLD = ScreenCommand("unfold", "[GROUP]", "Unfold a group of rows; without one, all.", _unfold, _complete)
