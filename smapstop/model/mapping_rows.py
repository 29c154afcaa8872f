"""Find, compare and merge rows of two readings, which must share their string table."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from smapstop.model.own_changes import own_amounts_changed
from smapstop.model.tick import Ids
from smapstop.proc.columns import ABSENT, Amounts, Mappings
from smapstop.proc.fields import EXTERNALLY_DRIVEN

ADDRESS_COLUMNS, TEXT_COLUMNS = ("start", "end", "offset", "inode"), ("perms", "device", "name", "flags")
ATTRIBUTE_COLUMNS = (*ADDRESS_COLUMNS, *TEXT_COLUMNS)
"""Columns of `Mappings` other than amounts: numbers, and codes of strings."""
_DENSE, _FEW = 8, 1_024
"""Ids up to so many times their number, or so many, are looked up in an array with a place for each number."""


def rows_differ(a: Mappings, i: NDArray[np.intp], b: Mappings, j: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Whether rows `i` of `a` and rows `j` of `b` differ in any column, shape (len(i),)."""
    if a.fields != b.fields:
        return np.ones(len(i), bool)
    out = np.zeros(len(i), bool)
    for name in ATTRIBUTE_COLUMNS:
        out |= getattr(a, name)[i] != getattr(b, name)[j]
    for x, y in zip(a.amounts, b.amounts, strict=True):
        out |= x[i] != y[j]
    return out


def changed_rows(a: Mappings, previous_rows: NDArray[np.intp], b: Mappings) -> NDArray[np.intp]:
    """Rows of `b` that are new or differ from those of `a`.

    Args:
        a: The previous reading.
        previous_rows: Rows of the same mappings in it, shape (len(b),); negative for new mappings.
        b: The current reading.
    """
    if b.shares_layout(a) and a.fields == b.fields:  # the usual case: compared where they are
        if b.amounts is a.amounts and b.flags is a.flags:
            return np.zeros(0, np.intp)
        return np.flatnonzero((a.amounts != b.amounts).any(axis=0) | (a.flags != b.flags))
    rows = np.flatnonzero(previous_rows >= 0)
    changed = np.ones(len(b), bool)
    changed[rows] = rows_differ(a, previous_rows[rows], b, rows)
    return np.flatnonzero(changed)


def find_rows(ids: Ids, wanted: Ids) -> NDArray[np.intp]:
    """Rows of the wanted ids; -1 for ids that are missing."""
    if not len(ids):
        return np.full(len(wanted), -1, np.intp)
    if ids is wanted:
        return np.arange(len(ids))
    beyond = int(ids.max()) + 1
    if beyond <= _DENSE * len(ids) + _FEW and ids.min() >= 0:  # far faster than sorting and searching
        row_of = np.full(beyond + 1, -1, np.intp)
        row_of[ids] = np.arange(len(ids))
        rows_of_ids: NDArray[np.intp] = row_of[np.minimum(wanted.astype(np.uint64), beyond)]  # negative: large
        return rows_of_ids
    order = np.argsort(ids, kind="stable")
    at = np.minimum(np.searchsorted(ids, wanted, sorter=order), len(ids) - 1)
    rows = order[at]
    found: NDArray[np.intp] = np.where(ids[rows] == wanted, rows, -1)
    return found


def visibly_changed(a: Mappings, i: NDArray[np.intp], b: Mappings, j: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Whether rows differ in what a user sees as a change of the mapping: not only in what others do to its pages.

    As `rows_differ`, but amounts as in `own_amounts_changed`; offset, inode and device are left out.
    """
    if set(a.fields) - EXTERNALLY_DRIVEN != set(b.fields) - EXTERNALLY_DRIVEN:
        return np.ones(len(i), bool)
    out = np.zeros(len(i), bool)
    for name in ("start", "end", "perms", "name", "flags"):
        out |= getattr(a, name)[i] != getattr(b, name)[j]
    return out | own_amounts_changed(_columns(a, i), _columns(b, j))


def _columns(mappings: Mappings, rows: NDArray[np.intp]) -> dict[str, Amounts]:
    """Amounts of rows by field."""
    return {name: column[rows] for name, column in zip(mappings.fields, mappings.amounts, strict=True)}


def concatenate(a: Mappings, b: Mappings) -> Mappings:
    """Concatenate the rows of both; a field that only one of them has is `ABSENT` in the rows of the other."""
    if a.fields != b.fields:
        return _gather((a, b), np.arange(len(a) + len(b)))
    attributes = {name: np.concatenate([getattr(a, name), getattr(b, name)]) for name in ATTRIBUTE_COLUMNS}
    amounts = np.concatenate([a.amounts, b.amounts], axis=1)
    return Mappings(**attributes, fields=a.fields, amounts=amounts, strings=a.strings)


def merge_by_address(maps: Sequence[Mappings], rows: NDArray[np.intp]) -> tuple[Mappings, NDArray[np.intp]]:
    """Merge selected rows of several maps in address order; fields as in `concatenate`.

    Args:
        maps: The maps, which must share their string table.
        rows: The selected rows, counted over all maps.

    Returns:
        The merged map, and the number of each of its rows counted over all maps.
    """
    order = rows[np.argsort(np.concatenate([one.start for one in maps])[rows], kind="stable")]
    return _gather(maps, order), order


def _gather(maps: Sequence[Mappings], order: NDArray[np.intp]) -> Mappings:
    """Gather rows of several maps in a given order; one column at a time, since maps may be large."""
    fields = tuple(dict.fromkeys(name for rows in maps for name in rows.fields))
    attributes = {name: np.concatenate([getattr(rows, name) for rows in maps])[order] for name in ATTRIBUTE_COLUMNS}
    amounts = np.empty((len(fields), len(order)), np.int64)
    for out, name in zip(amounts, fields, strict=True):
        np.take(np.concatenate([_amounts(rows, name) for rows in maps]), order, out=out)
    return Mappings(**attributes, fields=fields, amounts=amounts, strings=maps[0].strings)


def _amounts(mappings: Mappings, name: str) -> Amounts:
    """Amounts of a field; `ABSENT` when it is not printed."""
    column = mappings.get(name)
    return np.full(len(mappings), ABSENT, np.int64) if column is None else column
