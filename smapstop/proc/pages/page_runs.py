"""Runs of pages with equal flags, as columns."""

from enum import IntFlag
from typing import Self

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.proc.columns import Addresses


class PageFlags(IntFlag):
    """Flags of a page. No flags mean not present: never touched, released, or shared memory that is swapped out.

    The values are PAGEMAP_SCAN's categories (include/uapi/linux/fs.h) without the lowest two bits, which only matter
    for a process that uses userfaultfd; but for SHARED, which `read_sharing` adds.
    """

    FILE = 1 << 0
    """A page of the page cache or of shared memory, not a private copy."""
    PRESENT = 1 << 1
    """In memory and in the page table."""
    SWAPPED = 1 << 2
    """In swap, or being migrated; or no page, only a mark that userfaultfd protects it (VmFlags `uw`): the kernel
    shows these alike to whom it hides page frames. Never set for shared memory in swap."""
    ZERO = 1 << 3
    """The zero page, small or huge: read but never written."""
    HUGE = 1 << 4
    """Mapped by one page-table entry as part of a huge page."""
    GUARD = 1 << 6
    """Made inaccessible by MADV_GUARD_INSTALL (since Linux 6.13; distinct from a swapped page since 6.15)."""
    SHARED = 1 << 7
    """Mapped more than once: by other processes, or twice by this one. smaps counts such pages as Shared. Inexact for
    huge pages, which Linux 6.17 to 6.19 judge by the first of their pages."""


@dataclass(frozen=True, slots=True, eq=False)
class PageRuns:
    """The n runs of adjacent pages with equal flags, in address order; no page between them is present."""

    start: Addresses
    """First address of each run, shape (n,)."""
    end: Addresses
    """First address past each run, shape (n,). Adjacent runs differ in their flags."""
    flags: NDArray[np.uint8]
    """`PageFlags` of each run, shape (n,)."""
    known_flags: PageFlags
    """Flags that the source can report; the others are never set."""
    page_bytes: int
    """Page size, bytes."""

    def __len__(self) -> int:
        return len(self.start)

    @property
    def pages(self) -> int:
        """Number of pages in all runs."""
        return int((self.end - self.start).sum()) // self.page_bytes

    @property
    def source(self) -> str:
        """Source of the runs: `pagemap-scan` or `pagemap`."""
        return "pagemap-scan" if self.known_flags & PageFlags.ZERO else "pagemap"

    def flags_at(self, addresses: Addresses) -> NDArray[np.uint8]:
        """Return the flags of the pages at addresses of any shape, 0 for not present; same shape."""
        if not len(self):
            return np.zeros(addresses.shape, np.uint8)
        last_begun = np.searchsorted(self.start, addresses, "right") - 1
        within = (last_begun >= 0) & (addresses < self.end[last_begun])
        return np.where(within, self.flags[last_begun], 0)

    def take(self, index: NDArray[np.bool_]) -> Self:
        """Return the runs selected by `index`."""
        return type(self)(self.start[index], self.end[index], self.flags[index], self.known_flags, self.page_bytes)

    def subtract(self, others: "PageRuns") -> "PageRuns":
        """Return the pages in none of the other runs: given an earlier reading, the pages added since."""
        edges = np.unique(np.concatenate([self.start, self.end, others.start, others.end]))
        flags = self.flags_at(edges[:-1])
        return merge_runs(
            edges[:-1], edges[1:], np.where(others.flags_at(edges[:-1]), 0, flags), self.known_flags, self.page_bytes
        )

    def file_ranges(self, mapping_start: int, offset: int) -> Addresses:
        """Return the file offsets of each run's start and end, bytes, shape (n, 2).

        Args:
            mapping_start: The first address of the mapping that all runs are in.
            offset: Its offset into the file.
        """
        return np.stack([self.start, self.end], axis=1) - np.uint64(mapping_start) + np.uint64(offset)


def merge_runs(
    start: Addresses, end: Addresses, flags: NDArray[np.uint8], known: PageFlags, page_bytes: int
) -> PageRuns:
    """Merge pieces in address order into runs: join adjacent equal pieces, drop pages that are not present."""
    present = flags != 0
    start, end, flags = start[present], end[present], flags[present]
    begins = np.ones(len(start), np.bool_)
    begins[1:] = (start[1:] != end[:-1]) | (flags[1:] != flags[:-1])
    ends = np.roll(begins, -1)  # a run ends before the next begins; begins[0] wraps to the last
    return PageRuns(start[begins], end[ends], flags[begins], known, page_bytes)
