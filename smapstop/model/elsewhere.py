"""Where a process is that is not watched here."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Where a process is that is watched through a shell."""

    via: str
    """The command that gives the shell."""
    kernel: str
    """Release of the kernel there."""
    page_kb: int
    """Page size there, kB."""
