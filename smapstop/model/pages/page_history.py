"""Snapshots of the pages of one mapping: the one to show at a tick, and the one to compare it with."""

from functools import lru_cache

from smapstop.lazy_dataclass import dataclass
from smapstop.model.pages.page_grid import PageSpans, diff_spans, page_spans_of
from smapstop.model.protocol import PagesReply
from smapstop.model.view.view_state import ViewState
from smapstop.proc.pages.page_runs import PageFlags
from smapstop.proc.pages.page_states import Backing

MAX_SNAPSHOTS = 64
"""Snapshots kept: the first one and the newest."""
MAX_PAGE_RUNS = 2_000_000
"""Runs of pages in all snapshots together, 34 bytes each; beyond it, old snapshots are dropped earlier."""


@dataclass(frozen=True, slots=True, eq=False)
class PageSnapshot:
    """Pages of a mapping at one time."""

    reply: PagesReply
    spans: PageSpans
    huge_spans: PageSpans
    """Spans that are mapped by huge-page entries."""
    first: int
    """First page of the mapping."""
    stop: int
    """First page after the mapping."""
    page_bytes: int


class PageHistory:
    """Snapshots of the pages of one mapping, in order of time."""

    def __init__(self, mapping: int) -> None:
        self.mapping = mapping
        self._snapshots: list[PageSnapshot] = []

    @property
    def newest(self) -> PageSnapshot | None:
        """The newest snapshot; `None` if there is none."""
        return self._snapshots[-1] if self._snapshots else None

    def add(self, reply: PagesReply, backing: Backing, mark: int | None = None) -> None:
        """Add a snapshot, and drop old ones beyond the limits.

        Args:
            reply: The pages read; `runs` must not be `None`.
            backing: What backs the mapping.
            mark: The marked tick, whose snapshot is not dropped.
        """
        assert reply.runs is not None
        size, states = reply.runs.page_bytes, page_spans_of(reply.runs, backing)
        huge = states.take(reply.runs.flags & PageFlags.HUGE != 0)
        snapshot = PageSnapshot(reply, states, huge, reply.start // size, -(-reply.end // size), size)
        self._snapshots.append(snapshot)
        marked = None if mark is None else self.at(mark)
        while len(self._snapshots) > 2 and self._is_over_limit():
            oldest = next((at for at in range(1, len(self._snapshots) - 1) if self._snapshots[at] is not marked), 0)
            del self._snapshots[oldest]

    def _is_over_limit(self) -> bool:
        """Whether a snapshot must be dropped."""
        return (
            len(self._snapshots) > MAX_SNAPSHOTS
            or sum(len(snapshot.spans) for snapshot in self._snapshots) > MAX_PAGE_RUNS
        )

    def at(self, tick: int) -> PageSnapshot | None:
        """Last snapshot up to a tick; the first one for earlier ticks; `None` if there is none at all."""
        candidates = [snapshot for snapshot in self._snapshots if snapshot.reply.tick <= tick]
        return candidates[-1] if candidates else next(iter(self._snapshots), None)

    def baseline_of(self, snapshot: PageSnapshot, state: ViewState) -> PageSnapshot:
        """Snapshot that another one is compared with; itself if it is the first.

        The previous one remains the baseline until the pages are read again, which happens when the mapping changed.
        """
        index = self._snapshots.index(snapshot)
        if state.baseline == "start":
            return self._snapshots[0]
        if state.baseline == "mark" and state.mark is not None:
            marked = self.at(state.mark)
            assert marked is not None
            return marked if marked.reply.tick <= snapshot.reply.tick else snapshot
        return self._snapshots[max(0, index - 1)]


@lru_cache(2)  # each cursor step over the same pages asks for the same pair
def diff_pages(before: PageSnapshot, after: PageSnapshot) -> PageSpans:
    """Pages that changed between two snapshots, with their earlier states; a mapping that moved is aligned first."""
    moved = after.first - before.first
    apart = after.first >= before.stop or after.stop <= before.first
    was = before.spans.shift(moved) if apart else before.spans
    return diff_spans(was, after.spans).crop(after.first, after.stop)
