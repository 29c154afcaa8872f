"""Format wall-clock times."""

from datetime import UTC, datetime
from typing import Literal


def format_utc(wall_ns: int, precision: Literal["milliseconds", "microseconds"] = "microseconds") -> str:
    """Format a time as ISO 8601 in UTC; SQLite's date functions read milliseconds at most."""
    seconds, ns = divmod(wall_ns, 1_000_000_000)
    time = datetime.fromtimestamp(seconds, UTC).replace(microsecond=ns // 1000)
    return time.isoformat(timespec=precision).replace("+00:00", "Z")
