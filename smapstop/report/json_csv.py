"""Write JSON and CSV."""

import json
from collections.abc import Sequence

from smapstop import __version__
from smapstop.report.json_fields import Record


def json_text(schema: int, parts: Record, **lists: Sequence[Record]) -> str:
    """Format a report as one JSON object, ASCII only.

    Args:
        schema: Version of its keys.
        parts: Values before the lists, one key per line.
        lists: Lists of records, one record per line.
    """
    parts = {"schema": schema, "tool": f"smapstop {__version__}"} | parts
    lines = [f"{json_line(name)}: {json_line(value)}" for name, value in parts.items()]
    for name, rows in lists.items():
        between = ",\n  ".join(map(json_line, rows))
        lines.append(f"{json_line(name)}: [\n  {between}]")
    return "{" + ",\n ".join(lines) + "}\n"


def json_line(value: object) -> str:
    """Format as JSON without control characters; `json` itself does not escape DEL."""
    return json.dumps(value).replace("\x7f", "\\u007f")


class CsvLines:
    """File-like target for `csv` writers that ends lines with a bare newline.

    With a newline as its `lineterminator`, `csv` would not quote a name with a carriage return: readers would end
    the line there.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []

    def write(self, line: str) -> None:
        """Append a line of the table."""
        self._lines.append(line.removesuffix("\r\n") + "\n")

    def __str__(self) -> str:
        return "".join(self._lines)


def csv_cell(value: object) -> object:
    """Convert a value for CSV; None becomes empty."""
    if isinstance(value, bool):
        return str(value).lower()
    return " ".join(value) if isinstance(value, list) else value
