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
    """Texts of some rows in a column of amounts, changes or rates; unknown is also what the kernel does not print."""
    values = column_values(view.table, column)
    if values is None:
        return [fmt.UNKNOWN] * len(rows)
    unit = _format_of(view, column)
    if column.cell_format == "amount":
        return [unit.amount(value) for value in values[rows].tolist()]
    return signed_texts(view.table, values, rows, unit)


def signed_texts(
    table: TableData, values: NDArray[np.int64] | NDArray[np.float64], rows: NDArray[np.intp], unit: UnitFormat
) -> list[str]:
    """Texts of changes or rates of some rows, as measured or inferred; of page faults all are counted."""
    is_inferred = faulted_since(table)[rows] & (table.metric != FAULTS)
    return [
        unit.inferred(value) if inferred else unit.signed(value)
        for value, inferred in zip(values[rows].tolist(), is_inferred.tolist(), strict=True)
    ]


def faulted_since(table: TableData) -> NDArray[np.bool_]:
    """Mask of the rows that had page faults since they were read: what was read may be out of date."""
    return np.zeros(len(table), np.bool_) if table.inferred is None else table.inferred.faults > 0


def column_values(table: TableData, column: Column) -> NDArray[np.int64] | NDArray[np.float64] | None:
    """Numbers of a column: kB, or kB/s; None or NaN if unknown, as changes are since page faults if not inferred."""
    if column.cell_format not in ("change", "rate"):
        return table.get(column.key)
    inferred, values = table.inferred, table.change_now if column.cell_format == "change" else table.rate_now
    if values is None or inferred is None or inferred.change is not None or table.metric == FAULTS:
        return values
    return np.where(inferred.faults > 0, np.nan, values)


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
            values, unit = column_values(view.table, column), _format_of(view, column)
            known = np.zeros(0) if values is None else values[~np.isnan(values)]
            extremes = [float(known.min()), float(known.max())] if len(known) else []
            formats = (unit.amount,) if column.cell_format == "amount" else (unit.signed, unit.inferred)
            texts = [text(kb) for kb in extremes for text in formats]
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
