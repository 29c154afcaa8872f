"""Why a mapping's fields moved: the deltas of a tick as a sum of kernel mechanisms, in whole pages.

Every mechanism moves the fields of smaps in its own way (fs/proc/task_mmu.c, smaps_account): copy-on-write makes a
page Anonymous, a swapped page leaves Rss for Swap, a fork turns private dirty pages into shared ones. So the deltas
of a mapping are a small system of sums. It is solved by booking one mechanism after the other against what is not
explained yet, for all mappings of a tick at once; what is left over in the end is `unexplained`.

Amounts are net: what was done and undone between two readings left no trace.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smapstop.model.events import MECHANISMS, NO_EVENTS, Events, Mechanism
from smapstop.model.explain.evidence import Evidence, evidence_of, has_flag
from smapstop.model.explain.families import Kinship, find_kin, follow_moved, then_and_now
from smapstop.model.explain.fork_sharing import book_sharing
from smapstop.model.explain.ledger import CLEAN_FIRST, DIRTY_FIRST, PC, PD, SC, SD, STATES, Amounts, Ledger
from smapstop.model.tick import Ids
from smapstop.proc.columns import Mappings

Rows = NDArray[np.intp]

_BOOKED = (*STATES, "rss", "anonymous", "swap", "ksm", "huge", "hugetlb")
"""The fields that must be accounted for. The others follow from them, or move without the process."""
_SUMS = {"huge": ("anon_huge_pages", "shmem_pmd_mapped"), "hugetlb": ("private_hugetlb", "shared_hugetlb")}
"""Those of them that are sums of what the kernel prints."""
_PRINTED = (*STATES, "rss", "anonymous", "swap", "ksm", *_SUMS["huge"], *_SUMS["hugetlb"], "size")


@dataclass(frozen=True, slots=True)
class Faults:
    """Page faults of the whole process in a tick: a bound for its mappings together, never a proof for one."""

    minor: int
    major: int


def explain(
    before: Mappings, old: Rows, after: Mappings, new: Rows, ids: Ids, faults: Faults, page_kb: int
) -> Events:
    """The mechanisms that account for what changed, mapping by mapping.

    What parts of a split, or mappings that merged, lost or gained together is told of one of them; see `kinship`.

    Args:
        before: The last reading.
        old: Rows of the mappings in it, shape (k,); -1 for those born since.
        after: This reading, with the same texts.
        new: Rows of the same mappings in it; at least all that changed.
        ids: Their ids.
        faults: Faults of the process between the readings.
        page_kb: Size of a page.
    """
    kin = find_kin(before, old, after, new)
    was, now = then_and_now(kin, before, old, after, new, _PRINTED)
    deltas = _deltas(was, now)
    locks = _locks(kin, before, old, after, new)
    moved = np.logical_or.reduce([locks != 0, *(delta != 0 for delta in deltas.values())])
    rows = np.flatnonzero(moved)
    if not len(rows):
        return NO_EVENTS
    deltas, was, now = ({name: kb[rows] for name, kb in fields.items()} for fields in (deltas, was, now))
    ledger = Ledger(deltas, _BOOKED, len(rows))
    _book_all(ledger, evidence_of(after, new[rows], was, now, faults.minor + faults.major, page_kb))
    _book_locks(ledger, locks[rows], after, new[rows], page_kb)
    return _events(ledger, ids[rows], page_kb)


def _deltas(was: dict[str, Amounts], now: dict[str, Amounts]) -> dict[str, Amounts]:
    """The change of each field to be accounted for, as far as it is printed."""
    deltas = {name: now[name] - was[name] for name in _BOOKED if name in was}
    for name, parts in _SUMS.items():
        printed = [now[part] - was[part] for part in parts if part in was]
        if printed:
            deltas[name] = sum(printed[1:], printed[0])
    if not deltas.keys() >= set(STATES):  # some of the states would add up to nothing
        deltas = {name: delta for name, delta in deltas.items() if name not in STATES}
    return deltas


def _locks(kin: Kinship, before: Mappings, old: Rows, after: Mappings, new: Rows) -> NDArray[np.int8]:
    """1 for mappings that were locked (VmFlags lo), -1 for those that were unlocked, 0 for the others."""
    out = np.zeros(len(new), np.int8)
    origin = old.copy()
    born = origin[kin.members] < 0
    origin[kin.members[born]] = old[kin.heads[born]]
    rows = np.flatnonzero(origin >= 0)
    rows = rows[before.flags[origin[rows]] != after.flags[new[rows]]]
    now, then = has_flag(after, new[rows], "lo"), has_flag(before, origin[rows], "lo")
    out[rows] = now.astype(np.int8) - then.astype(np.int8)
    return out


def _book_all(ledger: Ledger, evidence: Evidence) -> None:
    """Book everything, what is surest first, and what is left as `unexplained`."""
    _guess_anonymous(ledger, evidence)
    follow_moved(ledger, evidence.memory, evidence.faults * evidence.page_kb)
    _book_ksm(ledger)
    _pass_over_whole_huge_pages(ledger, evidence)
    _book_swap(ledger, evidence)
    _book_huge(ledger, evidence)
    copied = _book_copies(ledger, evidence)
    _book_arrivals(ledger, evidence, copied)
    _book_departures(ledger, evidence)
    if ledger.known >= set(STATES):
        book_sharing(ledger, evidence)
        _book_writing(ledger, evidence)
    else:
        for state in STATES:
            ledger.left[state][:] = 0
    ledger.book("unexplained", np.maximum.reduce([np.abs(left) for left in ledger.left.values()]))


def _guess_anonymous(ledger: Ledger, evidence: Evidence) -> None:
    """Before Linux 2.6.38 nobody says what is anonymous: all without a file, and of a file what became dirty."""
    if "anonymous" not in ledger.known:
        left = ledger.left
        dirtied = np.maximum(left[PD] + left[SD] + left["swap"], 0) - left["swap"]
        left["anonymous"] = np.where(evidence.memory, left["rss"], np.where(evidence.file, dirtied, 0))


def _book_ksm(ledger: Ledger) -> None:
    """Pages that KSM merged with equal ones, or that became the process's own again."""
    merged = ledger.gained("ksm")
    ledger.depart(merged, DIRTY_FIRST)
    ledger.arrive(merged, (SD, PD))
    ledger.book("ksm-merge", merged, ksm=1)
    for state in (PD, PC):  # written; or MADV_UNMERGEABLE, which leaves the copies clean
        parted = np.minimum(ledger.lost("ksm"), ledger.turned(SD, state))
        ledger.turn(SD, state, parted)
        ledger.book("ksm-unmerge", parted, ksm=-1)
    gone = np.minimum(ledger.lost("ksm"), np.maximum(ledger.lost("rss"), ledger.gained("swap")))
    ledger.left["ksm"] += gone  # told by what took the pages
    ledger.book("ksm-unmerge", ledger.lost("ksm"), ksm=-1)  # the last of those merged


