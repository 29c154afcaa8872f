"""What is known of the page frames behind the cell under the cursor, and when to ask again."""

from smapstop.model.protocol import FramesOn, FramesSeen

Range = tuple[int, int]
"""The addresses of some pages."""


class PageFrames:
    """The frames behind one range of pages of a mapping at a time: asked for when it or the tick is another one."""

    def __init__(self, mapping: int) -> None:
        self.mapping = mapping
        self._seen: FramesSeen | None = None
        self._asked: tuple[Range, int] | None = None
        self._waiting = False

    def request(self, pages: Range, tick: int) -> FramesOn | None:
        """What to ask for now; None while an answer is awaited, and once in a tick for the same pages."""
        if self._waiting or self._asked == (pages, tick):
            return None
        self._asked, self._waiting = (pages, tick), True
        return FramesOn(self.mapping, *pages)

    def store_reply(self, reply: FramesSeen) -> None:
        """Take in an answer."""
        self._seen, self._waiting = reply, False

    def of(self, pages: Range) -> FramesSeen | None:
        """What was said last, if it is of these pages."""
        seen = self._seen
        return seen if seen is not None and (seen.start, seen.end) == pages else None
