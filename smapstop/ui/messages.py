"""The messages that reach the app from outside of Textual."""

from dataclasses import dataclass

from textual.message import Message

from smapstop.source.base import SourceMessage


@dataclass
class SourceMessageReceived(Message):
    """The source told something. Never coalesced: every tick belongs in the timeline."""

    source_message: SourceMessage


class ViewOutdated(Message):
    """What is on the screen is older than the timeline; one of these is as good as many."""

    def can_replace(self, message: Message) -> bool:
        """The newest replaces those that wait."""
        return isinstance(message, ViewOutdated)
