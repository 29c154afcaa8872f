"""Write JSON and CSV."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from smapstop.report.json_fields import Record


def json_text(parts: Record, **lists: Sequence[Record]) -> str:
    """A JSON object of these parts, one to a line, and of lists whose records have a line each; ASCII only."""
    lines = [f"{json_line(name)}: {json_line(value)}" for name, value in parts.items()]
    for name, rows in lists.items():
        between = ",\n  ".join(map(json_line, rows))
        lines.append(f"{json_line(name)}: [\n  {between}]")
    return "{" + ",\n ".join(lines) + "}\n"


def json_line(value: object) -> str:
    """JSON without any control character; `json` itself leaves DEL as it is."""
    return json.dumps(value).replace("\x7f", "\\u007f")


def utc(wall_ns: int) -> str:
    """A time as ISO 8601 has it, to the microsecond."""
    seconds, ns = divmod(wall_ns, 1_000_000_000)
    moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=ns // 1000)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


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
