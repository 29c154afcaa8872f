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

    def hear(self, seen: FramesSeen) -> None:
        """Take in an answer."""
        self._seen, self._waiting = seen, False

    def of(self, pages: Range) -> FramesSeen | None:
        """What was said last, if it is of these pages."""
        seen = self._seen
        return seen if seen is not None and (seen.start, seen.end) == pages else None


def frames_text(seen: FramesSeen, pages: int) -> str:
    """What is known of the frames behind so many pages: "page frame: mapped 12 times, referenced"."""
    noun = "page frame" if pages == 1 else "page frames"
    if seen.why:
        return f"{noun}: {seen.why} (how often mapped, dirty, referenced, KSM)"
    if not seen.pages:
        return f"{noun}: none, it is not in memory" if pages == 1 else f"{noun}: none is in memory"
    marks = {"dirty": seen.dirty, "referenced": seen.referenced}
    marks |= {"of a large folio" if pages == 1 else "of large folios": seen.huge, "merged by KSM": seen.ksm}
    if pages == 1:
        return f"{noun}: {', '.join([_times(seen.most), *(mark for mark, count in marks.items() if count)])}"
    told = [_maps(seen), *(f"{count:,} {mark}" for mark, count in marks.items() if count)]
    return f"{noun}: {seen.pages:,} in memory, {', '.join(told)}"


def _times(count: int) -> str:
    """How often a frame is mapped; the kernel does not count it of the zero page."""
    return {0: "its maps are not counted", 1: "mapped once"}.get(count, f"mapped {count:,} times")


def _maps(seen: FramesSeen) -> str:
    """How often several frames are mapped."""
    if seen.once == seen.pages:
        return "mapped once each"
    if seen.most <= 1:
        return f"{seen.once:,} mapped once, others not counted"
    others = f"up to {seen.most:,} times"
    return f"{seen.once:,} mapped once, others {others}" if seen.once else f"mapped {others}"
