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
from smapstop.model.explain.evidence import Evidence, evidence_of, has_flag
from smapstop.model.explain.families import Families, cancel_moved_pages, family_amounts, find_families
from smapstop.model.explain.fork_sharing import book_sharing
from smapstop.model.explain.ledger import CLEAN_FIRST, DIRTY_FIRST, PC, PD, SC, SD, STATES, KbColumn, Ledger
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
    _book_all(ledger, evidence_of(after, after_rows[rows], was, now, faults.minor + faults.major, page_kb))
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


def _book_all(ledger: Ledger, evidence: Evidence) -> None:
    """Book all mechanisms, the most certain first, and the remainder as `unexplained`."""
    _guess_anonymous(ledger, evidence)
    cancel_moved_pages(ledger, evidence.private_anonymous, evidence.faults * evidence.page_kb)
    _book_ksm(ledger)
    _skip_whole_huge_pages(ledger, evidence)
    _book_swap(ledger, evidence)
    _book_huge(ledger, evidence)
    copied = _book_copies(ledger, evidence)
    _book_arrivals(ledger, evidence, copied)
    _book_departures(ledger, evidence)
    if ledger.printed_fields >= set(STATES):
        book_sharing(ledger, evidence)
        _book_clean_dirty_changes(ledger, evidence)
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


def _book_ksm(ledger: Ledger) -> None:
    """Book pages that KSM merged with equal ones, or that are no longer merged."""
    merged = ledger.gain("ksm")
    ledger.explain_loss(merged, DIRTY_FIRST)
    ledger.explain_gain(merged, (SD, PD))
    ledger.book("ksm-merge", merged, ksm=1)
    for state in (PD, PC):  # written; or MADV_UNMERGEABLE, which leaves the copies clean
        unmerged = np.minimum(ledger.loss("ksm"), ledger.transition(SD, state))
        ledger.explain_transition(SD, state, unmerged)
        ledger.book("ksm-unmerge", unmerged, ksm=-1)
    gone = np.minimum(ledger.loss("ksm"), np.maximum(ledger.loss("rss"), ledger.gain("swap")))
    ledger.unexplained["ksm"] += gone  # the mechanism that took the pages is booked instead
    ledger.book("ksm-unmerge", ledger.loss("ksm"), ksm=-1)  # the last page of a merged set


def _skip_whole_huge_pages(ledger: Ledger, evidence: Evidence) -> None:
    """Skip huge pages that left as a whole: the mechanism that took them is booked instead."""
    ledger.unexplained["huge"] += _round_down(ledger.loss("huge", "rss"), _huge_kb(evidence))


def _book_swap(ledger: Ledger, evidence: Evidence) -> None:
    """Book pages that were swapped out, swapped in, or dropped while in swap.

    For shared memory, Swap counts the object's pages in swap, whichever process had them mapped: Rss may not change.
    """
    private = evidence.private_anonymous
    out = ledger.gain("swap")
    unmapped = np.where(private, out, np.minimum(out, ledger.loss("rss")))
    ledger.unexplained["anonymous"] += np.where(private, out, np.minimum(unmapped, ledger.loss("anonymous")))
    ledger.unexplained["rss"] += unmapped
    ledger.explain_loss(unmapped, DIRTY_FIRST)
    ledger.book("swap-out", out, swap=1)
    back = np.minimum(ledger.loss("swap"), ledger.gain("rss"))
    ledger.unexplained["anonymous"] -= np.where(private, back, np.minimum(back, ledger.gain("anonymous")))
    ledger.explain_gain(back, CLEAN_FIRST)
    ledger.book("swap-in", back, rss=1, swap=-1)
    ledger.book("discard", ledger.loss("swap"), sure=private, swap=-1)


def _book_huge(ledger: Ledger, evidence: Evidence) -> None:
    """Book huge pages: mapped by one fault, collapsed from small pages and the holes between them, or split."""
    huge_kb = _huge_kb(evidence)
    fresh = _round_down(ledger.gain("huge", "rss"), huge_kb) if evidence.faults else np.zeros_like(evidence.shrunk_kb)
    ledger.unexplained["anonymous"] -= np.where(evidence.shared_memory, 0, fresh)
    ledger.explain_gain(fresh, DIRTY_FIRST)
    ledger.book("huge-fault", fresh, rss=1, huge=1)
    collapsed = ledger.gain("huge")
    holes = np.minimum(collapsed, ledger.gain("rss"))
    holes[holes <= evidence.faults * evidence.page_kb] = 0  # more likely touched one by one
    ledger.unexplained["anonymous"] -= np.where(evidence.shared_memory, 0, holes)
    ledger.unexplained["rss"] -= holes
    ledger.explain_gain(holes, DIRTY_FIRST)
    ledger.book("huge-collapse", collapsed, huge=1)
    ledger.book("huge-split", ledger.loss("huge"), huge=-1)
    ledger.book("huge-fault", ledger.gain("hugetlb"), hugetlb=1)
    ledger.book("discard", ledger.loss("hugetlb"), hugetlb=-1)


def _huge_kb(evidence: Evidence) -> int:
    """Size of a huge page, kB: the memory that one page of 8-byte page table entries maps."""
    return evidence.page_kb * 1024 // 8 * evidence.page_kb


def _round_down(kb: KbColumn, unit_kb: int) -> KbColumn:
    """Round amounts down to whole units."""
    return kb // unit_kb * unit_kb


