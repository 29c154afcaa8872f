"""Where the cells of a grid of pages are on the screen. No Textual here."""

from dataclasses import dataclass

from smapstop.model.pages.page_grid import PageGrid

CELL_SIZES = ((16, 4), (8, 3), (4, 2), (2, 1), (1, 1))
"""Cells of the terminal that a cell of the grid may take, across and down; the largest that has room is taken."""
GUTTER = 15
"""Cells of the terminal before each row, for its address."""


@dataclass(frozen=True, slots=True)
class GridLayout:
    """A part of a grid on the screen: rows of cells in address order."""

    grid: PageGrid
    cell_columns: int
    """Cells of the terminal for a cell of the grid."""
    cell_lines: int
    columns: int
    """Cells of the grid in a row."""
    height: int
    """Lines of the screen."""
    top: int
    """The row on the first line."""

    @property
    def rows(self) -> int:
        """Rows of the whole grid."""
        return -(-len(self.grid) // self.columns)

    @property
    def visible_rows(self) -> int:
        """Rows that there is room for."""
        return max(1, self.height // self.cell_lines)

    @property
    def all_visible(self) -> bool:
        """Whether the whole mapping is on the screen."""
        return self.rows <= self.visible_rows

    @property
    def first(self) -> int:
        """The first cell on the screen."""
        return self.top * self.columns

    @property
    def stop(self) -> int:
        """The cell after the last one on the screen."""
        return min(len(self.grid), (self.top + self.visible_rows) * self.columns)

    @property
    def width(self) -> int:
        """Cells of the terminal that a row takes."""
        return self.columns * self.cell_columns

    def cell_at(self, x: int, y: int) -> int | None:
        """The cell of the grid at a place, counted from the first line and its gutter's end; None where is none."""
        if not 0 <= x < self.width or not 0 <= y < self.visible_rows * self.cell_lines:
            return None
        cell = (self.top + y // self.cell_lines) * self.columns + x // self.cell_columns
        return cell if cell < self.stop else None


def room_for_cells(width: int) -> int:
    """How much of a width the cells of a row take: a power of two, so that addresses are round."""
    return 1 << (max(1, width - GUTTER).bit_length() - 1)


def lay_out_grid(grid: PageGrid, cursor: int, width: int, height: int, top: int) -> GridLayout:
    """Lay out a grid, as large as there is room for it, with the cursor on the screen.

    Args:
        grid: The mapping.
        cursor: The cell that must be on the screen.
        width: Cells of the terminal for everything, the gutter included.
        height: Lines.
        top: The row that was on the first line before.
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
