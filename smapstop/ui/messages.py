"""Messages of the app: those of the source, requests to it, choices of the user, and redraw requests."""

from textual.message import Message

from smapstop.lazy_dataclass import dataclass
from smapstop.model.protocol import Request, ThreadsReply
from smapstop.model.timeline.map_snapshot import MapSnapshot
from smapstop.source.base import SourceMessage
from smapstop.ui.tick_preparer import PreparedTick


@dataclass
class SourceMessageReceived(Message):
    """A message from the source. Never coalesced: every tick belongs in the timeline."""

    source_message: SourceMessage
    prepared: PreparedTick | None = None
    """The tick that it is, applied, if it is one of a live source."""

    def snapshot_after(self, last: MapSnapshot | None) -> MapSnapshot | None:
        """The tick applied to a snapshot; None if it was not."""
        return self.prepared.after if self.prepared is not None and self.prepared.before is last else None


@dataclass
class SourceRequested(Message):
    """A widget requests something of the source."""

    request: Request


@dataclass
class ThreadsRead(Message):
    """The source has read the threads."""

    reply: ThreadsReply


@dataclass
class EventSelected(Message):
    """The user selected an entry of the event log."""

    mapping: int | None
    """None for the process."""
    number: int
    """Tick of the last event of the entry."""


class ViewOutdated(Message):
    """The screen is older than the timeline or the view state; several of these are coalesced into one."""

    def can_replace(self, message: Message) -> bool:
        """Replace any pending one."""
        return isinstance(message, ViewOutdated)
