"""Pages of a mapping as a grid of cells, counted exactly from runs of pages, never page by page.

Page numbers are those of the kernel: address divided by page size. Cells of many pages begin at multiples of their
size, so that a huge page is one cell, and a mapping that grows downward keeps its cells.
"""

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.proc.pages.page_runs import PageRuns
from smapstop.proc.pages.page_states import BASE_STATES, PAGE_STATES, Backing, PageState, states_of_runs

PageNumbers = NDArray[np.int64]
"""Page numbers, or numbers of pages."""
ZOOM = 8
"""Zoom factor: a cell of the next level has this many times as many pages."""

_ABSENT = PAGE_STATES.index(PageState.NOT_PRESENT)
_PRIVATE = (PageState.ANONYMOUS, PageState.COPIED)
_IS_NEWLY_SHARED = np.array([[BASE_STATES.get(now) is was in _PRIVATE for now in PAGE_STATES] for was in PAGE_STATES])
_IS_CHANGE = np.array(
    [
        [
            BASE_STATES.get(was, was) is not BASE_STATES.get(now, now) or (was is not now in _PRIVATE)
            for now in PAGE_STATES
        ]
        for was in PAGE_STATES
    ]
)
"""By the states before and after, as positions in `PAGE_STATES`."""


@dataclass(frozen=True, slots=True, eq=False)
class PageSpans:
    """Spans of neighbouring pages in the same state, n of them, in address order; other pages are not present."""

    start: PageNumbers
    """First page of each span, shape (n,)."""
    end: PageNumbers
    """First page after each span, shape (n,)."""
    state: NDArray[np.int8]
    """Positions in `PAGE_STATES`, shape (n,)."""

    def __len__(self) -> int:
        return len(self.start)

    @property
    def pages(self) -> int:
        """Number of pages in all spans."""
        return int((self.end - self.start).sum())

    def states_at(self, pages: PageNumbers) -> NDArray[np.int8]:
        """States of pages, not present outside the spans; any shape, and the result has the same."""
        if not len(self):
            return np.full(pages.shape, _ABSENT, np.int8)
        last_begun = np.searchsorted(self.start, pages, "right") - 1
        within = (last_begun >= 0) & (pages < self.end[last_begun])
        return np.where(within, self.state[last_begun], np.int8(_ABSENT))

    def in_states(self, *states: PageState) -> "PageSpans":
        """Spans in any of these states."""
        return self.take(np.isin(self.state, [PAGE_STATES.index(state) for state in states]))

    def take(self, index: NDArray[np.bool_]) -> "PageSpans":
        """Select spans by a mask."""
        return PageSpans(self.start[index], self.end[index], self.state[index])

    def crop(self, first: int, stop: int) -> "PageSpans":
        """Spans cut to the pages from `first` up to `stop`."""
        inside = self.take((self.end > first) & (self.start < stop))
        return PageSpans(np.maximum(inside.start, first), np.minimum(inside.end, stop), inside.state)

    def shift(self, pages: int) -> "PageSpans":
        """Spans shifted by a number of pages."""
        return PageSpans(self.start + pages, self.end + pages, self.state)

    def count_before(self, pages: PageNumbers) -> PageNumbers:
        """Number of pages in spans before each of `pages`; any shape, and the result has the same."""
        if not len(self):
            return np.zeros(pages.shape, np.int64)
        begun = np.searchsorted(self.start, pages, "right")
        until = np.zeros(len(self) + 1, np.int64)
        np.cumsum(self.end - self.start, out=until[1:])
        beyond = np.maximum(0, self.end[begun - 1] - pages)
        counts: PageNumbers = until[begun] - np.where(begun > 0, beyond, 0)
        return counts

    def nth(self, ordinals: PageNumbers) -> PageNumbers:
        """Pages by their ordinals among all pages in spans, from 0; any shape, and the result has the same."""
        until: PageNumbers = np.cumsum(self.end - self.start)
        at = np.searchsorted(until, ordinals, "right")
        pages: PageNumbers = self.end[at] - (until[at] - ordinals)
        return pages

    def next_page(self, page: int) -> int | None:
        """First page from `page` on that is in a span; `None` if there is none."""
        at = int(np.searchsorted(self.end, page, "right"))
        return max(page, int(self.start[at])) if at < len(self) else None

    def last_page_before(self, page: int) -> int | None:
        """Last page before `page` that is in a span; `None` if there is none."""
        at = int(np.searchsorted(self.start, page, "left")) - 1
        return min(page, int(self.end[at])) - 1 if at >= 0 else None


