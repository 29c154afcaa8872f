"""Find what other mappings of a process have the same shared-memory objects, and how much of them.

What an object gained or lost may be in another mapping of it; and what others map elsewhere in it is not here.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from smapstop.model.explain.ledger import KbColumn, Mask
from smapstop.model.kinds import is_private
from smapstop.proc.columns import Mappings

Rows = NDArray[np.intp]

_MAPPED_FIELDS = ("rss", "anonymous", "private_hugetlb", "shared_hugetlb")


class ObjectRows(NamedTuple):
    """All mappings of objects at a reading."""

    mappings: Mappings
    rows: Rows
    """Ascending."""
    number: Rows
    """Number of the object of each."""


class OtherViews(NamedTuple):
    """Other mappings of the objects of k mappings; columns of shape (k,)."""

    had_kb: KbColumn
    """Pages that they had mapped of other ranges of the object, kB, as far as no two of them can be the same."""
    have_kb: KbColumn
    """The same at the current reading."""
    exist: Mask
    """There is or was any."""
    changed: Mask
    """Any changed as well; or they may have, since this one is new or resized."""


def find_other_views(
    number: Rows, before: ObjectRows, before_rows: Rows, after: ObjectRows, after_rows: Rows
) -> OtherViews:
    """Find the other views of the objects of some mappings that changed.

    Args:
        number: Numbers of the objects.
        before: All objects at the previous reading.
        before_rows: Rows of the mappings in it; -1 for new ones.
        after: All objects at the current reading.
        after_rows: Rows of the mappings in it.
    """
    stayed = _have_same_range(before.mappings, before_rows, after.mappings, after_rows)
    stayed &= np.isin(before_rows, before.rows)
    had, have = np.zeros(len(number), np.int64), np.zeros(len(number), np.int64)
    for kb, all_views, rows in ((had, before, before_rows), (have, after, after_rows)):
        kb[stayed] = _mapped_elsewhere(all_views)[np.searchsorted(all_views.rows, rows[stayed])]
    count = max(each.max(initial=-1) for each in (number, before.number, after.number)) + 1
    changed, were, are = (
        np.bincount(each, minlength=count)[number] for each in (number, before.number, after.number)
    )
    exist = np.maximum(were, are) > 1
    return OtherViews(had, have, exist, exist & ((changed > 1) | ~stayed | (were != are)))


def mapped_kb(amounts: dict[str, KbColumn], private: Mask) -> KbColumn:
    """Pages of objects that mappings have, kB: without copies, and with hugetlb pages, which are not in Rss.

    Args:
        amounts: Fields of the mappings, kB.
        private: MAP_PRIVATE.
    """
    zeros = np.zeros(len(private), np.int64)
    rss, copies, private_huge, shared_huge = (amounts.get(name, zeros) for name in _MAPPED_FIELDS)
    mapped: KbColumn = rss - copies + np.where(private, 0, private_huge + shared_huge)
    return mapped


def mapped_kb_of(mappings: Mappings, rows: Rows) -> KbColumn:
    """Pages of objects that some rows have, kB."""
    amounts = {name: column[rows] for name in _MAPPED_FIELDS if (column := mappings.get(name)) is not None}
    return mapped_kb(amounts, is_private(mappings, rows))


def _have_same_range(before: Mappings, before_rows: Rows, after: Mappings, after_rows: Rows) -> Mask:
    """Mappings that have the same range of their object at both readings."""
    same, known = np.zeros(len(before_rows), bool), np.flatnonzero(before_rows >= 0)
    was, now = before_rows[known], after_rows[known]
    size, earlier_size = after.end[now] - after.start[now], before.end[was] - before.start[was]
    same[known] = (size == earlier_size) & (after.offset[now] == before.offset[was])
    return same


def _mapped_elsewhere(views: ObjectRows) -> KbColumn:
    """Pages that other views of the object of each view have, kB; 0 if any two views of it overlap."""
    first = views.mappings.offset[views.rows]
    end = first + (views.mappings.end[views.rows] - views.mappings.start[views.rows])
    order = np.lexsort((first, views.number))
    number, mapped = views.number[order], mapped_kb_of(views.mappings, views.rows)
    total, overlaps = (np.zeros(views.number.max(initial=-1) + 1, np.int64) for _ in range(2))
    np.add.at(total, views.number, mapped)
    np.add.at(overlaps, number[1:], (number[1:] == number[:-1]) & (first[order[1:]] < end[order[:-1]]))
    elsewhere: KbColumn = np.where(overlaps[views.number] > 0, 0, total[views.number] - mapped)
    return elsewhere
