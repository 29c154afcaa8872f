"""Draw the titles of the table's columns."""

from collections.abc import Sequence

from smapstop.model.metrics import METRIC_TITLES
from smapstop.model.view.sort import Sorting
from smapstop.model.view.view import View
from smapstop.text import format as fmt
from smapstop.text.columns import Column
from smapstop.text.status import window_text


def titles_text(columns: Sequence[tuple[Column, int]], view: View, sorting: Sorting, *, frozen: bool) -> str:
    """Titles of columns of these widths, with an arrow at the one that rows are sorted by."""
    parts = []
    for column, cells in columns:
        title = _title(column, view, cells, frozen=frozen)
        if column.key == sorting.key or (sorting.key == "moved" and column.key == "happened"):
            arrow = "▼" if sorting.descending else "▲"
            title = fmt.clip(f"{title} {arrow}" if len(title) + 2 <= cells else f"{title[: cells - 1]}{arrow}", cells)
        parts.append(title.rjust(cells) if column.right else title.ljust(cells))
    return " ".join(parts)


def _title(column: Column, view: View, cells: int, *, frozen: bool) -> str:
    """Title of a column; that of the names says how rows are grouped, that of the history has its length."""
    metric, grouping = METRIC_TITLES[view.state.metric], view.state.grouping
    if column.cell_format == "name":
        rows = column.title if grouping == "none" else f"By {grouping}"
        return fmt.clip(f"{rows} · frozen" if frozen else rows, cells)
    if column.cell_format == "change":
        return f"Δ{metric}"
    if column.cell_format != "history":
        return column.title
    span = window_text(view)
    title = f"{metric} history ({span})"
    return title if len(title) <= cells else f"{metric} ({span})"
