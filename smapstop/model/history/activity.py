"""Memory and events at each tick, for the time band, and ticks that differ from those before, for jumps to them."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.events import Cost, Events, costs_of
from smapstop.model.history.amount_runs import RunTracker
from smapstop.model.history.log_entry import EVENT_CODES, ONE_TIME_CODES
from smapstop.model.history.time_window import TickTimes, TimeWindow
from smapstop.model.tick import Tick
from smapstop.model.timeline.timeline import Timeline

_FIRST_CAPACITY = 256
_MAX_ITEMS = 200
"""Events of a tick up to which each mapping has runs of its own; with more, each kind of event has."""
_POSITION_BITS = 24
"""Bits for the position of a tick, besides those for an amount."""
_SEVERAL = -1
"""In place of a mapping: of several mappings, or of new ones."""


PAGES_IN, PAGES_OUT, OTHER_EVENTS = range(3)
"""Lanes of events: memory is taken, memory is given back, and all others."""
_LANES = {Cost.MEMORY: PAGES_IN, Cost.TIME: PAGES_IN, Cost.RETURNED: PAGES_OUT}
_LANE_OF_COST = np.array([_LANES.get(cost, OTHER_EVENTS) for cost in Cost])
_COST_TO_STAND_OUT = np.array([Cost.MEMORY if cost == Cost.RETURNED else cost for cost in Cost])
"""Cost by which events are ranked: memory given back stands out as much as memory taken."""
_LATE_NS = 3_000_000_000
"""A tick comes late that many ns after three intervals."""
BACKINGS = ("rss_file", "rss_shmem", "rss_anon", "swap")
"""Totals that add up to the memory of a process, by what backs it."""


@dataclass(frozen=True, slots=True)
class Highlight:
    """What made a tick stand out."""

    code: int
    """Code of `EVENT_KINDS`."""
    kb: int
    """Its amount, kB; 0 for none."""
    sure: bool
    mapping: int | None
    """Mapping in which most of it began, or differed from its run; None if it is not known."""


class Activity:
    """Memory and amounts of events by tick, updated as the timeline grows."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self._kb = np.zeros((3, _FIRST_CAPACITY), np.int64)
        """Amounts by lane, kB."""
        self._backings = np.full((len(BACKINGS), _FIRST_CAPACITY), np.nan)
        self._times_ns = np.zeros(_FIRST_CAPACITY, np.int64)
        self._stands_out = np.zeros(_FIRST_CAPACITY, bool)
        self._is_reading = np.zeros(_FIRST_CAPACITY, bool)
        self._is_late = np.zeros(_FIRST_CAPACITY, bool)
        """Ticks before which none was taken for long, as while a connection was lost."""
        self._highlights: dict[int, Highlight] = {}
        self._next_number = 0
        self._runs = RunTracker()
        self._sizes_kb: dict[int, int] = {}

    @property
    def oldest(self) -> int:
        """Oldest tick still in the timeline."""
        return self.timeline.oldest

    @property
    def times_ns(self) -> TickTimes:
        """Start of each tick, ns; at the last update."""
        return self._times_ns[: self._next_number]

    @property
    def is_reading(self) -> NDArray[np.bool_]:
        """Which ticks read the mappings; at the last update."""
        return self._is_reading[: self._next_number]

    def update(self) -> None:
        """Add the ticks appended since the last update."""
        count = len(self.timeline)
        self._make_room(count)
        for number in range(max(self._next_number, self.oldest), count):
            tick = self.timeline.header(number)
            self._times_ns[number], self._is_reading[number] = tick.monotonic_ns, tick.has_mappings
            since_ns = tick.monotonic_ns - self._times_ns[max(number - 1, self.oldest)]
            self._is_late[number] = since_ns > _LATE_NS + 3 * max(tick.interval_ns, tick.smaps_interval_ns)
            self._backings[:, number] = self._backings_of(tick)
            process_events = tick.executed + (tick.ending is not None)
            if process_events or tick.lineage or len(tick.events):
                lanes = _LANE_OF_COST[costs_of(tick.events.what)]
                self._kb[:, number] = np.bincount(lanes, weights=tick.events.kb, minlength=3)
                if not self._kb[:, number].any():
                    self._kb[OTHER_EVENTS, number] = len(tick.events) + len(tick.lineage) + process_events
                highlight = self._find_highlight(tick)
                if highlight is not None:
                    self._highlights[number] = highlight
                self._stands_out[number] = highlight is not None or process_events > 0
        self._next_number = count

    def _make_room(self, count: int) -> None:
        """Grow the arrays to `count` ticks."""
        more = max(count, 2 * len(self._times_ns)) - len(self._times_ns)
        if count > len(self._times_ns):
            self._kb, self._times_ns = np.pad(self._kb, ((0, 0), (0, more))), np.pad(self._times_ns, (0, more))
            self._stands_out = np.pad(self._stands_out, (0, more))
            self._is_reading = np.pad(self._is_reading, (0, more))
            self._is_late = np.pad(self._is_late, (0, more))
            self._backings = np.pad(self._backings, ((0, 0), (0, more)), constant_values=np.nan)

    def _backings_of(self, tick: Tick) -> list[float]:
        """Memory by what backs it, kB; of a tick that read no mappings, that of the one before; NaN if unknown."""
        if tick.tier == "smaps" or "rss_anon" in tick.totals or tick.missing or tick.number <= self.oldest:
            return [tick.totals.get(name, np.nan) for name in BACKINGS]
        before: list[float] = self._backings[:, tick.number - 1].tolist()
        return before

    def binned_backings(self, window: TimeWindow, width: int) -> NDArray[np.float64]:
        """Memory by what backs it at the peak of each of `width` cells.

        Returns:
            kB, shape (len(BACKINGS), width); NaN where unknown, and before a tick that came late.
        """
        kb = self._backings[:, window.first : window.last + 1]
        unknown = np.isnan(kb).all(axis=0)
        heights = np.nan_to_num(kb).sum(axis=0).astype(np.int64)
        # the position in the low bits says which tick of a cell is the highest
        keys = (heights << _POSITION_BITS) + np.arange(len(heights))
        cells = window.cells(width)
        peaks = np.maximum.reduceat(keys, cells) & ((1 << _POSITION_BITS) - 1)
        is_empty = np.append(cells[1:] == cells[:-1], False)
        unseen = is_empty & self._is_late[window.first : window.last + 1][cells]
        backings: NDArray[np.float64] = np.where(unknown[peaks] | unseen, np.nan, np.nan_to_num(kb[:, peaks]))
        return backings

    def binned_amounts(self, window: TimeWindow, width: int) -> NDArray[np.int64]:
        """Most that happened in one tick, in each of `width` cells.

        Returns:
            kB moved by mechanisms, shape (3, width), in the order of the lanes; where no event has an amount, the
            number of events is in the last lane.
        """
        kb = self._kb[:, window.first : window.last + 1]
        amounts: NDArray[np.int64] = np.maximum.reduceat(kb, window.cells(width), axis=1)
        return amounts

    def cells_standing_out(self, window: TimeWindow, width: int) -> NDArray[np.bool_]:
        """Cells with a tick that stands out, see `nearest_standing_out`; shape (width,)."""
        stands_out = self._stands_out[window.first : window.last + 1]
        cells: NDArray[np.bool_] = np.logical_or.reduceat(stands_out, window.cells(width))
        return cells

    def outliers(self, window: TimeWindow, most: int) -> list[int]:
        """The ticks of a window that stand out, at most the `most` in which most memory moved, these first."""
        ticks = window.first + np.flatnonzero(self._stands_out[window.first : window.last + 1])
        kb = self._kb[:OTHER_EVENTS, ticks].max(axis=0)
        return [int(number) for number in ticks[np.argsort(-kb, kind="stable")[:most]]]

    def tick_in(self, numbers: Sequence[int]) -> int:
        """Of consecutive ticks, as of a cell, the first that stands out, else the last."""
        stands_out = self._stands_out[numbers[0] : numbers[-1] + 1]
        return numbers[int(np.argmax(stands_out))] if stands_out.any() else numbers[-1]

    def nearest_with_events(self, number: int, direction: int) -> int | None:
        """Nearest tick after (1) or before (-1) a tick in which anything happened; `None` if there is none."""
        return self._nearest((self._kb > 0).max(axis=0), number, direction)

    def nearest_standing_out(self, number: int, direction: int) -> int | None:
        """Nearest tick after (1) or before (-1) a tick in which something began, or differed from its run.

        Returns:
            `None` if there is none.
        """
        return self._nearest(self._stands_out, number, direction)

    def _nearest(self, mask: NDArray[np.bool_], number: int, direction: int) -> int | None:
        """Nearest known tick of a mask, after (1) or before (-1) a tick."""
        ticks = self.oldest + np.flatnonzero(mask[self.oldest : self._next_number])
        candidates = ticks[ticks > number] if direction > 0 else ticks[ticks < number][::-1]
        return int(candidates[0]) if len(candidates) else None

    def highlight_of(self, number: int) -> Highlight | None:
        """What made a tick stand out; None where nothing did, or the process as a whole."""
        return self._highlights.get(number)

    def main_mapping(self, number: int) -> int | None:
        """Mapping in which most of what made a tick stand out happened, or of what happened at all; None for none."""
        if number in self._highlights:
            return self._highlights[number].mapping
        tick = self.timeline.header(number)
        return _largest(tick.events, np.arange(len(tick.events)), [event.mapping for event in tick.lineage])

    def _find_highlight(self, tick: Tick) -> Highlight | None:
        """What begins a run, or differs from its run by an order of magnitude, summed up over the mappings.

        Of several kinds the largest that takes memory or gives it back, else the costliest.
        """
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
        begun = [key for key, kb in items.items() if self._runs.begins_run(tick.number, key, kb)]
        if not begun:
            return None
        sums_kb: dict[int, int] = defaultdict(int)
        for mapping, code in begun:
            sums_kb[code] += items[mapping, code]
        costs = _COST_TO_STAND_OUT[costs_of(np.array(list(sums_kb)))].tolist()
        (code, kb), _ = min(zip(sums_kb.items(), costs, strict=True), key=lambda each: (each[1], -each[0][1]))
        doubtful = {*events.mapping[(events.what == code) & ~events.sure].tolist()}
        begun_in = {mapping for mapping, other in begun if other == code}
        sure = not doubtful or (_SEVERAL not in begun_in and not doubtful & begun_in)
        rows = np.flatnonzero(events.what == code)
        steps = [event.mapping for event in tick.lineage if EVENT_CODES[event.what] == code]
        if len(events) <= _MAX_ITEMS and code not in ONE_TIME_CODES:
            begun_in |= born if _SEVERAL in begun_in else set()
            rows = rows[np.isin(events.mapping[rows], list(begun_in))]
            steps = [mapping for mapping in steps if many or mapping in begun_in]
        return Highlight(code, kb, sure, _largest(events, rows, steps))

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


def _largest(events: Events, rows: NDArray[np.intp], steps: Sequence[int]) -> int | None:
    """Mapping of the largest of some events, or else the first that changed as a whole; None for none."""
    return int(events.mapping[rows[np.argmax(events.kb[rows])]]) if len(rows) else next(iter(steps), None)
