"""Commands about the table: order, groups, filter, metric."""

from collections.abc import Iterator
from dataclasses import replace

from smapstop.model.grouping import GROUPINGS
from smapstop.model.metrics import METRICS
from smapstop.model.view.filter import parse_filter
from smapstop.model.view.sort import Sorting
from smapstop.text.table_columns import ALL_COLUMNS, COLUMNS, SORTABLE, find_columns, toggle_sorting
from smapstop.ui.commands.command import ScreenCommand
from smapstop.ui.screens.dashboard import MainScreen

_DIRECTIONS = {"asc": False, "desc": True}
"""Whether a direction is descending."""
_SORT_KEYS = (Sorting().key, *SORTABLE)


def _sort(screen: MainScreen, argument: str) -> None:
    """Sort by a column, in its default direction unless another one is given; without one, open the choice."""
    if not argument:
        screen.action_sort()
        return
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
    """Group so; without an argument, by the next grouping."""
    if not argument:
        screen.action_group()
        return
    grouping = next(each for each in GROUPINGS if each == GROUP.choose(argument, GROUPINGS))
    screen.change_view(replace(screen.session.view_state, grouping=grouping))


def _filter(screen: MainScreen, argument: str) -> None:
    parse_filter(argument)
    screen.change_view(replace(screen.session.view_state, filter=argument))


def _metric(screen: MainScreen, argument: str) -> None:
    name = METRIC.choose(argument, METRICS)
    screen.action_metric(next(each for each in METRICS if each == name))


def _columns(screen: MainScreen, argument: str) -> None:
    """Show these columns, in this order; without any, open the choice."""
    if not argument:
        screen.action_columns()
    elif argument == "default":
        screen.show_columns(COLUMNS)
    else:
        screen.show_columns(find_columns([key.strip() for key in argument.split(",")]))


def _complete_columns(_: MainScreen, argument: str) -> Iterator[str]:
    before, comma, _last = argument.rpartition(",")
    taken = before.split(",")
    yield from (f"{before}{comma}{key}" for key in ALL_COLUMNS if key not in taken)
    if not comma:
        yield "default"


SORT = ScreenCommand("sort", "[COLUMN [asc|desc]]", "Sort the rows.", _sort, _complete_sort)
GROUP = ScreenCommand("group", "[BY]", "Group the rows.", _group, lambda *_: GROUPINGS)
FILTER = ScreenCommand(
    "filter",
    "[EXPR]",
    "Show only matches; without one, all rows again.",
    _filter,
    lambda screen, argument: screen.session.complete_filter(argument),
)
METRIC = ScreenCommand(
    "metric", "METRIC", "Choose what changes, rates, histories and the order follow.", _metric, lambda *_: METRICS
)
COLUMNS_SHOWN = ScreenCommand("columns", "[A,B,C|default]", "Show these columns.", _columns, _complete_columns)
REVERSE = ScreenCommand("reverse", "", "Sort in the other direction.", lambda screen, _: screen.action_reverse())
FREEZE = ScreenCommand(
    "freeze", "", "Freeze the order of the rows, or release it.", lambda screen, _: screen.action_freeze()
)
