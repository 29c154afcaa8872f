"""Read page frame flags and map counts from /proc/kpageflags and /proc/kpagecount, which are readable by root only.

Pages with equal flags in pagemap may have frames that differ: only some are dirty, or mapped by other processes too.
See Documentation/admin-guide/mm/pagemap.rst.
"""

import os
from contextlib import ExitStack
from enum import IntFlag
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.proc.columns import Addresses
from smapstop.proc.pages.page_runs import PageFlags, PageRuns
from smapstop.proc.pages.pagemap import PAGE_BYTES
from smapstop.proc.process import ProcDir


class FrameFlags(IntFlag):
    """Flags of a page frame."""

    REFERENCED = 1 << 0
    """Accessed since the kernel last aged it."""
    DIRTY = 1 << 1
    """Differs from the copy on disk according to the frame; the dirty bit in the page table may not be merged yet."""
    HUGE = 1 << 2
    """Part of a huge page, whether or not it is mapped as one."""
    KSM = 1 << 3
    """Merged with equal pages."""


_KPAGEFLAGS_BITS = {
    FrameFlags.REFERENCED: (2,),
    FrameFlags.DIRTY: (4,),
    FrameFlags.HUGE: (17, 22),
    FrameFlags.KSM: (21,),
}
"""Bits of kpageflags per flag (include/uapi/linux/kernel-page-flags.h)."""
_NO_PAGE = np.uint64(1 << 20)
"""KPF_NOPAGE: no page frame exists, as for device memory."""
_PFN = np.uint64((1 << 55) - 1)
_PAGES_PER_READ = 65536
_GAP = 256
"""Requested frame numbers at most this far apart are read together, with those between them."""


@dataclass(frozen=True, slots=True, eq=False)
class FrameRuns:
    """The n runs of pages whose frames are alike, finer than the runs in pagemap."""

    runs: PageRuns
    """Runs with the flags of pagemap; each is part of one run in pagemap."""
    has_frame: NDArray[np.bool_]
    """Whether the run has frames that can be read, shape (n,): False for swapped pages and device memory."""
    flags: NDArray[np.uint8]
    """`FrameFlags` of each run, shape (n,)."""
    map_count: NDArray[np.int64]
    """Map count of each page of the run, over all processes, shape (n,)."""


def read_frame_runs(process: ProcDir, runs: PageRuns) -> FrameRuns | None:
    """Read the frames of pages; `None` if the kernel hides them from us (CAP_SYS_ADMIN is required).

    Time is proportional to the number of present pages, the size of the result to the number of runs.

    Raises:
        OSError: As for `read_page_runs`.
    """
    with ExitStack() as files:
        fds = []
        for name in ("kpageflags", "kpagecount"):
            try:
                fds.append(os.open(f"/proc/{name}", os.O_RDONLY | os.O_CLOEXEC))
            except OSError:
                return None
            files.callback(os.close, fds[-1])
        pagemap = process.open("pagemap")
        files.callback(os.close, pagemap)
        pieces = [_FrameColumns.empty()]
        hidden = False
        for start, end, flags in zip(runs.start.tolist(), runs.end.tolist(), runs.flags.tolist(), strict=True):
            for first in range(start, end, _PAGES_PER_READ * PAGE_BYTES):
                numbers = _read_frame_numbers(pagemap, first, min(end, first + _PAGES_PER_READ * PAGE_BYTES))
                hidden = hidden or bool(flags & PageFlags.PRESENT and not numbers.any())
                pieces.append(_read_columns(fds[0], fds[1], numbers, first, flags))
        return None if hidden else _merge_columns(pieces, runs)


