"""Numbers of the table in the unit that the user chose: texts, titles, widths."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from smapstop.model.metrics import FAULTS, METRIC_TITLES
from smapstop.model.view.table_data import TableData
from smapstop.model.view.view import View
from smapstop.text import format as fmt
from smapstop.text.table_columns import SORTABLE, Column, add_sorted
from smapstop.text.units import CountFormat, UnitFormat, unit_format_of

_NUMBERS = ("amount", "change", "rate")


def amount_texts(view: View, column: Column, rows: NDArray[np.intp]) -> list[str]:
    """Texts of some rows in a column of amounts, changes or rates.

    Unknown is what the kernel does not print, and whether a row changed that was not read since its page faults.
    """
    values = _values(view.table, column)
    if values is None:
        return [fmt.UNKNOWN] * len(rows)
    unit = _format_of(view, column)
    if column.cell_format == "amount":
        return [unit.amount(value) for value in values[rows].tolist()]
    here = values[rows]
    is_unknown = (here == 0) & _moved_since(view)[rows]
    return [unit.signed(kb) for kb in np.where(is_unknown, np.nan, here).tolist()]


def _moved_since(view: View) -> NDArray[np.bool_]:
    """Mask of the rows that had page faults since they were read: that they did not change is not known."""
    table = view.table
    if table.inferred is None or view.state.metric == FAULTS:  # page faults are counted at every tick
        return np.zeros(len(table), np.bool_)
    return table.inferred.faults > 0


def _values(table: TableData, column: Column) -> NDArray[np.int64] | NDArray[np.float64] | None:
    """Numbers of a column: kB, or kB/s; None if unknown."""
    match column.cell_format:
        case "change":
            return table.change
        case "rate":
            if table.recent_change is None or not table.recent_seconds:
                return None
            rates: NDArray[np.float64] = table.recent_change / table.recent_seconds
            return rates
    return table.get(column.key)


def _format_of(view: View, column: Column) -> UnitFormat:
    """Format of a column's numbers."""
    is_amount = column.cell_format == "amount"
    is_count = (column.key if is_amount else view.state.metric) == FAULTS
    return CountFormat() if is_count else unit_format_of(view, column.key if is_amount else "")


def least_widths(view: View, columns: Sequence[Column]) -> dict[str, int]:
    """Cells that the numbers of each column need with their title, by its key; none in the automatic unit."""
    if view.state.units == "auto":
        return {}
    widths = {}
    for column in columns:
        if column.cell_format in _NUMBERS:
            values, unit = _values(view.table, column), _format_of(view, column)
            extremes = [] if values is None or not len(values) else [float(values.min()), float(values.max())]
            texts = [(unit.amount if column.cell_format == "amount" else unit.signed)(kb) for kb in extremes]
            title = f"{column_title(column, view)} ▼"
            widths[column.key] = max(map(len, (title, *texts)))
    return widths


def columns_sorted(columns: Sequence[Column], key: str, view: View) -> tuple[Column, ...]:
    """Columns with the one that rows are sorted by, wide enough for its title in a view; see `add_sorted`."""
    return add_sorted(columns, key, column_title(SORTABLE[key], view) if key in SORTABLE else "")


def column_title(column: Column, view: View) -> str:
    """Title of a column, with the unit of its numbers."""
    if column.cell_format not in _NUMBERS:
        return column.title
    sign = _format_of(view, column).sign
    title = {"change": f"Δ{METRIC_TITLES[view.state.metric]}", "rate": f"{sign or 'Rate'}/s"}.get(column.cell_format)
    if title is None or column.cell_format == "change":
        return f"{title or column.title} {sign}".rstrip()
    return title
