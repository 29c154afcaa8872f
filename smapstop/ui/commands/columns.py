"""Commands about the columns of the table: their widths, and the unit of their numbers."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from smapstop.errors import SmapstopError
from smapstop.model.view.view_state import UNITS as ALL_UNITS
from smapstop.number_limits import parse_number
from smapstop.text.table_columns import WIDTH_LIMITS
from smapstop.text.units import UNIT_NAMES
from smapstop.ui.commands.command import ScreenCommand
from smapstop.ui.screens.dashboard import MainScreen

_STEPS = {"wider": 2, "narrower": -2}
_AUTO = "auto"


def _units(screen: MainScreen, argument: str) -> None:
    """Show amounts in a unit, or in the next one."""
    state = screen.session.view_state
    after = ALL_UNITS[(ALL_UNITS.index(state.units) + 1) % len(ALL_UNITS)]
    name = UNITS.choose(argument, ALL_UNITS) if argument else after
    units = next(each for each in ALL_UNITS if each == name)
    screen.change_view(replace(state, units=units))
    screen.member_watch.redraw()  # the family, if it is open
    screen.notify(f"units: {UNIT_NAMES[units]}", timeout=2)


def _width(screen: MainScreen, argument: str) -> None:
    """Give a column a width; the one sorted by unless another is named, and in the default order the names."""
    widths = screen.views.widths
    *named, width = argument.split() or [""]
    shown = [column.key for column in screen.columns]
    sorted_by = screen.session.order.sorting.key
    key = WIDTH.choose(" ".join(named), shown) if named else sorted_by if sorted_by in shown else "name"
    if width == _AUTO:
        _set_widths(screen, [key] if named else shown, None)
        return
    before = widths.width_of(key)
    if before is None:
        raise SmapstopError(f"{WIDTH.name}: there is no room for the column {key}")
    cells = before + _STEPS[width] if width in _STEPS else parse_number(width, WIDTH.name, *WIDTH_LIMITS, "cells")
    _set_widths(screen, [key], round(cells))
    after = widths.width_of(key)
    if after == before and cells != before:
        why = "no room: hide or narrow another column" if cells > before else "it needs no less"
        screen.notify(f"{key}: {why}", timeout=3)


def _set_widths(screen: MainScreen, keys: Iterable[str], cells: int | None) -> None:
    """Give columns a width, and show them so at once; None for the automatic one."""
    for key in keys:
        screen.views.widths.set_width(key, cells)
    screen.views.table.redraw(everything=True)


def _complete_width(screen: MainScreen, argument: str) -> Iterator[str]:
    """Columns, and what may follow them."""
    column, space, _ = argument.partition(" ")
    if space:
        yield from (f"{column} {each}" for each in (_AUTO, *_STEPS))
    else:
        yield from (*(column.key for column in screen.columns), _AUTO, *_STEPS)


UNITS = ScreenCommand(
    "units",
    f"[{'|'.join(ALL_UNITS)}]",
    "Show amounts in this unit, or in the next one.",
    _units,
    lambda *_: ALL_UNITS,
)
WIDTH = ScreenCommand(
    "width",
    "[COLUMN] CELLS|auto|wider|narrower",
    "Set the width of a column; without one, of that sorted by.",
    _width,
    _complete_width,
)
