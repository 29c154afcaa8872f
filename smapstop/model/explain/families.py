"""Amounts before and after where mappings split, merge, or move the boundary between them.

The parts of a split together have what the whole had; taken alone, one part would seem to have lost pages that the
other seems to have touched. So mappings of the same object whose address ranges overlap are accounted for as one
family, under its head; the other members count as unchanged. Pages that mremap moved from one mapping to another are
recognised by their number.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smapstop.model.explain.ledger import KbColumn, Ledger, Mask
from smapstop.proc.columns import ABSENT, Mappings

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Families:
    """Mappings accounted for together; positions in `new` of `find_families`, except for `gone`."""

    members: Rows
    """Rows that are accounted for under another row, their head."""
    heads: Rows
    """Head of each of `members`."""
    gone: Rows
    """Rows of `before` whose mapping is gone while its family has another one now."""
    gone_heads: Rows
    """Head of the family of each of `gone`."""


def find_families(before: Mappings, before_rows: Rows, after: Mappings, after_rows: Rows) -> Families:
    """Find families of mappings: overlapping address ranges, same object.

    Args:
        before: The previous reading.
        old: Rows of the mappings in it, shape (k,); -1 for new mappings.
        after: The current reading, with the same string table.
        new: Rows of the same mappings in it; at least all that are new or resized.
    """
    known = np.flatnonzero(before_rows >= 0)
    was = before_rows[known]
    start, end = after.start[after_rows], after.end[after_rows]
    resized = np.ones(len(after_rows), bool)
    resized[known] = (before.start[was] != start[known]) | (before.end[was] != end[known])
    rows = np.flatnonzero(resized)
    places = np.flatnonzero(_find_overlapping(before, start[rows], end[rows]))
    if not len(places):
        return Families(*[np.zeros(0, np.intp)] * 4)
    return _group_families(before, places, before_rows, after, after_rows, rows)


def _find_overlapping(before: Mappings, start: NDArray[np.uint64], end: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Mask of the rows of a reading that overlap any of the given address ranges."""
    edges = np.zeros(len(before) + 1, np.int64)
    low = np.searchsorted(before.end, start, side="right")
    high = np.maximum(low, np.searchsorted(before.start, end, side="left"))
    np.add.at(edges, low, 1)
    np.add.at(edges, high, -1)
    covered: NDArray[np.bool_] = np.cumsum(edges)[:-1] > 0
    return covered


def _group_families(before: Mappings, places: Rows, old: Rows, after: Mappings, new: Rows, rows: Rows) -> Families:
    """Group old (`places` of `before`) and current mappings (`rows` of `new`) that overlap, with the same backing."""
    start = np.concatenate([before.start[places], after.start[new[rows]]])
    end = np.concatenate([before.end[places], after.end[new[rows]]])
    cluster = _number_clusters(start, end)
    backing = np.concatenate([_backing_keys(before, places), _backing_keys(after, new[rows])], axis=1)
    key = np.concatenate([backing, cluster[np.newaxis].astype(np.uint64)])
    rank = np.concatenate([np.full(len(places), 2), np.where(old[rows] >= 0, 0, 1)])  # prefer a head that exists now
    order = np.lexsort((start, rank, *key))
    first = np.ones(len(order), bool)
    first[1:] = (key[:, order[1:]] != key[:, order[:-1]]).any(axis=0)
    head = np.empty(len(order), np.intp)
    head[order] = order[np.flatnonzero(first)[np.cumsum(first) - 1]]
    count = len(places)
    present = head >= count  # the other families have no current row
    then, later = head[:count], head[count:]
    gone = present[:count] & ~np.isin(places, old)
    member = later != np.arange(count, len(order))
    return Families(rows[member], rows[later[member] - count], places[gone], rows[then[gone] - count])


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
    """Backing of each row: inode, device and `start - offset`, shape (3, n); `start - offset` is 0 without a file."""
    inode = mappings.inode[rows]
    file_base = np.where(inode != 0, mappings.start[rows] - mappings.offset[rows], 0)
    return np.stack([inode, mappings.device[rows].astype(np.uint64), file_base])


def family_amounts(
    families: Families, before: Mappings, before_rows: Rows, after: Mappings, after_rows: Rows, names: Iterable[str]
) -> tuple[dict[str, KbColumn], dict[str, KbColumn]]:
    """Amounts of each field before and after, kB, shape (k,); those of a family under its head.

    A field that either reading lacks is left out. The other arguments are those of `find_families`.
    """
    known = before_rows >= 0
    was, now = {}, {}
    for name in names:
        column, earlier = after.get(name), before.get(name)
        if column is None or (earlier is None and known.any()):
            continue
        then, later = np.zeros(len(after_rows), np.int64), column[after_rows]
        if earlier is not None:
            then[known] = earlier[before_rows[known]]
            absent = (then == ABSENT) | (later == ABSENT)
            then[absent] = later[absent] = 0
            np.add.at(then, families.gone_heads, np.maximum(earlier[families.gone], 0))
        later[later == ABSENT] = 0
        for amounts in (then, later):
            np.add.at(amounts, families.heads, amounts[families.members])
            amounts[families.members] = 0
        was[name], now[name] = then, later
    return was, now


def cancel_moved_pages(ledger: Ledger, memory: Mask, touched_kb: int) -> None:
    """Cancel anonymous pages that one mapping lost and another gained: mremap moved them, without a fault.

    Part of a mapping may move, into a new mapping or to the end of another one.

    Args:
        ledger: The ledger; nothing may be booked yet.
        memory: Mappings whose pages are anonymous.
        touched_kb: The most that the faults can have touched, kB; a mapping that gained more received moved pages.
    """
    gained = np.where(memory, ledger.gain("rss", "anonymous"), 0)
    lost = np.where(memory, ledger.loss("rss", "anonymous"), 0)
    for row in np.flatnonzero(gained > touched_kb).tolist():
        sources = np.flatnonzero((lost > 0) & (lost <= gained[row]) & (gained[row] - lost <= touched_kb))
        if len(sources) == 1:
            lost[sources] = 0
            for left in ledger.unexplained.values():
                left[row] += left[sources[0]]
                left[sources[0]] = 0
