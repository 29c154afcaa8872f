"""Page faults over time: with their callers between two ticks, and how many each mapping had at each tick."""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from smapstop.model.callers.page_faults import PageFaults, sum_faults
from smapstop.model.tick import Ids
from smapstop.model.timeline.segment import Segment
from smapstop.model.timeline.segment_store import SegmentStore

FaultCounts = NDArray[np.float64]
"""Numbers of faults; NaN where they were not watched."""

_SEGMENTS, _RANGES = 4, 8
"""Cache sizes: packed segments by tick, and the last ranges of ticks."""


class FaultQueries:
    """Page faults of a log, read from its segments.

    Args:
        segments: The log.
    """

    def __init__(self, segments: SegmentStore) -> None:
        self.is_watched = False
        """Whether any tick has faults."""
        self._segments = segments
        self._ticks_of = lru_cache(_SEGMENTS)(_faults_by_tick)
        self._readings_of = lru_cache(_SEGMENTS)(Segment.reading_numbers)
        self._sums: dict[int, PageFaults | None] = {}
        """Faults of packed segments, by their first tick, while they are known."""
        self._oldest = 0
        """Oldest tick at the last question."""
        self._ranges: dict[int, tuple[int, PageFaults | None]] = {}
        """The ranges asked for last, by their first tick: the tick after the last, and the faults."""

    def between(self, first: int, stop: int) -> PageFaults | None:
        """Faults of the ticks `first` to `stop`, as far as they are known; None if they were not watched.

        A range that grows, as the one up to now does, costs no more than what is new.
        """
        if not self.is_watched:
            return None
        self._forget()
        first, stop = max(first, self._oldest), min(stop, len(self._segments))
        until, known = self._ranges.pop(first, (first, None))
        if until > stop:
            until, known = first, None
        faults = known
        if until < stop:
            parts = [known, *self._parts(until, stop)]
            faults = sum_faults(part for part in parts if part is not None)
        self._ranges[first] = stop, faults
        while len(self._ranges) > _RANGES:
            self._ranges.pop(next(iter(self._ranges)))
        return faults

    def since_reading(self, number: int) -> PageFaults | None:
        """Faults up to a tick since the mappings were read before it; None if they were not watched.

        They are those that can have changed the mappings, if the tick read them.
        """
        if not self.is_watched:
            return None
        before = number - 1
        if before < self._segments.oldest:
            return self.between(number, number + 1)
        segment = self._segments.segment(before)
        read = int(self._readings_of(segment)[before - segment.first])
        if read == before:
            segment = self._segments.segment(number)
            return self._ticks(segment)[number - segment.first]
        return self.between(read + 1, number + 1)

    def _forget(self) -> None:
        """Forget what begins before the oldest tick: nobody can ask for it."""
        if self._oldest != self._segments.oldest:
            self._oldest = self._segments.oldest
            self._ranges = {first: known for first, known in self._ranges.items() if first >= self._oldest}
            self._sums = {first: known for first, known in self._sums.items() if first >= self._oldest}

    def _parts(self, first: int, stop: int) -> Iterator[PageFaults | None]:
        """Faults of the ticks `first` to `stop`, summed up by packed segment."""
        for segment in self._covering(first, stop):
            if not segment.is_open and first <= segment.first and segment.stop <= stop:
                yield self._sum_of(segment)
            else:
                yield from self._ticks(segment)[max(0, first - segment.first) : stop - segment.first]

    def _covering(self, first: int, stop: int) -> list[Segment]:
        """Segments with the ticks `first` to `stop`, which must be known."""
        if first >= stop:
            return []
        return [segment for segment in self._segments.segments_between(first, stop) if segment.stop > first]

    def _ticks(self, segment: Segment) -> tuple[PageFaults | None, ...]:
        """Faults of each tick of a segment."""
        return _faults_by_tick(segment) if segment.is_open else self._ticks_of(segment)

    def _sum_of(self, segment: Segment) -> PageFaults | None:
        """Faults of all ticks of a packed segment."""
        if segment.first not in self._sums:
            ticks = self._ticks(segment)
            self._sums[segment.first] = sum_faults(faults for faults in ticks if faults is not None)
        return self._sums[segment.first]

    def counts(self, mappings: Ids, first: int, stop: int) -> FaultCounts:
        """Number of faults of some mappings in the ticks `first` to `stop`, shape (len(mappings),)."""
        faults = self.between(first, stop)
        out = np.full(len(mappings), np.nan)
        if faults is not None:
            out[:] = _count(faults, *_sort_mappings(mappings))
        return out

    def series(self, mappings: Ids, first: int, stop: int) -> FaultCounts:
        """Number of faults of some mappings from the oldest known tick to each of the ticks `first` to `stop`.

        Returns:
            Shape (len(mappings), stop - first).
        """
        self._forget()
        since = max(first, self._oldest)
        out = np.full((len(mappings), max(0, stop - first)), np.nan)
        if not self.is_watched or since >= stop or not len(mappings):
            return out
        order, wanted = _sort_mappings(mappings)
        counts = np.zeros((len(mappings), stop - since))
        for segment in self._covering(since, stop):
            for number, faults in enumerate(self._ticks(segment), segment.first):
                if faults is not None and len(faults.mapping) and since <= number < stop:
                    counts[:, number - since] = _count(faults, order, wanted)
        counts[:, 0] += self._before(order, wanted, since)
        out[:, since - first :] = np.cumsum(counts, axis=1)
        return out

    def _before(self, order: NDArray[np.intp], wanted: Ids, number: int) -> FaultCounts:
        """Number of faults of mappings before a tick."""
        total = np.zeros(len(order))
        for faults in self._parts(self._segments.oldest, number):
            if faults is not None:
                total += _count(faults, order, wanted)
        return total


def _faults_by_tick(segment: Segment) -> tuple[PageFaults | None, ...]:
    """Faults of each tick of a segment."""
    return tuple(segment.headers.faults())


def _sort_mappings(mappings: Ids) -> tuple[NDArray[np.intp], Ids]:
    """The order of mappings, and the mappings in that order."""
    order = np.argsort(mappings)
    return order, mappings[order]


def _count(faults: PageFaults, order: NDArray[np.intp], wanted: Ids) -> FaultCounts:
    """Number of faults of each mapping, see `_sort_mappings`."""
    counts = np.zeros(len(order))
    if len(order):
        at = np.minimum(np.searchsorted(wanted, faults.mapping), len(wanted) - 1)
        hit = wanted[at] == faults.mapping
        counts[order] = np.bincount(at[hit], faults.faults[hit], len(wanted))
    return counts
