"""Families of mappings: what split, merged, or moved the boundary between its parts.

The parts of a split together have what the whole had; taken alone, one part would seem to have lost pages that the
other seems to have touched. So mappings of the same object whose address ranges overlap are accounted for as one
family, under its head; the other members count as unchanged. `places` then finds the part where each thing happened.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.explain.evidence import Addresses
from smapstop.model.explain.ledger import KbColumn, Mask
from smapstop.model.kinds import classify_texts, is_private
from smapstop.proc.columns import ABSENT, Mappings

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Families:
    """Mappings accounted for together; positions in the arguments of `find_families`."""

    members: Rows
    """Mappings that are accounted for under another one, their head; present ones, and those gone."""
    heads: Rows
    """Head of each of `members`."""
    parts: Rows
    """Present mappings that are new or resized, once for each earlier mapping whose addresses they have now."""
    sources: Rows
    """Row in `before` of that earlier mapping."""
    overlap_kb: KbColumn
    """Addresses that both have, kB."""

    def heads_of(self, count: int) -> Rows:
        """Head of each of `count` mappings; itself where it has no other."""
        out = np.arange(count)
        out[self.members] = self.heads
        return out


def find_families(before: Mappings, before_rows: Rows, after: Mappings, after_rows: Rows) -> Families:
    """Find families of mappings: overlapping address ranges, same object.

    Args:
        before: The previous reading.
        before_rows: Rows of the mappings in it, shape (k,); -1 for new mappings.
        after: The current reading, with the same string table.
        after_rows: Rows of the same mappings in it; -1 for those that are gone. At least all that are new, gone or
            resized.
    """
    both = np.flatnonzero((before_rows >= 0) & (after_rows >= 0))
    was, now = before_rows[both], after_rows[both]
    resized = (before_rows < 0) & (after_rows >= 0)
    resized[both] = (before.start[was] != after.start[now]) | (before.end[was] != after.end[now])
    rows = np.flatnonzero(resized)
    parts, sources, overlap_kb = _overlaps(before, before_rows, after, after_rows, rows)
    places = np.unique(sources)
    if not len(places):
        nobody = np.zeros(0, np.intp)
        return Families(nobody, nobody, parts, sources, overlap_kb)
    members, heads = _group_families(before, places, before_rows, after, after_rows, rows)
    return Families(members, heads, parts, sources, overlap_kb)


def _overlaps(
    before: Mappings, before_rows: Rows, after: Mappings, after_rows: Rows, rows: Rows
) -> tuple[Rows, Rows, KbColumn]:
    """Pairs of a current mapping (of `rows`) and an earlier one with the same backing that overlap, and by how much.

    A mapping that moved away from its own addresses is a pair with itself, as far as it kept its size.
    """
    now = after_rows[rows]
    start, end = after.start[now], after.end[now]
    low = np.searchsorted(before.end, start, side="right")
    count = np.maximum(low, np.searchsorted(before.start, end, side="left")) - low
    at = np.repeat(np.arange(len(rows)), count)
    sources = np.arange(len(at)) + np.repeat(low + count - np.cumsum(count), count)
    same = (_backing_keys(before, sources) == _backing_keys(after, now[at])).all(axis=0)
    at, sources = at[same], sources[same]
    common = np.minimum(before.end[sources], end[at]) - np.maximum(before.start[sources], start[at])
    known = np.flatnonzero(before_rows[rows] >= 0)
    own = before_rows[rows[known]]
    apart = (start[known] >= before.end[own]) | (before.start[own] >= end[known])
    moved, origin = known[apart], own[apart]
    kept = np.minimum(before.end[origin] - before.start[origin], end[moved] - start[moved])
    overlap_kb = (np.concatenate([common, kept]) >> np.uint64(10)).astype(np.int64)
    return rows[np.concatenate([at, moved])], np.concatenate([sources, origin]), overlap_kb


def _group_families(
    before: Mappings, places: Rows, before_rows: Rows, after: Mappings, after_rows: Rows, rows: Rows
) -> tuple[Rows, Rows]:
    """Group old (`places` of `before`) and current mappings (`rows`) that overlap and have the same backing.

    Returns:
        The members of each family, and their head: a mapping that was there before and is, else a new one.
    """
    start = np.concatenate([before.start[places], after.start[after_rows[rows]]])
    end = np.concatenate([before.end[places], after.end[after_rows[rows]]])
    cluster = _number_clusters(start, end)
    backing = np.concatenate([_backing_keys(before, places), _backing_keys(after, after_rows[rows])], axis=1)
    key = np.concatenate([backing, cluster[np.newaxis].astype(np.uint64)])
    rank = np.concatenate([np.full(len(places), 2), np.where(before_rows[rows] >= 0, 0, 1)])
    order = np.lexsort((start, rank, *key))
    first = np.ones(len(order), bool)
    first[1:] = (key[:, order[1:]] != key[:, order[:-1]]).any(axis=0)
    head = np.empty(len(order), np.intp)
    head[order] = order[np.flatnonzero(first)[np.cumsum(first) - 1]]
    gone = np.flatnonzero(after_rows < 0)
    position = np.concatenate([_positions_of(places, before_rows[gone], gone), rows])
    member = (position >= 0) & (head >= len(places)) & (head != np.arange(len(head)))
    return position[member], position[head[member]]


def _positions_of(wanted: Rows, values: Rows, positions: Rows) -> Rows:
    """Position of each wanted value; -1 for those that are not among the values."""
    if not len(values):
        return np.full(len(wanted), -1, np.intp)
    order = np.argsort(values, kind="stable")
    at = order[np.minimum(np.searchsorted(values, wanted, sorter=order), len(values) - 1)]
    out: Rows = np.where(values[at] == wanted, positions[at], -1)
    return out


def _number_clusters(start: NDArray[np.uint64], end: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Number each address range by the cluster of overlapping ranges that it belongs to."""
    order = np.argsort(start, kind="stable")
    reach = np.maximum.accumulate(end[order])
    apart = np.ones(len(order), bool)
    apart[1:] = start[order[1:]] >= reach[:-1]
    out = np.empty(len(order), np.int64)
    out[order] = np.cumsum(apart)
    return out


