"""How much happened at each tick: what a bar over all time shows, and where to go to see something happen."""

import numpy as np
from numpy.typing import NDArray

from smapstop.model.timeline.timeline import Timeline

_FIRST_CAPACITY = 256


class Activity:
    """What happened at each tick, collected once and then followed."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self._counts = np.zeros(_FIRST_CAPACITY, np.int32)
        self._times_ns = np.zeros(_FIRST_CAPACITY, np.int64)
        self._next_number = 0

    @property
    def oldest(self) -> int:
        """The oldest tick that the timeline still has."""
        return self.timeline.oldest

    def update(self) -> None:
        """Take in the ticks that came since."""
        count = len(self.timeline)
        if count > len(self._counts):
            more = max(count, 2 * len(self._counts)) - len(self._counts)
            self._counts, self._times_ns = np.pad(self._counts, (0, more)), np.pad(self._times_ns, (0, more))
        for number in range(max(self._next_number, self.oldest), count):
            tick = self.timeline.header(number)
            life = tick.executed + (tick.ending is not None)
            self._counts[number] = len(tick.events) + len(tick.lineage) + life
            self._times_ns[number] = tick.monotonic_ns
        self._next_number = count

    def binned_counts(self, width: int) -> NDArray[np.int64]:
        """How much happened in each of `width` stretches of the time from the first tick to the newest."""
        known = np.arange(self.oldest, self._next_number)
        counts: NDArray[np.int64] = np.zeros(width, np.int64)
        np.add.at(counts, self._bins_of(known, width), self._counts[known])
        return counts

    def bin_of(self, number: int, width: int) -> int:
        """The stretch that a tick lies in."""
        return int(self._bins_of(np.array([number]), width)[0])

    def tick_in_bin(self, stretch: int, width: int) -> int:
        """The first tick in a stretch, or the last before it when there is none."""
        stretches = self._bins_of(np.arange(self.oldest, self._next_number), width)
        at = int(np.searchsorted(stretches, stretch, side="left"))
        inside = at < len(stretches) and stretches[at] == stretch
        return self.oldest + (at if inside else max(0, at - 1))

    def nearest_active(self, number: int, direction: int) -> int | None:
        """The nearest tick after (1) or before (-1) a tick at which something happened; None without one."""
        happened = self.oldest + np.flatnonzero(self._counts[self.oldest : self._next_number])
        found = happened[happened > number] if direction > 0 else happened[happened < number][::-1]
        return int(found[0]) if len(found) else None

    def _bins_of(self, numbers: NDArray[np.intp], width: int) -> NDArray[np.int64]:
        """The stretches that ticks lie in; those that are forgotten in the first."""
        times, begin_ns = self._times_ns, self._times_ns[self.oldest]
        reach_ns = max(1, int(times[self._next_number - 1] - begin_ns))
        stretches: NDArray[np.int64] = np.clip((times[numbers] - begin_ns) * width // reach_ns, 0, width - 1)
        return stretches
