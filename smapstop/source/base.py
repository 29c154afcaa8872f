"""Where ticks come from: a reader does not need to know whether they are live."""

from collections.abc import Callable
from typing import Protocol

from smapstop.model.protocol import EndOfRecording, Failure, LaunchFailed, MappingReply, Notice, Request, Target
from smapstop.model.tick import Tick

SourceMessage = Tick | Target | LaunchFailed | Notice | EndOfRecording | Failure | MappingReply
"""What a source tells: first the target, then its ticks; a failure is the last word."""


class Source(Protocol):
    """Gives news of one process, and takes requests."""

    terminal_fd: int | None
    """The master of the terminal on which it launches a program; the reader's to show."""

    def start(self, deliver: Callable[[SourceMessage], object]) -> None:
        """Begin to deliver, from another thread; the deliverer must be quick."""

    def request(self, request: Request) -> None:
        """Ask for something; the answer, if any, is news."""

    def close(self) -> None:
        """End, and wait until everything has ended. Nothing is delivered after that."""

    def detach(self) -> None:
        """End like `close`, but let a launched program go on."""