def _pass_over_whole_huge_pages(ledger: Ledger, evidence: Evidence) -> None:
    """Huge pages that went as a whole are no event of their own: it is told what took them."""
    ledger.left["huge"] += _whole(ledger.lost("huge", "rss"), _huge_kb(evidence))


def _book_swap(ledger: Ledger, evidence: Evidence) -> None:
    """Pages that went to swap, that came back, or that were given up while they were there.

    Of shared memory Swap counts what the object has in swap, whoever had it mapped: Rss need not move.
    """
    memory = evidence.memory
    out = ledger.gained("swap")
    unmapped = np.where(memory, out, np.minimum(out, ledger.lost("rss")))
    ledger.left["anonymous"] += np.where(memory, out, np.minimum(unmapped, ledger.lost("anonymous")))
    ledger.left["rss"] += unmapped
    ledger.depart(unmapped, DIRTY_FIRST)
    ledger.book("swap-out", out, swap=1)
    back = np.minimum(ledger.lost("swap"), ledger.gained("rss"))
    ledger.left["anonymous"] -= np.where(memory, back, np.minimum(back, ledger.gained("anonymous")))
    ledger.arrive(back, CLEAN_FIRST)
    ledger.book("swap-in", back, rss=1, swap=-1)
    ledger.book("discard", ledger.lost("swap"), sure=memory, swap=-1)


