"""The looks at the pages of one mapping: which one shows a moment, and which one it is compared with."""

from dataclasses import dataclass
from functools import lru_cache

from smapstop.model.pages.page_grid import PageSpans, diff_spans, page_spans_of
from smapstop.model.protocol import PagesReply
from smapstop.model.view.view_state import ViewState
from smapstop.proc.pages.page_runs import PageFlags
from smapstop.proc.pages.page_states import Backing

MAX_SNAPSHOTS = 64
"""So many looks are kept, the first one and the newest."""
MAX_PAGE_RUNS = 2_000_000
"""And no more than have so many runs of pages together, 34 bytes each."""


@dataclass(frozen=True, slots=True, eq=False)
class PageSnapshot:
    """The pages of a mapping at one time."""

    reply: PagesReply
    spans: PageSpans
    huge_spans: PageSpans
    """Those of which are mapped by entries for huge pages."""
    first: int
    """The first page of the mapping."""
    stop: int
    """The page after its last."""
    page_bytes: int


class PageHistory:
    """What was seen of one mapping, from look to look."""

    def __init__(self, mapping: int) -> None:
        self.mapping = mapping
        self._snapshots: list[PageSnapshot] = []

    @property
    def newest(self) -> PageSnapshot | None:
        """The newest."""
        return self._snapshots[-1] if self._snapshots else None

    def add(self, reply: PagesReply, backing: Backing, mark: int | None = None) -> None:
        """Add a look.

        Args:
            seen: The look, which must have seen pages.
            backing: What is behind the mapping.
            mark: The tick whose look shall not be forgotten.
        """
        assert reply.runs is not None
        size, states = reply.runs.page_bytes, page_spans_of(reply.runs, backing)
        huge = states.take(reply.runs.flags & PageFlags.HUGE != 0)
        look = PageSnapshot(reply, states, huge, reply.start // size, -(-reply.end // size), size)
        self._snapshots.append(look)
        kept = None if mark is None else self.at(mark)
        while len(self._snapshots) > 2 and self._is_over_limit():
            oldest = next((at for at in range(1, len(self._snapshots) - 1) if self._snapshots[at] is not kept), 0)
            del self._snapshots[oldest]

    def _is_over_limit(self) -> bool:
        """Whether one must be forgotten."""
        return (
            len(self._snapshots) > MAX_SNAPSHOTS or sum(len(look.spans) for look in self._snapshots) > MAX_PAGE_RUNS
        )

    def at(self, tick: int) -> PageSnapshot | None:
        """The last look up to a tick; the first one where there was none yet."""
        until = [look for look in self._snapshots if look.reply.tick <= tick]
        return until[-1] if until else next(iter(self._snapshots), None)

    def baseline_of(self, snapshot: PageSnapshot, state: ViewState) -> PageSnapshot:
        """The look that another one is compared with; itself when it is the first.

        The previous one stays so until the mapping is looked at again, which it is when it has changed.
        """
        place = self._snapshots.index(snapshot)
        if state.baseline == "start":
            return self._snapshots[0]
        if state.baseline == "mark" and state.mark is not None:
            marked = self.at(state.mark)
            assert marked is not None
            return marked if marked.reply.tick <= snapshot.reply.tick else snapshot
        return self._snapshots[max(0, place - 1)]


@lru_cache(2)  # whoever moves over the same pages asks again with each step
def diff_pages(before: PageSnapshot, after: PageSnapshot) -> PageSpans:
    """The pages of a mapping that changed between two looks, with the states that they had; they move with it."""
    moved = after.first - before.first
    apart = after.first >= before.stop or after.stop <= before.first
    was = before.spans.shift(moved) if apart else before.spans
    return diff_spans(was, after.spans).crop(after.first, after.stop)
