"""Growth of mappings since they were read, inferred from their page faults and from what the process grew by.

At every tick are measured: RssAnon, RssFile and RssShmem of the process (proc_pid_status(5)), and the page faults in
each mapping. Where in the process these grew is inferred: a mapping may have grown by the counters that count its
pages, in proportion to its page faults, but by no more than these can have brought, and than it has room for.
"""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.callers.page_faults import PageFaults
from smapstop.model.kinds import Kind, all_kind_codes, classify_texts
from smapstop.model.mapping_rows import find_rows
from smapstop.model.tick import Ids, Tick
from smapstop.model.timeline.map_snapshot import MapSnapshot
from smapstop.proc.columns import Amounts, Mappings

Rows = NDArray[np.intp]
COUNTERS = ("rss_anon", "rss_file", "rss_shmem")
"""Counters of the process that grow with its mappings, as in `Counters`."""
_FAULT_AROUND_KB = 64
"""Pages of a file, or of shared memory, that one fault maps (mm/memory.c, do_fault_around)."""
_PAGE_KB = 4
"""Page size if the kernel does not print it, kB."""
_KINDS = list(Kind)


class Counted(IntEnum):
    """Which counters count the pages of a mapping."""

    ANON = 0
    FILE = 1
    SHMEM = 2
    FILE_OR_ANON = 3
    """Private and writable: a page is the file's until it is written, then a copy."""
    SHMEM_OR_ANON = 4
    NONE = 5
    """Of a device or the kernel, or hugetlb memory, which is in no Rss."""


_COUNTS = {
    "rss_anon": (Counted.ANON, Counted.FILE_OR_ANON, Counted.SHMEM_OR_ANON),
    "rss_file": (Counted.FILE, Counted.FILE_OR_ANON),
    "rss_shmem": (Counted.SHMEM, Counted.SHMEM_OR_ANON),
}
_COUNTER_OF = {Counted.ANON: "rss_anon", Counted.FILE: "rss_file", Counted.SHMEM: "rss_shmem"}


@dataclass(frozen=True, slots=True, eq=False)
class InferredGrowth:
    """What happened to k mappings since they were read."""

    since: Tick
    """Tick that read them."""
    faults: PageFaults
    """All page faults since; those in memory mapped since then have no rows."""
    ids: Ids
    """Mappings with page faults, in order, shape (k,)."""
    counts: NDArray[np.int64]
    """Page faults of each, shape (k,)."""
    counted: NDArray[np.int8]
    """Which counters count the pages of each, a `Counted`, shape (k,)."""
    kb: Amounts
    """Growth inferred of each, shape (k,), kB; 0 if none can be."""
    grown_kb: dict[str, int]
    """Change of each of the `COUNTERS`, kB; without those that are not known."""

    @property
    def elsewhere_kb(self) -> int:
        """Growth of the process that is not inferred of any of these mappings, kB."""
        return max(0, sum(max(0, kb) for kb in self.grown_kb.values()) - int(self.kb.sum()))

    @property
    def unplaced(self) -> int:
        """Page faults of which no mapping is known: in memory mapped since, in system calls, or lost."""
        return max(0, self.faults.counted - int(self.faults.faults.sum()))

    def counter_of(self, at: int) -> str | None:
        """Counter of which a mapping has a part; None if it may be of several, or none counts it."""
        return _COUNTER_OF.get(Counted(self.counted[at]))


def infer_growth(snapshot: MapSnapshot, faults: PageFaults | None) -> InferredGrowth | None:
    """Infer the growth of mappings since they were read.

    Args:
        snapshot: Map at a tick.
        faults: Page faults since it was read, see `FaultQueries.since_reading`; None if they were not watched.

    Returns:
        None if the tick itself read the map, so that there is nothing to infer; without faults; and after the end.
    """
    since, tick = snapshot.reading_tick, snapshot.tick
    if faults is None or since.number == tick.number or tick.executed or tick.ending is not None:
        return None
    ids, of_row = np.unique(faults.mapping, return_inverse=True)
    counts = np.bincount(of_row, weights=faults.faults, minlength=len(ids)).astype(np.int64)
    rows = find_rows(snapshot.ids, ids)
    here = np.flatnonzero(rows >= 0)
    ids, counts, rows = ids[here], counts[here], rows[here]
    counted, grown_kb = _counted(snapshot.mappings, rows), _grown_kb(since, tick)
    unplaced = max(0, faults.counted - int(counts.sum()))
    mapped_kb = max(0, (tick.counters.vm_size or 0) - (since.counters.vm_size or 0))
    kb = np.zeros(len(ids), np.int64)
    for name, total_kb in grown_kb.items():
        may_have = np.flatnonzero(np.isin(counted, _COUNTS[name]))
        most_kb = _most_kb(snapshot.mappings, rows[may_have], counts[may_have], is_anon=name == "rss_anon")
        most_kb = np.minimum(most_kb, _room_kb(snapshot.mappings, rows[may_have]) + mapped_kb)
        shares = np.append(counts[may_have], unplaced), np.append(most_kb, max(0, total_kb))
        parts = share_growth(max(0, total_kb), *shares)
        parts[parts < _PAGE_KB] = 0
        is_sole = np.array([_COUNTER_OF.get(Counted(code)) == name for code in counted[may_have].tolist()], bool)
        kb[may_have[is_sole]] = parts[:-1][is_sole]
    return InferredGrowth(since, faults, ids, counts, counted, kb, grown_kb)