class _FrameColumns(NamedTuple):
    """Pages, or runs of adjacent pages, as columns of equal length."""

    start: Addresses
    end: Addresses
    page: NDArray[np.uint8]
    known: NDArray[np.bool_]
    frame: NDArray[np.uint8]
    maps: NDArray[np.int64]

    @classmethod
    def empty(cls) -> "_FrameColumns":
        """Return columns without pages."""
        address, flags = np.zeros(0, np.uint64), np.zeros(0, np.uint8)
        return cls(address, address, flags, np.zeros(0, np.bool_), flags, np.zeros(0, np.int64))

    def merge_equal(self) -> "_FrameColumns":
        """Merge adjacent runs that are equal."""
        begins = np.ones(len(self.start), np.bool_)
        begins[1:] = self.start[1:] != self.end[:-1]
        for column in (self.page, self.known, self.frame, self.maps):
            begins[1:] |= column[1:] != column[:-1]
        ends = np.roll(begins, -1)  # as in `merge_runs`
        columns = (self.page[begins], self.known[begins], self.frame[begins], self.maps[begins])
        return _FrameColumns(self.start[begins], self.end[ends], *columns)


def _read_frame_numbers(pagemap: int, start: int, end: int) -> Addresses:
    """Read the frame numbers of pages; 0 for pages without a frame or whose number is hidden."""
    entries = np.zeros((end - start) // PAGE_BYTES, np.uint64)
    os.preadv(pagemap, [entries.data], start // PAGE_BYTES * entries.itemsize)
    return np.where(entries >> np.uint64(63) != 0, entries & _PFN, np.uint64(0))


def _read_columns(of_flags: int, of_counts: int, numbers: Addresses, start: int, page: int) -> _FrameColumns:
    """Return the runs of adjacent pages with these frames; all of them have the same pagemap flags `page`."""
    bits, counts = _read_entries(of_flags, numbers), _read_entries(of_counts, numbers)
    frame = np.zeros(len(numbers), np.uint8)
    for flag, positions in _KPAGEFLAGS_BITS.items():
        mask = np.uint64(sum(1 << position for position in positions))
        frame |= np.where(bits & mask, np.uint8(flag), np.uint8(0))
    known = (numbers != 0) & (bits & _NO_PAGE == 0)
    starts = np.arange(len(numbers), dtype=np.uint64) * np.uint64(PAGE_BYTES) + np.uint64(start)
    pages = np.full(len(numbers), page, np.uint8)
    frame, count = np.where(known, frame, np.uint8(0)), np.where(known, counts.astype(np.int64), 0)
    return _FrameColumns(starts, starts + np.uint64(PAGE_BYTES), pages, known, frame, count).merge_equal()


def _read_entries(fd: int, numbers: Addresses) -> Addresses:
    """Read the entries of kpageflags or kpagecount by frame number; 0 for number 0."""
    wanted = np.unique(numbers[numbers != 0])
    values = np.zeros(len(wanted), np.uint64)
    if len(wanted):
        edges = [0, *(np.flatnonzero(np.diff(wanted) > _GAP) + 1).tolist(), len(wanted)]
        for first, stop in pairwise(edges):
            low, high = int(wanted[first]), int(wanted[stop - 1])
            entries = np.zeros(high - low + 1, np.uint64)
            os.preadv(fd, [entries.data], low * entries.itemsize)
            values[first:stop] = entries[wanted[first:stop] - np.uint64(low)]
    out = np.zeros(len(numbers), np.uint64)
    out[numbers != 0] = values[np.searchsorted(wanted, numbers[numbers != 0])]
    return out


def _merge_columns(pieces: list[_FrameColumns], runs: PageRuns) -> FrameRuns:
    """Concatenate the pieces and merge equal runs across their borders."""
    merged = _FrameColumns(
        np.concatenate([piece.start for piece in pieces]),
        np.concatenate([piece.end for piece in pieces]),
        np.concatenate([piece.page for piece in pieces]),
        np.concatenate([piece.known for piece in pieces]),
        np.concatenate([piece.frame for piece in pieces]),
        np.concatenate([piece.maps for piece in pieces]),
    ).merge_equal()
    start, end, page, known, frame, count = merged
    return FrameRuns(PageRuns(start, end, page, runs.known_flags, runs.page_bytes), known, frame, count)
