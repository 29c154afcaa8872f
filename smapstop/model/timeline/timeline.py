"""Timeline: the log of a process's ticks, and lookup of the map and the ticks at any time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import overload

import numpy as np

from smapstop.model.mapping_rows import find_rows
from smapstop.model.purposes import Purposes, purposes_of
from smapstop.model.tick import ExitStatus, ThreadStack, Tick
from smapstop.model.timeline.fault_queries import FaultQueries
from smapstop.model.timeline.map_snapshot import MapSnapshot, apply_tick
from smapstop.model.timeline.mapping_queries import MappingQueries
from smapstop.model.timeline.segment_store import SEGMENT_TICKS, SegmentStore
from smapstop.model.timeline.snapshot_cache import SnapshotCache
from smapstop.model.timeline.thread_stacks import StackLog

MAX_HISTORY_BYTES = 256 << 20
"""Default limit of the history, bytes: about a day of a busy process at one tick a second."""


class Timeline:
    """Ticks of one process, in order; pure: no I/O, no clock, no threads.

    Changes are stored packed, and from time to time the whole map: so memory grows with changes, and any map snapshot
    is rebuilt quickly. Past the memory limit the oldest ticks are forgotten: all before `oldest`, except the
    snapshots of the first tick and of the pinned ones.

    Args:
        max_bytes: Limit of the packed history; see `MAX_HISTORY_BYTES`.
        segment_ticks: Ticks that are packed together, at most.
    """

    def __init__(self, max_bytes: int = MAX_HISTORY_BYTES, segment_ticks: int = SEGMENT_TICKS) -> None:
        self._segments = SegmentStore(max_bytes, segment_ticks)
        self._stacks = StackLog()
        self._last: MapSnapshot | None = None
        self.first_exec: int | None = None
        """First tick at which the process ran another program than at the first tick; None if it never did."""
        self.snapshots = SnapshotCache(self._segments)
        """Map snapshots and ticks, cached."""
        self.faults = FaultQueries(self._segments)
        """Page faults over time."""
        self.queries = MappingQueries(self._segments, self.snapshots, self.faults)
        """Mappings and totals over time."""

    def __len__(self) -> int:
        """Number of ticks, including those before `oldest`, which are forgotten."""
        return len(self._segments)

    @property
    def nbytes(self) -> int:
        """Memory use of the packed history, bytes."""
        return self._segments.nbytes

    @property
    def oldest(self) -> int:
        """Number of the oldest known tick."""
        return self._segments.oldest

    @property
    def initial(self) -> MapSnapshot:
        """Map snapshot of the first tick, which is never forgotten; there must be a tick."""
        return self.snapshots.pinned[0]

    @property
    def last(self) -> MapSnapshot | None:
        """The newest map snapshot; None before the first tick."""
        return self._last

    @property
    def ending(self) -> ExitStatus | None:
        """Exit status of the process; None while it runs."""
        return self._last.tick.ending if self._last else None

    def append(self, tick: Tick, snapshot: MapSnapshot | None = None) -> MapSnapshot:
        """Append the next tick, and return its map snapshot.

        Args:
            tick: The tick.
            snapshot: The tick applied to `last`, if that was done before.

        Raises:
            ValueError: The tick is not the next one, or the first is not a keyframe.
        """
        if tick.number != len(self) or not (tick.number or tick.keyframe):
            raise ValueError(f"tick {tick.number} cannot follow {len(self)} ticks")
        before, self._last = self._last, snapshot or apply_tick(self._last, tick)
        self._segments.append(before, self._last)
        self._stacks.append(tick)
        self.faults.is_watched |= tick.faults is not None
        if tick.executed and self.first_exec is None:
            self.first_exec = tick.number
        self.snapshots.add(self._last)
        return self._last

    def pin(self, *numbers: int) -> None:
        """Pin the map snapshots of ticks, in place of those pinned before, so that they are not forgotten.

        Raises:
            IndexError: There is no such tick, or it is forgotten.
        """
        self.snapshots.pin(*numbers)

    def at(self, number: int) -> MapSnapshot:
        """Map snapshot of a tick by its ordinal.

        Raises:
            IndexError: There is no such tick, or it is forgotten.
        """
        return self.snapshots.snapshot(number)

    @property
    def ticks(self) -> "Ticks":
        """Known ticks, by ordinal."""
        return Ticks(self.oldest, len(self), self.snapshots.tick)

    def header(self, number: int) -> Tick:
        """Tick without `ids` and `rows`, which take the longest to rebuild; they may be there all the same.

        Raises:
            IndexError: There is no such tick, or it is forgotten.
        """
        return self.snapshots.header(number)

    def stacks_at(self, number: int) -> Mapping[int, ThreadStack]:
        """Known thread stacks at a tick, by mapping."""
        return self._stacks.at(number)

    def purposes_at(self, number: int) -> Purposes:
        """Purposes of the mappings at a tick, in the order of its map snapshot.

        Raises:
            IndexError: There is no such tick, or it is forgotten.
        """
        snapshot, stacks = self.at(number), self.stacks_at(number)
        rows = find_rows(snapshot.ids, np.fromiter(stacks, np.int64, len(stacks))).tolist()
        by_row = {row: stack for row, stack in zip(rows, stacks.values(), strict=True) if row >= 0}
        return purposes_of(snapshot.mappings, by_row, snapshot.reading_tick.counters.threads)

    def replayable_ticks(self) -> Iterator[Tick]:
        """Ticks known at the time of the call, renumbered from 0; the first is a keyframe.

        Ticks that are forgotten during the iteration are left out, and a keyframe follows the gap.
        """
        stop, number, needs_keyframe, ordinal = len(self), self.oldest, True, 0
        while max(number, self.oldest) < stop:
            if number < self.oldest:
                number, needs_keyframe = self.oldest, True
            tick = self.snapshots.tick(number)
            if needs_keyframe and tick.has_mappings:
                snapshot, needs_keyframe = self.at(number), False
                tick = replace(tick, keyframe=True, ids=snapshot.ids, rows=snapshot.mappings, gone=snapshot.ids[:0])
            if not needs_keyframe:
                yield replace(tick, number=ordinal)
                ordinal += 1
            number += 1


class Ticks(Sequence[Tick]):
    """Ticks of a timeline by ordinal; slices leave out forgotten ticks, and indexing one raises IndexError."""

    def __init__(self, first: int, stop: int, tick: Callable[[int], Tick]) -> None:
        self._first, self._stop, self._tick = first, stop, tick

    def __len__(self) -> int:
        return self._stop

    def __iter__(self) -> Iterator[Tick]:
        return map(self._tick, range(self._first, self._stop))

    def __reversed__(self) -> Iterator[Tick]:
        return map(self._tick, reversed(range(self._first, self._stop)))

    @overload
    def __getitem__(self, number: int) -> Tick: ...
    @overload
    def __getitem__(self, number: slice) -> list[Tick]: ...
    def __getitem__(self, number: int | slice) -> Tick | list[Tick]:
        if isinstance(number, slice):
            return [self._tick(at) for at in range(self._stop)[number] if at >= self._first]
        return self._tick(number + self._stop if number < 0 else number)
