"""What differs between two moments: signed deltas, rates, births and deaths."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smapstop.model.moment import Moment
from smapstop.model.rows import rows_of
from smapstop.model.tick import Tick
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


def rate_seconds(before: Tick, after: Tick) -> float | None:
    """What to divide a change between two ticks by, seconds; None when there is no rate.

    That is when they are one tick, or so far apart (a suspend, a hole in a recording) that a rate would mean little.
    """
    apart = after.number - before.number
    seconds = (after.monotonic_ns - before.monotonic_ns) / 1e9
    if apart <= 0 or seconds <= 0 or seconds > apart * STALE_INTERVALS * after.interval_ns / 1e9:
        return None
    return seconds


def fault_rates(before: Tick, after: Tick) -> tuple[float, float] | None:
    """Minor and major faults a second of the whole process; None when a counter ran backwards (another program)."""
    seconds = rate_seconds(before, after)
    minor = after.counters.minor_faults - before.counters.minor_faults
    major = after.counters.major_faults - before.counters.major_faults
    return None if seconds is None or minor < 0 or major < 0 else (minor / seconds, major / seconds)


def cpu_share(before: Tick, after: Tick, ticks_per_second: int) -> float | None:
    """CPU time of the process per wall time, 1.0 for one core kept busy; None as for `fault_rates`."""
    seconds = rate_seconds(before, after)
    ticks = _cpu_ticks(after) - _cpu_ticks(before)
    return None if seconds is None or ticks < 0 else ticks / ticks_per_second / seconds


def _cpu_ticks(tick: Tick) -> int:
    """CPU time of the process, clock ticks."""
    return tick.counters.user_ticks + tick.counters.system_ticks
