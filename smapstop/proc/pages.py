"""What the pages of a process are: from PAGEMAP_SCAN where the kernel has it (6.7), else from pagemap itself.

Both are files of the kernel's fs/proc/task_mmu.c, described in Documentation/admin-guide/mm/pagemap.rst. The owner of
a process may read them. They answer alike, but pagemap does not tell the zero page, nor a huge page, from any other.
"""

import errno
import fcntl
import os
import struct
from dataclasses import dataclass
from enum import IntFlag
from typing import Self

import numpy as np
from numpy.typing import NDArray

from smapstop.proc.columns import Addresses
from smapstop.proc.process import PAGE_KB, ProcDir

PAGE_BYTES = PAGE_KB * 1024
"""The size of a page, bytes."""


class Page(IntFlag):
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


_KNOWN_TO_SCAN = Page.FILE | Page.PRESENT | Page.SWAPPED | Page.ZERO | Page.HUGE
_KNOWN_TO_PAGEMAP = Page.FILE | Page.PRESENT | Page.SWAPPED | Page.GUARD

_PAGEMAP_SCAN = 0xC060_6610
_SCAN = struct.Struct("=12Q")
"""struct pm_scan_arg: size, flags, start, end, walk_end, vec, vec_len, max_pages, and four masks of categories."""
_WALK_END = 4
_SHIFT = 2
"""From a category to its `Page`."""
_REGIONS = 512
"""Runs that one call may answer. With more, which the kernel gathers 512 at a time, it forgets to say that it reached
the end, and its last ones would come twice (walk_end in do_pagemap_scan, as of Linux 6.18)."""
_PAGES_A_CALL = 65536
"""The target cannot map and unmap memory while the kernel looks for this many: 3 ms."""
_ENTRIES = 65536
"""Entries of pagemap, 8 bytes each, that are read at once."""
_NOT_SCANNED = (errno.ENOTTY, errno.EINVAL, errno.EFAULT)
"""The kernel does not know the call, or not for such addresses ([vsyscall])."""


def _plain(flags: int) -> int:
    """The flags without what the kernel adds that is not so."""
    if flags & Page.ZERO:
        flags &= ~Page.FILE  # of the huge zero page: it belongs to no file
    if flags & Page.GUARD:
        flags &= ~Page.SWAPPED  # of anything in a page table that is not a page
    if not flags & (Page.PRESENT | Page.SWAPPED):
        flags &= Page.GUARD  # a mapping of hugetlb is huge even where nothing is
    return flags


def _of_entry(high: int) -> int:
    """The flags that are said by the highest six bits of an entry of pagemap."""
    return _plain(
        (Page.PRESENT if high & 32 else 0)
        | (Page.SWAPPED if high & 16 else 0)
        | (Page.FILE if high & 8 else 0)
        | (Page.GUARD if high & 1 else 0)
    )