def _book_huge(ledger: Ledger, evidence: Evidence) -> None:
    """Huge pages: mapped whole by one fault, put together from small ones and holes between them, or taken apart."""
    huge_kb = _huge_kb(evidence)
    fresh = _whole(ledger.gained("huge", "rss"), huge_kb) if evidence.faults else np.zeros_like(evidence.shrunk)
    ledger.left["anonymous"] -= np.where(evidence.shared_memory, 0, fresh)
    ledger.arrive(fresh, DIRTY_FIRST)
    ledger.book("huge-fault", fresh, rss=1, huge=1)
    collapsed = ledger.gained("huge")
    holes = np.minimum(collapsed, ledger.gained("rss"))
    holes[holes <= evidence.faults * evidence.page_kb] = 0  # rather touched one by one
    ledger.left["anonymous"] -= np.where(evidence.shared_memory, 0, holes)
    ledger.left["rss"] -= holes
    ledger.arrive(holes, DIRTY_FIRST)
    ledger.book("huge-collapse", collapsed, huge=1)
    ledger.book("huge-split", ledger.lost("huge"), huge=-1)
    ledger.book("huge-fault", ledger.gained("hugetlb"), hugetlb=1)
    ledger.book("discard", ledger.lost("hugetlb"), hugetlb=-1)


def _huge_kb(evidence: Evidence) -> int:
    """The size of a huge page: what one page full of page table entries, of 8 bytes each, maps."""
    return evidence.page_kb * 1024 // 8 * evidence.page_kb


def _whole(kb: Amounts, unit_kb: int) -> Amounts:
    """An amount rounded down to whole units."""
    return kb // unit_kb * unit_kb


def _book_copies(ledger: Ledger, evidence: Evidence) -> Amounts:
    """Pages of private file mappings that were written: an anonymous copy took the place of the file's page.

    Returns:
        How many.
    """
    copied = np.where(evidence.file, ledger.gained("anonymous"), 0)
    fresh = np.minimum(copied, ledger.gained("rss"))  # written before they were ever read
    ledger.arrive(copied, DIRTY_FIRST)
    ledger.depart(copied - fresh, CLEAN_FIRST)
    ledger.left["rss"] -= fresh
    ledger.book("copy-on-write", copied, sure="anonymous" in ledger.known, anonymous=1)
    return copied


def _book_arrivals(ledger: Ledger, evidence: Evidence, copied: Amounts) -> None:
    """Pages that became resident: touched for the first time, or found in a file.

    Where pages were copied as well, more may have been read: as many as were copied in the place of older ones.
    """
    touched = np.where(evidence.memory, ledger.gained("anonymous", "rss"), 0)
    ledger.arrive(touched, DIRTY_FIRST)
    faulted = touched <= 2 * evidence.faults * evidence.page_kb  # else by large folios, or moved here by mremap
    ledger.book("first-touch", touched, sure=faulted, rss=1, anonymous=1)
    own = np.minimum(ledger.gained("rss"), ledger.gained(PD) + ledger.gained(PC))
    fresh = np.where(evidence.shared_memory, own, 0)  # what others have, too, was there before
    ledger.arrive(fresh, (PD, PC, SD, SC))
    ledger.book("first-touch", fresh, rss=1)
    dirty = np.minimum(ledger.gained("rss"), ledger.gained(PD) + ledger.gained(SD))
    written = np.where(evidence.shared_file, dirty, 0)
    if written.sum() <= evidence.faults * evidence.page_kb:  # else most were dirty before they were mapped
        ledger.arrive(written, DIRTY_FIRST)
        ledger.book("shared-write", written, sure=False, rss=1)
    read = np.where(evidence.memory, 0, ledger.gained("rss"))
    ledger.arrive(read, CLEAN_FIRST)
    ledger.book("file-read", read, sure=(copied == 0) | (evidence.level("rss") <= evidence.level("anonymous")), rss=1)


