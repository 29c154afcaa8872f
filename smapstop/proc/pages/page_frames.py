"""What the kernel says of the pages themselves, to root: /proc/kpageflags and /proc/kpagecount, by page frame number.

A run of pages that are alike to the process may be of pages that differ: only some were written, or are mapped by
others, too. See Documentation/admin-guide/mm/pagemap.rst.
"""

import os
from contextlib import ExitStack
from dataclasses import dataclass
from enum import IntFlag
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from smapstop.proc.columns import Addresses
from smapstop.proc.pages.page_runs import PageFlags, PageRuns
from smapstop.proc.pages.pagemap import PAGE_BYTES
from smapstop.proc.process import ProcDir


class FrameFlags(IntFlag):
    """What is known of a page frame."""

    REFERENCED = 1 << 0
    """Used since the kernel last looked."""
    DIRTY = 1 << 1
    """Differs from what is on the disk, as far as the page itself has been told; the page table may know better."""
    HUGE = 1 << 2
    """Part of a huge page, however it is mapped."""
    KSM = 1 << 3
    """One page for several that are equal."""


_KPAGEFLAGS_BITS = {
    FrameFlags.REFERENCED: (2,),
    FrameFlags.DIRTY: (4,),
    FrameFlags.HUGE: (17, 22),
    FrameFlags.KSM: (21,),
}
"""The bits of kpageflags that say so (include/uapi/linux/kernel-page-flags.h)."""
_NO_PAGE = np.uint64(1 << 20)
"""The bit for a frame that is no page: a device's."""
_PFN = np.uint64((1 << 55) - 1)
_PAGES_PER_READ = 65536
_GAP = 256
"""Frames that nobody asked for are read along when they are fewer than these between two that are."""


@dataclass(frozen=True, slots=True, eq=False)
class FrameRuns:
    """Runs of pages, and what their frames are: n runs, finer than those of the process."""

    runs: PageRuns
    """As the process has them; each is part of one run of the process."""
    has_frame: NDArray[np.bool_]
    """Whether it has a frame that could be looked at, shape (n,): not what is swapped, nor a device's."""
    flags: NDArray[np.uint8]
    """A `FrameFlags` each, shape (n,)."""
    map_count: NDArray[np.int64]
    """How often each of its pages is mapped, by all processes, shape (n,)."""


def read_frame_runs(process: ProcDir, runs: PageRuns) -> FrameRuns | None:
    """What the frames of pages are; None when the kernel does not tell us (it does with CAP_SYS_ADMIN, as root).

    Time is in proportion to the pages that are present; what is returned, to the runs that they make.

    Raises:
        OSError: As for `read_page_runs`.
    """
    with ExitStack() as files:
        try:
            fds = [os.open(f"/proc/{name}", os.O_RDONLY | os.O_CLOEXEC) for name in ("kpageflags", "kpagecount")]
        except OSError:
            return None
        for fd in fds:
            files.callback(os.close, fd)
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
    """Neighbouring pages, or runs of them; columns of the same length."""

    start: Addresses
    end: Addresses
    page: NDArray[np.uint8]
    known: NDArray[np.bool_]
    frame: NDArray[np.uint8]
    maps: NDArray[np.int64]

    @classmethod
    def empty(cls) -> "_FrameColumns":
        """No pages."""
        address, flags = np.zeros(0, np.uint64), np.zeros(0, np.uint8)
        return cls(address, address, flags, np.zeros(0, np.bool_), flags, np.zeros(0, np.int64))

    def merge_equal(self) -> "_FrameColumns":
        """Neighbours that are alike as one."""
        begins = np.ones(len(self.start), np.bool_)
        begins[1:] = self.start[1:] != self.end[:-1]
        for column in (self.page, self.known, self.frame, self.maps):
            begins[1:] |= column[1:] != column[:-1]
        ends = np.roll(begins, -1)  # as in `runs.joined`
        columns = (self.page[begins], self.known[begins], self.frame[begins], self.maps[begins])
        return _FrameColumns(self.start[begins], self.end[ends], *columns)


def _read_frame_numbers(pagemap: int, start: int, end: int) -> Addresses:
    """The frame numbers of pages; 0 for those that have none, or whose number is hidden."""
    entries = np.zeros((end - start) // PAGE_BYTES, np.uint64)
    os.preadv(pagemap, [entries.data], start // PAGE_BYTES * entries.itemsize)
    return np.where(entries >> np.uint64(63) != 0, entries & _PFN, np.uint64(0))


def _read_columns(of_flags: int, of_counts: int, numbers: Addresses, start: int, page: int) -> _FrameColumns:
    """The runs of neighbouring pages with these frames, all of which are the same to the process."""
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
    """The entries of kpageflags or kpagecount for frames; 0 for the number 0."""
    wanted = np.unique(numbers[numbers != 0])
    found = np.zeros(len(wanted), np.uint64)
    if len(wanted):
        edges = [0, *(np.flatnonzero(np.diff(wanted) > _GAP) + 1).tolist(), len(wanted)]
        for first, stop in pairwise(edges):
            low, high = int(wanted[first]), int(wanted[stop - 1])
            entries = np.zeros(high - low + 1, np.uint64)
            os.preadv(fd, [entries.data], low * entries.itemsize)
            found[first:stop] = entries[wanted[first:stop] - np.uint64(low)]
    out = np.zeros(len(numbers), np.uint64)
    out[numbers != 0] = found[np.searchsorted(wanted, numbers[numbers != 0])]
    return out


def _merge_columns(pieces: list[_FrameColumns], runs: PageRuns) -> FrameRuns:
    """The pieces as runs, across the borders of what was read at once."""
    all_of_them = _FrameColumns(
        np.concatenate([piece.start for piece in pieces]),
        np.concatenate([piece.end for piece in pieces]),
        np.concatenate([piece.page for piece in pieces]),
        np.concatenate([piece.known for piece in pieces]),
        np.concatenate([piece.frame for piece in pieces]),
        np.concatenate([piece.maps for piece in pieces]),
    ).merge_equal()
    start, end, page, known, frame, count = all_of_them
    return FrameRuns(PageRuns(start, end, page, runs.known_flags, runs.page_bytes), known, frame, count)