def page_spans_of(runs: PageRuns, backing: Backing) -> PageSpans:
    """Page states of a mapping as spans."""
    size = np.uint64(runs.page_bytes)
    start, end = (runs.start // size).astype(np.int64), (runs.end // size).astype(np.int64)
    return PageSpans(start, end, states_of_runs(runs, backing))


def diff_spans(before: PageSpans, after: PageSpans) -> PageSpans:
    """Pages that changed, each with the state that it had before.

    A private page that was shared and is the process's own now has changed: it was copied, or the others gave it up.
    What became shared has not, as a fork would mark every page; nor has a page of a file that others map or let go.
    """
    edges, was, now = _align_states(before, after)
    changed = _IS_CHANGE[was, now]
    return PageSpans(edges[:-1][changed], edges[1:][changed], was[changed])


def count_newly_shared(before: PageSpans, after: PageSpans) -> int:
    """Number of private pages that were the process's own and are shared now, as after a fork."""
    edges, was, now = _align_states(before, after)
    return int(np.diff(edges)[_IS_NEWLY_SHARED[was, now]].sum())


def _align_states(before: PageSpans, after: PageSpans) -> tuple[PageNumbers, NDArray[np.int8], NDArray[np.int8]]:
    """Edges between which both have one state each, and these states."""
    edges = np.unique(np.concatenate([before.start, before.end, after.start, after.end]))
    return edges, before.states_at(edges[:-1]), after.states_at(edges[:-1])


def count_states(spans: PageSpans, edges: PageNumbers) -> PageNumbers:
    """Count the pages of each state between neighbouring edges.

    Args:
        spans: Spans of one mapping.
        edges: Pages, ascending, shape (cells + 1,).

    Returns:
        Shape (cells, len(PAGE_STATES)); each row sums to the pages of its cell.
    """
    counts = np.zeros((len(edges) - 1, len(PAGE_STATES)), np.int64)
    for state in np.unique(spans.state).tolist():
        counts[:, state] = np.diff(spans.take(spans.state == state).count_before(edges))
    counts[:, _ABSENT] = np.diff(edges) - np.delete(counts, _ABSENT, axis=1).sum(axis=1)
    return counts


@dataclass(frozen=True, slots=True)
class PageGrid:
    """Grid of cells over a mapping; the first and the last cell may be cut by its borders."""

    first: int
    """First page of the mapping."""
    stop: int
    """First page after the mapping."""
    zoom: int = 1
    """Pages per cell: a power of `ZOOM`."""

    def __len__(self) -> int:
        return -(-self.stop // self.zoom) - self.first // self.zoom

    @property
    def pages(self) -> int:
        """Number of pages."""
        return self.stop - self.first

    def cell_of(self, page: int) -> int:
        """Cell of a page; the nearest one for a page outside the mapping."""
        page = max(self.first, min(page, self.stop - 1))
        return page // self.zoom - self.first // self.zoom

    def pages_of(self, cell: int) -> tuple[int, int]:
        """First page of a cell, and the first page after it."""
        start = (self.first // self.zoom + cell) * self.zoom
        return max(start, self.first), min(start + self.zoom, self.stop)

    def edges(self, first: int, stop: int) -> PageNumbers:
        """Edges of the cells from `first` up to `stop`, as pages, shape (stop - first + 1,)."""
        at = (self.first // self.zoom + np.arange(first, stop + 1)) * self.zoom
        return np.clip(at, self.first, self.stop)

    def with_zoom(self, zoom: int) -> "PageGrid":
        """Grid with another cell size: at least one page, and no larger than needed for a single cell."""
        grid = PageGrid(self.first, self.stop, max(1, zoom))
        while grid.zoom > 1 and len(PageGrid(self.first, self.stop, grid.zoom // ZOOM)) == 1:
            grid = PageGrid(self.first, self.stop, grid.zoom // ZOOM)
        return grid

    def fit(self, cells: int) -> "PageGrid":
        """Grid with the smallest cells that give at most `cells` cells, or two if `cells` is less."""
        grid = PageGrid(self.first, self.stop)
        while len(grid) > max(cells, 2):
            grid = PageGrid(self.first, self.stop, grid.zoom * ZOOM)
        return grid


@dataclass(frozen=True, slots=True, eq=False)
class PageCells:
    """Page counts of neighbouring cells, n of them."""

    now: PageNumbers
    """Pages by state, shape (n, len(PAGE_STATES))."""
    was: PageNumbers
    """The same in the baseline snapshot."""
    changed: PageNumbers
    """Number of pages that changed, shape (n,)."""
