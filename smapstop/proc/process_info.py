"""One process, as a list of processes shows it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Found:
    """A running process, as a list of processes shows it; None is what may not be read."""

    pid: int
    name: str
    user: str | None
    command_line: tuple[str, ...]
    """Empty when it may not be read, or when the process emptied it."""
    rss_kb: int | None
    started: float | None
    """When it was started, seconds since the epoch."""