def share_growth(total_kb: int, faults: NDArray[np.int64], most_kb: Amounts) -> Amounts:
    """Share a growth in proportion to faults; what one cannot have got is shared among the others.

    Args:
        total_kb: The growth, kB, not negative.
        faults: Page faults of each, shape (n,).
        most_kb: What each can have got at most, kB, shape (n,).

    Returns:
        Shape (n,), kB, rounded down; the sum is at most `total_kb`, and less if all have got their most.
    """
    parts = np.zeros(len(faults), np.int64)
    some = np.flatnonzero((faults > 0) & (most_kb > 0))
    if not len(some):
        return parts
    weights, most = faults[some].astype(np.float64), most_kb[some].astype(np.float64)
    order = np.argsort(most / weights, kind="stable")  # in this order they get their most as the level rises
    levels = (most / weights)[order]
    full = np.concatenate([[0.0], np.cumsum(most[order])[:-1]])
    rest = np.cumsum(weights[order][::-1])[::-1]
    level = (total_kb - full) / rest
    reached = np.flatnonzero(level <= levels)
    height = level[reached[0]] if len(reached) else levels[-1]
    parts[some] = np.minimum(weights * height, most).astype(np.int64)
    return parts


def _grown_kb(since: Tick, tick: Tick) -> dict[str, int]:
    """Change of each counter, kB, of those that both ticks have."""
    pairs = ((name, getattr(since.counters, name), getattr(tick.counters, name)) for name in COUNTERS)
    return {name: now - was for name, was, now in pairs if was is not None and now is not None}


def _counted(mappings: Mappings, rows: Rows) -> NDArray[np.int8]:
    """Which counters count the pages of some mappings, as `Counted`."""
    by_kind = dict.fromkeys((Kind.ANONYMOUS, Kind.HEAP, Kind.STACK), Counted.ANON)
    by_kind |= {Kind.FILE: Counted.FILE, Kind.SHARED: Counted.SHMEM}
    counted = np.array([by_kind.get(kind, Counted.NONE) for kind in _KINDS], np.int8)[all_kind_codes(mappings)[rows]]
    may_copy = classify_texts(mappings.strings, mappings.perms[rows], lambda perms: perms[1:2] + perms[3:] == "wp")
    counted[(counted == Counted.FILE) & (may_copy == 1)] = Counted.FILE_OR_ANON
    counted[(counted == Counted.SHMEM) & (may_copy == 1)] = Counted.SHMEM_OR_ANON
    hugetlb = classify_texts(mappings.strings, mappings.flags[rows], lambda flags: "ht" in flags.split())
    counted[hugetlb == 1] = Counted.NONE
    return counted


def _most_kb(mappings: Mappings, rows: Rows, faults: NDArray[np.int64], *, is_anon: bool) -> Amounts:
    """The most by which some mappings can have grown with so many faults, kB."""
    page_kb, huge = mappings.get("kernel_page_size"), mappings.get("thp_eligible")
    page = np.full(len(rows), _PAGE_KB) if page_kb is None else np.where(page_kb[rows] > 0, page_kb[rows], _PAGE_KB)
    per_fault = page if is_anon else np.maximum(page, _FAULT_AROUND_KB)
    if huge is not None:  # one fault may map so much as one page of page table entries does
        per_fault = np.where(huge[rows] > 0, page * 1024 // 8 * page, per_fault)
    most: Amounts = faults * per_fault
    return most


def _room_kb(mappings: Mappings, rows: Rows) -> Amounts:
    """What was not resident of some mappings, kB."""
    size, rss = ((mappings.end[rows] - mappings.start[rows]) >> np.uint64(10)).astype(np.int64), mappings.get("rss")
    room: Amounts = size if rss is None else np.maximum(size - np.maximum(rss[rows], 0), 0)
    return room
