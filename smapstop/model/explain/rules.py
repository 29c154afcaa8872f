"""Explain the deltas of a tick as a sum of kernel mechanisms, in whole pages.

Every mechanism changes the fields of smaps in its own way (fs/proc/task_mmu.c, smaps_account): copy-on-write makes a
page Anonymous, a swapped page leaves Rss for Swap, a fork turns private dirty pages into shared ones. So the deltas
of a mapping are a small system of equations. It is solved by booking one mechanism after the other against the
deltas that are not explained yet, for all mappings of a tick at once; the remainder is booked as `unexplained`.

Amounts are net: a change that was undone between two readings is not seen.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.events import MECHANISMS, NO_EVENTS, Events, Mechanism, sum_events
from smapstop.model.explain.arrivals import book_arrivals
from smapstop.model.explain.copy_on_write import book_copies
from smapstop.model.explain.departures import book_departures, book_unmapped
from smapstop.model.explain.dirtying import book_clean_dirty_changes
from smapstop.model.explain.evidence import Evidence, count_moving_as_private, evidence_of, has_flag, traits_of
from smapstop.model.explain.families import (
    Families,
    address_changes,
    family_amounts,
    find_families,
    flagged,
    sum_up,
)
from smapstop.model.explain.file_ranges import FileRanges
from smapstop.model.explain.fork_sharing import book_sharing
from smapstop.model.explain.huge_pages import book_huge, book_hugetlb, doubt_huge, skip_whole_huge_pages
from smapstop.model.explain.ledger import HP, HS, PD, SD, STATES, KbColumn, Ledger, Mask
from smapstop.model.explain.moves import (
    cancel_moved_files,
    cancel_moved_pages,
    may_be_kept,
    may_be_of_moved,
    possible_moves,
    possibly_handled,
)
from smapstop.model.explain.object_pages import may_be_replaced
from smapstop.model.explain.parts import Bookings, Parts
from smapstop.model.explain.shared_memory import (
    book_object_arrivals,
    book_object_departures,
    skip_object_huge_pages,
    skip_object_swap,
    skip_swap_with_addresses,
)
from smapstop.model.explain.shared_objects import ObjectChanges, object_changes
from smapstop.model.explain.swapping import book_ksm, book_swap
from smapstop.model.tick import Ids
from smapstop.proc.columns import Counters, Mappings

Rows = NDArray[np.intp]

_EXPLAINED_FIELDS = (*STATES, "rss", "anonymous", "swap", "ksm", "huge", HP, HS)
"""Fields that must be accounted for. The others follow from them, or change without the process."""
_HUGE_FIELDS = ("anon_huge_pages", "shmem_pmd_mapped", "file_pmd_mapped")
"""Kernel fields whose sum is explained as `huge`."""
_MERGEABLE = ("mg",)
"""VmFlags of memory that KSM may merge."""
_HANDLED = ("um", "uw", "ui")
"""VmFlags of memory that is registered with userfaultfd: in any mode its handler may fill it."""
_LEFT_OF_OTHERS: frozenset[Mechanism] = frozenset(("lazy-free", "rewrite", "huge-split"))
"""Mechanisms that are booked for what the others leave."""
_OF_PAGES_THAT_COME_OR_GO: frozenset[Mechanism] = frozenset(
    (
        *("first-touch", "file-read", "shared-map", "copy-on-write", "shared-write", "swap-in", "huge-fault"),
        *("discard", "unmapped", "shared-unmap", "reclaim", "swap-out", "zero-page", "huge-collapse", "huge-split"),
    )
)
"""Mechanisms that are not sure where pages may have moved instead."""
_COPIES: frozenset[Mechanism] = frozenset(("copy-on-write",))
_HIDDEN_BY_REFILLING = frozenset(MECHANISMS) - {"first-touch", "shared-by-fork", "huge-split"}
"""Mechanisms that are not sure where all pages may have moved, and others were touched in their place."""
_INPUT_FIELDS = (
    *(name for name in _EXPLAINED_FIELDS if name != "huge"),
    *(*_HUGE_FIELDS, "thp_eligible", "lazy_free", "pss"),
)


@dataclass(frozen=True, slots=True)
class FaultCounts:
    """Page faults of the whole process in a tick: they limit what happened in all mappings, but not in which."""

    minor: int
    major: int


_FEW_FAULTS, _MANY_FAULTS = FaultCounts(1, 0), FaultCounts(1 << 40, 0)
"""Bounds of faults that are not known."""


def faults_between(before: Counters, after: Counters) -> FaultCounts | None:
    """Page faults between two readings of the counters; None if they are not known."""
    values = before.minor_faults, after.minor_faults, before.major_faults, after.major_faults
    if None in values:
        return None
    minor_before, minor, major_before, major = (value or 0 for value in values)
    return FaultCounts(minor - minor_before, major - major_before)


def explain(
    before: Mappings,
    before_rows: Rows,
    after: Mappings,
    after_rows: Rows,
    ids: Ids,
    faults: FaultCounts | None,
    page_kb: int,
    known_lost_kb: KbColumn | None = None,
) -> Events:
    """Find the mechanisms that account for the changes of each mapping.

    Changes of the parts of a split, or of mappings that merged, are summed up, see `find_families`, explained, and
    assigned to the part where they happened, see `Parts`.

    Args:
        before: The previous reading.
        before_rows: Rows of the mappings in it, shape (k,); -1 for new mappings.
        after: The current reading, with the same string table.
        after_rows: Rows of the same mappings in it, -1 for those that are gone; at least all that changed.
        ids: Ids of these mappings.
        faults: Page faults of the process between the readings; None if they are not known: then only what does not
            depend on their number is sure.
        page_kb: Page size, kB.
        known_lost_kb: Pages of each mapping that are known to have been where it has no addresses any more, kB; None
            if of no mapping it is known where its pages were.
    """
    if not len(ids):
        return NO_EVENTS
    if faults is None:
        few, many = (
            explain(before, before_rows, after, after_rows, ids, bound, page_kb, known_lost_kb)
            for bound in (_FEW_FAULTS, _MANY_FAULTS)
        )
        return many.sure_as(few)
    families = find_families(before, before_rows, after, after_rows)
    was, now = family_amounts(families, before, before_rows, after, after_rows, _INPUT_FIELDS)
    for amounts in (was, now):
        count_moving_as_private(amounts)
    deltas = _deltas(was, now)
    addresses = address_changes(families, before, before_rows, after, after_rows)
    lost = addresses.lost_kb != 0
    moved_to = (addresses.gained_kb != 0) & lost.any()
    changed = np.logical_or.reduce([lost, moved_to, *(delta != 0 for delta in deltas.values())])
    rows = np.flatnonzero(changed)
    locks = _lock_changes(families, before, before_rows, after, after_rows)
    if not len(rows) and not locks:
        return NO_EVENTS
    deltas, was, now = ({name: kb[rows] for name, kb in fields.items()} for fields in (deltas, was, now))
    ledger = Ledger(deltas, _EXPLAINED_FIELDS, len(rows))
    objects = object_changes(before, before_rows[rows], after, after_rows[rows], was, now)
    traits = traits_of(before, before_rows[rows], after, after_rows[rows])
    mergeable, handled = (
        flagged(families, before, before_rows, after, after_rows, flags)[rows] for flags in (_MERGEABLE, _HANDLED)
    )
    known_kb = np.zeros(len(ids), np.int64) if known_lost_kb is None else sum_up(families, known_lost_kb)
    evidence = evidence_of(
        *(traits, mergeable, handled, was, now, addresses.take(rows), known_kb[rows]),
        faults=faults.minor + faults.major,
        page_kb=page_kb,
    )
    of_moved = may_be_of_moved(before, before_rows, after, after_rows)[rows]
    emptied, filled = (mask[rows] for mask in may_be_kept(before, before_rows, after, after_rows))
    ranges = FileRanges.at_reading(before, before_rows[rows]), FileRanges.at_reading(after, after_rows[rows])
    _book_all(ledger, evidence, objects, ranges, of_moved)
    ledger.doubt(emptied & evidence.movable, _HIDDEN_BY_REFILLING)
    ledger.doubt(filled & evidence.movable, MECHANISMS)
    bookings = [_locate(booking, rows) for booking in ledger.bookings]
    locked = [booking.mapping for booking in locks if booking.what == "lock"]
    parts = Parts(families, before, after, after_rows, np.concatenate([np.zeros(0, np.intp), *locked]))
    if len(parts):
        bookings = [parts.share_out(booking) for booking in bookings]
    return _build_events([*bookings, *locks], ids, page_kb)


def _deltas(was: dict[str, KbColumn], now: dict[str, KbColumn]) -> dict[str, KbColumn]:
    """Change of each explained field that the kernel prints, kB."""
    deltas = {name: now[name] - was[name] for name in _EXPLAINED_FIELDS if name in was}
    huge = [now[name] - was[name] for name in _HUGE_FIELDS if name in was]
    if huge:
        deltas["huge"] = sum(huge[1:], huge[0])
    if not deltas.keys() >= set(STATES):  # an incomplete set of states does not add up to Rss
        deltas = {name: delta for name, delta in deltas.items() if name not in STATES}
    return deltas


def _lock_changes(
    families: Families, before: Mappings, before_rows: Rows, after: Mappings, after_rows: Rows
) -> list[Bookings]:
    """Mappings that were locked (VmFlags lo) or unlocked, with the pages resident now, if any."""
    heads = families.heads_of(len(after_rows))
    origin = np.where(before_rows >= 0, before_rows, before_rows[heads])
    rows = np.flatnonzero((origin >= 0) & (after_rows >= 0))
    rows = rows[before.flags[origin[rows]] != after.flags[after_rows[rows]]]
    now, then = has_flag(after, after_rows[rows], "lo"), has_flag(before, origin[rows], "lo")
    masks: dict[Mechanism, Mask] = {"lock": now & ~then, "unlock": then & ~now}
    out = []
    for what, mask in masks.items():
        here = rows[mask]
        if len(here):
            kb = _resident_kb(after, after_rows[here])
            out.append(Bookings(here, what, kb, np.ones(len(here), bool)))
    return out + _joined_lock_changes(families, before, before_rows, after, after_rows)


def _joined_lock_changes(
    families: Families, before: Mappings, before_rows: Rows, after: Mappings, after_rows: Rows
) -> list[Bookings]:
    """Addresses that were locked or unlocked, and so joined a neighbour that had been so (mm/vma.c, vma_modify).

    Their pages are those that the neighbour has now, and did not have itself or from others that were like it.
    """
    parts, sources = families.parts, families.sources
    host, into = before_rows[parts], after_rows[parts]
    if not ((host >= 0) & (sources != host) & (before.flags[sources] != after.flags[into])).any():
        return []
    then, now = has_flag(before, sources, "lo"), has_flag(after, into, "lo")
    joined = (host >= 0) & (sources != host) & (then != now) & (before.flags[host] == after.flags[into])
    if not joined.any():
        return []
    count, differs = len(after_rows), then != now
    own_kb = np.minimum(_resident_kb(before, sources), families.overlap_kb)
    own_kb = np.bincount(parts[~differs], own_kb[~differs], count).astype(np.int64)
    most_kb = np.bincount(parts[differs], families.overlap_kb[differs], count).astype(np.int64)
    here, first = np.unique(parts[joined], return_index=True)
    kb = np.clip(_resident_kb(after, after_rows[here]) - own_kb[here], 0, most_kb[here])
    locked = now[joined][first]
    masks: dict[Mechanism, Mask] = {"lock": locked, "unlock": ~locked}
    return [Bookings(here[mask], what, kb[mask], mask[mask]) for what, mask in masks.items() if mask.any()]


def _resident_kb(mappings: Mappings, rows: Rows) -> KbColumn:
    """Pages of some mappings in memory, kB; those of hugetlb are not in Rss."""
    columns = [mappings.get(name) for name in ("rss", HP, HS)]
    kb = [np.maximum(column[rows], 0) for column in columns if column is not None]
    return sum(kb, np.zeros(len(rows), np.int64))


def _book_all(
    ledger: Ledger,
    evidence: Evidence,
    objects: ObjectChanges,
    ranges: tuple[FileRanges, FileRanges],
    of_moved: Mask,
) -> None:
    """Book all mechanisms, the most certain first, and the remainder as `unexplained`."""
    _guess_anonymous(ledger, evidence)
    not_hugetlb = (ledger.unexplained[HP] == 0) & (ledger.unexplained[HS] == 0)
    views_left = np.flatnonzero((evidence.lost_kb > 0) | (ledger.loss("rss") > 0))
    may_be_left_dirty = ranges[1].same_files(ranges[0], views_left)
    files = cancel_moved_files(ledger, evidence, *ranges)
    moved_kb = np.where(ledger.loss("rss") > 0, 0, files.addresses_kb)  # what is left to explain, they may have lost
    evidence = replace(evidence, lost_kb=np.maximum(evidence.lost_kb - moved_kb, 0))
    pages = cancel_moved_pages(ledger, evidence)
    skip_swap_with_addresses(ledger, evidence)
    left, came = possible_moves(ledger, evidence, pages.pages_kb)
    lost_kb = ledger.loss("rss")
    left |= of_moved & (ledger.loss("rss") > 0)
    given, filled = possibly_handled(ledger, evidence)
    left, came = left | pages.doubtful | given, came | pages.doubtful | filled
    mixed = book_unmapped(ledger, evidence, pages.pages_kb + files.pages_kb, left | objects.may_have_shrunk)
    book_ksm(ledger)
    # parts that the kernel replaced by the zero page when it split them, perhaps to swap out the others
    may_be_zero = (ledger.loss("huge") > 0) | (ledger.gain("swap") > 0)
    skip_whole_huge_pages(ledger, evidence, lost_kb)
    swapped = skip_object_swap(ledger, evidence, objects)
    book_swap(ledger, evidence)
    huge = skip_object_huge_pages(ledger, evidence, objects)
    book_huge(ledger, evidence)
    copied = book_copies(ledger, evidence)
    replaced = may_be_replaced(objects, ledger.unexplained["rss"])
    book_object_arrivals(ledger, evidence, objects, huge, copied, replaced)
    book_object_departures(ledger, evidence, objects, swapped, replaced)
    book_hugetlb(ledger, evidence)
    book_arrivals(ledger, evidence, copied, came)
    book_departures(ledger, evidence, left | may_be_zero)
    ledger.doubt(left | came | files.doubtful, _OF_PAGES_THAT_COME_OR_GO)
    if ledger.printed_fields >= set(STATES):
        book_sharing(ledger, evidence)
        book_clean_dirty_changes(ledger, evidence, may_be_left_dirty)
        ledger.withdraw(mixed, _LEFT_OF_OTHERS)
        ledger.doubt(mixed, _COPIES)  # those may have come back from swap
        ledger.doubt(pages.mixed | files.mixed, MECHANISMS)
    else:
        for state in STATES:
            ledger.unexplained[state][:] = 0
    doubt_huge(ledger, evidence, not_hugetlb)
    ledger.book("unexplained", np.maximum.reduce([np.abs(kb) for kb in ledger.unexplained.values()]))


def _guess_anonymous(ledger: Ledger, evidence: Evidence) -> None:
    """Estimate Anonymous, which Linux before 2.6.38 does not print: Rss without a file, dirtied pages with one."""
    if "anonymous" not in ledger.printed_fields:
        delta = ledger.unexplained
        dirtied = np.maximum(delta[PD] + delta[SD] + delta["swap"], 0) - delta["swap"]
        delta["anonymous"] = np.where(
            evidence.private_anonymous, delta["rss"], np.where(evidence.private_file, dirtied, 0)
        )


def _locate(booking: tuple[Mechanism, KbColumn, bool], rows: Rows) -> Bookings:
    """Bookings of a mechanism with the positions of the mappings, from a column of the ledger."""
    what, kb, sure = booking
    here = np.flatnonzero(kb)
    return Bookings(rows[here], what, kb[here], np.full(len(here), sure))


def _build_events(bookings: list[Bookings], ids: Ids, page_kb: int) -> Events:
    """Convert the bookings to events by mapping and mechanism."""
    if not bookings:
        return NO_EVENTS
    codes = [np.full(len(booking.mapping), MECHANISMS.index(booking.what)) for booking in bookings]
    mapping, what = ids[np.concatenate([booking.mapping for booking in bookings])], np.concatenate(codes)
    kb = np.concatenate([booking.kb for booking in bookings])
    sure = np.concatenate([booking.sure for booking in bookings])
    return sum_events(mapping, what, kb, sure, page_kb)
