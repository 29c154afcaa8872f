"""Explain the deltas of a tick as a sum of kernel mechanisms, in whole pages.

Every mechanism changes the fields of smaps in its own way (fs/proc/task_mmu.c, smaps_account): copy-on-write makes a
page Anonymous, a swapped page leaves Rss for Swap, a fork turns private dirty pages into shared ones. So the deltas
of a mapping are a small system of equations. It is solved by booking one mechanism after the other against the
deltas that are not explained yet, for all mappings of a tick at once; the remainder is booked as `unexplained`.

Amounts are net: a change that was undone between two readings is not seen.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smapstop.model.events import MECHANISMS, NO_EVENTS, Events, Mechanism
from smapstop.model.explain.arrivals import book_arrivals, book_copies
from smapstop.model.explain.departures import book_departures
from smapstop.model.explain.dirtying import book_clean_dirty_changes
from smapstop.model.explain.evidence import Evidence, evidence_of, has_flag
from smapstop.model.explain.families import Families, cancel_moved_pages, family_amounts, find_families
from smapstop.model.explain.fork_sharing import book_sharing
from smapstop.model.explain.huge_pages import book_huge, skip_whole_huge_pages
from smapstop.model.explain.ledger import PD, SD, STATES, KbColumn, Ledger
from smapstop.model.explain.shared_memory import book_object_arrivals, book_object_departures
from smapstop.model.explain.shared_objects import ObjectChanges, object_changes
from smapstop.model.explain.swapping import book_ksm, book_swap
from smapstop.model.tick import Ids
from smapstop.proc.columns import Mappings

Rows = NDArray[np.intp]

_EXPLAINED_FIELDS = (*STATES, "rss", "anonymous", "swap", "ksm", "huge", "hugetlb")
"""Fields that must be accounted for. The others follow from them, or change without the process."""
_SUM_FIELDS = {"huge": ("anon_huge_pages", "shmem_pmd_mapped"), "hugetlb": ("private_hugetlb", "shared_hugetlb")}
"""Explained fields that are sums of kernel fields."""
_INPUT_FIELDS = (*STATES, "rss", "anonymous", "swap", "ksm", *_SUM_FIELDS["huge"], *_SUM_FIELDS["hugetlb"], "size")


@dataclass(frozen=True, slots=True)
class Faults:
    """Page faults of the whole process in a tick: they limit what happened in all mappings, but not in which."""

    minor: int
    major: int


def explain(
    before: Mappings, before_rows: Rows, after: Mappings, after_rows: Rows, ids: Ids, faults: Faults, page_kb: int
) -> Events:
    """Find the mechanisms that account for the changes of each mapping.

    Changes of the parts of a split, or of mappings that merged, are summed up under one of them; see `find_families`.

    Args:
        before: The previous reading.
        old: Rows of the mappings in it, shape (k,); -1 for new mappings.
        after: The current reading, with the same string table.
        new: Rows of the same mappings in it; at least all that changed.
        ids: Ids of these mappings.
        faults: Page faults of the process between the readings.
        page_kb: Page size, kB.
    """
    families = find_families(before, before_rows, after, after_rows)
    was, now = family_amounts(families, before, before_rows, after, after_rows, _INPUT_FIELDS)
    deltas = _deltas(was, now)
    locks = _lock_changes(families, before, before_rows, after, after_rows)
    changed = np.logical_or.reduce([locks != 0, *(delta != 0 for delta in deltas.values())])
    rows = np.flatnonzero(changed)
    if not len(rows):
        return NO_EVENTS
    deltas, was, now = ({name: kb[rows] for name, kb in fields.items()} for fields in (deltas, was, now))
    ledger = Ledger(deltas, _EXPLAINED_FIELDS, len(rows))
    objects = object_changes(before, after, after_rows[rows], was, now)
    _book_all(ledger, evidence_of(after, after_rows[rows], was, now, faults.minor + faults.major, page_kb), objects)
    _book_locks(ledger, locks[rows], after, after_rows[rows], page_kb)
    return _build_events(ledger, ids[rows], page_kb)


def _deltas(was: dict[str, KbColumn], now: dict[str, KbColumn]) -> dict[str, KbColumn]:
    """Change of each explained field that the kernel prints, kB."""
    deltas = {name: now[name] - was[name] for name in _EXPLAINED_FIELDS if name in was}
    for name, parts in _SUM_FIELDS.items():
        printed = [now[part] - was[part] for part in parts if part in was]
        if printed:
            deltas[name] = sum(printed[1:], printed[0])
    if not deltas.keys() >= set(STATES):  # an incomplete set of states does not add up to Rss
        deltas = {name: delta for name, delta in deltas.items() if name not in STATES}
    return deltas


def _lock_changes(
    families: Families, before: Mappings, before_rows: Rows, after: Mappings, after_rows: Rows
) -> NDArray[np.int8]:
    """1 for mappings that were locked (VmFlags lo), -1 for those that were unlocked, 0 for the others."""
    out = np.zeros(len(after_rows), np.int8)
    origin = before_rows.copy()
    is_new = origin[families.members] < 0
    origin[families.members[is_new]] = before_rows[families.heads[is_new]]
    rows = np.flatnonzero(origin >= 0)
    rows = rows[before.flags[origin[rows]] != after.flags[after_rows[rows]]]
    now, then = has_flag(after, after_rows[rows], "lo"), has_flag(before, origin[rows], "lo")
    out[rows] = now.astype(np.int8) - then.astype(np.int8)
    return out


def _book_all(ledger: Ledger, evidence: Evidence, objects: ObjectChanges | None) -> None:
    """Book all mechanisms, the most certain first, and the remainder as `unexplained`."""
    _guess_anonymous(ledger, evidence)
    cancel_moved_pages(ledger, evidence.private_anonymous, evidence.faults * evidence.page_kb)
    book_ksm(ledger)
    skip_whole_huge_pages(ledger, evidence)
    book_swap(ledger, evidence)
    book_huge(ledger, evidence)
    copied = book_copies(ledger, evidence)
    if objects is not None:
        book_object_arrivals(ledger, objects)
        book_object_departures(ledger, objects)
    book_arrivals(ledger, evidence, copied)
    book_departures(ledger, evidence)
    if ledger.printed_fields >= set(STATES):
        book_sharing(ledger, evidence)
        book_clean_dirty_changes(ledger, evidence)
    else:
        for state in STATES:
            ledger.unexplained[state][:] = 0
    ledger.book("unexplained", np.maximum.reduce([np.abs(kb) for kb in ledger.unexplained.values()]))


def _guess_anonymous(ledger: Ledger, evidence: Evidence) -> None:
    """Estimate Anonymous, which Linux before 2.6.38 does not print: Rss without a file, dirtied pages with one."""
    if "anonymous" not in ledger.printed_fields:
        delta = ledger.unexplained
        dirtied = np.maximum(delta[PD] + delta[SD] + delta["swap"], 0) - delta["swap"]
        delta["anonymous"] = np.where(
            evidence.private_anonymous, delta["rss"], np.where(evidence.private_file, dirtied, 0)
        )


def _book_locks(ledger: Ledger, locks: NDArray[np.int8], after: Mappings, rows: Rows, page_kb: int) -> None:
    """Book mlock and munlock, with the pages resident now."""
    rss = after.get("rss")
    kb = np.maximum(0 if rss is None else rss[rows], page_kb) * np.abs(locks)
    ledger.book("lock", np.where(locks > 0, kb, 0))
    ledger.book("unlock", np.where(locks < 0, kb, 0))


def _build_events(ledger: Ledger, ids: Ids, page_kb: int) -> Events:
    """Convert the bookings to events in the order of `ids`; one event per mapping, mechanism and certainty."""
    sums: dict[tuple[Mechanism, bool], KbColumn] = {}
    for what, kb, sure in ledger.bookings:
        sums[what, sure] = sums[what, sure] + kb if (what, sure) in sums else kb
    if not sums:
        return NO_EVENTS
    table = np.stack(list(sums.values()))
    row, kind = np.nonzero(table.T)
    codes = np.array([MECHANISMS.index(what) for what, _ in sums], np.int8)
    certain = np.array([sure for _, sure in sums], bool)
    return Events(ids[row], codes[kind], table[kind, row], certain[kind], page_kb)
