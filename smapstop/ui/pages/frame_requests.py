"""Page frames behind the cell under the cursor: the last reply, and when to request them again."""

from smapstop.model.protocol import FramesReply, FramesRequest

AddressRange = tuple[int, int]
"""First address of a range of pages, and the address after its last."""


class PageFrames:
    """Frames behind one range of pages of a mapping; requested when the range or the tick changes."""

    def __init__(self, mapping: int) -> None:
        self.mapping = mapping
        self._reply: FramesReply | None = None
        self._last_request: tuple[AddressRange, int] | None = None
        self._awaits_reply = False

    def next_request(self, pages: AddressRange, tick: int) -> FramesRequest | None:
        """Return the request to send; None while a reply is pending, or if already requested for pages and tick."""
        if self._awaits_reply or self._last_request == (pages, tick):
            return None
        self._last_request, self._awaits_reply = (pages, tick), True
        return FramesRequest(self.mapping, *pages)

    def store_reply(self, reply: FramesReply) -> None:
        """Store a reply."""
        self._reply, self._awaits_reply = reply, False

    def find(self, pages: AddressRange) -> FramesReply | None:
        """Return the last reply if it is for these pages."""
        reply = self._reply
        return reply if reply is not None and (reply.start, reply.end) == pages else None
