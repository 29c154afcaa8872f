"""Account for page faults: those the kernel counted, those that were sampled, and the rest."""

from typing import NamedTuple

from smapstop.proc.columns import Counters


class FaultTotals(NamedTuple):
    """Faults of a tick; see `PageFaults`."""

    minor: int
    major: int
    seen: int
    lost: int
    in_system_calls: int


class FaultAccounts:
    """Faults since the last tick.

    stat counts all; the events those that may be seen, and samples stand for some of those. Samples of a tick are
    those up to a moment after stat was read: so what stat has more cannot be seen, however busy the process is.

    Args:
        counters: Counters at the start.
    """

    def __init__(self, counters: Counters) -> None:
        self._minor, self._major = _faults(counters)
        self._visible = 0
        self._counted = 0
        self._hidden = 0
        """Faults that stat counted and the events did not."""

    def settle(
        self, counters: Counters | None, visible: int, sampled: int, *, has_losses: bool, has_gaps: bool
    ) -> FaultTotals:
        """Account for a tick.

        Args:
            counters: Its counters; None if they are not known: as many as were seen, then.
            visible: Faults that the events counted since the start, up to a moment after that.
            sampled: Faults that the samples of this tick stand for.
            has_losses: Whether samples are missing.
            has_gaps: Whether there was a time, or are threads, without events.
        """
        shown, self._visible = max(0, visible - self._visible), visible
        before = self._minor, self._major
        self._minor, self._major = _faults(counters, *before) if counters else (before[0] + shown, before[1])
        minor, major = self._minor - before[0], self._major - before[1]
        self._counted += minor + major
        hidden = max(0, self._counted - visible - self._hidden)
        self._hidden += hidden
        lost = max(0, shown - sampled) if has_losses else 0
        if has_gaps:
            return FaultTotals(minor, major, shown - lost, lost + hidden, 0)
        return FaultTotals(minor, major, shown - lost, lost, hidden)


def _faults(counters: Counters, minor: int = 0, major: int = 0) -> tuple[int, int]:
    """Return the faults of a reading; those before if it has none."""
    return counters.minor_faults or minor, counters.major_faults or major
