"""What differs between two moments: signed deltas, rates, births and deaths."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smapstop.model.moment import Moment
from smapstop.model.rows import rows_of
from smapstop.proc.columns import ABSENT

STALE_INTERVALS = 5
"""A gap between readings of more intervals than this (a suspend, a hole in a recording) gives no rate."""


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """A moment compared with an earlier one, row by row of the later one."""

    before: Moment
    after: Moment
    rows: NDArray[np.intp]
    """The row of each mapping in the earlier moment, shape (n,); -1 for those born since."""
    gone: NDArray[np.intp]
    """Rows of the earlier moment whose mappings are no more."""

    @property
    def seconds(self) -> float:
        """Real time between the readings."""
        return (self.after.tick.monotonic_ns - self.before.tick.monotonic_ns) / 1e9

    def delta(self, name: str) -> NDArray[np.int64] | None:
        """The signed change of a field per mapping, kB, shape (n,); None when it is not printed.

        A mapping that was born since then changed by all that it has.
        """
        after, before = self.after.mappings.get(name), self.before.mappings.get(name)
        if after is None:
            return None
        delta = after.copy()
        known = self.rows >= 0
        if before is not None:
            was = before[self.rows[known]]
            delta[known] -= np.where(was == ABSENT, after[known], was)
        else:
            delta[known] = 0
        delta[after == ABSENT] = 0
        return delta

    def total_delta(self, name: str) -> int | None:
        """The signed change of a total, kB; None when one of the readings has none."""
        after, before = self.after.tick.totals.get(name), self.before.tick.totals.get(name)
        return None if after is None or before is None else after - before


def compare(before: Moment, after: Moment) -> Changes:
    """Compare two moments of one timeline."""
    rows = rows_of(before.ids, after.ids)
    gone = np.ones(len(before.ids), bool)
    gone[rows[rows >= 0]] = False
    return Changes(before, after, rows, np.flatnonzero(gone))


def rate_seconds(changes: Changes) -> float | None:
    """What to divide a delta by, seconds; None when the moments are one, or too far apart for a rate to mean much."""
    if changes.before.tick.number == changes.after.tick.number:
        return None
    apart = changes.after.tick.number - changes.before.tick.number
    seconds = changes.seconds
    if seconds <= 0 or seconds > apart * STALE_INTERVALS * changes.after.tick.interval_ns / 1e9:
        return None
    return seconds


def fault_rates(changes: Changes) -> tuple[float, float] | None:
    """Minor and major faults a second of the whole process; None when a counter ran backwards (another program)."""
    seconds = rate_seconds(changes)
    before, after = changes.before.tick.counters, changes.after.tick.counters
    minor = after.minor_faults - before.minor_faults
    major = after.major_faults - before.major_faults
    if seconds is None or minor < 0 or major < 0:
        return None
    return minor / seconds, major / seconds


def cpu_share(changes: Changes, ticks_per_second: int) -> float | None:
    """CPU time of the process per wall time, 1.0 for one core kept busy; None as for `fault_rates`."""
    seconds = rate_seconds(changes)
    before, after = changes.before.tick.counters, changes.after.tick.counters
    ticks = after.user_ticks + after.system_ticks - before.user_ticks - before.system_ticks
    if seconds is None or ticks < 0:
        return None
    return ticks / ticks_per_second / seconds
