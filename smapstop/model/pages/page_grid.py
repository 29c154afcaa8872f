"""The pages of a mapping as cells: what is in each cell, exactly, from runs of pages and never page by page.

Pages are counted as the kernel numbers them: an address divided by the size of a page. Cells of many pages begin at
multiples of their size, so that a huge page is a cell, and a mapping that grows downward keeps its cells.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smapstop.proc.pages.page_runs import PageRuns
from smapstop.proc.pages.page_states import PAGE_STATES, Backing, PageState, states_of

PageNumbers = NDArray[np.int64]
"""Numbers of pages, or how many."""
ZOOM = 8
"""A step of the zoom: a cell of the next one has so many times as many pages."""

_ABSENT = PAGE_STATES.index(PageState.NOT_PRESENT)


@dataclass(frozen=True, slots=True, eq=False)
class PageSpans:
    """Stretches of neighbouring pages in the same state, n of them, in address order; between them is nothing."""

    start: PageNumbers
    """First page of each, shape (n,)."""
    end: PageNumbers
    """The page after its last, shape (n,)."""
    state: NDArray[np.int8]
    """Positions in `PAGE_STATES`, shape (n,)."""

    def __len__(self) -> int:
        return len(self.start)

    @property
    def pages(self) -> int:
        """How many pages there are in all of them."""
        return int((self.end - self.start).sum())

    def states_at(self, pages: PageNumbers) -> NDArray[np.int8]:
        """The states of pages, not present for those between; any shape, and the same shape."""
        if not len(self):
            return np.full(pages.shape, _ABSENT, np.int8)
        last_begun = np.searchsorted(self.start, pages, "right") - 1
        within = (last_begun >= 0) & (pages < self.end[last_begun])
        return np.where(within, self.state[last_begun], np.int8(_ABSENT))

    def in_states(self, *states: PageState) -> "PageSpans":
        """Those in some states."""
        return self.take(np.isin(self.state, [PAGE_STATES.index(state) for state in states]))

    def take(self, index: NDArray[np.bool_]) -> "PageSpans":
        """Those that `index` names."""
        return PageSpans(self.start[index], self.end[index], self.state[index])

    def crop(self, first: int, stop: int) -> "PageSpans":
        """What of them lies from one page up to another."""
        inside = self.take((self.end > first) & (self.start < stop))
        return PageSpans(np.maximum(inside.start, first), np.minimum(inside.end, stop), inside.state)

    def shift(self, pages: int) -> "PageSpans":
        """The same so many pages further on."""
        return PageSpans(self.start + pages, self.end + pages, self.state)

    def count_before(self, pages: PageNumbers) -> PageNumbers:
        """How many pages of all stretches are before others; any shape, and the same shape."""
        if not len(self):
            return np.zeros(pages.shape, np.int64)
        begun = np.searchsorted(self.start, pages, "right")
        until = np.zeros(len(self) + 1, np.int64)
        np.cumsum(self.end - self.start, out=until[1:])
        beyond = np.maximum(0, self.end[begun - 1] - pages)
        counts: PageNumbers = until[begun] - np.where(begun > 0, beyond, 0)
        return counts

    def nth(self, ordinals: PageNumbers) -> PageNumbers:
        """The pages with these places among all pages of the stretches, from 0; any shape, and the same shape."""
        until: PageNumbers = np.cumsum(self.end - self.start)
        at = np.searchsorted(until, ordinals, "right")
        pages: PageNumbers = self.end[at] - (until[at] - ordinals)
        return pages

    def next_page(self, page: int) -> int | None:
        """The first page from `page` on that is in a stretch."""
        at = int(np.searchsorted(self.end, page, "right"))
        return max(page, int(self.start[at])) if at < len(self) else None

    def last_page_before(self, page: int) -> int | None:
        """The last page before `page` that is in a stretch."""
        at = int(np.searchsorted(self.start, page, "left")) - 1
        return min(page, int(self.end[at])) - 1 if at >= 0 else None


def page_spans_of(runs: PageRuns, backing: Backing) -> PageSpans:
    """The states of the pages of a mapping."""
    size = np.uint64(runs.page_bytes)
    start, end = (runs.start // size).astype(np.int64), (runs.end // size).astype(np.int64)
    return PageSpans(start, end, states_of(runs.flags, backing))


def diff_spans(before: PageSpans, after: PageSpans) -> PageSpans:
    """The pages whose state is another one; each with the state that it had before."""
    edges = np.unique(np.concatenate([before.start, before.end, after.start, after.end]))
    was = before.states_at(edges[:-1])
    other = was != after.states_at(edges[:-1])
    return PageSpans(edges[:-1][other], edges[1:][other], was[other])


def count_states(spans: PageSpans, edges: PageNumbers) -> PageNumbers:
    """How many pages of each state lie between neighbouring edges.

    Args:
        stretches: Of one mapping.
        edges: Pages, ascending, shape (cells + 1,).

    Returns:
        Shape (cells, len(STATES)); each row sums to the pages of its cell.
    """
    counts = np.zeros((len(edges) - 1, len(PAGE_STATES)), np.int64)
    for state in np.unique(spans.state).tolist():
        counts[:, state] = np.diff(spans.take(spans.state == state).count_before(edges))
    counts[:, _ABSENT] = np.diff(edges) - np.delete(counts, _ABSENT, axis=1).sum(axis=1)
    return counts


@dataclass(frozen=True, slots=True)
class PageGrid:
    """A mapping cut into cells of so many pages; the first and the last one may be cut by its borders."""

    first: int
    """Its first page."""
    stop: int
    """The page after its last."""
    zoom: int = 1
    """Pages of a cell: a power of `ZOOM`."""

    def __len__(self) -> int:
        return -(-self.stop // self.zoom) - self.first // self.zoom

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return self.stop - self.first

    def cell_of(self, page: int) -> int:
        """The cell that has a page; the nearest for a page outside."""
        page = max(self.first, min(page, self.stop - 1))
        return page // self.zoom - self.first // self.zoom

    def pages_of(self, cell: int) -> tuple[int, int]:
        """The first page of a cell, and the one after its last."""
        start = (self.first // self.zoom + cell) * self.zoom
        return max(start, self.first), min(start + self.zoom, self.stop)

    def edges(self, first: int, stop: int) -> PageNumbers:
        """The borders of the cells from `first` up to `stop`, shape (stop - first + 1,)."""
        at = (self.first // self.zoom + np.arange(first, stop + 1)) * self.zoom
        return np.clip(at, self.first, self.stop)

    def with_zoom(self, zoom: int) -> "PageGrid":
        """The same with other cells, of at least one page and not larger than needed for one cell."""
        grid = PageGrid(self.first, self.stop, max(1, zoom))
        while grid.zoom > 1 and len(PageGrid(self.first, self.stop, grid.zoom // ZOOM)) == 1:
            grid = PageGrid(self.first, self.stop, grid.zoom // ZOOM)
        return grid

    def fit(self, cells: int) -> "PageGrid":
        """The same in the smallest cells of which there are at most so many; more than two must be allowed."""
        grid = PageGrid(self.first, self.stop)
        while len(grid) > max(cells, 2):
            grid = PageGrid(self.first, self.stop, grid.zoom * ZOOM)
        return grid


@dataclass(frozen=True, slots=True, eq=False)
class PageCells:
    """What some neighbouring cells hold, n of them."""

    now: PageNumbers
    """Pages by state, shape (n, len(STATES))."""
    was: PageNumbers
    """The same at the compared look."""
    changed: PageNumbers
    """How many of the pages changed, shape (n,)."""
