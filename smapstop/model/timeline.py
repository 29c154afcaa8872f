"""The log of ticks, and the questions that readers ask it: how was it then, and how did it get there."""

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from smapstop.model.moment import Moment, apply
from smapstop.model.tick import Ending, Ids, Tick
from smapstop.proc.columns import ABSENT

_REMEMBERED = 8


class Timeline:
    """Every tick of one process, in order; pure: no I/O, no clock, no threads.

    Keyframes make `at` cheap; between them only what changed is kept, so memory grows with changes.
    """

    def __init__(self) -> None:
        self._ticks: list[Tick] = []
        self._keyframes: list[Moment] = []
        self._last: Moment | None = None
        self._moments: dict[int, Moment] = {}

    def __len__(self) -> int:
        return len(self._ticks)

    @property
    def ticks(self) -> Sequence[Tick]:
        """All ticks, by ordinal."""
        return self._ticks

    @property
    def first(self) -> int:
        """The oldest tick that is still known."""
        return 0

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
        self._last = apply(self._last, tick)
        if tick.keyframe:
            self._keyframes.append(self._last)
        self._remember(self._last)
        return self._last

    def at(self, number: int) -> Moment:
        """The moment of a tick by its ordinal.

        Raises:
            IndexError: There is no such tick.
        """
        if not 0 <= number < len(self._ticks):
            raise IndexError(f"no tick {number}")
        moment = self._moments.pop(number, None) or self._replay(number)
        self._remember(moment)
        return moment

    def _remember(self, moment: Moment) -> None:
        """Keep the moments last asked for: those that a person looks at are the newest, the one before, the mark."""
        self._moments[moment.tick.number] = moment
        if len(self._moments) > _REMEMBERED:
            self._moments.pop(next(iter(self._moments)))

    def _replay(self, number: int) -> Moment:
        """Rebuild a moment from the keyframe before it."""
        moment = self._keyframe(number)
        for tick in self._ticks[moment.tick.number + 1 : number + 1]:
            moment = apply(moment, tick)
        return moment

    def _keyframe(self, number: int) -> Moment:
        """The keyframe at or before a tick."""
        return self._keyframes[bisect_right(self._keyframes, number, key=lambda moment: moment.tick.number) - 1]

    def find(self, wall_ns: int) -> int:
        """The last tick that began at or before a wall-clock time; 0 when none did."""
        return max(0, bisect_right(self._ticks, wall_ns, key=lambda tick: tick.wall_ns) - 1)

    def series(self, mappings: Ids, name: str, first: int, stop: int) -> NDArray[np.float64]:
        """A field of some mappings over the ticks `first` to `stop`, kB.

        Returns:
            Shape (len(mappings), stop - first). NaN where the mapping did not exist or the field was not printed.
        """
        first, stop = max(0, first), min(stop, len(self._ticks))
        out = np.full((len(mappings), max(0, stop - first)), np.nan)
        if not out.size:
            return out
        key = self._keyframe(first).tick.number
        order = np.argsort(mappings)
        wanted = mappings[order]
        value = np.full(len(wanted), np.nan)
        for tick in self._ticks[key:stop]:
            _follow(value, wanted, tick, name)
            if tick.number >= first:
                out[order, tick.number - first] = value
        return out

    def change(self, mapping: int, number: int) -> dict[str, int]:
        """How each field of a mapping changed at a tick, kB; from nothing when it was born then."""
        tick = self._ticks[number]
        row = np.flatnonzero(tick.ids == mapping)
        if not len(row):
            return {}
        after = tick.rows.amounts[:, row[0]].tolist()
        before = self._amounts_before(mapping, number)
        return {
            name: new - max(0, before.get(name, 0))
            for name, new in zip(tick.rows.fields, after, strict=True)
            if new >= 0
        }

    def _amounts_before(self, mapping: int, number: int) -> dict[str, int]:
        """The fields of a mapping as last told before a tick; empty when it was not there."""
        for tick in reversed(self._ticks[:number]):
            row = np.flatnonzero(tick.ids == mapping)
            if len(row):
                return dict(zip(tick.rows.fields, tick.rows.amounts[:, row[0]].tolist(), strict=True))
            if tick.keyframe or mapping in tick.gone:
                break
        return {}

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
    amounts = np.full(hit.sum(), np.nan) if column is None else column[hit].astype(np.float64)
    amounts[amounts == ABSENT] = np.nan
    value[at[hit]] = amounts
