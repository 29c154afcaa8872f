"""Write JSON and CSV."""

import json
from collections.abc import Sequence

from smapstop import __version__
from smapstop.report.json_fields import Record


def json_text(schema: int, parts: Record, **lists: Sequence[Record]) -> str:
    """A report as one JSON object, ASCII only.

    Args:
        schema: The version of its keys.
        parts: What stands before the lists, a key to a line.
        lists: Lists whose records have a line each.
    """
    parts = {"schema": schema, "tool": f"smapstop {__version__}"} | parts
    lines = [f"{json_line(name)}: {json_line(value)}" for name, value in parts.items()]
    for name, rows in lists.items():
        between = ",\n  ".join(map(json_line, rows))
        lines.append(f"{json_line(name)}: [\n  {between}]")
    return "{" + ",\n ".join(lines) + "}\n"


def json_line(value: object) -> str:
    """JSON without any control character; `json` itself leaves DEL as it is."""
    return json.dumps(value).replace("\x7f", "\\u007f")


class CsvLines:
    """What a writer of the module `csv` writes to, so that lines end with a newline alone.

    Told to end them so, it would leave a carriage return in a name without quotes, and readers would end the line.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []

    def write(self, line: str) -> None:
        """Take a line of the table."""
        self._lines.append(line.removesuffix("\r\n") + "\n")

    def __str__(self) -> str:
        return "".join(self._lines)


def csv_cell(value: object) -> object:
    """A value as csv has it; None is empty."""
    if isinstance(value, bool):
        return str(value).lower()
    return " ".join(value) if isinstance(value, list) else value
