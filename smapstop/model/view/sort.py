"""Sort the rows of a table."""

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.view.row_names import name_ranks
from smapstop.model.view.table_data import TableData

RowIndices = NDArray[np.intp]
"""Rows of a table, in the order shown."""
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Sorting:
    """Sort key and direction."""

    key: str = "moved"
    """`moved` (most recently changed first, or grown as far as that is inferred; then the largest change, then the
    metric), `name`, `perms`, `start`, `size`, `delta`, `rate`, or the name of a field."""
    descending: bool = True


def sort_rows(table: TableData, sorting: Sorting, keep: Mask | None = None) -> RowIndices:
    """Sort the rows to show; equal rows stay in address order, so that nothing jitters.

    Args:
        table: The table.
        sorting: Sort key and direction.
        keep: Mask of the rows that pass the filter; `None` for all. Mappings follow their group, if they are in one.
    """
    rows = np.arange(len(table)) if keep is None else np.flatnonzero(keep)
    by_address = rows[np.argsort(table.start[rows], kind="stable")]
    keys = [key[by_address] for key in _sort_keys(table, sorting.key)]
    if sorting.descending:
        keys = [-key for key in keys]
    at = np.lexsort(keys[::-1]) if len(keys) > 1 else np.argsort(keys[0], kind="stable")
    order = by_address[at]
    return order if table.parent is None else arrange_tree(order, table.parent)


def arrange_tree(order: RowIndices, parent: NDArray[np.intp]) -> RowIndices:
    """Move mappings behind their groups; groups, and the mappings of each, stay in order.

    Args:
        order: Rows; the group of each mapping is among them.
        parent: As in `TableData`.
    """
    place = np.zeros(len(parent), np.intp)
    place[order] = np.arange(len(order))
    of = parent[order]
    of_group = np.where(of >= 0, place[of], np.arange(len(order)))
    return order[np.lexsort((of >= 0, of_group))]


def _sort_keys(table: TableData, key: str) -> list[NDArray[np.int64] | NDArray[np.float64]]:
    """Sort keys, most significant first."""
    zeros = np.zeros(len(table), np.int64)
    if key == "moved":
        amounts, inferred = table.metric_amounts, table.inferred
        change = np.abs(zeros if table.change is None else table.change)
        moved = change if inferred is None else np.where(inferred.last < 0, change, inferred.kb)
        return [table.last_moved, moved, zeros if amounts is None else amounts]
    if key == "delta":
        return [zeros if table.change_now is None else table.change_now]
    if key == "rate":
        return [zeros if table.rate_now is None else np.nan_to_num(table.rate_now)]
    if key == "start":
        return [(table.start >> np.uint64(12)).astype(np.int64)]
    if key == "size":
        return [(table.end - table.start >> np.uint64(10)).astype(np.int64)]
    if key == "name":
        return [name_ranks(table)]
    if key == "perms":
        return [_ranks(table, table.perms)]
    column = table.get(key)
    return [zeros if column is None else column]


def _ranks(table: TableData, codes: NDArray[np.int32]) -> NDArray[np.int64]:
    """Alphabetical rank of each row's string, ignoring case."""
    distinct, inverse = np.unique(codes, return_inverse=True)
    texts = [table.texts[code].lower() for code in distinct.tolist()]
    rank = np.empty(len(distinct), np.int64)
    rank[sorted(range(len(texts)), key=texts.__getitem__)] = np.arange(len(texts))
    return rank[inverse] if len(rank) else np.zeros(0, np.int64)


def sort_column(table: TableData, key: str) -> NDArray[np.int64] | None:
    """Column of a table by the name that users write: a field, or `delta` for the change of the metric."""
    return table.change_now if key == "delta" else table.get(key)
