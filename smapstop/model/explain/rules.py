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
from smapstop.model.explain.families import Families, family_amounts, find_families, net_moved_pages
from smapstop.model.explain.fork_sharing import book_sharing
from smapstop.model.explain.ledger import CLEAN_FIRST, DIRTY_FIRST, PC, PD, SC, SD, STATES, KbColumn, Ledger
from smapstop.model.tick import Ids
from smapstop.proc.columns import Mappings

Rows = NDArray[np.intp]

_EXPLAINED_FIELDS = (*STATES, "rss", "anonymous", "swap", "ksm", "huge", "hugetlb")
"""The fields that must be accounted for. The others follow from them, or move without the process."""
_SUM_FIELDS = {"huge": ("anon_huge_pages", "shmem_pmd_mapped"), "hugetlb": ("private_hugetlb", "shared_hugetlb")}
"""Those of them that are sums of what the kernel prints."""
_INPUT_FIELDS = (*STATES, "rss", "anonymous", "swap", "ksm", *_SUM_FIELDS["huge"], *_SUM_FIELDS["hugetlb"], "size")


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
    kin = find_families(before, old, after, new)
    was, now = family_amounts(kin, before, old, after, new, _INPUT_FIELDS)
    deltas = _deltas(was, now)
    locks = _lock_changes(kin, before, old, after, new)
    moved = np.logical_or.reduce([locks != 0, *(delta != 0 for delta in deltas.values())])
    rows = np.flatnonzero(moved)
    if not len(rows):
        return NO_EVENTS
    deltas, was, now = ({name: kb[rows] for name, kb in fields.items()} for fields in (deltas, was, now))
    ledger = Ledger(deltas, _EXPLAINED_FIELDS, len(rows))
    _book_all(ledger, evidence_of(after, new[rows], was, now, faults.minor + faults.major, page_kb))
    _book_locks(ledger, locks[rows], after, new[rows], page_kb)
    return _build_events(ledger, ids[rows], page_kb)


def _deltas(was: dict[str, KbColumn], now: dict[str, KbColumn]) -> dict[str, KbColumn]:
    """The change of each field to be accounted for, as far as it is printed."""
    deltas = {name: now[name] - was[name] for name in _EXPLAINED_FIELDS if name in was}
    for name, parts in _SUM_FIELDS.items():
        printed = [now[part] - was[part] for part in parts if part in was]
        if printed:
            deltas[name] = sum(printed[1:], printed[0])
    if not deltas.keys() >= set(STATES):  # some of the states would add up to nothing
        deltas = {name: delta for name, delta in deltas.items() if name not in STATES}
    return deltas


def _lock_changes(kin: Families, before: Mappings, old: Rows, after: Mappings, new: Rows) -> NDArray[np.int8]:
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
    net_moved_pages(ledger, evidence.private_anonymous, evidence.faults * evidence.page_kb)
    _book_ksm(ledger)
    _skip_whole_huge_pages(ledger, evidence)
    _book_swap(ledger, evidence)
    _book_huge(ledger, evidence)
    copied = _book_copies(ledger, evidence)
    _book_arrivals(ledger, evidence, copied)
    _book_departures(ledger, evidence)
    if ledger.printed_fields >= set(STATES):
        book_sharing(ledger, evidence)
        _book_writes(ledger, evidence)
    else:
        for state in STATES:
            ledger.unexplained[state][:] = 0
    ledger.book("unexplained", np.maximum.reduce([np.abs(left) for left in ledger.unexplained.values()]))


def _guess_anonymous(ledger: Ledger, evidence: Evidence) -> None:
    """Before Linux 2.6.38 nobody says what is anonymous: all without a file, and of a file what became dirty."""
    if "anonymous" not in ledger.printed_fields:
        left = ledger.unexplained
        dirtied = np.maximum(left[PD] + left[SD] + left["swap"], 0) - left["swap"]
        left["anonymous"] = np.where(
            evidence.private_anonymous, left["rss"], np.where(evidence.private_file, dirtied, 0)
        )


def _book_ksm(ledger: Ledger) -> None:
    """Pages that KSM merged with equal ones, or that became the process's own again."""
    merged = ledger.gain("ksm")
    ledger.explain_loss(merged, DIRTY_FIRST)
    ledger.explain_gain(merged, (SD, PD))
    ledger.book("ksm-merge", merged, ksm=1)
    for state in (PD, PC):  # written; or MADV_UNMERGEABLE, which leaves the copies clean
        parted = np.minimum(ledger.loss("ksm"), ledger.transition(SD, state))
        ledger.explain_transition(SD, state, parted)
        ledger.book("ksm-unmerge", parted, ksm=-1)
    gone = np.minimum(ledger.loss("ksm"), np.maximum(ledger.loss("rss"), ledger.gain("swap")))
    ledger.unexplained["ksm"] += gone  # told by what took the pages
    ledger.book("ksm-unmerge", ledger.loss("ksm"), ksm=-1)  # the last of those merged


