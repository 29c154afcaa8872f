"""Answer requests about one mapping between two ticks: its pages, their symbols and frames, who else maps it."""

import time

import numpy as np
from numpy.typing import NDArray

from smapstop.model.protocol import (
    FramesReply,
    FramesRequest,
    MappingReply,
    MappingRequest,
    PagesReply,
    PagesRequest,
    SharersReply,
    SharersRequest,
    SymbolsReply,
    SymbolsRequest,
)
from smapstop.model.tick import Ids
from smapstop.proc.columns import Mappings
from smapstop.proc.elf.mapped_files import ElfCache
from smapstop.proc.elf.symbols import Symbols
from smapstop.proc.pages.page_frames import FrameFlags, read_frame_runs
from smapstop.proc.pages.page_runs import PageFlags, PageRuns
from smapstop.proc.pages.pagemap import PAGE_BYTES, read_anonymous_runs, read_page_runs, read_sharing
from smapstop.proc.process import PAGEMAP_REMEDY, ProcDir
from smapstop.proc.shared_memory.sharers import find_sharers
from smapstop.proc.shared_memory.sysv import find_sysv_segment, read_sysv_segments

GONE_REASON = "the mapping is gone"
MAX_FRAMES = 65_536
"""Limit of pages whose frames are read at once: 0.1 s."""


def answer_mapping(
    process: ProcDir, files: ElfCache, mappings: Mappings, ids: Ids, request: MappingRequest, tick: int
) -> MappingReply:
    """Answer a request about a mapping; the arguments are those of the functions below."""
    match request:
        case PagesRequest():
            return read_pages(process, mappings, ids, request, tick)
        case SymbolsRequest():
            return read_symbols(process, files, mappings, ids, request)
        case FramesRequest():
            return read_frames(process, mappings, ids, request)
        case SharersRequest():
            return read_sharers(process, mappings, ids, request)


def read_pages(process: ProcDir, mappings: Mappings, ids: Ids, request: PagesRequest, tick: int) -> PagesReply:
    """Read the states of a mapping's pages.

    Args:
        process: The process that is watched.
        mappings: Its mappings at the last reading.
        ids: Their ids.
        request: The mapping.
        tick: The tick of that reading, or a later one.
    """
    row, wall_ns = _row_of(ids, request.mapping), time.time_ns()
    if row is None:
        return PagesReply(request.mapping, tick, wall_ns, 0, 0, None, GONE_REASON)
    start, end = int(mappings.start[row]), int(mappings.end[row])
    try:
        runs = read_sharing(process, read_page_runs(process, start, end))
        return PagesReply(request.mapping, tick, wall_ns, start, end, runs)
    except PermissionError:
        why = f"not permitted to read the pages of process {process.pid}: {PAGEMAP_REMEDY}"
        if not process.is_local:
            why = "pages are seen only where smapstop runs"
    except OSError as error:
        why = f"cannot read the pages of process {process.pid}: {error.strerror}"
    return PagesReply(request.mapping, tick, wall_ns, start, end, None, why)


def read_symbols(
    process: ProcDir, files: ElfCache, mappings: Mappings, ids: Ids, request: SymbolsRequest
) -> SymbolsReply:
    """Find the symbols on pages of a mapping; empty for pages that are no longer in it.

    Args:
        process: The process that is watched.
        files: Cache of the symbols of mapped files.
        mappings: Its mappings at the last reading.
        ids: Their ids.
        request: The mapping and page ranges.
    """
    row = _row_of(ids, request.mapping)
    if row is None:
        return SymbolsReply(request.mapping, request.ranges, ((),) * len(request.ranges), GONE_REASON)
    low, high = int(mappings.start[row]), int(mappings.end[row])
    mapped_ranges = [(start, end) for start, end in request.ranges if low <= start < end <= high]
    page_ranges = [_page_range(process, start, end) for start, end in mapped_ranges]
    symbols_of = dict(zip(mapped_ranges, files.find_symbols(process, mappings, row, page_ranges), strict=True))
    missing_reason = next((symbols.missing_reason for symbols in symbols_of.values() if symbols.missing_reason), "")
    names = tuple(symbols_of.get(each, Symbols()).labels for each in request.ranges)
    return SymbolsReply(request.mapping, request.ranges, names, missing_reason)


