"""Number of events at each tick, for the activity bar and for jumps to the next event."""

import numpy as np
from numpy.typing import NDArray

from smapstop.model.timeline.timeline import Timeline

_FIRST_CAPACITY = 256


class Activity:
    """Event counts by tick, updated as the timeline grows."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self._counts = np.zeros(_FIRST_CAPACITY, np.int32)
        self._times_ns = np.zeros(_FIRST_CAPACITY, np.int64)
        self._next_number = 0

    @property
    def oldest(self) -> int:
        """Oldest tick still in the timeline."""
        return self.timeline.oldest

    def update(self) -> None:
        """Count the events of the ticks appended since the last update."""
        count = len(self.timeline)
        if count > len(self._counts):
            more = max(count, 2 * len(self._counts)) - len(self._counts)
            self._counts, self._times_ns = np.pad(self._counts, (0, more)), np.pad(self._times_ns, (0, more))
        for number in range(max(self._next_number, self.oldest), count):
            tick = self.timeline.header(number)
            process_events = tick.executed + (tick.ending is not None)
            self._counts[number] = len(tick.events) + len(tick.lineage) + process_events
            self._times_ns[number] = tick.monotonic_ns
        self._next_number = count

    def binned_counts(self, width: int) -> NDArray[np.int64]:
        """Events in each of `width` equal bins of the time from the oldest known tick to the newest."""
        known = np.arange(self.oldest, self._next_number)
        counts: NDArray[np.int64] = np.zeros(width, np.int64)
        np.add.at(counts, self._bins_of(known, width), self._counts[known])
        return counts

    def bin_of(self, number: int, width: int) -> int:
        """Bin of a tick."""
        return int(self._bins_of(np.array([number]), width)[0])

    def tick_in_bin(self, bin_number: int, width: int) -> int:
        """First tick in a bin; for an empty bin, the last tick before it."""
        bins = self._bins_of(np.arange(self.oldest, self._next_number), width)
        at = int(np.searchsorted(bins, bin_number, side="left"))
        inside = at < len(bins) and bins[at] == bin_number
        return self.oldest + (at if inside else max(0, at - 1))

    def nearest_active(self, number: int, direction: int) -> int | None:
        """Nearest tick with events after (1) or before (-1) a tick; `None` if there is none."""
        active = self.oldest + np.flatnonzero(self._counts[self.oldest : self._next_number])
        candidates = active[active > number] if direction > 0 else active[active < number][::-1]
        return int(candidates[0]) if len(candidates) else None

    def _bins_of(self, numbers: NDArray[np.intp], width: int) -> NDArray[np.int64]:
        """Bins of ticks; dropped ticks fall into the first bin."""
        times, begin_ns = self._times_ns, self._times_ns[self.oldest]
        span_ns = max(1, int(times[self._next_number - 1] - begin_ns))
        bins: NDArray[np.int64] = np.clip((times[numbers] - begin_ns) * width // span_ns, 0, width - 1)
        return bins
