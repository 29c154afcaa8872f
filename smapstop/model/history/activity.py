"""Amount of events at each tick, for the time bar, and ticks that differ from those before, for jumps to them."""

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from smapstop.model.history.log_entry import EVENT_CODES, ONE_TIME_CODES
from smapstop.model.history.runs import RunTracker
from smapstop.model.tick import Tick
from smapstop.model.timeline.timeline import Timeline

_FIRST_CAPACITY = 256
_MAX_ITEMS = 200
"""Events of a tick up to which each mapping has runs of its own; with more, each kind of event has."""
_SEVERAL = -1
"""In place of a mapping: of several mappings, or of new ones."""


class Activity:
    """Amounts of events by tick, updated as the timeline grows."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self._kb = np.zeros(_FIRST_CAPACITY, np.int64)
        self._times_ns = np.zeros(_FIRST_CAPACITY, np.int64)
        self._stands_out = np.zeros(_FIRST_CAPACITY, bool)
        self._next_number = 0
        self._runs = RunTracker()
        self._sizes_kb: dict[int, int] = {}

    @property
    def oldest(self) -> int:
        """Oldest tick still in the timeline."""
        return self.timeline.oldest

    def update(self) -> None:
        """Add the ticks appended since the last update."""
        count = len(self.timeline)
        if count > len(self._kb):
            more = (0, max(count, 2 * len(self._kb)) - len(self._kb))
            self._kb, self._times_ns = np.pad(self._kb, more), np.pad(self._times_ns, more)
            self._stands_out = np.pad(self._stands_out, more)
        for number in range(max(self._next_number, self.oldest), count):
            tick = self.timeline.header(number)
            process_events = tick.executed + (tick.ending is not None)
            events = len(tick.events) + len(tick.lineage) + process_events
            self._times_ns[number] = tick.monotonic_ns
            self._kb[number] = max(int(tick.events.kb.sum()), events)
            if events:
                self._stands_out[number] = self._begins_run(tick) or process_events > 0
        self._next_number = count

    def binned_amounts(self, width: int) -> NDArray[np.int64]:
        """Most that happened in one tick, in each of `width` equal bins of the time between oldest and newest tick.

        Returns:
            kB moved by mechanisms, shape (width,); where none has an amount, the number of events.
        """
        known = np.arange(self.oldest, self._next_number)
        amounts: NDArray[np.int64] = np.zeros(width, np.int64)
        np.maximum.at(amounts, self._bins_of(known, width), self._kb[known])
        return amounts

    def bins_standing_out(self, width: int) -> NDArray[np.bool_]:
        """Bins with a tick that stands out, see `nearest_standing_out`; shape (width,)."""
        known = np.arange(self.oldest, self._next_number)
        out = np.zeros(width, bool)
        out[self._bins_of(known[self._stands_out[known]], width)] = True
        return out

    def bin_of(self, number: int, width: int) -> int:
        """Bin of a tick."""
        return int(self._bins_of(np.array([number]), width)[0])

    def tick_in_bin(self, bin_number: int, width: int) -> int:
        """First tick in a bin that stands out, else its first one; for an empty bin, the last tick before it."""
        bins = self._bins_of(np.arange(self.oldest, self._next_number), width)
        here = self.oldest + np.flatnonzero(bins == bin_number)
        if not len(here):
            return self.oldest + max(0, int(np.searchsorted(bins, bin_number)) - 1)
        return int(here[np.argmax(self._stands_out[here])])

    def nearest_standing_out(self, number: int, direction: int) -> int | None:
        """Nearest tick after (1) or before (-1) a tick in which something began, or differed from its run.

        Returns:
            `None` if there is none.
        """
        ticks = self.oldest + np.flatnonzero(self._stands_out[self.oldest : self._next_number])
        candidates = ticks[ticks > number] if direction > 0 else ticks[ticks < number][::-1]
        return int(candidates[0]) if len(candidates) else None

    def _begins_run(self, tick: Tick) -> bool:
        """Whether anything in a tick begins a run of events, or differs from its run by an order of magnitude."""
        if tick.executed:
            self._runs.clear()
            self._sizes_kb.clear()
        items: dict[tuple[int, int], int] = defaultdict(int)
        born = {event.mapping for event in tick.lineage if event.what == "map"}
        events = tick.events
        if len(events) > _MAX_ITEMS:
            for code in np.unique(events.what).tolist():
                items[_SEVERAL, code] = int(events.kb[events.what == code].sum())
        else:
            columns = (events.mapping.tolist(), events.what.tolist(), events.kb.tolist())
            for mapping, code, kb in zip(*columns, strict=True):
                items[_SEVERAL if mapping in born else mapping, code] += kb
        many = len(tick.lineage) > _MAX_ITEMS
        resized = self._resized_kb(tick)
        for event in tick.lineage:
            code = EVENT_CODES[event.what]
            mapping = _SEVERAL if many or code in ONE_TIME_CODES else event.mapping
            items[mapping, code] += resized.get(event.mapping, 0)
        begun = [self._runs.begins_run(tick.number, key, kb) for key, kb in items.items()]
        return any(begun)

    def _resized_kb(self, tick: Tick) -> dict[int, int]:
        """By how much each mapping that is new, grew or shrank did so, kB; without those that are not known."""
        if any(event.what in ("split", "merge") for event in tick.lineage):
            self._sizes_kb.clear()
        for event in tick.lineage:
            if event.what == "unmap":
                self._sizes_kb.pop(event.mapping, None)
        born = {event.mapping for event in tick.lineage if event.what == "map"}
        resized = {event.mapping for event in tick.lineage if event.what in ("grow", "shrink")}
        if (not born and not resized) or len(resized) > _MAX_ITEMS:
            return {}
        tick = self.timeline.ticks[tick.number]
        rows = np.flatnonzero(np.isin(tick.ids, [*born, *resized]))
        sizes_kb = (tick.rows.end[rows] - tick.rows.start[rows]) >> np.uint64(10)
        changed = {}
        for mapping, size_kb in zip(tick.ids[rows].tolist(), sizes_kb.tolist(), strict=True):
            was_kb = 0 if mapping in born else self._sizes_kb.get(mapping)
            if was_kb is None:
                was_kb = size_kb - self.timeline.queries.change(mapping, tick.number).get("size", 0)
            changed[mapping], self._sizes_kb[mapping] = abs(size_kb - was_kb), size_kb
        return changed

    def _bins_of(self, numbers: NDArray[np.intp], width: int) -> NDArray[np.int64]:
        """Bins of ticks; dropped ticks fall into the first bin."""
        times, begin_ns = self._times_ns, self._times_ns[self.oldest]
        span_ns = max(1, int(times[self._next_number - 1] - begin_ns))
        bins: NDArray[np.int64] = np.clip((times[numbers] - begin_ns) * width // span_ns, 0, width - 1)
        return bins
