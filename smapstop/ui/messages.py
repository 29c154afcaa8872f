"""Messages of the app: those of the source, requests to it, and redraw requests."""

from textual.message import Message

from smapstop.lazy_dataclass import dataclass
from smapstop.model.protocol import Request, ThreadsReply
from smapstop.source.base import SourceMessage


@dataclass
class SourceMessageReceived(Message):
    """A message from the source. Never coalesced: every tick belongs in the timeline."""

    source_message: SourceMessage


@dataclass
class SourceRequested(Message):
    """A widget requests something of the source."""

    request: Request


@dataclass
class ThreadsRead(Message):
    """The source has read the threads."""

    reply: ThreadsReply


class ViewOutdated(Message):
    """The screen is older than the timeline or the view state; several of these are coalesced into one."""

    def can_replace(self, message: Message) -> bool:
        """Replace any pending one."""
        return isinstance(message, ViewOutdated)
