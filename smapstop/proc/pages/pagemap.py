"""What the pages of a process are: from PAGEMAP_SCAN where the kernel has it (6.7), else from pagemap itself.

Both are files of the kernel's fs/proc/task_mmu.c, described in Documentation/admin-guide/mm/pagemap.rst. The owner of
a process may read them. They answer alike, but pagemap does not tell the zero page, nor a huge page, from any other.
"""

import errno
import fcntl
import os
import struct

import numpy as np
from numpy.typing import NDArray

from smapstop.proc.pages.page_runs import PageFlags, PageRuns, merge_runs
from smapstop.proc.process import ProcDir
from smapstop.proc.stat import PAGE_KB

PAGE_BYTES = PAGE_KB * 1024
"""The size of a page, bytes."""


_SCAN_FLAGS = PageFlags.FILE | PageFlags.PRESENT | PageFlags.SWAPPED | PageFlags.ZERO | PageFlags.HUGE
_PAGEMAP_FLAGS = PageFlags.FILE | PageFlags.PRESENT | PageFlags.SWAPPED | PageFlags.GUARD

_PAGEMAP_SCAN = 0xC060_6610
_SCAN = struct.Struct("=12Q")
"""struct pm_scan_arg: size, flags, start, end, walk_end, vec, vec_len, max_pages, and four masks of categories."""
_WALK_END = 4
_CATEGORY_SHIFT = 2
"""From a category to its `PageFlags`."""
_MAX_REGIONS = 512
"""Runs that one call may answer. With more, which the kernel gathers 512 at a time, it forgets to say that it reached
the end, and its last ones would come twice (walk_end in do_pagemap_scan, as of Linux 6.18)."""
_PAGES_PER_CALL = 65536
"""The target cannot map and unmap memory while the kernel looks for this many: 3 ms."""
_ENTRIES_PER_READ = 65536
"""Entries of pagemap, 8 bytes each, that are read at once."""
_EXCLUSIVE_BIT = np.uint64(1 << 56)
"""The bit of an entry of pagemap."""
_SCAN_UNSUPPORTED = (errno.ENOTTY, errno.EINVAL, errno.EFAULT)
"""The kernel does not know the call, or not for such addresses ([vsyscall])."""


def _normalize_flags(flags: int) -> int:
    """The flags without what the kernel adds that is not so."""
    if flags & PageFlags.ZERO:
        flags &= ~PageFlags.FILE  # of the huge zero page: it belongs to no file
    if flags & PageFlags.GUARD:
        flags &= ~PageFlags.SWAPPED  # of anything in a page table that is not a page
    if not flags & (PageFlags.PRESENT | PageFlags.SWAPPED):
        flags &= PageFlags.GUARD  # a mapping of hugetlb is huge even where nothing is
    return flags


def _flags_of_entry(high: int) -> int:
    """The flags that are said by the highest six bits of an entry of pagemap."""
    return _normalize_flags(
        (PageFlags.PRESENT if high & 32 else 0)
        | (PageFlags.SWAPPED if high & 16 else 0)
        | (PageFlags.FILE if high & 8 else 0)
        | (PageFlags.GUARD if high & 1 else 0)
    )


_FLAGS_BY_CATEGORIES = np.array([_normalize_flags(flags) for flags in range(256)], np.uint8)
_FLAGS_BY_ENTRY = np.array([_flags_of_entry(high) for high in range(64)], np.uint8)


def read_page_runs(process: ProcDir, start: int, end: int) -> PageRuns:
    """What the pages from `start` up to `end` are; both are multiples of the page size.

    Neighbours are joined even across the border of two mappings. Memory is in proportion to the runs and, with
    PAGEMAP_SCAN, time to the pages that are present.

    Raises:
        OSError: As for `ProcDir.read`; pagemap may be read by the owner (and root) alone. ESRCH also when the main
            thread has ended before others.
    """
    fd = process.open("pagemap")  # each time: it stays with the memory that it was opened for, which an exec replaces
    try:
        return scan_runs(fd, start, end)
    except OSError as error:
        if error.errno not in _SCAN_UNSUPPORTED:
            raise
        return read_entry_runs(fd, start, end)
    finally:
        os.close(fd)


