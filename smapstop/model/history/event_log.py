"""Event log of a timeline: entries up to a tick, folded to stay readable, and bounded in number."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from smapstop.lazy_dataclass import dataclass
from smapstop.model.history.amount_runs import RUN_TICKS, run_of, usual_kb
from smapstop.model.history.folded_entries import entries_of_mapping, fold_entries
from smapstop.model.history.log_entry import LogEntry
from smapstop.model.history.mapping_history import MappingHistory
from smapstop.model.history.tick_entries import tick_entries
from smapstop.model.tick import Ids, Tick
from smapstop.model.timeline.map_snapshot import MapSnapshot, apply_tick
from smapstop.model.timeline.timeline import Timeline

MAX_ENTRIES = 1_000
"""Newest entries kept; older ones are dropped."""
MAX_NEW_ENTRIES = 20
"""New entries allowed within `RUN_TICKS` ticks; further ones are folded by kind."""
_WORK = 1_000_000
"""Rows and events to process at most for a tick far from the cached ones: about 0.2 s."""
_TICK_WORK = 1_000
"""Cost of a tick without changes, in the same unit."""
_MAX_RECENT, _MAX_CHECKPOINTS = 16, 32


@dataclass(frozen=True, slots=True)
class _LogState:
    """Entries up to a tick."""

    number: int
    closed: tuple[LogEntry, ...] = ()
    """Entries that no later tick can extend; earlier than the open ones."""
    open: tuple[LogEntry, ...] = ()
    """Entries that a later tick may extend, in the order in which they last happened."""


def _is_closed(entry: LogEntry, tick: Tick) -> bool:
    """Whether a tick can no longer extend an entry; an exec closes all entries."""
    return tick.executed or entry.last < tick.number - RUN_TICKS


def _advance(state: _LogState, tick: Tick, entries: list[LogEntry]) -> _LogState:
    """Entries up to the next tick: each of its entries extends an open one that it is like, or begins a new one."""
    ended = tuple(entry for entry in state.open if _is_closed(entry, tick))
    quiet = {entry.identity: entry for entry in state.open if not _is_closed(entry, tick)}
    runs: dict[int, list[LogEntry]] = {}
    for entry in quiet.values():
        runs.setdefault(entry.key, []).append(entry)
    places = {identity: place for place, identity in enumerate(quiet)}
    happened = []
    for new in entries:
        known = runs.get(new.key, ())
        run = run_of(new.kb, known)
        if run is not None:
            del quiet[run.identity]
        happened.append(run.merged_with(new) if run else replace(new, usual_kb=usual_kb(new.kb, known)))
    # of a tick, the costliest is last; what goes on keeps its place among its equals, so that lines do not jump
    happened.sort(key=lambda entry: (entry.is_of_process, -entry.cost, places.get(entry.identity, len(places))))
    closed = (*state.closed, *ended)[-MAX_ENTRIES:] if ended else state.closed
    return _LogState(tick.number, closed, (*quiet.values(), *happened)[-MAX_ENTRIES:])


class EventLog:
    """Entries up to any tick, of the process and all its mappings or of one mapping; pure, as its timeline is.

    Entries are in the order in which they last happened, those of one tick in the order of their cost. What differs
    from a run of events by an order of magnitude is an entry of its own, see `run_of`; so no entry is ever split, or
    joined with another, as ticks follow.

    Args:
        timeline: The ticks; more may follow.
        mapping: Log only this mapping.
        only: Log only these mappings.
    """

    def __init__(self, timeline: Timeline, mapping: int | None = None, only: Ids | None = None) -> None:
        self.timeline = timeline
        self.mapping, self.only = mapping, only
        self._history = None if mapping is None else MappingHistory(timeline, mapping)
        self._snapshot: MapSnapshot | None = None
        self._recent: dict[int, _LogState] = {}
        self._checkpoints: dict[int, _LogState] = {}
        self._spacing = 64

    def is_of(self, timeline: Timeline, mapping: int | None, only: Ids | None) -> bool:
        """Whether it logs these mappings of a timeline."""
        if (self.timeline, self.mapping) != (timeline, mapping):
            return False
        return self.only is only or (self.only is not None and only is not None and np.array_equal(self.only, only))

    def at(self, number: int) -> tuple[LogEntry, ...]:
        """Entries up to a tick, newest last: at most `MAX_ENTRIES`, none that ended before the oldest known tick.

        Raises:
            IndexError: There is no such tick, or it was dropped.
        """
        first = self.timeline.oldest
        if not first <= number < len(self.timeline):
            raise IndexError(f"no tick {number}; the oldest available is {first}")
        if self._history is not None:
            self._history.update()
        state = self._nearest_state(number)
        for at in range(state.number + 1, number + 1):
            tick = self.timeline.header(at) if self._history else self.timeline.ticks[at]
            state = _advance(state, tick, self._entries(tick, state))
            self._cache_state(state)
        return tuple(entry for entry in (*state.closed, *state.open) if entry.last >= first)[-MAX_ENTRIES:]

    def _nearest_state(self, number: int) -> "_LogState":
        """State to continue from: the nearest cached one, or an empty one as far back as `_WORK` allows."""
        states = {n: state for n, state in (self._checkpoints | self._recent).items() if n <= number}
        known = max(states, default=-1)
        if known == number:
            return states[known]
        since = max(known + 1, self.timeline.oldest, number - _WORK // _TICK_WORK)
        work = np.cumsum(_TICK_WORK + self.timeline.queries.change_counts(since, number + 1)[::-1])
        begin = max(since, number - int(np.searchsorted(work, _WORK))) - 1
        return states.get(begin, _LogState(begin))

    def _cache_state(self, state: "_LogState") -> None:
        """Cache the latest states, so that steps back are cheap, and checkpoints at growing distances."""
        self._recent[state.number] = state
        if len(self._recent) > _MAX_RECENT:
            self._recent.pop(next(iter(self._recent)))
        if state.number % self._spacing == 0:
            self._checkpoints[state.number] = state
        if len(self._checkpoints) > _MAX_CHECKPOINTS:
            self._spacing *= 2
            self._checkpoints = {n: state for n, state in self._checkpoints.items() if n % self._spacing == 0}

    def _entries(self, tick: Tick, state: "_LogState") -> list[LogEntry]:
        """Entries of the next tick."""
        entries = tick_entries(tick)
        notes = list(entries.of_process())
        if self._history is not None:
            return [*notes, *entries_of_mapping(entries, self._history)]
        before, after = self._snapshots_around(tick)
        if before is None:
            return notes
        if self.only is not None:
            entries = entries.take(np.flatnonzero(np.isin(entries.mapping, self.only)))
        open_entries = [entry for entry in state.open if not _is_closed(entry, tick)]
        room = MAX_NEW_ENTRIES - sum(entry.first > tick.number - RUN_TICKS for entry in open_entries)
        if not len(entries):
            return notes
        faults, known = self.timeline.faults.since_reading(tick.number), [entry.key for entry in open_entries]
        return [*fold_entries(entries, before, after, faults, known, room), *notes]

    def _snapshots_around(self, tick: Tick) -> tuple[MapSnapshot | None, MapSnapshot]:
        """Snapshots before and after a tick; `None` before the oldest one."""
        before, last = self._snapshot, self.timeline.last
        if before is None or before.tick.number != tick.number - 1:
            before = self.timeline.at(tick.number - 1) if tick.number > self.timeline.oldest else None
        if last is not None and last.tick.number == tick.number:
            after = last
        else:
            after = self.timeline.at(tick.number) if before is None else apply_tick(before, tick)
        self._snapshot = after
        return before, after


def logs_of_mappings(histories: Sequence[MappingHistory], since: int) -> dict[int, tuple[LogEntry, ...]]:
    """Entries of single mappings from a tick on, newest last, in one pass over the ticks.

    Args:
        histories: Histories of mappings of one timeline, up to date.
        since: The first tick.
    """
    states = {history.mapping: _LogState(-1) for history in histories}
    if not histories:
        return {}
    by_mapping, timeline = {history.mapping: history for history in histories}, histories[0].timeline
    wanted = np.array(list(by_mapping), np.int64)
    for number in range(max(since, timeline.oldest), len(timeline)):
        tick = timeline.header(number)
        entries = tick_entries(tick)
        entries = entries.take(np.flatnonzero(np.isin(entries.mapping, wanted)))
        for mapping in np.unique(entries.mapping).tolist():
            new = entries_of_mapping(entries, by_mapping[mapping])
            states[mapping] = _advance(states[mapping], tick, new)
    return {mapping: (*state.closed, *state.open) for mapping, state in states.items()}
