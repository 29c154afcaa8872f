"""Commands about the table: order, groups, filter, metric."""

from collections.abc import Iterator
from dataclasses import replace

from smapstop.model.grouping import GROUPINGS
from smapstop.model.metrics import METRICS
from smapstop.model.view.filter import parse_filter
from smapstop.text.columns import SORTABLE, toggle_sorting
from smapstop.ui.commands.command import ScreenCommand
from smapstop.ui.screens.dashboard import MainScreen
from smapstop.ui.screens.sort import DEFAULT_SORTING

_DIRECTIONS = {"asc": False, "desc": True}
"""Whether a direction is descending."""
_SORT_KEYS = (DEFAULT_SORTING.key, *SORTABLE)


def _sort(screen: MainScreen, argument: str) -> None:
    """Sort by a column, in its default direction unless another one is given."""
    column, _, direction = argument.partition(" ")
    key = SORT.choose(column, _SORT_KEYS)
    sorting = toggle_sorting(key, replace(screen.session.order.sorting, key=""))
    if direction.strip():
        sorting = replace(sorting, descending=_DIRECTIONS[SORT.choose(direction.strip(), _DIRECTIONS)])
    screen.set_sorting(sorting)


def _complete_sort(_: MainScreen, argument: str) -> Iterator[str]:
    column, space, _direction = argument.partition(" ")
    yield from (f"{column} {each}" for each in _DIRECTIONS) if space else _SORT_KEYS


def _group(screen: MainScreen, argument: str) -> None:
    grouping = next(each for each in GROUPINGS if each == GROUP.choose(argument, GROUPINGS))
    screen.change_view(replace(screen.session.view_state, grouping=grouping))


def _filter(screen: MainScreen, argument: str) -> None:
    parse_filter(argument)
    screen.change_view(replace(screen.session.view_state, filter=argument))


def _metric(screen: MainScreen, argument: str) -> None:
    name = METRIC.choose(argument, METRICS)
    screen.action_metric(next(each for each in METRICS if each == name))


SORT = ScreenCommand("sort", "COLUMN [asc|desc]", "Sort the rows.", _sort, _complete_sort)
GROUP = ScreenCommand("group", "BY", "Group the rows.", _group, lambda *_: GROUPINGS)
FILTER = ScreenCommand("filter", "[EXPR]", "Show only matches; without one, all rows again.", _filter)
METRIC = ScreenCommand(
    "metric", "METRIC", "Have changes, rates, histories and the order follow it.", _metric, lambda *_: METRICS
)
