"""Plain-text tables, laid out in columns like the dashboard's.

Not with rich: importing its tables takes 67 ms of CPU, and all of `smapstop snapshot` takes 270 ms.
"""

from collections.abc import Sequence

from smapstop.text.format import cell_width, clip, pad, shorten
from smapstop.text.table_columns import Column, fit_columns

CellTexts = dict[str, str]
"""Texts of a row by column key; a missing text is empty."""


def format_table(columns: Sequence[Column], rows: Sequence[CellTexts], width: int) -> list[str]:
    """Lay out a table in lines of at most `width` cells, titles first.

    The column `name` is shortened, and gets no more cells than its texts need; less important columns are dropped.
    """
    name_width = max(cell_width(shorten(row["name"], 1000)) for row in rows)
    fitted = [
        (column, min(room, max(name_width, cell_width(column.title))) if column.key == "name" else room)
        for column, room in fit_columns(columns, width)
    ]
    titles = {column.key: column.title for column in columns}
    return [_line(titles, fitted), *(_line(row, fitted) for row in rows)]


def _line(row: CellTexts, columns: Sequence[tuple[Column, int]]) -> str:
    """Format a row as a line."""
    return " ".join(_align(row.get(column.key, ""), column, width) for column, width in columns).rstrip()


def _align(text: str, column: Column, width: int) -> str:
    """Align a text in its column, amounts to the right. A text that is too long, as from a crafted file, is cut."""
    text = (shorten if column.key == "name" else clip)(text, width)
    return text.rjust(width) if column.right else pad(text, width)