def _backing_keys(mappings: Mappings, rows: Rows) -> NDArray[np.uint64]:
    """Backing of each row, shape (4, n): inode, device, `start - offset` (0 without a file), MAP_PRIVATE."""
    inode = mappings.inode[rows]
    file_base = np.where(inode != 0, mappings.start[rows] - mappings.offset[rows], 0)
    private = is_private(mappings, rows).astype(np.uint64)
    return np.stack([inode, mappings.device[rows].astype(np.uint64), file_base, private])


def family_amounts(
    families: Families, before: Mappings, before_rows: Rows, after: Mappings, after_rows: Rows, names: Iterable[str]
) -> tuple[dict[str, KbColumn], dict[str, KbColumn]]:
    """Amounts of each field before and after, kB, shape (k,); those of a family under its head.

    A field that either reading lacks is left out. The other arguments are those of `find_families`.
    """
    known, present = before_rows >= 0, after_rows >= 0
    was, now = {}, {}
    for name in names:
        column, earlier = after.get(name), before.get(name)
        if (column is None and present.any()) or (earlier is None and known.any()):
            continue
        then, later = np.zeros(len(after_rows), np.int64), np.zeros(len(after_rows), np.int64)
        if earlier is not None:
            then[known] = earlier[before_rows[known]]
        if column is not None:
            later[present] = column[after_rows[present]]
        absent = (then == ABSENT) | (later == ABSENT)
        then[absent] = later[absent] = 0
        for amounts in (then, later):
            np.add.at(amounts, families.heads, amounts[families.members])
            amounts[families.members] = 0
        was[name], now[name] = then, later
    return was, now


def address_changes(
    families: Families, before: Mappings, before_rows: Rows, after: Mappings, after_rows: Rows
) -> Addresses:
    """Addresses that each family, under its head, lost, kept and gained; all 0 for mappings that were not resized."""
    was, kept, now = (np.zeros(len(before_rows), np.int64) for _ in range(3))
    resized = (after_rows < 0) | (before_rows < 0)
    resized[families.parts] = True
    earlier, later = np.flatnonzero(resized & (before_rows >= 0)), np.flatnonzero(resized & (after_rows >= 0))
    was[earlier] = sizes_kb(before, before_rows[earlier])
    now[later] = sizes_kb(after, after_rows[later])
    np.add.at(kept, families.parts, families.overlap_kb)
    for amounts in (was, kept, now):
        np.add.at(amounts, families.heads, amounts[families.members])
        amounts[families.members] = 0
    return Addresses(np.maximum(was - kept, 0), kept, np.maximum(now - kept, 0))


def sum_up(families: Families, kb: KbColumn) -> KbColumn:
    """Amounts with those of each family under its head, and 0 for its other members."""
    out = kb.copy()
    np.add.at(out, families.heads, kb[families.members])
    out[families.members] = 0
    return out


def flagged(
    families: Families, before: Mappings, before_rows: Rows, after: Mappings, after_rows: Rows, flags: Iterable[str]
) -> Mask:
    """Which mappings, or others of their family, have any of some VmFlags, or had it at the previous reading."""
    mask, wanted = np.zeros(len(after_rows), bool), frozenset(flags)
    for mappings, rows in ((before, before_rows), (after, after_rows)):
        known = np.flatnonzero(rows >= 0)
        codes = mappings.flags[rows[known]]
        mask[known] |= classify_texts(mappings.strings, codes, lambda text: not wanted.isdisjoint(text.split())) > 0
    np.logical_or.at(mask, families.heads, mask[families.members])
    return mask


def sizes_kb(mappings: Mappings, rows: Rows) -> KbColumn:
    """Sizes of some mappings, kB."""
    sizes: KbColumn = ((mappings.end[rows] - mappings.start[rows]) >> np.uint64(10)).astype(np.int64)
    return sizes
