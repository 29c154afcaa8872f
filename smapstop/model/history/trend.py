"""Trend of a mapping's memory: the run of changes in one direction that leads up to a tick."""

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.events import Mechanism
from smapstop.model.history.amount_runs import OUTLIER_FACTOR
from smapstop.model.history.log_entry import LogEntry
from smapstop.model.history.mapping_history import MappingHistory
from smapstop.model.history.tick_entries import tick_entries

RUN_CHANGES = 3
"""Least number of changes in one direction that make a trend."""
_QUIET_GAPS = 3.0
"""A run goes on while no more time has passed since its last change than this many mean gaps between its changes."""
MAX_EXPLAINED_CHANGES = 200
"""Longest run whose mechanisms are looked up, changes."""
_RAISE_RSS: frozenset[Mechanism] = frozenset(
    (
        *("first-touch", "file-read", "shared-map", "swap-in"),
        *("copy-on-write", "huge-fault", "huge-collapse", "unexplained"),
    )
)
"""Mechanisms that may raise Rss; a copy does if the page of the file was not resident."""
_LOWER_RSS: frozenset[Mechanism] = frozenset(
    ("unmapped", "zero-page", "discard", "reclaim", "swap-out", "shared-unmap", "unexplained")
)


@dataclass(frozen=True, slots=True)
class Trend:
    """The last run of changes of Rss in one direction."""

    first: int
    """Tick before its first change."""
    last: int
    """Tick of its last change."""
    changes: int
    kb: float
    """Change over the run, kB; negative when it fell."""
    seconds: float
    """From `first` to `last`."""
    goes_on: bool
    """Whether it is a run of `RUN_CHANGES` or more that has not ended."""
    lost_kb: float
    """Sum of all falls at known readings, kB."""
    steps: tuple[int, ...]
    """Ticks of its changes."""
    jumps: tuple[tuple[int, float], ...]
    """Its outliers, `OUTLIER_FACTOR` times what three quarters of its changes do not exceed: tick and change, kB."""
    steady_seconds: float
    """Seconds of the run without those of its jumps."""

    @property
    def steady_kb_per_s(self) -> float:
        """Rate of the run without its jumps, kB/s: with them it would be that of no part of it."""
        return (self.kb - sum(kb for _, kb in self.jumps)) / self.steady_seconds


def trend_at(history: MappingHistory, number: int) -> Trend | None:
    """Trend of Rss up to a tick; None if it never changed at a known reading, or the kernel does not print it."""
    if "rss" not in history.fields:
        return None
    step = history.step_at(number)
    kb, numbers = history.field("rss", step), history.numbers(step)
    oldest = history.timeline.oldest
    since = max(0, int(np.searchsorted(numbers, oldest, side="right")) - 1)  # what is forgotten has no time
    kb, numbers = kb[since:], np.maximum(numbers[since:], oldest)
    known = ~np.isnan(kb)
    kb, numbers = kb[known], numbers[known]
    changes = np.diff(kb)
    at = np.flatnonzero(changes)
    if not len(at):
        return None
    other_way = np.flatnonzero(np.sign(changes[at]) != np.sign(changes[at[-1]]))
    run = at[other_way[-1] + 1 :] if len(other_way) else at
    first, last = int(numbers[run[0]]), int(numbers[run[-1] + 1])
    time_ns = [history.timeline.header(each).monotonic_ns for each in (first, last, number)]
    seconds, quiet = (time_ns[1] - time_ns[0]) / 1e9, (time_ns[2] - time_ns[1]) / 1e9
    interval = history.timeline.header(number).interval_ns / 1e9
    jumps = run[_outliers(np.abs(changes[run]))]
    jumped_ns = sum(
        history.timeline.header(int(numbers[each + 1])).monotonic_ns
        - history.timeline.header(int(numbers[each])).monotonic_ns
        for each in jumps
    )
    is_quiet = quiet > _QUIET_GAPS * max(seconds / len(run), interval)
    return Trend(
        first=first,
        last=last,
        changes=len(run),
        kb=float(changes[run].sum()),
        seconds=seconds,
        goes_on=len(run) >= RUN_CHANGES and not is_quiet,
        lost_kb=-float(changes[changes < 0].sum()),
        steps=tuple(numbers[run + 1].tolist()),
        jumps=tuple(zip(numbers[jumps + 1].tolist(), changes[jumps].tolist(), strict=True)),
        steady_seconds=seconds - jumped_ns / 1e9,
    )


def _outliers(kb: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which amounts are an order of magnitude larger than what three quarters of them do not exceed."""
    usual = np.sort(kb)[len(kb) - 1 - len(kb) // 4]
    found: NDArray[np.bool_] = kb >= OUTLIER_FACTOR * usual
    return found


def mechanisms_of(history: MappingHistory, trend: Trend) -> list[LogEntry]:
    """Mechanisms that explain a run, one entry each with its total, the largest first; none for a very long run."""
    if trend.changes > MAX_EXPLAINED_CHANGES:
        return []
    moving = _RAISE_RSS if trend.kb > 0 else _LOWER_RSS
    totals: dict[Mechanism, LogEntry] = {}
    for number in trend.steps:
        for entry in tick_entries(history.timeline.header(number)).of_mapping(history.mapping):
            if entry.event is not None and entry.event.what in moving:
                known = totals.get(entry.event.what)
                totals[entry.event.what] = known.merged_with(entry) if known else entry
    return sorted(totals.values(), key=lambda entry: -entry.kb)
