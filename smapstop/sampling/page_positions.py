"""Settle whether pages went with the part of a mapping that was unmapped, by where they were before.

smaps counts pages and does not say where they are: pages that were given up, in a tick in which an empty part of the
same mapping was unmapped, look as if they had been in that part.
"""

import numpy as np

from smapstop.model.events import MECHANISMS, Events
from smapstop.model.identity import NO_ROW, Rows
from smapstop.model.mapping_rows import find_rows
from smapstop.model.tick import Ids
from smapstop.proc.columns import Mappings
from smapstop.proc.pages.page_runs import PageFlags, PageRuns
from smapstop.proc.pages.pagemap import read_page_runs
from smapstop.proc.process import ProcDir

MAX_MAPPINGS_PER_TICK = 8
"""Limit of mappings scanned per tick."""
MAX_MAPPING_BYTES = 64 << 20
"""Larger mappings are not scanned."""

_UNMAPPED = MECHANISMS.index("unmapped")


class PositionTracker:
    """Remember where the pages are of mappings that changed, until they change again."""

    def __init__(self, process: ProcDir) -> None:
        self._process = process
        self._known_pages: dict[int, PageRuns] = {}

    def forget(self) -> None:
        """Discard what is known of a previous program."""
        self._known_pages = {}

    def remember(self, mappings: Mappings, ids: Ids, changed: Rows, gone: Ids) -> None:
        """Scan mappings that changed and have pages in some places only, as far as the limits allow.

        Args:
            mappings: The current reading.
            ids: Ids of its mappings.
            changed: Rows that are new or differ from the last reading.
            gone: Ids of the mappings that are gone.
        """
        for mapping in (*ids[changed].tolist(), *gone.tolist()):
            self._known_pages.pop(mapping, None)
        for row in changed[_is_sparse(mappings, changed)][:MAX_MAPPINGS_PER_TICK].tolist():
            try:
                runs = read_page_runs(self._process, int(mappings.start[row]), int(mappings.end[row]))
            except OSError:
                return  # pagemap cannot be read
            held = runs.flags & (PageFlags.PRESENT | PageFlags.SWAPPED) != 0
            self._known_pages[int(ids[row])] = runs.take(held & (runs.flags & PageFlags.ZERO == 0))

    def settle_unmapped(self, before: Mappings, before_ids: Ids, after: Mappings, ids: Ids, events: Events) -> Events:
        """Doubt what is said to be unmapped from mappings of which some part remains, if fewer pages were there.

        Args:
            before: The previous reading.
            before_ids: Ids of its mappings.
            after: The current reading.
            ids: Ids of its mappings.
            events: Events of the tick.
        """
        told = np.flatnonzero((events.what == _UNMAPPED) & events.sure)
        told = told[find_rows(ids, events.mapping[told]) != NO_ROW]
        was = find_rows(before_ids, events.mapping[told])
        sure = events.sure.copy()
        for event, old in zip(told.tolist(), was.tolist(), strict=True):
            pages = self._known_pages.get(int(events.mapping[event]))
            if pages is None or old == NO_ROW:
                continue
            start, end = before.start[old], before.end[old]
            kept = _rows_of_same_file(before, old, after)
            addresses_kb = int(end - start) // 1024 - _overlap_kb(start, end, after, kept)
            if events.kb[event] <= addresses_kb:  # else other mappings were merged into this one
                least = sum(
                    int(last - first) // 1024 - _overlap_kb(first, last, after, kept)
                    for first, last in zip(pages.start, pages.end, strict=True)
                )
                sure[event] = events.kb[event] <= least
        return Events(events.mapping, events.what, events.kb, sure, events.page_kb, events.names)


def _is_sparse(mappings: Mappings, rows: Rows) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether some of each mapping's addresses have pages, and some have none; of mappings small enough."""
    held = np.zeros(len(rows), np.int64)
    for name in ("rss", "swap"):
        column = mappings.get(name)
        if column is not None:
            held += np.maximum(column[rows], 0)
    size = (mappings.end[rows] - mappings.start[rows]).astype(np.int64)
    return (held > 0) & (held < size // 1024) & (size <= MAX_MAPPING_BYTES)


def _rows_of_same_file(before: Mappings, old: int, after: Mappings) -> Rows:
    """Rows that now map addresses of an earlier mapping, and the same file, or memory without one."""
    first = np.searchsorted(after.end, before.start[old], "right")
    rows: Rows = np.arange(first, np.searchsorted(after.start, before.end[old]))
    same: Rows = rows[(after.inode[rows] == before.inode[old]) & (after.device[rows] == before.device[old])]
    return same


def _overlap_kb(start: np.uint64, end: np.uint64, mappings: Mappings, rows: Rows) -> int:
    """How much of a range some mappings cover, kB."""
    low, high = np.maximum(mappings.start[rows], start), np.minimum(mappings.end[rows], end)
    covered = low < high
    return int((high[covered] - low[covered]).sum()) // 1024
