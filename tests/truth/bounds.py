"""How many pages each mechanism can have moved in a mapping between two page tables: what an event may say."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from truth.page_table import PAGE, Mask, PageColumns, Pages, PageTable

HUGE_PAGES = 512
_NOWHERE = -1
"""Number of no page: what is mapped now at the address of a page that is gone is another mapping's."""
ARRIVALS: frozenset[str] = frozenset({"first-touch", "file-read", "shared-map", "swap-in"})
DEPARTURES: frozenset[str] = frozenset({"discard", "shared-unmap", "reclaim", "unmapped", "swap-out", "zero-page"})
"""Mechanisms that together account for pages that came, or went; no page twice."""


@dataclass(frozen=True, slots=True, eq=False)
class MappingPages:
    """The pages of one mapping before and after, and what else decides what happened to them."""

    block: Pages
    """Number of the huge page that each page could be part of."""
    was: PageColumns
    """Where mremap moved it from, if it did."""
    now: PageColumns
    gone: Mask
    """No longer mapped, or mapped to something else."""
    went_elsewhere: Mask
    """It is at another address now (mremap)."""
    held_before: Mask
    """The memory file held this page."""
    held_after: Mask
    unseen: bool
    """The memory file held or holds pages that nobody had touched: which those are is not known."""
    shared: bool
    """MAP_SHARED."""
    has_file: bool
    in_memory: bool
    """Of a file that is memory."""
    hugetlb: bool
    locked: bool


@dataclass(frozen=True, slots=True)
class Move:
    """Pages that mremap moved, by number."""

    old: int
    new: int
    count: int


def pages_of_mapping(
    before: PageTable, after: PageTable, mapping: int, moves: Sequence[Move] = (), family: bool = False
) -> MappingPages:
    """The pages that belong to a mapping now, and those that belonged to it and are mapped no more.

    Args:
        before: All pages before.
        after: All pages after.
        mapping: Id of the mapping.
        moves: What mremap moved meanwhile.
        family: With the pages of all mappings that this one was a part of, or that are parts of it.
    """
    then, later = before.map.row_of(mapping), after.map.row_of(mapping)
    assert then is not None or later is not None, "an event of a mapping that never was"
    old = np.zeros(0, np.int64) if then is None else before.pages_of(then)
    new = np.zeros(0, np.int64) if later is None else after.pages_of(later)
    if then is not None:
        old = _with_merged(old, before, after, new)
    if family:
        old = _with_family(old, before, after, new)
        new = _with_family(new, after, before, old)
    gone = old[after.backing_at(old) != before.backing_at(old)]
    page = np.union1d(new, gone)
    origin = _origin(before, after, moves, page, gone)
    replaces = (origin == page) & ~np.isin(page, gone) & (before.backing_at(page) != after.backing_at(page))
    table, row = (after, later) if later is not None else (before, then)
    assert row is not None
    key, flags = table.key_of(row), table.mappings.string_at(table.mappings.flags, row).split()
    return MappingPages(
        block=page // HUGE_PAGES,
        was=before.at(np.where(replaces, _NOWHERE, origin)),
        now=after.at(np.where(np.isin(page, gone), _NOWHERE, page)),
        gone=np.isin(page, gone),
        went_elsewhere=_went_elsewhere(after, moves, page),
        held_before=_is_held(before, table, row, page),
        held_after=_is_held(after, table, row, page),
        unseen=key in before.unseen | after.unseen,
        shared=table.mappings.string_at(table.mappings.perms, row).endswith("s"),
        has_file=key[1] != 0 and not table.mappings.name_of(row).startswith("/anon_hugepage"),
        in_memory=key in before.objects or key in after.objects,
        hugetlb="ht" in flags,
        locked="lo" in flags,
    )


def _with_merged(pages: Pages, before: PageTable, after: PageTable, now: Pages) -> Pages:
    """Pages of a mapping, and of those that were merged into it."""
    rows = np.unique(before.row_at(now[before.backing_at(now) == after.backing_at(now)]))
    rows = rows[(rows >= 0) & ~np.isin(before.map.ids[rows], after.map.ids)]
    return np.unique(np.concatenate([pages, *(before.pages_of(row) for row in rows.tolist())]))


def _with_family(pages: Pages, table: PageTable, other: PageTable, relatives: Pages) -> Pages:
    """Pages of a mapping, and of all mappings of a table that have any of `relatives`, backed as in the other."""
    rows = table.row_at(relatives[table.backing_at(relatives) == other.backing_at(relatives)])
    some: list[Pages] = [table.pages_of(row) for row in np.unique(rows[rows >= 0]).tolist()]
    return np.unique(np.concatenate([pages, *some]))


def _undone(moves: Sequence[Move], page: Pages) -> Pages:
    """Where each page was before the moves, the last first."""
    out = page.copy()
    for move in reversed(moves):
        within = (move.new <= out) & (out < move.new + move.count)
        out[within] += move.old - move.new
    return out


