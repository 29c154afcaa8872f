"""What a reader asks of one mapping between two ticks: its pages, and what lies on them."""

import time

import numpy as np

from smapstop.model.requests import PagesOf, PagesSeen, SymbolsOn, SymbolsSeen
from smapstop.model.tick import Ids
from smapstop.proc.columns import Mappings
from smapstop.proc.elf_files import ElfFiles
from smapstop.proc.pages import PAGE_BYTES, anonymous_pages, page_runs
from smapstop.proc.process import ProcDir
from smapstop.proc.runs import Page, PageRuns
from smapstop.proc.symbols import Symbols

GONE = "the mapping is gone"


def pages_seen(process: ProcDir, mappings: Mappings, ids: Ids, request: PagesOf, tick: int) -> PagesSeen:
    """Look at the pages of a mapping.

    Args:
        process: That the mappings are of.
        mappings: The last reading of its memory map.
        ids: Their ids.
        request: Which one.
        tick: The tick of that reading, or a later one.
    """
    row, wall_ns = _row_of(ids, request.mapping), time.time_ns()
    if row is None:
        return PagesSeen(request.mapping, tick, wall_ns, 0, 0, None, GONE)
    start, end = int(mappings.start[row]), int(mappings.end[row])
    try:
        return PagesSeen(request.mapping, tick, wall_ns, start, end, page_runs(process, start, end))
    except PermissionError:
        why = f"not permitted to read the pages of process {process.pid}: run as its user or as root"
    except OSError as error:
        why = f"cannot read the pages of process {process.pid}: {error.strerror}"
    return PagesSeen(request.mapping, tick, wall_ns, start, end, None, why)


def symbols_seen(process: ProcDir, files: ElfFiles, mappings: Mappings, ids: Ids, request: SymbolsOn) -> SymbolsSeen:
    """Tell what lies on pages of a mapping; nothing of those that are not its own any more.

    Args:
        process: That the mappings are of.
        files: What is known of its files.
        mappings: The last reading of its memory map.
        ids: Their ids.
        request: Which pages.
    """
    row = _row_of(ids, request.mapping)
    if row is None:
        return SymbolsSeen(request.mapping, request.ranges, ((),) * len(request.ranges), GONE)
    low, high = int(mappings.start[row]), int(mappings.end[row])
    its_own = [(start, end) for start, end in request.ranges if low <= start < end <= high]
    asked = [_pages(process, start, end) for start, end in its_own]
    found = dict(zip(its_own, files.symbols_of(process, mappings, row, asked), strict=True))
    lacking = next((symbols.lacking for symbols in found.values() if symbols.lacking), "")
    names = tuple(found.get(each, Symbols()).listed for each in request.ranges)
    return SymbolsSeen(request.mapping, request.ranges, names, lacking)


def _pages(process: ProcDir, start: int, end: int) -> PageRuns:
    """A range of pages; it matters whether some were written, also where they are read-only now."""
    return PageRuns(
        np.array([start], np.uint64),
        np.array([end], np.uint64),
        np.array([Page.PRESENT | (Page(0) if _written(process, start, end) else Page.FILE)], np.uint8),
        Page.FILE | Page.PRESENT,
        PAGE_BYTES,
    )


def _written(process: ProcDir, start: int, end: int) -> bool:
    """Whether any of the pages is a copy."""
    try:
        return len(anonymous_pages(process, start, end)) > 0
    except OSError:
        return False


def _row_of(ids: Ids, mapping: int) -> int | None:
    """The row of a mapping; None when it is not there."""
    rows = np.flatnonzero(ids == mapping)
    return int(rows[0]) if len(rows) else None
