"""Moments at which alerts are examined: ticks of a process, and after its end readings of its family."""

from dataclasses import replace

from smapstop.model.family.reading import FamilyReading
from smapstop.model.tick import Tick
from smapstop.model.timeline.timeline import Timeline

_FOR_RATES = 8
"""Readings that rates need, in addition to those that states refer to."""
_LEAST_INTERVAL_NS = 1_000_000_000


class AlertTicks:
    """Ticks of a process; after its end, readings of its family stand for further ones, with numbers that follow.

    Args:
        timeline: Ticks of the process.
    """

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self._later: dict[int, Tick] = {}
        """Ticks after the end by number, ascending; like the last one, but for the time."""
        self._count = 0
        """Number of ticks after the end, also of those that are forgotten."""

    def __len__(self) -> int:
        return len(self.timeline) + self._count

    @property
    def oldest(self) -> int:
        """Number of the oldest tick that is known."""
        return self.timeline.oldest

    def header(self, number: int) -> Tick:
        """A tick; of one after the end that is forgotten, the next one that is known."""
        if number < len(self.timeline):
            return self.timeline.header(number)
        return next(tick for known, tick in self._later.items() if known >= number)

    def append_reading(self, reading: FamilyReading) -> None:
        """Append a reading of the family; it counts if the process has ended by then."""
        if self.timeline.ending is None:
            return
        last = self.header(len(self) - 1)
        gap_ns = reading.monotonic_ns - last.monotonic_ns
        if gap_ns <= 0:
            return
        usual_ns = last.interval_ns if self._count else gap_ns
        self._later[len(self)] = replace(
            last,
            number=len(self),
            monotonic_ns=reading.monotonic_ns,
            wall_ns=reading.wall_ns,
            interval_ns=max(_LEAST_INTERVAL_NS, min(gap_ns, 2 * usual_ns)),
        )
        self._count += 1

    def forget(self, before: int, wanted: set[int]) -> None:
        """Forget ticks after the end that nobody needs any more.

        Args:
            before: Only ticks before this one.
            wanted: Ticks that are still needed.
        """
        first = before - _FOR_RATES
        self._later = {number: tick for number, tick in self._later.items() if number >= first or number in wanted}