def _origin(before: PageTable, after: PageTable, moves: Sequence[Move], page: Pages, gone: Pages) -> Pages:
    """Where each page was; what is there as well now (MREMAP_DONTUNMAP, and mapped again) did not move.

    Nor did those that are gone, though others may have moved to their addresses; where nothing was, nothing moved:
    what was at the new address is gone, and whether the same mapping is there now or another like it cannot be known.
    """
    origin = _undone(moves, page)
    stayed = after.at(origin).held | np.isin(page, gone) | (before.at(page).held & ~before.at(origin).held)
    return np.where(stayed, page, origin)


def _went_elsewhere(after: PageTable, moves: Sequence[Move], page: Pages) -> Mask:
    """Pages that were moved and still are where they went; what was given up there is as good as given up here."""
    there = _undone([Move(move.new, move.old, move.count) for move in reversed(moves)], page)
    mask: Mask = (there != page) & after.at(there).held
    return mask


def _is_held(table: PageTable, of: PageTable, row: int, page: Pages) -> Mask:
    """Whether the memory file of a mapping holds the pages that are mapped at `page`."""
    key = of.key_of(row)
    if key not in table.objects:
        return np.zeros(len(page), bool)
    start, offset = int(of.mappings.start[row]), int(of.mappings.offset[row])
    in_file = page - start // PAGE + offset // PAGE
    held: Mask = np.isin(in_file, table.objects[key])
    return held


def most_pages(pages: MappingPages, others: bool, gave_up: bool) -> dict[str, int]:
    """The most pages that each mechanism can have moved.

    Args:
        pages: Of the mapping.
        others: Another mapping or process may have filled the memory file meanwhile.
        gave_up: Pages may have been given up, and read as zeros afterwards.
    """
    was, now, stays = pages.was, pages.now, ~pages.gone
    arrived = now.held & ~was.held
    departed = was.held & ~now.held & ~pages.went_elsewhere & stays
    same = was.anonymous & now.anonymous & (was.frame == now.frame)
    copied = was.anonymous & now.anonymous & (was.frame != now.frame)
    mapped, unmapped = now.file & ~was.file, was.file & (pages.gone | ~now.file)
    huge, split = _huge_changes(pages)
    memory_file = np.full(len(was.flags), pages.in_memory)
    resident = int(now.present.sum())
    masks: dict[str, Mask] = {
        "copy-on-write-after-fork": copied,
        "sole-owner": same & ~was.exclusive & now.exclusive | same & was.huge | same & now.huge,
        "shared-by-fork": now.anonymous & ~now.exclusive & (~was.anonymous | was.exclusive) | same & now.huge,
        "swap-in": (was.swapped & now.present) | (memory_file & pages.held_before & pages.held_after & stays),
        "swap-out": (now.swapped & ~was.swapped) | (memory_file & pages.held_after),
        "unmapped": pages.gone & was.held & ~pages.went_elsewhere,
        "reclaim": departed & was.present & ~memory_file,
        "zero-page": was.held & now.zero & stays,
        "shared-unmap": unmapped & (pages.held_after | pages.unseen),
        "writeback": now.file,
        "shared-write": now.file,
        "lazy-free": now.anonymous,
        "rewrite": now.anonymous,
        "ksm-merge": now.anonymous,
        "ksm-unmerge": was.anonymous,
    }
    if pages.in_memory:
        given_up = (was.anonymous & ~now.anonymous & stays) | (was.swapped & departed)
        masks["discard"] = (pages.held_before & ~pages.held_after & stays) | given_up
        masks["first-touch"] = mapped & ~pages.held_before
        masks["shared-map"] = mapped & (pages.held_before | others | pages.unseen)
    else:
        masks["discard"] = departed & (~now.zero | gave_up) | (was.anonymous & now.file)
        masks["first-touch"] = arrived & ~now.file
        masks["file-read"] = mapped & pages.has_file
        masks["shared-map"] = mapped & ~np.full(len(mapped), pages.has_file)  # of the kernel
    if pages.hugetlb and pages.shared:
        masks["shared-map"], masks["shared-unmap"] = arrived, departed
    if pages.has_file and not pages.shared:
        masks["copy-on-write"] = (now.anonymous | now.swapped) & ~was.anonymous & ~was.swapped
        masks["first-touch"] &= pages.in_memory
    most = {what: int(mask.sum()) for what, mask in masks.items()}
    locked = max(1, resident)
    most |= {"huge-fault": huge + int(arrived.sum()) * pages.hugetlb, "huge-collapse": huge, "huge-split": split}
    return most | {
        "lock": locked if pages.locked else 0,
        "unlock": 0 if pages.locked else locked,
        "unexplained": 1 << 60,
    }


def _huge_changes(pages: MappingPages) -> tuple[int, int]:
    """Pages that have become part of a huge page, and those of huge pages that were split and are there in part."""
    split = pages.was.huge & ~pages.now.huge
    # what only a split makes the zero page is no trace of a huge page that went to swap as a whole
    left = np.unique(pages.block[split & (pages.now.present | pages.now.zero)])
    return int((pages.now.huge & ~pages.was.huge).sum()), len(left) * HUGE_PAGES