def _skip_whole_huge_pages(ledger: Ledger, evidence: Evidence) -> None:
    """Huge pages that went as a whole are no event of their own: it is told what took them."""
    ledger.unexplained["huge"] += _round_down(ledger.loss("huge", "rss"), _huge_kb(evidence))


def _book_swap(ledger: Ledger, evidence: Evidence) -> None:
    """Pages that went to swap, that came back, or that were given up while they were there.

    Of shared memory Swap counts what the object has in swap, whoever had it mapped: Rss need not move.
    """
    memory = evidence.private_anonymous
    out = ledger.gain("swap")
    unmapped = np.where(memory, out, np.minimum(out, ledger.loss("rss")))
    ledger.unexplained["anonymous"] += np.where(memory, out, np.minimum(unmapped, ledger.loss("anonymous")))
    ledger.unexplained["rss"] += unmapped
    ledger.explain_loss(unmapped, DIRTY_FIRST)
    ledger.book("swap-out", out, swap=1)
    back = np.minimum(ledger.loss("swap"), ledger.gain("rss"))
    ledger.unexplained["anonymous"] -= np.where(memory, back, np.minimum(back, ledger.gain("anonymous")))
    ledger.explain_gain(back, CLEAN_FIRST)
    ledger.book("swap-in", back, rss=1, swap=-1)
    ledger.book("discard", ledger.loss("swap"), sure=memory, swap=-1)


def _book_huge(ledger: Ledger, evidence: Evidence) -> None:
    """Huge pages: mapped whole by one fault, put together from small ones and holes between them, or taken apart."""
    huge_kb = _huge_kb(evidence)
    fresh = _round_down(ledger.gain("huge", "rss"), huge_kb) if evidence.faults else np.zeros_like(evidence.shrunk_kb)
    ledger.unexplained["anonymous"] -= np.where(evidence.shared_memory, 0, fresh)
    ledger.explain_gain(fresh, DIRTY_FIRST)
    ledger.book("huge-fault", fresh, rss=1, huge=1)
    collapsed = ledger.gain("huge")
    holes = np.minimum(collapsed, ledger.gain("rss"))
    holes[holes <= evidence.faults * evidence.page_kb] = 0  # rather touched one by one
    ledger.unexplained["anonymous"] -= np.where(evidence.shared_memory, 0, holes)
    ledger.unexplained["rss"] -= holes
    ledger.explain_gain(holes, DIRTY_FIRST)
    ledger.book("huge-collapse", collapsed, huge=1)
    ledger.book("huge-split", ledger.loss("huge"), huge=-1)
    ledger.book("huge-fault", ledger.gain("hugetlb"), hugetlb=1)
    ledger.book("discard", ledger.loss("hugetlb"), hugetlb=-1)


def _huge_kb(evidence: Evidence) -> int:
    """The size of a huge page: what one page full of page table entries, of 8 bytes each, maps."""
    return evidence.page_kb * 1024 // 8 * evidence.page_kb


def _round_down(kb: KbColumn, unit_kb: int) -> KbColumn:
    """An amount rounded down to whole units."""
    return kb // unit_kb * unit_kb


def _book_copies(ledger: Ledger, evidence: Evidence) -> KbColumn:
    """Pages of private file mappings that were written: an anonymous copy took the place of the file's page.

    Returns:
        How many.
    """
    copied = np.where(evidence.private_file, ledger.gain("anonymous"), 0)
    fresh = np.minimum(copied, ledger.gain("rss"))  # written before they were ever read
    ledger.explain_gain(copied, DIRTY_FIRST)
    ledger.explain_loss(copied - fresh, CLEAN_FIRST)
    ledger.unexplained["rss"] -= fresh
    ledger.book("copy-on-write", copied, sure="anonymous" in ledger.printed_fields, anonymous=1)
    return copied


