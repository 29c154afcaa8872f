"""Description of a running process."""

from smapstop.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class ProcessInfo:
    """A running process that can be picked; `None` for what may not be read."""

    pid: int
    name: str
    """Process name (comm), at most 15 bytes."""
    user: str | None
    """Owner."""
    command_line: tuple[str, ...]
    """Arguments; empty if they may not be read, or the process cleared them."""
    rss_kb: int | None
    start_time: float | None
    """Start time, seconds since the epoch."""
    is_readable: bool | None = None
    """Whether its memory map may be read; None if that was not tried."""
