"""What is known of the page frames behind the cell under the cursor, and when to ask again."""

from smapstop.model.protocol import FramesReply, FramesRequest

AddressRange = tuple[int, int]
"""The addresses of some pages."""


class PageFrames:
    """The frames behind one range of pages of a mapping at a time: asked for when it or the tick is another one."""

    def __init__(self, mapping: int) -> None:
        self.mapping = mapping
        self._reply: FramesReply | None = None
        self._last_request: tuple[AddressRange, int] | None = None
        self._awaits_reply = False

    def next_request(self, pages: AddressRange, tick: int) -> FramesRequest | None:
        """What to ask for now; None while an answer is awaited, and once in a tick for the same pages."""
        if self._awaits_reply or self._last_request == (pages, tick):
            return None
        self._last_request, self._awaits_reply = (pages, tick), True
        return FramesRequest(self.mapping, *pages)

    def store_reply(self, reply: FramesReply) -> None:
        """Take in an answer."""
        self._reply, self._awaits_reply = reply, False

    def find(self, pages: AddressRange) -> FramesReply | None:
        """What was said last, if it is of these pages."""
        seen = self._reply
        return seen if seen is not None and (seen.start, seen.end) == pages else None
