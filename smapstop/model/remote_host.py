"""The host of a process that is watched through a shell."""

from smapstop.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class RemoteHost:
    """Machine, container or namespace where the watched process is, if that is not here."""

    via: str
    """The command that gives a shell there."""
    kernel: str
    """Release of the kernel there."""
    page_kb: int
    """Page size there, kB."""