_OF_CATEGORIES = np.array([_plain(flags) for flags in range(256)], np.uint8)
_OF_ENTRY = np.array([_of_entry(high) for high in range(64)], np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class PageRuns:
    """Runs of neighbouring pages that are alike, n of them, in address order; between them nothing is present."""

    start: Addresses
    """First address of each run, shape (n,)."""
    end: Addresses
    """First address after it, shape (n,). Where two runs touch, their flags differ."""
    flags: NDArray[np.uint8]
    """What its pages are, a `Page` each, shape (n,)."""
    known: Page
    """The flags that could be told at all: the others are missing everywhere."""

    def __len__(self) -> int:
        return len(self.start)

    @property
    def pages(self) -> int:
        """How many pages there are in all runs."""
        return int((self.end - self.start).sum()) // PAGE_BYTES

    @property
    def source(self) -> str:
        """Where they are from: `pagemap-scan` or `pagemap`."""
        return "pagemap-scan" if self.known & Page.ZERO else "pagemap"

    def flags_at(self, addresses: Addresses) -> NDArray[np.uint8]:
        """What the pages at addresses are, 0 for not present; any shape, and the same shape."""
        if not len(self):
            return np.zeros(addresses.shape, np.uint8)
        last_begun = np.searchsorted(self.start, addresses, "right") - 1
        within = (last_begun >= 0) & (addresses < self.end[last_begun])
        return np.where(within, self.flags[last_begun], 0)

    def take(self, index: NDArray[np.bool_]) -> Self:
        """The runs that `index` names."""
        return type(self)(self.start[index], self.end[index], self.flags[index], self.known)

    def without(self, others: "PageRuns") -> "PageRuns":
        """The pages that are in none of the other runs: with an earlier reading, those that became such pages."""
        edges = np.unique(np.concatenate([self.start, self.end, others.start, others.end]))
        flags = self.flags_at(edges[:-1])
        return _joined(edges[:-1], edges[1:], np.where(others.flags_at(edges[:-1]), 0, flags), self.known)

    def in_file(self, mapping_start: int, offset: int) -> Addresses:
        """Where the pages lie in the file: the offsets of each run and of its end, bytes, shape (n, 2).

        Args:
            mapping_start: The first address of the mapping that all runs are in.
            offset: Its offset into the file.
        """
        return np.stack([self.start, self.end], axis=1) - np.uint64(mapping_start) + np.uint64(offset)


def page_runs(process: ProcDir, start: int, end: int) -> PageRuns:
    """What the pages from `start` up to `end` are; both are multiples of the page size.

    Neighbours are joined even across the border of two mappings. Memory is in proportion to the runs and, with
    PAGEMAP_SCAN, time to the pages that are present.

    Raises:
        OSError: As for `ProcDir.read`; pagemap may be read by the owner (and root) alone. ESRCH also when the main
            thread has ended before others.
    """
    fd = process.open("pagemap")  # each time: it stays with the memory that it was opened for, which an exec replaces
    try:
        return scanned_runs(fd, start, end)
    except OSError as error:
        if error.errno not in _NOT_SCANNED:
            raise
        return entry_runs(fd, start, end)
    finally:
        os.close(fd)


def anonymous_pages(process: ProcDir, start: int, end: int) -> PageRuns:
    """The anonymous pages from `start` up to `end`, in memory or in swap.

    In a private file mapping these are the pages that were copied on write. From pagemap alone, zero pages of
    anonymous memory are among them; a file mapping has none.

    Raises:
        OSError: As for `page_runs`.
    """
    runs = page_runs(process, start, end)
    somewhere = runs.flags & (Page.PRESENT | Page.SWAPPED) != 0
    return runs.take(somewhere & (runs.flags & (Page.FILE | Page.ZERO) == 0))


def scanned_runs(fd: int, start: int, end: int) -> PageRuns:
    """The runs of a range as PAGEMAP_SCAN answers.

    Args:
        fd: Of pagemap.

    Raises:
        OSError: ENOTTY from a kernel that does not have it, EFAULT for addresses that are not the user's.
    """
    try:
        return _scan(fd, start, end, _KNOWN_TO_SCAN | Page.GUARD)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return _scan(fd, start, end, _KNOWN_TO_SCAN)  # Linux 6.7 to 6.14 have no category for guards


def _scan(fd: int, start: int, end: int, known: Page) -> PageRuns:
    """The runs of a range, of pages that are any of what is known."""
    regions = np.empty((_REGIONS, 3), np.uint64)
    address, mask = regions.__array_interface__["data"][0], known << _SHIFT
    answers = [regions[:0]]
    while start < end:
        argument = bytearray(
            _SCAN.pack(_SCAN.size, 0, start, end, 0, address, _REGIONS, _PAGES_A_CALL, 0, 0, mask, mask)
        )
        count = fcntl.ioctl(fd, _PAGEMAP_SCAN, argument)
        answers.append(regions[:count].copy())
        reached = _SCAN.unpack(argument)[_WALK_END]
        if reached <= start:
            break
        start = reached
    starts, ends, categories = np.concatenate(answers).T
    return _joined(starts, ends, _OF_CATEGORIES[categories >> _SHIFT], known)


def entry_runs(fd: int, start: int, end: int) -> PageRuns:
    """The runs of a range from the entries of pagemap, all of which are read: half a second for a TiB of nothing.

    Args:
        fd: Of pagemap.

    Raises:
        OSError: The kernel does not give them.
    """
    entries = np.empty(_ENTRIES, np.uint64)
    page, stop = start // PAGE_BYTES, end // PAGE_BYTES
    firsts, stops, flags = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0, np.uint8)]
    while page < stop:
        count = os.preadv(fd, [entries[: stop - page].data], page * entries.itemsize) // entries.itemsize
        if not count:
            break
        if entries[:count].any():
            each = _OF_ENTRY[entries[:count] >> 58]
            edges = np.flatnonzero(each[1:] != each[:-1]) + 1
            firsts.append(page + np.append(0, edges))
            stops.append(page + np.append(edges, count))
            flags.append(each[firsts[-1] - page])
        page += count
    starts, ends = (np.concatenate(pages).astype(np.uint64) * np.uint64(PAGE_BYTES) for pages in (firsts, stops))
    return _joined(starts, ends, np.concatenate(flags), _KNOWN_TO_PAGEMAP)


def _joined(start: Addresses, end: Addresses, flags: NDArray[np.uint8], known: Page) -> PageRuns:
    """Runs from pieces in address order: without pages that are not present, and neighbours that are alike as one."""
    present = flags != 0
    start, end, flags = start[present], end[present], flags[present]
    begins = np.ones(len(start), np.bool_)
    begins[1:] = (start[1:] != end[:-1]) | (flags[1:] != flags[:-1])
    ends = np.roll(begins, -1)  # a run ends where the next one begins; the first begins, hence the last ends
    return PageRuns(start[begins], end[ends], flags[begins], known)
