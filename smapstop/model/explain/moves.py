"""Pages that mremap moved from one mapping to another, without a fault.

A mapping that moved as a whole, untouched, keeps its identity; here are parts that moved, and what grew or was
touched at its new place, too.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from smapstop.model.explain.evidence import LARGE_FOLIO, Evidence, Rows
from smapstop.model.explain.families import sizes_kb
from smapstop.model.explain.file_ranges import FileRanges
from smapstop.model.explain.ledger import CLEAN_FIRST, HP, HS, SC, SD, STATES, KbColumn, Ledger, Mask
from smapstop.model.kinds import classify_texts
from smapstop.proc.columns import Mappings

_FAULT_AROUND = 16
"""Pages of a file that one fault maps (fault_around_bytes)."""


class MovedPages(NamedTuple):
    """What moved away from each mapping, kB."""

    pages_kb: KbColumn
    addresses_kb: KbColumn
    doubtful: Mask
    """Mappings between which pages may have moved: what is left to be explained may be of the other one."""
    mixed: Mask
    """Mappings to which pages moved, and not all changes can be distinguished from those of other pages."""

    @staticmethod
    def none(count: int) -> "MovedPages":
        """Nothing moved away from any of `count` mappings."""
        kb, mask = np.zeros(count, np.int64), np.zeros(count, bool)
        return MovedPages(kb, kb.copy(), mask, mask.copy())


def cancel_moved_pages(ledger: Ledger, evidence: Evidence) -> MovedPages:
    """Cancel anonymous pages that one mapping lost and another gained, more than its faults can have touched.

    Part of a mapping may move, into a new mapping or to the end of another one; or all of its pages, and others are
    touched in their place (MREMAP_DONTUNMAP): then more moved than is seen. Nothing may be booked yet.
    """
    touched_kb = evidence.faults * evidence.page_kb
    gained = np.where(evidence.private_anonymous, ledger.gain("rss", "anonymous"), 0)
    lost = np.where(evidence.private_anonymous, ledger.loss("rss", "anonymous"), 0)
    swapped = np.where(evidence.owns_swap, ledger.loss("swap"), 0)
    moved = MovedPages.none(len(lost))
    remain = evidence.amount_before("rss") + ledger.unexplained["rss"] > 0
    for row in np.flatnonzero(gained > touched_kb).tolist():
        sources = np.flatnonzero((lost > 0) & (lost <= gained[row]) & (gained[row] - lost <= touched_kb))
        if len(sources) == 1:
            moved.pages_kb[sources] = lost[sources] + swapped[sources]
            may_be_refilled = remain & (evidence.lost_kb != moved.pages_kb) & (evidence.faults > 0)
            moved.doubtful[[row, sources[0]]] |= may_be_refilled[sources]
            states = {name: int(kb[sources[0]]) for name, kb in ledger.unexplained.items()}
            moved.mixed[row] = max(states.values()) > 0 or states["huge"] < states["rss"]
            lost[sources] = 0
            for left in ledger.unexplained.values():
                left[row] += left[sources[0]]
                left[sources[0]] = 0
    return moved


def cancel_moved_files(ledger: Ledger, evidence: Evidence, was: FileRanges, now: FileRanges) -> MovedPages:
    """Cancel pages of files, and copies of such, that one mapping lost and another one of the same range gained.

    The other lost the addresses, or no more pages than the one gained (MREMAP_DONTUNMAP). Where it gained pages, they
    may have come in place of those that moved. No more moved than both have in common; where page faults can have
    brought all, it is left open. Nothing may be booked yet.
    """
    moved = MovedPages.none(len(evidence.lost_kb))
    change = ledger.unexplained["rss"] + np.where(evidence.owns_swap, ledger.unexplained["swap"], 0)
    change = change + ledger.unexplained["private_hugetlb"] + ledger.unexplained["shared_hugetlb"]
    lost = (change < 0) | (ledger.unexplained["swap"] < 0)  # copies in swap, perhaps, though a tmpfs has some there
    changed = lost | (change != 0) | (ledger.unexplained["anonymous"] != 0)
    sources = np.flatnonzero((was.inode > 0) & (changed | (evidence.lost_kb > 0)))
    moved.doubtful[:] = _may_have_moved_in_place(was, now, change, ledger.unexplained["anonymous"])
    targets = np.flatnonzero((now.inode > 0) & (evidence.gained_kb > 0))
    gained, copies = np.maximum(change, 0), ledger.gain("anonymous")
    least_kb = (gained - copies) // _FAULT_AROUND + copies
    is_filled = (gained > 0) & (least_kb <= evidence.faults * evidence.page_kb)
    if not len(sources) or not len(targets):
        return moved
    by_object: dict[tuple[int, int], list[int]] = {}
    for source, key in zip(sources.tolist(), was.objects(sources), strict=True):
        by_object.setdefault(key, []).append(source)
    for target, key in zip(targets.tolist(), now.objects(targets), strict=True):
        for source in by_object.get(key, []):
            common_kb = was.common_kb(source, now, target)
            if source == target or common_kb <= 0 or was.private[source] != now.private[target]:
                continue
            alike = was.perms[source] == now.perms[target]
            if lost[source] or evidence.lost_kb[source] or (alike and evidence.amount_before("rss")[source]):
                moved.doubtful[[source, target]] = True
            if not alike or is_filled[target]:
                continue
            if evidence.lost_kb[source]:
                moved.addresses_kb[source] += common_kb
            elif not 0 < -change[source] <= change[target]:
                continue
            moved.pages_kb[source] += max(0, min(-int(change[source]), int(change[target]), common_kb))
            moved.mixed[target] |= _cancel(ledger, source, target, common_kb)
    return moved


def _may_have_moved_in_place(was: FileRanges, now: FileRanges, change: KbColumn, copied: KbColumn) -> Mask:
    """Mappings of the same part of a file of which one lost pages, or copies, and another gained some.

    The second may have been unmapped, and the first moved to where it was.

    Args:
        was: Ranges at the previous reading.
        now: Ranges at the current reading.
        change: Change of the pages of each mapping, kB.
        copied: Change of the anonymous ones, kB.
    """
    gave, got = (change < 0) | (copied < 0), (change > 0) | (copied > 0)
    out = np.zeros(len(change), bool)
    sources, targets = np.flatnonzero((was.inode > 0) & gave & ~got), np.flatnonzero((now.inode > 0) & got & ~gave)
    if len(sources) and len(targets):
        out[sources] = was.overlap(sources, now, targets)
        out[targets] = now.overlap(targets, was, sources)
    return out


def may_be_of_moved(before: Mappings, before_rows: Rows, after: Mappings, after_rows: Rows) -> Mask:
    """Mappings of a file, or without one, like another mapping that moved as a whole; but not that one itself.

    A mapping that is gone, and another one that has lost its pages, may each be where these came from.
    """
    both = np.flatnonzero((before_rows >= 0) & (after_rows >= 0))
    was, now = before_rows[both], after_rows[both]
    apart = (after.start[now] >= before.end[was]) | (before.start[was] >= after.end[now])
    moved = np.zeros(len(before_rows), bool)
    if not apart.any():
        return moved
    moved[both[apart]] = True
    alike = np.zeros(len(before_rows), bool)
    alike[both] = np.isin(after.inode[now], after.inode[now[apart]])
    return alike & ~moved


def may_be_kept(before: Mappings, before_rows: Rows, after: Mappings, after_rows: Rows) -> tuple[Mask, Mask]:
    """Mappings whose pages may have moved though their addresses were kept, and the new ones that may have these.

    What was touched at the old place since hides that MREMAP_DONTUNMAP emptied it, and takes as many faults as the
    touches that are seen. All pages went: a new mapping of the same size and permissions has as many, or more. Or
    those of a part went: a new mapping has as many as the old one lost. It does not begin at a new guard page, as
    stacks do. Mappings that show no change are taken for untouched, but the kernel joins new memory with its
    neighbour, and memory that moved only where it continues it (mm/vma.c, can_vma_merge_after).
    """
    source, target = np.zeros(len(before_rows), bool), np.zeros(len(before_rows), bool)
    new, old = (np.flatnonzero(known & (after_rows >= 0)) for known in (before_rows < 0, before_rows >= 0))
    new = new[after.inode[after_rows[new]] == 0]
    if not len(new):
        return source, target
    new = new[~_begins_at_new_guard(before, after, after_rows[new])]
    had, has = held_kb(before, before_rows[old]), held_kb(after, after_rows[new])
    old, had = old[had > 0], had[had > 0]
    shapes = np.concatenate([_shapes(before, before_rows[old]), _shapes(after, after_rows[new])])
    numbers = np.unique(shapes, return_inverse=True)[1]
    of_old, of_new = np.split(numbers, [len(old)])
    least, most = np.full(len(numbers), np.iinfo(np.int64).max), np.zeros(len(numbers), np.int64)
    np.minimum.at(least, of_old, had)
    np.maximum.at(most, of_new, has)
    lost = np.maximum(had - held_kb(after, after_rows[old]), 0) * len(after.strings) + before.perms[before_rows[old]]
    got = has * len(after.strings) + after.perms[after_rows[new]]
    source[old] = (had <= most[of_old]) | np.isin(lost, got[has > 0])
    target[new] = (has >= least[of_new]) | ((has > 0) & np.isin(got, lost)) | _is_unmerged(after, after_rows[new])
    return source, target


def held_kb(mappings: Mappings, rows: Rows) -> KbColumn:
    """Pages of some mappings in memory and in swap, kB."""
    held = np.zeros(len(rows), np.int64)
    for name in ("rss", "swap"):
        column = mappings.get(name)
        if column is not None:
            held += np.maximum(column[rows], 0)
    return held


def _shapes(mappings: Mappings, rows: Rows) -> NDArray[np.int64]:
    """Size and permissions of some mappings, as one number."""
    return sizes_kb(mappings, rows) * len(mappings.strings) + mappings.perms[rows]


def _is_unmerged(mappings: Mappings, rows: Rows) -> Mask:
    """Mappings next to one that mmap would have made them a part of."""
    mask = np.zeros(len(rows), bool)
    for low, high in ((np.maximum(rows - 1, 0), rows), (rows, np.minimum(rows + 1, len(mappings) - 1))):
        columns = (mappings.perms, mappings.flags, mappings.name, mappings.inode)
        alike = np.logical_and.reduce([column[low] == column[high] for column in columns])
        mask |= alike & (mappings.end[low] == mappings.start[high])
    return mask


def _begins_at_new_guard(before: Mappings, after: Mappings, rows: Rows) -> Mask:
    """Mappings that lie above an inaccessible one which was not there before."""
    below = np.maximum(rows - 1, 0)
    no_access = classify_texts(after.strings, after.perms[below], lambda perms: perms.startswith("---")) > 0
    at = np.searchsorted(before.start, after.start[below], "right") - 1
    was_mapped = (at >= 0) & (before.end[np.maximum(at, 0)] > after.start[below]) if len(before) else at >= 0
    mask: Mask = no_access & (after.end[below] == after.start[rows]) & ~was_mapped
    return mask


def _cancel(ledger: Ledger, source: int, target: int, most_kb: int) -> bool:
    """Cancel what one mapping lost of each field against what another one gained, clean pages before dirty ones.

    Pages in another state than before, such as those that the process alone has now, change it in the target.

    Returns:
        Whether there are any such pages.
    """
    for name, left in ledger.unexplained.items():
        if name not in (*STATES, HP, HS):
            _move(left, source, target, min(-left[source], left[target], most_kb))
    mixed = False
    for names in (CLEAN_FIRST, (HP, HS)):
        states, room_kb = [ledger.unexplained[name] for name in names], most_kb
        for left in states:
            room_kb -= _move(left, source, target, min(-left[source], left[target], room_kb))
        room_kb = min(room_kb, -sum(left[source] for left in states), sum(left[target] for left in states))
        mixed |= room_kb > 0
        for left in states:
            room_kb -= _move(left, source, target, min(-left[source], room_kb))
    return mixed


def _move(left: KbColumn, source: int, target: int, kb: int) -> int:
    """Move what is left of a field from one mapping to another; the amount, 0 for a negative one."""
    kb = max(0, int(kb))
    left[source] += kb
    left[target] -= kb
    return kb


def possibly_handled(ledger: Ledger, evidence: Evidence) -> tuple[Mask, Mask]:
    """Mappings whose pages a userfaultfd handler may have moved away, and those that it may have filled.

    It fills memory with what it likes (UFFDIO_COPY), or with pages of its own process (UFFDIO_MOVE), in memory or in
    swap.
    """
    gained = np.maximum.reduce([ledger.gain(name) for name in ("rss", "swap", HP, HS)])
    lost = np.maximum(ledger.loss("rss"), ledger.loss("swap"))
    filled = evidence.handled & (gained > 0)
    return evidence.movable & (lost > 0) & filled.any(), filled


def possible_moves(ledger: Ledger, evidence: Evidence, moved_kb: KbColumn) -> tuple[Mask, Mask]:
    """Mappings whose pages may have moved away, and those to which they may have moved, as far as amounts can show.

    A mapping lost addresses with pages, in memory or in swap, and another one gained addresses and as many pages; it
    may have other permissions since. As many faults as pages gained prove nothing, since some leave no trace, such as
    writes to pages that a fork had shared; where there were fewer, pages surely moved, but from any mapping to any.
    """
    change = np.where(evidence.movable, ledger.unexplained["rss"] + ledger.unexplained["swap"], 0)
    gained = np.where(evidence.gained_kb > 0, np.maximum(change, 0), 0)
    had_kb = evidence.amount_before("rss") + evidence.amount_before("swap")
    may_have_moved = evidence.movable & (evidence.lost_kb > moved_kb) & (had_kb > 0) & (change >= 0)
    lost = np.where(may_have_moved, evidence.page_kb, np.maximum(-change, 0))  # some page, and more were touched
    touched = np.maximum(ledger.gain("rss"), gained) - ledger.gain("huge")  # some may be in swap already
    touched = np.where(evidence.private_anonymous, touched, touched // LARGE_FOLIO)  # a fault maps neighbours, too
    copied = np.maximum(-ledger.unexplained[SD] - ledger.unexplained[SC], 0)  # shared by a fork until then, perhaps
    spare_kb = evidence.faults * evidence.page_kb - int((touched + copied).sum())
    if spare_kb < 0 and gained.any():
        return lost > 0, gained > 0
    if not ((gained > 0) & evidence.large_folios).any():  # else a few faults were enough for all
        lost[evidence.lost_kb == 0] = 0  # MREMAP_DONTUNMAP shows by the lack of faults
    swap = np.where(evidence.movable, ledger.unexplained["swap"], 0)
    source, target = (swap < 0) & (evidence.lost_kb > 0), (swap > 0) & (evidence.gained_kb > 0)
    if not source.any() or not target.any():
        source, target = np.zeros(len(gained), bool), np.zeros(len(gained), bool)
    if gained.any() and lost.any():
        source |= (lost > 0) & (lost <= gained.max())
        target |= (gained > 0) & (gained >= lost[lost > 0].min())
    return source, target
