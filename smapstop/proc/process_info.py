"""One process of the list of all processes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProcessInfo:
    """A running process that can be picked; None is what may not be read."""

    pid: int
    name: str
    """Its own name (comm), at most 15 bytes."""
    user: str | None
    """Its owner."""
    command_line: tuple[str, ...]
    """Empty when it may not be read, or when the process emptied it."""
    rss_kb: int | None
    start_time: float | None
    """When it was started, seconds since the epoch."""
