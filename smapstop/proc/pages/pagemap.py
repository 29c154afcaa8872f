"""Read the page states of a process with PAGEMAP_SCAN (since Linux 6.7), or else from the entries of pagemap.

Both are implemented in fs/proc/task_mmu.c and described in Documentation/admin-guide/mm/pagemap.rst. The owner of a
process may use them. The results agree, except that pagemap entries do not identify zero pages and huge pages.
"""

import errno
import fcntl
import os
import struct
from collections.abc import Iterator

import numpy as np

from smapstop.proc.pages.page_runs import PageFlags, PageRuns, merge_runs
from smapstop.proc.process import ProcDir
from smapstop.proc.stat import PAGE_KB

PAGE_BYTES = PAGE_KB * 1024
"""Page size, bytes."""


_SCAN_FLAGS = PageFlags.FILE | PageFlags.PRESENT | PageFlags.SWAPPED | PageFlags.ZERO | PageFlags.HUGE
_PAGEMAP_FLAGS = PageFlags.FILE | PageFlags.PRESENT | PageFlags.SWAPPED | PageFlags.GUARD

_PAGEMAP_SCAN = 0xC060_6610
_SCAN = struct.Struct("=12Q")
"""struct pm_scan_arg: size, flags, start, end, walk_end, vec, vec_len, max_pages, and four category masks."""
_WALK_END = 4
_CATEGORY_SHIFT = 2
"""Right shift from a category to its `PageFlags`."""
_MAX_REGIONS = 512
"""Maximum number of regions per call. The kernel collects 512 at a time; with a larger vec it does not report in
walk_end that it reached the end, and the last ones would be returned twice (do_pagemap_scan, as of Linux 6.18)."""
_PAGES_PER_CALL = 65536
"""Maximum number of matching pages per call: the target cannot map or unmap memory meanwhile (3 ms)."""
_ENTRIES_PER_READ = 65536
"""Entries of pagemap per read, 8 bytes each."""
_GAP_PAGES = 512
"""Runs at most this far apart are read together, with the pages between them."""
_PRESENT_BIT, _EXCLUSIVE_BIT = np.uint64(1 << 63), np.uint64(1 << 56)
"""Bits of a pagemap entry: the page is in memory; it is mapped once (not a category of PAGEMAP_SCAN)."""
_SCAN_UNSUPPORTED = (errno.ENOTTY, errno.EINVAL, errno.EFAULT)
"""Errors meaning that the kernel lacks PAGEMAP_SCAN, or rejects such addresses ([vsyscall])."""


def _normalize_flags(flags: int) -> int:
    """Remove flags that the kernel sets but that do not apply."""
    if flags & PageFlags.ZERO:
        flags &= ~PageFlags.FILE  # set for the huge zero page, which belongs to no file
    if flags & PageFlags.GUARD:
        flags &= ~PageFlags.SWAPPED  # set for any page-table entry that is not a page
    if not flags & (PageFlags.PRESENT | PageFlags.SWAPPED):
        flags &= PageFlags.GUARD  # hugetlb mappings report huge even where no page is present
    return flags


def _flags_of_entry(high: int) -> int:
    """Return the flags for the highest six bits of a pagemap entry."""
    return _normalize_flags(
        (PageFlags.PRESENT if high & 32 else 0)
        | (PageFlags.SWAPPED if high & 16 else 0)
        | (PageFlags.FILE if high & 8 else 0)
        | (PageFlags.GUARD if high & 1 else 0)
    )


_FLAGS_BY_CATEGORIES = np.array([_normalize_flags(flags) for flags in range(256)], np.uint8)
_FLAGS_BY_ENTRY = np.array([_flags_of_entry(high) for high in range(64)], np.uint8)


def read_page_runs(process: ProcDir, start: int, end: int) -> PageRuns:
    """Read the runs of pages from `start` up to `end`, both multiples of the page size.

    Adjacent pages are merged even across the border of two mappings. Memory is proportional to the number of runs
    and, with PAGEMAP_SCAN, time to the number of present pages.

    Raises:
        OSError: As for `ProcDir.read`; only the owner and root may read pagemap. ESRCH also if the main thread has
            exited before the others.
    """
    fd = process.open("pagemap")  # reopened each time: an fd stays bound to the address space, which exec replaces
    try:
        return scan_runs(fd, start, end)
    except OSError as error:
        if error.errno not in _SCAN_UNSUPPORTED:
            raise
        return read_entry_runs(fd, start, end)
    finally:
        os.close(fd)


