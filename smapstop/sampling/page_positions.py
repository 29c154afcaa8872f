"""Know the positions of pages, and verify events by them.

smaps counts pages and does not say where they are: pages that were given up, in a tick in which an empty part of the
same mapping was unmapped, look as if they had been in that part. And pages that only held zeros look given up when
the kernel split the folio that they were in (mm/migrate.c, try_to_map_unused_to_zeropage).
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from smapstop.model.events import MECHANISMS, Events
from smapstop.model.explain.ledger import KbColumn
from smapstop.model.explain.moves import held_kb
from smapstop.model.identity import NO_ROW, Rows
from smapstop.model.mapping_rows import find_rows
from smapstop.model.tick import Ids
from smapstop.proc.columns import Mappings
from smapstop.proc.pages.page_runs import PageFlags, PageRuns
from smapstop.proc.pages.pagemap import read_page_runs
from smapstop.proc.process import ProcDir

MAX_SCANS_PER_TICK = 8
"""Limit of mappings scanned per tick, for each purpose."""
MAX_MAPPING_BYTES = 64 << 20
"""Larger mappings are not scanned."""
MAX_KNOWN = 512
"""Mappings remembered at most, the last ones that were scanned."""

_DISCARD = MECHANISMS.index("discard")


class _ScannedMapping(NamedTuple):
    """A mapping as it was when it was scanned: unless one of these changes, its pages are where they were."""

    start: int
    end: int
    held_kb: int
    """In memory and in swap."""


class PositionTracker:
    """Remember where the pages are of mappings that changed."""

    def __init__(self, process: ProcDir) -> None:
        self._process = process
        self._known_pages: dict[int, tuple[_ScannedMapping, PageRuns]] = {}

    @property
    def known_pages(self) -> Mapping[int, PageRuns]:
        """Where the pages are of some mappings, by id."""
        return {mapping: pages for mapping, (_, pages) in self._known_pages.items()}

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
        changed_ids = ids[changed]
        were_known = np.array([mapping in self._known_pages for mapping in changed_ids.tolist()], bool)
        known = {mapping: self._known_pages.pop(mapping) for mapping in changed_ids[were_known].tolist()}
        for mapping in gone.tolist():
            self._known_pages.pop(mapping, None)
        scans = MAX_SCANS_PER_TICK
        for rows in (changed[were_known], changed[~were_known]):
            for scanned, mapping in _sparse(mappings, ids, rows, len(known) + MAX_SCANS_PER_TICK):
                if mapping in known and known[mapping][0] == scanned:
                    self._known_pages[mapping] = known[mapping]
                elif scans and not self._scan(scanned, mapping):
                    return
                else:
                    scans = max(0, scans - 1)
        for mapping in list(self._known_pages)[:-MAX_KNOWN]:
            del self._known_pages[mapping]

    def settle_discards(self, before: Mappings, before_ids: Ids, after: Mappings, ids: Ids, events: Events) -> Events:
        """Mark discards as unsure if there are zero pages now where pages were.

        Args:
            before: The previous reading.
            before_ids: Ids of its mappings.
            after: The current reading.
            ids: Ids of its mappings.
            events: Events of the tick.
        """
        booked = np.flatnonzero((events.what == _DISCARD) & events.sure)
        was, now = find_rows(before_ids, events.mapping[booked]), find_rows(ids, events.mapping[booked])
        here = np.flatnonzero((was != NO_ROW) & (now != NO_ROW))
        here = here[after.inode[now[here]] == 0]
        sure = events.sure.copy()
        for event, old in list(zip(booked[here].tolist(), was[here].tolist(), strict=True))[:MAX_SCANS_PER_TICK]:
            scanned = _ScannedMapping(
                int(before.start[old]), int(before.end[old]), int(held_kb(before, np.array([old]))[0])
            )
            known = self._known_pages.get(int(events.mapping[event]))
            is_full = (
                scanned.held_kb == (scanned.end - scanned.start) // 1024
                and scanned.end - scanned.start <= MAX_MAPPING_BYTES
            )
            if not is_full and (known is None or known[0] != scanned):
                continue
            try:
                runs = read_page_runs(self._process, scanned.start, scanned.end)
            except OSError:
                break
            zero = runs.take(runs.flags & PageFlags.ZERO != 0)
            sure[event] = zero.pages == (0 if is_full or known is None else zero.subtract(known[1]).pages)
        return replace(events, sure=sure)

    def _scan(self, scanned: _ScannedMapping, mapping: int) -> bool:
        """Find out where the pages of a mapping are; False if pagemap cannot be read."""
        try:
            runs = read_page_runs(self._process, scanned.start, scanned.end)
        except OSError:
            return False
        held = runs.flags & (PageFlags.PRESENT | PageFlags.SWAPPED) != 0
        self._known_pages[mapping] = scanned, runs.take(held & (runs.flags & PageFlags.ZERO == 0))
        return True


def count_lost_kb(
    known_pages: Mapping[int, PageRuns],
    before: Mappings,
    before_rows: Rows,
    after: Mappings,
    after_rows: Rows,
    ids: Ids,
) -> KbColumn:
    """Pages of each mapping that are known to have been where nothing of it is mapped any more, kB.

    Args:
        known_pages: Where the pages of some mappings were, by id.
        before: The previous reading.
        before_rows: Rows of the mappings in it, shape (k,); `NO_ROW` for new ones.
        after: The current reading.
        after_rows: Rows of the mappings in it; `NO_ROW` for those that are gone.
        ids: Ids of the mappings.
    """
    lost_kb = np.zeros(len(ids), np.int64)
    was_known = np.isin(ids, np.fromiter(known_pages, np.int64, len(known_pages))) & (before_rows != NO_ROW)
    at = np.flatnonzero(was_known)
    was, now = before_rows[at], after_rows[at]
    resized = (now == NO_ROW) | (before.start[was] != after.start[now]) | (before.end[was] != after.end[now])
    for row, mapping, old in zip(at[resized].tolist(), ids[at[resized]].tolist(), was[resized].tolist(), strict=True):
        pages, kept = known_pages[mapping], _rows_of_same_file(before, old, after)
        lost_kb[row] = sum(
            int(last - first) // 1024 - _overlap_kb(first, last, after, kept)
            for first, last in zip(pages.start, pages.end, strict=True)
        )
    return lost_kb


def _sparse(mappings: Mappings, ids: Ids, rows: Rows, most: int) -> Iterator[tuple[_ScannedMapping, int]]:
    """Those of some mappings, small enough, that have pages at some of their addresses only; with their ids."""
    held = held_kb(mappings, rows)
    start, end = mappings.start[rows], mappings.end[rows]
    size: NDArray[np.int64] = (end - start).astype(np.int64)
    sparse = np.flatnonzero((held > 0) & (held < size // 1024) & (size <= MAX_MAPPING_BYTES))[:most]
    columns = (column[sparse].tolist() for column in (start, end, held))
    yield from zip(map(_ScannedMapping, *columns), ids[rows[sparse]].tolist(), strict=True)


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
