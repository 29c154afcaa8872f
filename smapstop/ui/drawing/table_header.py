"""Titles of the table's columns, and columns and their edges by position."""

from collections.abc import Sequence

from smapstop.model.metrics import METRIC_TITLES
from smapstop.model.view.sort import Sorting
from smapstop.model.view.view import View
from smapstop.text import format as fmt
from smapstop.text.status import window_text
from smapstop.text.table_amounts import column_title
from smapstop.text.table_columns import Column

FittedColumns = Sequence[tuple[Column, int]]
"""Columns from left to right, each with its width in cells; one cell is between them."""


def titles_text(columns: FittedColumns, view: View, sorting: Sorting, *, frozen: bool) -> str:
    """Titles of columns of these widths, with an arrow at the one that rows are sorted by."""
    parts = []
    for column, cells in columns:
        title = _title(column, view, cells, frozen=frozen)
        if column.key == sorting.key or (sorting.key == "moved" and column.key == "happened"):
            arrow = "▼" if sorting.descending else "▲"
            title = f"{title} {arrow}" if len(title) + 2 <= cells else f"{title[: cells - 1]}{arrow}"
        title = fmt.clip(title, cells)
        parts.append(title.rjust(cells) if column.right else title.ljust(cells))
    return " ".join(parts)


def _title(column: Column, view: View, cells: int, *, frozen: bool) -> str:
    """Title of a column; that of the names says how rows are grouped, that of the history has its length."""
    metric, grouping = METRIC_TITLES[view.state.metric], view.state.grouping
    if column.cell_format == "name":
        rows = column.title if grouping == "none" else f"By {grouping}"
        return fmt.clip(f"{rows} · frozen" if frozen else rows, cells)
    if column.cell_format != "history":
        return column_title(column, view)
    span = window_text(view)
    titles = (f"{metric} history ({span})", f"{metric} ({span})", f"{metric} {span}")
    return next((title for title in titles if len(title) <= cells), span)


def column_at(columns: FittedColumns, x: int) -> Column | None:
    """The column at a cell of the line; the cell after a column is its own."""
    for column, cells in columns:
        if x < cells + 1:
            return column
        x -= cells + 1
    return None


def edge_at(columns: FittedColumns, x: int) -> tuple[Column, int] | None:
    """The column, and its width, whose right edge is at a cell: between it and the next, or its last cell."""
    for column, cells in columns:
        if x in (cells - 1, cells):
            return column, cells
        x -= cells + 1
    return None
