"""What differs between two moments: signed deltas, rates, births and deaths."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smapstop.model.mapping_rows import find_rows
from smapstop.model.timeline.map_snapshot import MapSnapshot
from smapstop.proc.columns import ABSENT


@dataclass(frozen=True, slots=True, eq=False)
class MapDiff:
    """A moment compared with an earlier one, row by row of the later one."""

    before: MapSnapshot
    after: MapSnapshot
    before_rows: NDArray[np.intp]
    """The row of each mapping in the earlier moment, shape (n,); -1 for those born since."""
    gone_rows: NDArray[np.intp]
    """Rows of the earlier moment whose mappings are no more."""

    def delta(self, name: str) -> NDArray[np.int64] | None:
        """The signed change of a field per mapping, kB, shape (n,); None when it is not printed.

        A mapping that was born since then changed by all that it has.
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

    def total_delta(self, name: str) -> int | None:
        """The signed change of a total, kB; None when one of the readings has none."""
        after, before = self.after.tick.totals.get(name), self.before.tick.totals.get(name)
        return None if after is None or before is None else after - before


def diff_maps(before: MapSnapshot, after: MapSnapshot) -> MapDiff:
    """Compare two moments of one timeline."""
    rows = find_rows(before.ids, after.ids)
    gone = np.ones(len(before.ids), bool)
    gone[rows[rows >= 0]] = False
    return MapDiff(before, after, rows, np.flatnonzero(gone))
