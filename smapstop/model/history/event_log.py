"""The chronicle: what happened up to a moment, folded so that it can be read, and bounded."""

from dataclasses import dataclass

import numpy as np

from smapstop.model.history.folded_entries import entries_of_mapping, fold_entries
from smapstop.model.history.log_entry import LogEntry
from smapstop.model.history.mapping_history import MappingHistory
from smapstop.model.history.tick_entries import tick_entries
from smapstop.model.tick import Tick
from smapstop.model.timeline.map_snapshot import MapSnapshot, apply_tick
from smapstop.model.timeline.timeline import Timeline

MAX_ENTRIES = 1_000
"""The newest entries; older ones are forgotten."""
FOLD_TICKS = 10
"""What happens again within so many ticks is the same entry."""
MAX_NEW_ENTRIES = 20
"""New entries within as many ticks that are not too many to read."""
_WORK = 1_000_000
"""Rows and events that are told anew when a moment far from the last one is asked for: a fifth of a second."""
_TICK_WORK = 1_000
"""What a tick costs in which nothing happened, in the same measure."""
_MAX_RECENT, _MAX_CHECKPOINTS = 16, 32


@dataclass(frozen=True, slots=True)
class _LogState:
    """What happened up to a tick."""

    number: int
    closed: tuple[LogEntry, ...] = ()
    """What does not go on, in the order in which it ended."""
    open: tuple[LogEntry, ...] = ()
    """What may go on, in the order in which it began."""


def _is_closed(entry: LogEntry, tick: Tick) -> bool:
    """Whether an entry cannot go on at a tick; nothing of one program goes on in the next."""
    return tick.executed or entry.last < tick.number - FOLD_TICKS


def _advance(told: _LogState, tick: Tick, entries: list[LogEntry]) -> _LogState:
    """What happened up to the next tick."""
    ended = sorted((entry for entry in told.open if _is_closed(entry, tick)), key=lambda entry: entry.last)
    going = {entry.key: entry for entry in told.open if not _is_closed(entry, tick)}
    for entry in entries:
        known = going.get(entry.key)
        going[entry.key] = known.merged_with(entry) if known else entry
    closed = (*told.closed, *ended)[-MAX_ENTRIES:] if ended else told.closed
    return _LogState(tick.number, closed, tuple(going.values())[-MAX_ENTRIES:])


class EventLog:
    """What happened up to a tick, to all mappings and the process or to one mapping; pure, as its timeline is.

    Entries that may still go on keep the order in which they began; the others lie before them, in the order of
    their ends. So nothing moves but what begins and what ends.

    Args:
        timeline: The ticks; more may follow.
        mapping: Tell only of this one.
    """

    def __init__(self, timeline: Timeline, mapping: int | None = None) -> None:
        self.timeline = timeline
        self.mapping = mapping
        self._history = None if mapping is None else MappingHistory(timeline, mapping)
        self._snapshot: MapSnapshot | None = None
        self._recent: dict[int, _LogState] = {}
        self._checkpoints: dict[int, _LogState] = {}
        self._spacing = 64

    def at(self, number: int) -> tuple[LogEntry, ...]:
        """Entries of the log up to a tick, newest last; at most `MAX_ENTRIES`, none ended before the oldest tick.

        Raises:
            IndexError: There is no such tick, or it is forgotten.
        """
        first = self.timeline.oldest
        if not first <= number < len(self.timeline):
            raise IndexError(f"no tick {number}, the oldest that is known is {first}")
        if self._history is not None:
            self._history.update()
        told = self._nearest_state(number)
        for at in range(told.number + 1, number + 1):
            tick = self.timeline.header(at) if self._history else self.timeline.ticks[at]
            told = _advance(told, tick, self._entries(tick, told))
            self._cache_state(told)
        return tuple(entry for entry in (*told.closed, *told.open) if entry.last >= first)[-MAX_ENTRIES:]

    def _nearest_state(self, number: int) -> "_LogState":
        """From where to tell on: from what was told before, or from as far back as there is time for."""
        told = {n: told for n, told in (self._checkpoints | self._recent).items() if n <= number}
        known = max(told, default=-1)
        if known == number:
            return told[known]
        since = max(known + 1, self.timeline.oldest, number - _WORK // _TICK_WORK)
        work = np.cumsum(_TICK_WORK + self.timeline.queries.change_counts(since, number + 1)[::-1])
        begin = max(since, number - int(np.searchsorted(work, _WORK))) - 1
        return told.get(begin, _LogState(begin))

    def _cache_state(self, told: "_LogState") -> None:
        """Keep the last ones, so that steps back are cheap, and some in between, ever further apart."""
        self._recent[told.number] = told
        if len(self._recent) > _MAX_RECENT:
            self._recent.pop(next(iter(self._recent)))
        if told.number % self._spacing == 0:
            self._checkpoints[told.number] = told
        if len(self._checkpoints) > _MAX_CHECKPOINTS:
            self._spacing *= 2
            self._checkpoints = {n: stone for n, stone in self._checkpoints.items() if n % self._spacing == 0}

    def _entries(self, tick: Tick, told: "_LogState") -> list[LogEntry]:
        """What happened in the next tick."""
        happened = tick_entries(tick)
        notes = list(happened.of_process())
        if self._history is not None:
            return [*notes, *entries_of_mapping(happened, self._history)]
        before, after = self._snapshots_around(tick)
        if before is None:
            return notes
        going = [entry for entry in told.open if not _is_closed(entry, tick)]
        room = MAX_NEW_ENTRIES - sum(entry.first > tick.number - FOLD_TICKS for entry in going)
        return [*fold_entries(happened, before, after, [entry.key for entry in going], room), *notes]

    def _snapshots_around(self, tick: Tick) -> tuple[MapSnapshot | None, MapSnapshot]:
        """The moments before and after a tick."""
        before, last = self._snapshot, self.timeline.last
        if before is None or before.tick.number != tick.number - 1:
            before = self.timeline.at(tick.number - 1) if tick.number > self.timeline.oldest else None
        if last is not None and last.tick.number == tick.number:
            after = last
        else:
            after = self.timeline.at(tick.number) if before is None else apply_tick(before, tick)
        self._snapshot = after
        return before, after
