"""Runs of pages that are alike: the columns of one look at the pages of a process, without what reads them."""

from dataclasses import dataclass
from enum import IntFlag
from typing import Self

import numpy as np
from numpy.typing import NDArray

from smapstop.proc.columns import Addresses


class PageFlags(IntFlag):
    """What a page is; a page that is none of these is not present: never touched, given up, or shared and swapped.

    The values are PAGEMAP_SCAN's categories (include/uapi/linux/fs.h) without the lowest two bits, which say nothing
    of a process that does not use userfaultfd.
    """

    FILE = 1 << 0
    """The page cache's or shared memory's own page, not a copy of it."""
    PRESENT = 1 << 1
    """In memory and in the page table."""
    SWAPPED = 1 << 2
    """In swap, or about to be somewhere else (migration). Pages of shared memory do not say so."""
    ZERO = 1 << 3
    """The zero page, small or huge: read, and never written."""
    HUGE = 1 << 4
    """Mapped as part of a huge page by one entry of a page table."""
    GUARD = 1 << 6
    """Made inaccessible by MADV_GUARD_INSTALL (since Linux 6.13; told from a swapped page since 6.15)."""


@dataclass(frozen=True, slots=True, eq=False)
class PageRuns:
    """Runs of neighbouring pages that are alike, n of them, in address order; between them nothing is present."""

    start: Addresses
    """First address of each run, shape (n,)."""
    end: Addresses
    """First address after it, shape (n,). Where two runs touch, their flags differ."""
    flags: NDArray[np.uint8]
    """What its pages are, a `PageFlags` each, shape (n,)."""
    known_flags: PageFlags
    """The flags that could be told at all: the others are missing everywhere."""
    page_bytes: int
    """The size of a page there."""

    def __len__(self) -> int:
        return len(self.start)

    @property
    def pages(self) -> int:
        """How many pages there are in all runs."""
        return int((self.end - self.start).sum()) // self.page_bytes

    @property
    def source(self) -> str:
        """Where they are from: `pagemap-scan` or `pagemap`."""
        return "pagemap-scan" if self.known_flags & PageFlags.ZERO else "pagemap"

    def flags_at(self, addresses: Addresses) -> NDArray[np.uint8]:
        """What the pages at addresses are, 0 for not present; any shape, and the same shape."""
        if not len(self):
            return np.zeros(addresses.shape, np.uint8)
        last_begun = np.searchsorted(self.start, addresses, "right") - 1
        within = (last_begun >= 0) & (addresses < self.end[last_begun])
        return np.where(within, self.flags[last_begun], 0)

    def take(self, index: NDArray[np.bool_]) -> Self:
        """The runs that `index` names."""
        return type(self)(self.start[index], self.end[index], self.flags[index], self.known_flags, self.page_bytes)

    def subtract(self, others: "PageRuns") -> "PageRuns":
        """The pages that are in none of the other runs: with an earlier reading, those that became such pages."""
        edges = np.unique(np.concatenate([self.start, self.end, others.start, others.end]))
        flags = self.flags_at(edges[:-1])
        return merge_runs(
            edges[:-1], edges[1:], np.where(others.flags_at(edges[:-1]), 0, flags), self.known_flags, self.page_bytes
        )

    def file_ranges(self, mapping_start: int, offset: int) -> Addresses:
        """Where the pages lie in the file: the offsets of each run and of its end, bytes, shape (n, 2).

        Args:
            mapping_start: The first address of the mapping that all runs are in.
            offset: Its offset into the file.
        """
        return np.stack([self.start, self.end], axis=1) - np.uint64(mapping_start) + np.uint64(offset)


def merge_runs(
    start: Addresses, end: Addresses, flags: NDArray[np.uint8], known: PageFlags, page_bytes: int
) -> PageRuns:
    """Runs from pieces in address order: without pages that are not present, and neighbours that are alike as one."""
    present = flags != 0
    start, end, flags = start[present], end[present], flags[present]
    begins = np.ones(len(start), np.bool_)
    begins[1:] = (start[1:] != end[:-1]) | (flags[1:] != flags[:-1])
    ends = np.roll(begins, -1)  # a run ends where the next one begins; the first begins, hence the last ends
    return PageRuns(start[begins], end[ends], flags[begins], known, page_bytes)
