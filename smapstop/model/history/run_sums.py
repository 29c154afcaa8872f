"""Sum up a whole run by mapping: how much each mechanism moved, and the highest Rss."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from smapstop.model.events import COST_OF, MECHANISMS, Event
from smapstop.model.tick import Ids, Tick

_CODES = 64
"""Greater than any code of a mechanism."""


class RunSums:
    """Sums over the ticks of a run, which are added in order."""

    def __init__(self) -> None:
        self.last_exec = 0
        """Last tick at which the process ran another program than before; 0 if it never did."""
        self._page_kb = 4
        self._parts: list[tuple[Ids, NDArray[np.int64], NDArray[np.bool_]]] = []
        """Of each tick: keys, kB, and whether it is sure."""
        self._peaks_kb = np.full(1024, -1, np.int64)

    def add(self, tick: Tick) -> None:
        """Add the next tick."""
        if tick.executed:
            self.last_exec = tick.number
        events = tick.events
        if len(events):
            self._page_kb = events.page_kb
            self._parts.append((events.mapping * _CODES + events.what, events.kb, events.sure))
        rss = tick.rows.get("rss")
        if tick.missing or rss is None or not len(tick.ids):
            return
        most = int(tick.ids.max())
        if most >= len(self._peaks_kb):
            self._peaks_kb = np.pad(self._peaks_kb, (0, most + 1), constant_values=-1)
        self._peaks_kb[tick.ids] = np.maximum(self._peaks_kb[tick.ids], rss)

    def peaks_kb(self, mappings: Ids) -> NDArray[np.int64]:
        """Highest Rss of mappings, kB; -1 for those that had no reading."""
        known = mappings < len(self._peaks_kb)
        peaks: NDArray[np.int64] = np.where(known, self._peaks_kb[np.where(known, mappings, 0)], -1)
        return peaks

    def largest(self, count: int) -> Ids:
        """The mappings with the highest Rss, the highest first; at most `count`."""
        order = np.argsort(-self._peaks_kb, kind="stable")[:count]
        return order[self._peaks_kb[order] > 0].astype(np.int64)

    def events_of(self, mappings: Sequence[int]) -> dict[int, list[Event]]:
        """What happened to mappings, one event for each mechanism with its sum, those that took most memory first."""
        if not self._parts or not mappings:
            return {mapping: [] for mapping in mappings}
        keys, kb, sure = (np.concatenate(column) for column in zip(*self._parts, strict=True))
        wanted = np.isin(keys // _CODES, np.array(mappings, np.int64))
        distinct, at = np.unique(keys[wanted], return_inverse=True)
        sums = np.bincount(at, kb[wanted], len(distinct)).astype(np.int64)
        doubtful = np.bincount(at, ~sure[wanted], len(distinct)) > 0
        found: dict[int, list[Event]] = {mapping: [] for mapping in mappings}
        for key, amount, is_doubtful in zip(distinct.tolist(), sums.tolist(), doubtful.tolist(), strict=True):
            pages = amount // self._page_kb
            found[key // _CODES].append(
                Event(key // _CODES, MECHANISMS[key % _CODES], amount, pages, not is_doubtful)
            )
        for events in found.values():
            events.sort(key=lambda event: (-event.kb, COST_OF[event.what]))
        return found
