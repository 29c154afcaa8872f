"""Times of the wall clock as text."""

from datetime import UTC, datetime
from typing import Literal


def format_utc(wall_ns: int, precision: Literal["milliseconds", "microseconds"] = "microseconds") -> str:
    """A time in ISO 8601, UTC; SQLite's date functions read milliseconds and no more."""
    seconds, ns = divmod(wall_ns, 1_000_000_000)
    moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=ns // 1000)
    return moment.isoformat(timespec=precision).replace("+00:00", "Z")