def read_anonymous_runs(process: ProcDir, start: int, end: int) -> PageRuns:
    """Read the anonymous pages from `start` up to `end`, in memory or in swap.

    In a private file mapping these are the pages that were copied on write. Without PAGEMAP_SCAN they include the
    zero pages of anonymous memory; a file mapping has none.

    Raises:
        OSError: As for `read_page_runs`.
    """
    runs = read_page_runs(process, start, end)
    somewhere = runs.flags & (PageFlags.PRESENT | PageFlags.SWAPPED) != 0
    return runs.take(somewhere & (runs.flags & (PageFlags.FILE | PageFlags.ZERO) == 0))


def read_sharing(process: ProcDir, runs: PageRuns) -> PageRuns:
    """Split runs by whether their pages are mapped elsewhere, too (`PageFlags.SHARED`).

    Time is proportional to the number of present pages, 12 ms for a GiB, and to that of the pages in short gaps.

    Raises:
        OSError: As for `read_page_runs`.
    """
    fd = process.open("pagemap")
    edges, shared = [runs.start, runs.end], [np.zeros(0, np.uint64)]
    try:
        for start, end in _present_windows(runs):
            entries = np.zeros((end - start) // PAGE_BYTES, np.uint64)
            os.preadv(fd, [entries.data], start // PAGE_BYTES * entries.itemsize)
            elsewhere = entries & (_PRESENT_BIT | _EXCLUSIVE_BIT) == _PRESENT_BIT
            flips = np.flatnonzero(np.diff(elsewhere, prepend=False, append=False))
            shared.append(np.uint64(start) + flips.astype(np.uint64) * np.uint64(PAGE_BYTES))
    finally:
        os.close(fd)
    flips = np.concatenate(shared)
    pieces = np.unique(np.concatenate([*edges, flips]))
    flags = runs.flags_at(pieces[:-1])
    is_shared = (np.searchsorted(flips, pieces[:-1], "right") % 2 == 1) & (flags & PageFlags.PRESENT != 0)
    flags |= np.where(is_shared, np.uint8(PageFlags.SHARED), np.uint8(0))
    return merge_runs(pieces[:-1], pieces[1:], flags, runs.known_flags | PageFlags.SHARED, runs.page_bytes)


def _present_windows(runs: PageRuns) -> Iterator[tuple[int, int]]:
    """Address ranges that contain all present pages and short gaps between them, each small enough for one read."""
    present = runs.take(runs.flags & PageFlags.PRESENT != 0)
    if not len(present):
        return
    begins = np.append(True, present.start[1:] - present.end[:-1] > _GAP_PAGES * PAGE_BYTES)
    starts, ends = present.start[begins].tolist(), present.end[np.roll(begins, -1)].tolist()
    step = _ENTRIES_PER_READ * PAGE_BYTES
    for start, end in zip(starts, ends, strict=True):
        for first in range(start, end, step):
            yield first, min(end, first + step)


def scan_runs(fd: int, start: int, end: int) -> PageRuns:
    """Read the runs of a range with PAGEMAP_SCAN.

    Args:
        fd: Of pagemap.

    Raises:
        OSError: ENOTTY from a kernel without it, EFAULT for addresses outside user space.
    """
    try:
        return _scan(fd, start, end, _SCAN_FLAGS | PageFlags.GUARD)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return _scan(fd, start, end, _SCAN_FLAGS)  # Linux 6.7 to 6.14 have no category for guard pages


def _scan(fd: int, start: int, end: int, known: PageFlags) -> PageRuns:
    """Scan a range for pages with any of the known flags."""
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
    """Read the runs of a range from pagemap, entry by entry: half a second per TiB without pages.

    Args:
        fd: Of pagemap.

    Raises:
        OSError: The entries cannot be read.
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
