"""Diff of two map snapshots: signed deltas, new and removed mappings."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smapstop.model.mapping_rows import find_rows
from smapstop.model.timeline.map_snapshot import MapSnapshot
from smapstop.proc.columns import ABSENT


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
        delta = after.copy()
        known = self.before_rows >= 0
        if before is not None:
            was = before[self.before_rows[known]]
            delta[known] -= np.where(was == ABSENT, after[known], was)
        else:
            delta[known] = 0
        delta[after == ABSENT] = 0
        return delta


def diff_maps(before: MapSnapshot, after: MapSnapshot) -> MapDiff:
    """Diff two map snapshots of one timeline."""
    rows = find_rows(before.ids, after.ids)
    gone = np.ones(len(before.ids), bool)
    gone[rows[rows >= 0]] = False
    return MapDiff(before, after, rows, np.flatnonzero(gone))
