"""Widths of the table's columns: what their numbers need, and what the user wants."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from smapstop.lazy_dataclass import dataclass
from smapstop.model.view.view import View
from smapstop.model.view.view_state import Units
from smapstop.text.table_amounts import least_widths
from smapstop.text.table_columns import Column, fit_columns
from smapstop.ui.drawing.table_header import FittedColumns, edge_at


@dataclass(frozen=True, slots=True)
class _Grip:
    """The edge of a column that the user holds."""

    key: str
    x: int
    """Column of the screen where it was taken."""
    cells: int
    """Width of the column then."""
    moved: bool = False


class ColumnWidths:
    """Widths of columns, and the drag of an edge, if one is under way.

    Args:
        wishes: Widths that the user gave columns, cells, by key.
    """

    def __init__(self, wishes: Mapping[str, int]) -> None:
        self.wishes = dict(wishes)
        self._least: tuple[Units, dict[str, int]] = "auto", {}
        """Widths that numbers have needed so far, and their unit: no column moves from tick to tick."""
        self._grip: _Grip | None = None
        self._fitted: FittedColumns = ()

    def fit(self, view: View, columns: Sequence[Column], room: int) -> FittedColumns:
        """The columns that fit."""
        if self._least[0] != view.state.units:
            self._least = view.state.units, {}
        least = self._least[1]
        for key, cells in least_widths(view, columns).items():
            least[key] = max(cells, least.get(key, 0))
        self._fitted = fit_columns(columns, room, least, self.wishes)
        return self._fitted

    def width_of(self, key: str) -> int | None:
        """Width of a column that was fitted last, cells; None for others."""
        return next((cells for column, cells in self._fitted if column.key == key), None)

    def set_width(self, key: str, cells: int | None) -> None:
        """Give a column a width, as far as there is room; None for the automatic one."""
        self.wishes.pop(key, None)
        if cells is not None:
            self.wishes[key] = max(1, cells)

    def press(self, columns: FittedColumns, x: int, screen_x: int) -> bool:
        """Take hold of the edge of a column at a cell of the titles; whether there is one."""
        edge = edge_at(columns, x)
        self._grip = _Grip(edge[0].key, screen_x, edge[1]) if edge else None
        return edge is not None

    def drag(self, screen_x: int) -> bool:
        """Move the edge to a column of the screen; False if the user holds none."""
        if self._grip is None:
            return False
        moved = screen_x - self._grip.x
        if moved or self._grip.moved:
            self._grip = replace(self._grip, moved=True)
            self.set_width(self._grip.key, self._grip.cells + moved)
        return True

    def release(self) -> bool:
        """Release the edge; whether it was moved."""
        grip, self._grip = self._grip, None
        return grip is not None and grip.moved