def _book_arrivals(ledger: Ledger, evidence: Evidence, copied: KbColumn) -> None:
    """Pages that became resident: touched for the first time, or found in a file.

    Where pages were copied as well, more may have been read: as many as were copied in the place of older ones.
    """
    touched = np.where(evidence.private_anonymous, ledger.gain("anonymous", "rss"), 0)
    ledger.explain_gain(touched, DIRTY_FIRST)
    faulted = touched <= 2 * evidence.faults * evidence.page_kb  # else by large folios, or moved here by mremap
    ledger.book("first-touch", touched, sure=faulted, rss=1, anonymous=1)
    own = np.minimum(ledger.gain("rss"), ledger.gain(PD) + ledger.gain(PC))
    fresh = np.where(evidence.shared_memory, own, 0)  # what others have, too, was there before
    ledger.explain_gain(fresh, (PD, PC, SD, SC))
    ledger.book("first-touch", fresh, rss=1)
    dirty = np.minimum(ledger.gain("rss"), ledger.gain(PD) + ledger.gain(SD))
    written = np.where(evidence.shared_file, dirty, 0)
    if written.sum() <= evidence.faults * evidence.page_kb:  # else most were dirty before they were mapped
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
    """Pages that are resident no more: given up by the process, or taken by the kernel."""
    given_up = "swap" in ledger.printed_fields  # else they may have been swapped out
    lost = ledger.loss("anonymous", "rss")
    freed = np.where(
        evidence.private_anonymous, np.minimum(lost, ledger.loss(PC)), 0
    )  # given free, and reclaimed later
    ledger.unexplained[PC] += freed
    _book_drops(ledger, evidence, freed, anonymous=-1)
    given = lost - freed
    ledger.explain_loss(given, DIRTY_FIRST)
    ledger.book("discard", given, sure=given_up, rss=-1, anonymous=-1)
    dirty = np.minimum(ledger.loss("rss"), ledger.loss(PD) + ledger.loss(SD))
    dirty = np.where(evidence.shared_memory, ledger.loss("rss"), dirty)
    ledger.explain_loss(dirty, DIRTY_FIRST)
    ledger.book("discard", dirty, sure=given_up, rss=-1)
    clean = np.where(evidence.private_anonymous, 0, ledger.loss("rss"))
    ledger.explain_loss(clean, CLEAN_FIRST)
    _book_drops(ledger, evidence, clean)
    replaced = np.where(evidence.private_file, ledger.loss("anonymous"), 0)
    ledger.explain_loss(replaced, DIRTY_FIRST)  # a copy was given up, and the file's page read in its place
    ledger.explain_gain(replaced, CLEAN_FIRST)
    ledger.book("discard", replaced, anonymous=-1)
    ledger.book("file-read", replaced)


def _book_drops(ledger: Ledger, evidence: Evidence, kb: KbColumn, anonymous: int = 0) -> None:
    """Book clean pages that are gone: unmapped where the mapping became shorter, else probably reclaimed."""
    unmapped = np.minimum(kb, evidence.shrunk_kb)
    ledger.book("discard", unmapped, rss=-1, anonymous=anonymous)
    ledger.book("reclaim", kb - unmapped, sure=False, rss=-1, anonymous=anonymous)


def _book_writes(ledger: Ledger, evidence: Evidence) -> None:
    """Pages that stayed where they are, but were written, written back, or given free for later."""
    memory, file = evidence.private_anonymous, evidence.private_file
    for clean, dirty in ((PC, PD), (SC, SD), (PC, SD), (SC, PD)):
        written = ledger.transition(clean, dirty)
        again = np.where(memory, written, np.where(file, np.minimum(written, evidence.clean_anonymous_pages), 0))
        ledger.explain_transition(clean, dirty, again, "rewrite")
        ledger.explain_transition(clean, dirty, written - again, "shared-write")
        cleaned = ledger.transition(dirty, clean)
        ledger.explain_transition(dirty, clean, np.where(memory, cleaned, 0), "lazy-free")
        ledger.explain_transition(dirty, clean, np.where(memory, 0, cleaned), "writeback")


def _book_locks(ledger: Ledger, locks: NDArray[np.int8], after: Mappings, rows: Rows, page_kb: int) -> None:
    """Book mlock and munlock, with what is resident now."""
    rss = after.get("rss")
    kb = np.maximum(0 if rss is None else rss[rows], page_kb) * np.abs(locks)
    ledger.book("lock", np.where(locks > 0, kb, 0))
    ledger.book("unlock", np.where(locks < 0, kb, 0))


def _build_events(ledger: Ledger, ids: Ids, page_kb: int) -> Events:
    """The bookings as events, mapping by mapping in the order of `ids`; the same mechanism of a mapping once."""
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
