"""What a mapping had before and has now, where mappings split, merge, or move the border between them.

The parts of a split have together what the whole had; taken alone, one of them would seem to have lost pages that
the other seems to have touched. So mappings of the same object whose places overlap are accounted for as one family,
under its head; for the others of the family nothing changed. Pages that mremap took out of one mapping into another
are followed by their number.
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
    """Mappings accounted for together; positions in `new` of `find_families`, unless they are of `before`."""

    members: Rows
    """Rows that another row, their head, stands for."""
    heads: Rows
    """The head of each of `members`."""
    gone: Rows
    """Rows of `before` that have no row any more, but whose place a relative has."""
    gone_heads: Rows
    """The head of the family of each of `gone`."""


def find_families(before: Mappings, old: Rows, after: Mappings, new: Rows) -> Families:
    """The families among mappings, by place and object.

    Args:
        before: The last reading.
        old: Rows of the mappings in it, shape (k,); -1 for those born since.
        after: This reading, with the same texts.
        new: Rows of the same mappings in it; at least all that were born or resized.
    """
    known = np.flatnonzero(old >= 0)
    was = old[known]
    start, end = after.start[new], after.end[new]
    resized = np.ones(len(new), bool)
    resized[known] = (before.start[was] != start[known]) | (before.end[was] != end[known])
    rows = np.flatnonzero(resized)
    places = np.flatnonzero(_find_overlapping(before, start[rows], end[rows]))
    if not len(places):
        return Families(*[np.zeros(0, np.intp)] * 4)
    return _group_families(before, places, old, after, new, rows)


def _find_overlapping(before: Mappings, start: NDArray[np.uint64], end: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """The rows of a reading that overlap one of some places."""
    edges = np.zeros(len(before) + 1, np.int64)
    low = np.searchsorted(before.end, start, side="right")
    high = np.maximum(low, np.searchsorted(before.start, end, side="left"))
    np.add.at(edges, low, 1)
    np.add.at(edges, high, -1)
    covered: NDArray[np.bool_] = np.cumsum(edges)[:-1] > 0
    return covered


def _group_families(before: Mappings, places: Rows, old: Rows, after: Mappings, new: Rows, rows: Rows) -> Families:
    """Group mappings of then (`places` of `before`) and now (`rows` of `new`) that overlap and are of one object."""
    start = np.concatenate([before.start[places], after.start[new[rows]]])
    end = np.concatenate([before.end[places], after.end[new[rows]]])
    stretch = _number_clusters(start, end)
    what = np.concatenate([_backing_keys(before, places), _backing_keys(after, new[rows])], axis=1)
    key = np.concatenate([what, stretch[np.newaxis].astype(np.uint64)])
    rank = np.concatenate([np.full(len(places), 2), np.where(old[rows] >= 0, 0, 1)])  # a head is there, if it can be
    order = np.lexsort((start, rank, *key))
    first = np.ones(len(order), bool)
    first[1:] = (key[:, order[1:]] != key[:, order[:-1]]).any(axis=0)
    head = np.empty(len(order), np.intp)
    head[order] = order[np.flatnonzero(first)[np.cumsum(first) - 1]]
    count = len(places)
    present = head >= count  # of the others, nobody is left
    then, later = head[:count], head[count:]
    gone = present[:count] & ~np.isin(places, old)
    member = later != np.arange(count, len(order))
    return Families(rows[member], rows[later[member] - count], places[gone], rows[then[gone] - count])


def _number_clusters(start: NDArray[np.uint64], end: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Numbers for the stretches of the address space that overlapping places make up together."""
    order = np.argsort(start, kind="stable")
    reach = np.maximum.accumulate(end[order])
    apart = np.ones(len(order), bool)
    apart[1:] = start[order[1:]] >= reach[:-1]
    out = np.empty(len(order), np.int64)
    out[order] = np.cumsum(apart)
    return out


def _backing_keys(mappings: Mappings, rows: Rows) -> NDArray[np.uint64]:
    """What is mapped in each row: file, and distance to its pages, shape (3, n); zeros for anonymous memory."""
    inode = mappings.inode[rows]
    distance = np.where(inode != 0, mappings.start[rows] - mappings.offset[rows], 0)
    return np.stack([inode, mappings.device[rows].astype(np.uint64), distance])


def family_amounts(
    kin: Families, before: Mappings, old: Rows, after: Mappings, new: Rows, names: Iterable[str]
) -> tuple[dict[str, KbColumn], dict[str, KbColumn]]:
    """What the mappings had of each field before, and have now, kB, shape (k,); families under their head.

    A field that one of the readings did not print is left out. The other arguments are those of `find_families`.
    """
    known = old >= 0
    was, now = {}, {}
    for name in names:
        column, earlier = after.get(name), before.get(name)
        if column is None or (earlier is None and known.any()):
            continue
        then, later = np.zeros(len(new), np.int64), column[new]
        if earlier is not None:
            then[known] = earlier[old[known]]
            silent = (then == ABSENT) | (later == ABSENT)
            then[silent] = later[silent] = 0
            np.add.at(then, kin.gone_heads, np.maximum(earlier[kin.gone], 0))
        later[later == ABSENT] = 0
        for amounts in (then, later):
            np.add.at(amounts, kin.heads, amounts[kin.members])
            amounts[kin.members] = 0
        was[name], now[name] = then, later
    return was, now


def net_moved_pages(ledger: Ledger, memory: Mask, touched_kb: int) -> None:
    """Let pages that one mapping lost and another gained be no change of either: mremap moved them, without a fault.

    A part of a mapping may move, into a new mapping or to the end of another one.

    Args:
        ledger: Nothing is booked yet.
        memory: Where pages are anonymous.
        touched_kb: How much can have been touched, for all the faults there were: what gained more was given it.
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
