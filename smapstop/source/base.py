"""Interface of tick sources, live or recorded."""

from collections.abc import Callable
from typing import Protocol

from smapstop.model.family.reading import FamilyReading
from smapstop.model.marks import Mark
from smapstop.model.protocol import (
    EndOfRecording,
    Failure,
    LaunchFailed,
    MappingReply,
    MemberMessage,
    Notice,
    Request,
    Target,
    ThreadsReply,
)
from smapstop.model.tick import Tick

SourceMessage = (
    Tick
    | Target
    | LaunchFailed
    | Notice
    | EndOfRecording
    | Failure
    | MappingReply
    | ThreadsReply
    | Mark
    | FamilyReading
    | MemberMessage
)
"""Messages of a source: the target first, then its ticks; marks after their ticks; a `Failure` is the last one."""


class Source(Protocol):
    """Source of the ticks of one process; it accepts requests."""

    terminal_fd: int | None
    """Master of the launched program's pty, which the reader displays; None without one."""

    def start(self, deliver: Callable[[SourceMessage], object]) -> None:
        """Start to deliver messages, from another thread; `deliver` must be quick."""

    def request(self, request: Request) -> None:
        """Send a request; the reply, if any, is delivered as a message."""

    def close(self) -> None:
        """Stop, and wait until everything has ended. Nothing is delivered after that."""

    def detach(self) -> None:
        """Close, but leave a launched program running."""