def _book_copies(ledger: Ledger, evidence: Evidence) -> KbColumn:
    """Book copy-on-write in private file mappings: an anonymous copy replaced the file's page.

    Returns:
        The copied pages, kB.
    """
    copied = np.where(evidence.private_file, ledger.gain("anonymous"), 0)
    fresh = np.minimum(copied, ledger.gain("rss"))  # written without having been mapped before
    ledger.explain_gain(copied, DIRTY_FIRST)
    ledger.explain_loss(copied - fresh, CLEAN_FIRST)
    ledger.unexplained["rss"] -= fresh
    ledger.book("copy-on-write", copied, sure="anonymous" in ledger.printed_fields, anonymous=1)
    return copied


def _book_arrivals(ledger: Ledger, evidence: Evidence, copied: KbColumn) -> None:
    """Book pages that became resident: touched for the first time, or mapped from a file.

    Where pages were also copied, the amount read is a lower bound: some copies may have replaced resident pages.
    """
    touched = np.where(evidence.private_anonymous, ledger.gain("anonymous", "rss"), 0)
    ledger.explain_gain(touched, DIRTY_FIRST)
    faulted = touched <= 2 * evidence.faults * evidence.page_kb  # more: large folios, or pages that mremap moved
    ledger.book("first-touch", touched, sure=faulted, rss=1, anonymous=1)
    exclusive = np.minimum(ledger.gain("rss"), ledger.gain(PD) + ledger.gain(PC))
    fresh = np.where(evidence.shared_memory, exclusive, 0)  # pages that others map, too, existed before
    ledger.explain_gain(fresh, (PD, PC, SD, SC))
    ledger.book("first-touch", fresh, rss=1)
    dirty = np.minimum(ledger.gain("rss"), ledger.gain(PD) + ledger.gain(SD))
    written = np.where(evidence.shared_file, dirty, 0)
    if written.sum() <= evidence.faults * evidence.page_kb:  # with more pages than faults, most were dirty already
        ledger.explain_gain(written, DIRTY_FIRST)
        ledger.book("shared-write", written, sure=False, rss=1)
    read = np.where(evidence.private_anonymous, 0, ledger.gain("rss"))
    ledger.explain_gain(read, CLEAN_FIRST)
    ledger.book(
        "file-read",
        read,
        sure=(copied == 0) | (evidence.amount_before("rss") <= evidence.amount_before("anonymous")),
        rss=1,
    )


def _book_departures(ledger: Ledger, evidence: Evidence) -> None:
    """Book pages that are no longer resident: dropped by the process, or reclaimed by the kernel."""
    swap_known = "swap" in ledger.printed_fields  # if not, they may have been swapped out
    lost = ledger.loss("anonymous", "rss")
    freed = np.where(
        evidence.private_anonymous, np.minimum(lost, ledger.loss(PC)), 0
    )  # marked free (MADV_FREE), and reclaimed later
    ledger.unexplained[PC] += freed
    _book_discard_or_reclaim(ledger, evidence, freed, anonymous=-1)
    dropped = lost - freed
    ledger.explain_loss(dropped, DIRTY_FIRST)
    ledger.book("discard", dropped, sure=swap_known, rss=-1, anonymous=-1)
    dirty = np.minimum(ledger.loss("rss"), ledger.loss(PD) + ledger.loss(SD))
    dirty = np.where(evidence.shared_memory, ledger.loss("rss"), dirty)
    ledger.explain_loss(dirty, DIRTY_FIRST)
    ledger.book("discard", dirty, sure=swap_known, rss=-1)
    clean = np.where(evidence.private_anonymous, 0, ledger.loss("rss"))
    ledger.explain_loss(clean, CLEAN_FIRST)
    _book_discard_or_reclaim(ledger, evidence, clean)
    replaced = np.where(evidence.private_file, ledger.loss("anonymous"), 0)
    ledger.explain_loss(replaced, DIRTY_FIRST)  # a copy was dropped, and the file's page mapped again
    ledger.explain_gain(replaced, CLEAN_FIRST)
    ledger.book("discard", replaced, anonymous=-1)
    ledger.book("file-read", replaced)


def _book_discard_or_reclaim(ledger: Ledger, evidence: Evidence, kb: KbColumn, anonymous: int = 0) -> None:
    """Book clean pages that are no longer resident: unmapped as far as the mapping shrank, else likely reclaimed."""
    unmapped = np.minimum(kb, evidence.shrunk_kb)
    ledger.book("discard", unmapped, rss=-1, anonymous=anonymous)
    ledger.book("reclaim", kb - unmapped, sure=False, rss=-1, anonymous=anonymous)


def _book_clean_dirty_changes(ledger: Ledger, evidence: Evidence) -> None:
    """Book pages that stayed resident, but were written, written back, or marked free (MADV_FREE)."""
    anonymous, file = evidence.private_anonymous, evidence.private_file
    for clean, dirty in ((PC, PD), (SC, SD), (PC, SD), (SC, PD)):
        written = ledger.transition(clean, dirty)
        redirtied = np.where(anonymous, written, np.where(file, np.minimum(written, evidence.clean_anonymous_kb), 0))
        ledger.explain_transition(clean, dirty, redirtied, "rewrite")
        ledger.explain_transition(clean, dirty, written - redirtied, "shared-write")
        cleaned = ledger.transition(dirty, clean)
        ledger.explain_transition(dirty, clean, np.where(anonymous, cleaned, 0), "lazy-free")
        ledger.explain_transition(dirty, clean, np.where(anonymous, 0, cleaned), "writeback")


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
