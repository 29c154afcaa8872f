"""The log of ticks, and the questions that readers ask it: how was it then, and how did it get there."""

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from smapstop.model.moment import Moment, apply
from smapstop.model.tick import Ending, Ids, Tick
from smapstop.proc.columns import ABSENT


class Timeline:
    """Every tick of one process, in order; pure: no I/O, no clock, no threads.

    Keyframes make `at` cheap; between them only what changed is kept, so memory grows with changes.
    """

    def __init__(self) -> None:
        self._ticks: list[Tick] = []
        self._keyframes: list[int] = []
        self._last: Moment | None = None
        self._moments: dict[int, Moment] = {}

    def __len__(self) -> int:
        return len(self._ticks)

    @property
    def ticks(self) -> Sequence[Tick]:
        """All ticks, by ordinal."""
        return self._ticks

    @property
    def last(self) -> Moment | None:
        """The newest moment; None before the first tick."""
        return self._last

    @property
    def ending(self) -> Ending | None:
        """How the process ended; None while it runs."""
        return self._ticks[-1].ending if self._ticks else None

    def append(self, tick: Tick) -> Moment:
        """Add the next tick, and give the moment that it makes.

        Raises:
            ValueError: The tick is not the next one, or the first is not a keyframe.
        """
        if tick.number != len(self._ticks) or not (self._ticks or tick.keyframe):
            raise ValueError(f"tick {tick.number} cannot follow {len(self._ticks)} ticks")
        self._ticks.append(tick)
        if tick.keyframe:
            self._keyframes.append(tick.number)
        self._last = apply(self._last, tick)
        return self._last

    def at(self, number: int) -> Moment:
        """The moment of a tick by its ordinal.

        Raises:
            IndexError: There is no such tick.
        """
        if self._last is not None and number == self._last.tick.number:
            return self._last
        if not 0 <= number < len(self._ticks):
            raise IndexError(f"no tick {number}")
        if number not in self._moments:
            if len(self._moments) > 8:  # those that a person looks at: now, before, the mark
                self._moments.pop(next(iter(self._moments)))
            self._moments[number] = self._replay(number)
        return self._moments[number]

    def _replay(self, number: int) -> Moment:
        """Rebuild a moment from the keyframe before it."""
        first = self._keyframes[bisect_right(self._keyframes, number) - 1]
        moment = apply(None, self._ticks[first])
        for tick in self._ticks[first + 1 : number + 1]:
            moment = apply(moment, tick)
        return moment

    def find(self, wall_ns: int) -> int:
        """The last tick that began at or before a wall-clock time; 0 when none did."""
        return max(0, bisect_right(self._ticks, wall_ns, key=lambda tick: tick.wall_ns) - 1)

    def series(self, mappings: Ids, name: str, first: int, stop: int) -> NDArray[np.float64]:
        """A field of some mappings over the ticks `first` to `stop`, kB.

        Returns:
            Shape (len(mappings), stop - first). NaN where the mapping did not exist or the field was not printed.
        """
        stop = min(stop, len(self._ticks))
        out = np.full((len(mappings), max(0, stop - first)), np.nan)
        if not out.size:
            return out
        key = self._keyframes[bisect_right(self._keyframes, first) - 1]
        order = np.argsort(mappings)
        wanted = mappings[order]
        value = np.full(len(wanted), np.nan)
        for tick in self._ticks[key:stop]:
            _follow(value, wanted, tick, name)
            if tick.number >= first:
                out[order, tick.number - first] = value
        return out

    def totals(self, name: str, first: int, stop: int) -> NDArray[np.float64]:
        """A total of the process (kB, see `Tick.totals`) over the ticks `first` to `stop`; NaN where unknown."""
        return np.array([tick.totals.get(name, np.nan) for tick in self._ticks[max(0, first) : stop]], np.float64)


def _follow(value: NDArray[np.float64], wanted: Ids, tick: Tick, name: str) -> None:
    """Bring the values of the wanted mappings (ids ascending) from the tick before to `tick`."""
    if tick.keyframe:
        value[:] = np.nan
    elif len(tick.gone):
        value[np.isin(wanted, tick.gone)] = np.nan
    if not len(tick.ids):
        return
    at = np.minimum(np.searchsorted(wanted, tick.ids), len(wanted) - 1)
    hit = wanted[at] == tick.ids
    column = tick.rows.get(name)
    if column is not None:
        amounts = column[hit].astype(np.float64)
        amounts[amounts == ABSENT] = np.nan
        value[at[hit]] = amounts