def _book_departures(ledger: Ledger, evidence: Evidence) -> None:
    """Pages that are resident no more: given up by the process, or taken by the kernel."""
    given_up = "swap" in ledger.known  # else they may have been swapped out
    lost = ledger.lost("anonymous", "rss")
    freed = np.where(evidence.memory, np.minimum(lost, ledger.lost(PC)), 0)  # given free, and reclaimed later
    ledger.left[PC] += freed
    _book_drops(ledger, evidence, freed, anonymous=-1)
    given = lost - freed
    ledger.depart(given, DIRTY_FIRST)
    ledger.book("discard", given, sure=given_up, rss=-1, anonymous=-1)
    dirty = np.minimum(ledger.lost("rss"), ledger.lost(PD) + ledger.lost(SD))
    dirty = np.where(evidence.shared_memory, ledger.lost("rss"), dirty)
    ledger.depart(dirty, DIRTY_FIRST)
    ledger.book("discard", dirty, sure=given_up, rss=-1)
    clean = np.where(evidence.memory, 0, ledger.lost("rss"))
    ledger.depart(clean, CLEAN_FIRST)
    _book_drops(ledger, evidence, clean)
    replaced = np.where(evidence.file, ledger.lost("anonymous"), 0)
    ledger.depart(replaced, DIRTY_FIRST)  # a copy was given up, and the file's page read in its place
    ledger.arrive(replaced, CLEAN_FIRST)
    ledger.book("discard", replaced, anonymous=-1)
    ledger.book("file-read", replaced)


def _book_drops(ledger: Ledger, evidence: Evidence, kb: Amounts, anonymous: int = 0) -> None:
    """Book clean pages that are gone: unmapped where the mapping became shorter, else probably reclaimed."""
    unmapped = np.minimum(kb, evidence.shrunk)
    ledger.book("discard", unmapped, rss=-1, anonymous=anonymous)
    ledger.book("reclaim", kb - unmapped, sure=False, rss=-1, anonymous=anonymous)


def _book_writing(ledger: Ledger, evidence: Evidence) -> None:
    """Pages that stayed where they are, but were written, written back, or given free for later."""
    memory, file = evidence.memory, evidence.file
    for clean, dirty in ((PC, PD), (SC, SD), (PC, SD), (SC, PD)):
        written = ledger.turned(clean, dirty)
        again = np.where(memory, written, np.where(file, np.minimum(written, evidence.clean_copies), 0))
        ledger.turn(clean, dirty, again, "rewrite")
        ledger.turn(clean, dirty, written - again, "shared-write")
        cleaned = ledger.turned(dirty, clean)
        ledger.turn(dirty, clean, np.where(memory, cleaned, 0), "lazy-free")
        ledger.turn(dirty, clean, np.where(memory, 0, cleaned), "writeback")


def _book_locks(ledger: Ledger, locks: NDArray[np.int8], after: Mappings, rows: Rows, page_kb: int) -> None:
    """Book mlock and munlock, with what is resident now."""
    rss = after.get("rss")
    kb = np.maximum(0 if rss is None else rss[rows], page_kb) * np.abs(locks)
    ledger.book("lock", np.where(locks > 0, kb, 0))
    ledger.book("unlock", np.where(locks < 0, kb, 0))


def _events(ledger: Ledger, ids: Ids, page_kb: int) -> Events:
    """The bookings as events, mapping by mapping in the order of `ids`; the same mechanism of a mapping once."""
    sums: dict[tuple[Mechanism, bool], Amounts] = {}
    for what, kb, sure in ledger.booked:
        sums[what, sure] = sums[what, sure] + kb if (what, sure) in sums else kb
    if not sums:
        return NO_EVENTS
    table = np.stack(list(sums.values()))
    row, kind = np.nonzero(table.T)
    codes = np.array([MECHANISMS.index(what) for what, _ in sums], np.int8)
    certain = np.array([sure for _, sure in sums], bool)
    return Events(ids[row], codes[kind], table[kind, row], certain[kind], page_kb)
