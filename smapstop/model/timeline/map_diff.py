"""Diff of two map snapshots: signed deltas, new and removed mappings."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.mapping_rows import find_rows
from smapstop.model.metrics import Metric, parts_of
from smapstop.model.own_changes import most_own_kb
from smapstop.model.timeline.map_snapshot import MapSnapshot
from smapstop.proc.columns import ABSENT, Mappings


@dataclass(frozen=True, slots=True, eq=False)
class MapDiff:
    """Differences of a map snapshot from an earlier one, by row of the later one."""

    before: MapSnapshot
    after: MapSnapshot
    before_rows: NDArray[np.intp]
    """Row of each mapping in the earlier snapshot, shape (n,); -1 for new mappings."""
    gone_rows: NDArray[np.intp]
    """Rows of the earlier snapshot whose mappings are gone in the later one."""

    def delta(self, name: str) -> NDArray[np.int64] | None:
        """Signed change of a field per mapping, kB, shape (n,); None when it is not printed.

        For a new mapping it is the whole amount.
        """
        after, before = self.after.mappings.get(name), self.before.mappings.get(name)
        if after is None:
            return None
        if self.before.mappings is self.after.mappings:
            return np.zeros_like(after)
        delta = after.copy()
        known = self.before_rows >= 0
        if before is not None:
            was = before[self.before_rows[known]]
            delta[known] -= np.where(was == ABSENT, after[known], was)
        else:
            delta[known] = 0
        delta[after == ABSENT] = 0
        return delta

    def change(self, metric: Metric) -> NDArray[np.int64] | None:
        """Signed change of a metric per mapping, kB, shape (n,); None when no part of it is printed."""
        deltas = [delta for name in parts_of(metric) if (delta := self.delta(name)) is not None]
        return sum(deltas[1:], deltas[0]) if deltas else None


def is_own_change(diff: MapDiff, parts: Sequence[str]) -> bool:
    """Whether the process itself can have caused most of the change of a total, rather than others.

    Args:
        diff: Two snapshots with the same string table; of others, all changes are the process's own.
        parts: Fields whose sum the total is, of `SHARING_FIELDS`.
    """
    before, after = diff.before.mappings, diff.after.mappings
    if before.strings is not after.strings:
        return True
    rows = _rows_with_change(diff, parts)  # others cannot have changed the total
    was, now = _amounts(before, diff.before_rows[rows]), _amounts(after, rows)
    change = _sums(now, parts) - _sums(was, parts)
    most_kb = most_own_kb(was, now)
    own = np.clip(change, -most_kb, most_kb)
    born, gone = (
        _sums(_amounts(side, at), parts)
        for side, at in ((after, np.flatnonzero(diff.before_rows < 0)), (before, diff.gone_rows))
    )
    return bool(abs(own.sum() + born.sum() - gone.sum()) >= abs((change - own).sum()))


def _rows_with_change(diff: MapDiff, parts: Sequence[str]) -> NDArray[np.intp]:
    """Rows of the later snapshot that the earlier one has, too, and of which any of some fields changed."""
    rows = np.flatnonzero(diff.before_rows >= 0)
    differs = np.zeros(len(rows), bool)
    for name in parts:
        was, now = (
            np.zeros(len(rows), np.int64) if column is None else np.maximum(column[at], 0)
            for column, at in (
                (diff.before.mappings.get(name), diff.before_rows[rows]),
                (diff.after.mappings.get(name), rows),
            )
        )
        differs |= was != now
    return rows[differs]


def _amounts(mappings: Mappings, rows: NDArray[np.intp]) -> dict[str, NDArray[np.int64]]:
    """Amounts of rows by field, kB; 0 where a field was not printed."""
    columns = zip(mappings.fields, mappings.amounts, strict=True)
    return {name: np.maximum(column[rows], 0) for name, column in columns}


def _sums(amounts: dict[str, NDArray[np.int64]], parts: Sequence[str]) -> NDArray[np.int64]:
    """Sum of fields by row."""
    n = len(next(iter(amounts.values()), ()))
    return sum((amounts[name] for name in parts if name in amounts), np.zeros(n, np.int64))


def diff_maps(before: MapSnapshot, after: MapSnapshot) -> MapDiff:
    """Diff two map snapshots of one timeline."""
    if np.array_equal(before.ids, after.ids):
        return MapDiff(before, after, np.arange(len(after.ids)), np.zeros(0, np.intp))
    rows = find_rows(before.ids, after.ids)
    gone = np.ones(len(before.ids), bool)
    gone[rows[rows >= 0]] = False
    return MapDiff(before, after, rows, np.flatnonzero(gone))
