"""A table as plain text: what is printed, in the columns of the dashboard."""

from collections.abc import Sequence

from smapstop.text.columns import Column, fit_columns
from smapstop.text.format import cell_width, clip, pad, shorten

CellTexts = dict[str, str]
"""The texts of a row by the key of their column; none is an empty one."""


def format_table(columns: Sequence[Column], rows: Sequence[CellTexts], width: int) -> list[str]:
    """The lines of a table of at most `width` cells, the titles first.

    The column `name` is shortened, and takes no more room than its texts need; the least important are left out.
    """
    need = max(cell_width(shorten(row["name"], 1000)) for row in rows)
    fitted = [
        (column, min(room, max(need, cell_width(column.title))) if column.key == "name" else room)
        for column, room in fit_columns(columns, width)
    ]
    titles = {column.key: column.title for column in columns}
    return [_line(titles, fitted), *(_line(row, fitted) for row in rows)]


def _line(row: CellTexts, columns: Sequence[tuple[Column, int]]) -> str:
    """A row as a line."""
    return " ".join(_align(row.get(column.key, ""), column, width) for column, width in columns).rstrip()


def _align(text: str, column: Column, width: int) -> str:
    """A text in its column; amounts to the right. One that is too long, of a file that somebody made, is cut."""
    text = (shorten if column.key == "name" else clip)(text, width)
    return text.rjust(width) if column.right else pad(text, width)