def read_frames(process: ProcDir, mappings: Mappings, ids: Ids, request: FramesRequest) -> FramesReply:
    """Count the page frames behind a range of a mapping, by state.

    Args:
        process: The process that is watched.
        mappings: Its mappings at the last reading.
        ids: Their ids.
        request: The mapping and address range.
    """

    def no_frames(why: str) -> FramesReply:
        return FramesReply(request.mapping, request.start, request.end, missing_reason=why)

    row = _row_of(ids, request.mapping)
    if row is None or not int(mappings.start[row]) <= request.start < request.end <= int(mappings.end[row]):
        return no_frames(GONE_REASON)
    if request.end - request.start > MAX_FRAMES * PAGE_BYTES:
        return no_frames(f"only up to {MAX_FRAMES:,} pages are read at once")
    try:
        frames = read_frame_runs(process, read_page_runs(process, request.start, request.end))
    except OSError as error:
        return no_frames(f"cannot be read: {error.strerror}")
    if frames is None:
        return no_frames("shown only to root")
    pages = ((frames.runs.end - frames.runs.start) // np.uint64(PAGE_BYTES)).astype(np.int64) * frames.has_frame

    def count(which: NDArray[np.bool_]) -> int:
        return int(pages[which].sum())

    return FramesReply(
        *(request.mapping, request.start, request.end),
        pages=int(pages.sum()),
        mapped_once=count(frames.map_count == 1),
        highest_map_count=int(frames.map_count[frames.has_frame].max(initial=0)),
        dirty=count(frames.flags & FrameFlags.DIRTY != 0),
        referenced=count(frames.flags & FrameFlags.REFERENCED != 0),
        huge=count(frames.flags & FrameFlags.HUGE != 0),
        ksm=count(frames.flags & FrameFlags.KSM != 0),
    )


def read_sharers(process: ProcDir, mappings: Mappings, ids: Ids, request: SharersRequest) -> SharersReply:
    """Find the other processes that map the object of a mapping.

    Args:
        process: The process that is watched.
        mappings: Its mappings at the last reading.
        ids: Their ids.
        request: The mapping.
    """
    row = _row_of(ids, request.mapping)
    if row is None:
        return SharersReply(request.mapping, missing_reason=GONE_REASON)
    if not process.is_local:
        return SharersReply(
            request.mapping, missing_reason="other processes are looked through only where smapstop runs"
        )
    inode, name = int(mappings.inode[row]), mappings.name_of(row)
    segment = find_sysv_segment(read_sysv_segments(process), inode, name)
    try:
        found = find_sharers(mappings.string_at(mappings.device, row), inode, name, process.pid)
    except OSError as error:
        return SharersReply(request.mapping, missing_reason=f"cannot be read: {error.strerror}")
    return SharersReply(request.mapping, found.processes, found.unread, None if segment is None else segment.attached)


def _page_range(process: ProcDir, start: int, end: int) -> PageRuns:
    """A page range for the symbol lookup: as file pages unless any was copied, even if it is read-only now."""
    return PageRuns(
        np.array([start], np.uint64),
        np.array([end], np.uint64),
        np.array(
            [PageFlags.PRESENT | (PageFlags(0) if _has_copies(process, start, end) else PageFlags.FILE)], np.uint8
        ),
        PageFlags.FILE | PageFlags.PRESENT,
        PAGE_BYTES,
    )


def _has_copies(process: ProcDir, start: int, end: int) -> bool:
    """Whether any of the pages is anonymous (a private copy)."""
    try:
        return len(read_anonymous_runs(process, start, end)) > 0
    except OSError:
        return False


def _row_of(ids: Ids, mapping: int) -> int | None:
    """Row of a mapping; None when it is gone."""
    rows = np.flatnonzero(ids == mapping)
    return int(rows[0]) if len(rows) else None
