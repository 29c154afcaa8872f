"""Layout of the cells of a grid of pages on the screen. Independent of Textual."""

from smapstop.lazy_dataclass import dataclass
from smapstop.model.pages.page_grid import PageGrid

CELL_SIZES = ((16, 4), (8, 3), (4, 2), (2, 1), (1, 1))
"""Sizes of a grid cell, terminal columns and lines; the largest that fits is used."""
GUTTER = 15
"""Columns before each row for its address."""


@dataclass(frozen=True, slots=True)
class GridLayout:
    """Visible part of a grid: rows of cells in address order."""

    grid: PageGrid
    cell_columns: int
    """Terminal columns of a cell."""
    cell_lines: int
    columns: int
    """Cells in a row."""
    height: int
    """Lines of the terminal for the grid."""
    top: int
    """First visible row."""

    @property
    def rows(self) -> int:
        """Number of rows of the whole grid."""
        return -(-len(self.grid) // self.columns)

    @property
    def visible_rows(self) -> int:
        """Number of rows that fit on the screen."""
        return max(1, self.height // self.cell_lines)

    @property
    def all_visible(self) -> bool:
        """Whether the whole mapping is visible."""
        return self.rows <= self.visible_rows

    @property
    def first(self) -> int:
        """First visible cell."""
        return self.top * self.columns

    @property
    def stop(self) -> int:
        """Cell after the last visible one."""
        return min(len(self.grid), (self.top + self.visible_rows) * self.columns)

    @property
    def width(self) -> int:
        """Terminal columns of a row, without the gutter."""
        return self.columns * self.cell_columns

    def cell_at(self, x: int, y: int) -> int | None:
        """Return the cell at a position, relative to the first cell of the first line; None where there is none."""
        if not 0 <= x < self.width or not 0 <= y < self.visible_rows * self.cell_lines:
            return None
        cell = (self.top + y // self.cell_lines) * self.columns + x // self.cell_columns
        return cell if cell < self.stop else None


def room_for_cells(width: int) -> int:
    """Columns of a width that the cells of a row take: a power of two, so that addresses are round."""
    return 1 << (max(1, width - GUTTER).bit_length() - 1)


def lay_out_grid(grid: PageGrid, cursor: int, width: int, height: int, top: int) -> GridLayout:
    """Lay out a grid with the largest cells that fit, so that the cursor is visible.

    Args:
        grid: The mapping.
        cursor: Cell that must be visible.
        width: Columns available, gutter included.
        height: Lines available.
        top: First visible row before; kept if possible.
    """
    room = room_for_cells(width)
    for across, down in CELL_SIZES:
        columns = max(1, room // across)
        if across <= room and -(-len(grid) // columns) * down <= height:
            break
    layout = GridLayout(grid, across, down, columns, height, 0)
    row = cursor // columns
    top = max(min(top, row), row - layout.visible_rows + 1)
    return GridLayout(grid, across, down, columns, height, max(0, min(top, layout.rows - layout.visible_rows)))
