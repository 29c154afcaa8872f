"""Cache of values of mappings over the last ticks, extended tick by tick."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from smapstop.model.mapping_rows import find_rows
from smapstop.model.tick import Ids

SeriesValues = NDArray[np.float64]
"""kB; NaN where a mapping did not exist, or the field was not printed."""


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

    def values(self, mappings: Ids, first: int, stop: int, now: SeriesValues) -> SeriesValues:
        """Values over the ticks `first` to `stop`.

        Args:
            mappings: Ids, each of them once.
            first: The first tick.
            stop: The tick after the last one.
            now: Values after the last tick, shape (fields, len(mappings)).

        Returns:
            Shape (fields, len(mappings), stop - first).
        """
        if len(self._ids) and self._first <= first < self._stop and 0 <= stop - self._stop <= 1:
            known = find_rows(self._ids, mappings)
            values = self._values[:, known, first - self._first :]
            new = known < 0
            if new.any():
                values[:, new] = self._load(mappings[new], first, self._stop)
            if stop > self._stop:
                values = np.concatenate([values, now[..., np.newaxis]], axis=-1)
        else:
            values = self._load(mappings, first, stop)
        self._ids, self._first, self._stop, self._values = mappings, first, stop, values
        return values
