"""Sort the rows of a table."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smapstop.model.view.table_data import TableData

RowIndices = NDArray[np.intp]
"""Row numbers of a sheet, in the order in which they are shown."""
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Sorting:
    """What rows are sorted by."""

    key: str = "moved"
    """`moved` (most recently moved first, the biggest change before the others), `name`, `perms`, `start`, `size`,
    `delta`, `rate`, or the name of a field."""
    descending: bool = True


def sort_rows(table: TableData, sorting: Sorting, keep: Mask | None = None) -> RowIndices:
    """The rows to show, sorted; rows that are equal stay in address order, so that nothing jitters.

    Args:
        keep: Rows that the filter lets through; all when None.
    """
    rows = np.arange(len(table)) if keep is None else np.flatnonzero(keep)
    by_address = rows[np.argsort(table.start[rows], kind="stable")]
    keys = [key[by_address] for key in _sort_keys(table, sorting.key)]
    if sorting.descending:
        keys = [-key for key in keys]
    at = np.lexsort(keys[::-1]) if len(keys) > 1 else np.argsort(keys[0], kind="stable")
    return by_address[at]


def _sort_keys(sheet: TableData, key: str) -> list[NDArray[np.int64]]:
    """What to sort by, the most important first; bigger is more."""
    zeros = np.zeros(len(sheet), np.int64)
    change = sheet.deltas.get("rss", zeros)
    if key == "moved":
        rss = sheet.get("rss")
        return [sheet.last_changed, np.abs(change), zeros if rss is None else rss]
    if key in ("delta", "rate"):
        return [change]
    if key == "start":
        return [(sheet.start >> np.uint64(12)).astype(np.int64)]
    if key == "size":
        return [(sheet.end - sheet.start >> np.uint64(10)).astype(np.int64)]
    if key in ("name", "perms"):
        return [_ranks(sheet, getattr(sheet, key))]
    column = sheet.get(key)
    return [zeros if column is None else column]


def _ranks(sheet: TableData, codes: NDArray[np.int32]) -> NDArray[np.int64]:
    """The place of each coded text in the alphabet."""
    distinct, inverse = np.unique(codes, return_inverse=True)
    texts = [sheet.texts[code].lower() for code in distinct.tolist()]
    rank = np.empty(len(distinct), np.int64)
    rank[sorted(range(len(texts)), key=texts.__getitem__)] = np.arange(len(texts))
    return rank[inverse] if len(rank) else np.zeros(0, np.int64)


def sort_column(table: TableData, key: str) -> NDArray[np.int64] | None:
    """A column of a sheet by the name that users know it by: a field, or `delta` for the change of Rss."""
    return table.deltas.get("rss") if key == "delta" else table.get(key)
