"""Caches of values of mappings: over the last ticks, extended tick by tick, and at single ticks."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from smapstop.model.mapping_rows import find_rows
from smapstop.model.tick import Ids

SeriesValues = NDArray[np.float64]
"""kB; NaN where a mapping did not exist, or the field was not printed."""


_MAX_SAMPLES = 1_000
"""Mappings cached for a tick."""


class SeriesCache:
    """Cache of the last query: at each tick, a table on the screen queries almost the same mappings again.

    Args:
        ask: Loads the values of mappings over the ticks from a first one up to, excluding, a last one, shape
            (fields, len(mappings), ticks).
    """

    def __init__(self, ask: Callable[[Ids, int, int], SeriesValues]) -> None:
        self._load = ask
        self._ids: Ids = np.zeros(0, np.int64)
        self._first = self._stop = -1
        self._values: SeriesValues = np.zeros((0, 0, 0))

    def values(self, mappings: Ids, first: int, stop: int, now: SeriesValues | None) -> SeriesValues:
        """Values over the ticks `first` to `stop`.

        Args:
            mappings: Ids, each of them once.
            first: The first tick.
            stop: The tick after the last one.
            now: Values after the last tick, shape (fields, len(mappings)); None if they are not known.

        Returns:
            Shape (fields, len(mappings), stop - first).
        """
        most = 0 if now is None else 1
        if len(self._ids) and self._first <= first < self._stop and 0 <= stop - self._stop <= most:
            known = find_rows(self._ids, mappings)
            values = self._values[:, known, first - self._first :]
            new = known < 0
            if new.any():
                values[:, new] = self._load(mappings[new], first, self._stop)
            if now is not None and stop > self._stop:
                values = np.concatenate([values, now[..., np.newaxis]], axis=-1)
        else:
            values = self._load(mappings, first, stop)
        self._ids, self._first, self._stop, self._values = mappings, first, stop, values
        return values


class SampleCache:
    """Cache of values at single ticks: a table shows almost the same mappings at the same ticks again.

    Args:
        ask: Loads the values of mappings after a tick, shape (len(mappings),).
    """

    def __init__(self, ask: Callable[[Ids, int], NDArray[np.float64]]) -> None:
        self._load = ask
        self._known: dict[int, dict[int, float]] = {}

    def values(self, mappings: Ids, numbers: Ids, nearby: Ids) -> SeriesValues:
        """Values of mappings after some ticks.

        Args:
            mappings: Ids.
            numbers: The ticks.
            nearby: Ids that may be asked for next; they are loaded along, as this takes little longer.

        Returns:
            Shape (len(mappings), len(numbers)).
        """
        ids = mappings.tolist()
        used: dict[int, dict[int, float]] = {}
        for number in np.unique(numbers).tolist():
            known = self._known.get(number, {})
            if not known.keys() >= set(ids):
                if len(known) > _MAX_SAMPLES:
                    known = {}
                new = np.array([each for each in {*ids, *nearby.tolist()} if each not in known], np.int64)
                known |= zip(new.tolist(), self._load(new, number).tolist(), strict=True)
            used[number] = known
        self._known = used
        columns = [[used[number][mapping] for mapping in ids] for number in numbers.tolist()]
        return np.array(columns, np.float64).reshape(len(numbers), len(ids)).T