def read_anonymous_runs(process: ProcDir, start: int, end: int) -> PageRuns:
    """The anonymous pages from `start` up to `end`, in memory or in swap.

    In a private file mapping these are the pages that were copied on write. From pagemap alone, zero pages of
    anonymous memory are among them; a file mapping has none.

    Raises:
        OSError: As for `read_page_runs`.
    """
    runs = read_page_runs(process, start, end)
    somewhere = runs.flags & (PageFlags.PRESENT | PageFlags.SWAPPED) != 0
    return runs.take(somewhere & (runs.flags & (PageFlags.FILE | PageFlags.ZERO) == 0))


def read_exclusive_mask(process: ProcDir, runs: PageRuns) -> NDArray[np.bool_]:
    """Whether each page of some runs is mapped here and nowhere else, in address order, shape (runs.pages,).

    A page that was copied before a fork is shared with the child until one of the two writes to it. False of what is
    not in memory.

    Raises:
        OSError: As for `read_page_runs`.
    """
    fd, found = process.open("pagemap"), [np.zeros(0, np.bool_)]
    try:
        for start, end in zip(runs.start.tolist(), runs.end.tolist(), strict=True):
            entries = np.zeros((end - start) // PAGE_BYTES, np.uint64)
            os.preadv(fd, [entries.data], start // PAGE_BYTES * entries.itemsize)
            found.append(entries & _EXCLUSIVE_BIT != 0)
    finally:
        os.close(fd)
    return np.concatenate(found)


def scan_runs(fd: int, start: int, end: int) -> PageRuns:
    """The runs of a range as PAGEMAP_SCAN answers.

    Args:
        fd: Of pagemap.

    Raises:
        OSError: ENOTTY from a kernel that does not have it, EFAULT for addresses that are not the user's.
    """
    try:
        return _scan(fd, start, end, _SCAN_FLAGS | PageFlags.GUARD)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return _scan(fd, start, end, _SCAN_FLAGS)  # Linux 6.7 to 6.14 have no category for guards


def _scan(fd: int, start: int, end: int, known: PageFlags) -> PageRuns:
    """The runs of a range, of pages that are any of what is known."""
    regions = np.empty((_MAX_REGIONS, 3), np.uint64)
    address, mask = regions.__array_interface__["data"][0], known << _CATEGORY_SHIFT
    answers = [regions[:0]]
    while start < end:
        argument = bytearray(
            _SCAN.pack(_SCAN.size, 0, start, end, 0, address, _MAX_REGIONS, _PAGES_PER_CALL, 0, 0, mask, mask)
        )
        count = fcntl.ioctl(fd, _PAGEMAP_SCAN, argument)
        answers.append(regions[:count].copy())
        reached = _SCAN.unpack(argument)[_WALK_END]
        if reached <= start:
            break
        start = reached
    starts, ends, categories = np.concatenate(answers).T
    return merge_runs(starts, ends, _FLAGS_BY_CATEGORIES[categories >> _CATEGORY_SHIFT], known, PAGE_BYTES)


def read_entry_runs(fd: int, start: int, end: int) -> PageRuns:
    """The runs of a range from the entries of pagemap, all of which are read: half a second for a TiB of nothing.

    Args:
        fd: Of pagemap.

    Raises:
        OSError: The kernel does not give them.
    """
    entries = np.empty(_ENTRIES_PER_READ, np.uint64)
    page, stop = start // PAGE_BYTES, end // PAGE_BYTES
    firsts, stops, flags = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0, np.uint8)]
    while page < stop:
        count = os.preadv(fd, [entries[: stop - page].data], page * entries.itemsize) // entries.itemsize
        if not count:
            break
        if entries[:count].any():
            each = _FLAGS_BY_ENTRY[entries[:count] >> 58]
            edges = np.flatnonzero(each[1:] != each[:-1]) + 1
            firsts.append(page + np.append(0, edges))
            stops.append(page + np.append(edges, count))
            flags.append(each[firsts[-1] - page])
        page += count
    starts, ends = (np.concatenate(pages).astype(np.uint64) * np.uint64(PAGE_BYTES) for pages in (firsts, stops))
    return merge_runs(starts, ends, np.concatenate(flags), _PAGEMAP_FLAGS, PAGE_BYTES)
