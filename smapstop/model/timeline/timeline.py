"""The log of ticks: append them, and look up the map and the ticks as they were."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import overload

from smapstop.model.tick import ExitStatus, ThreadStack, Tick
from smapstop.model.timeline.map_snapshot import MapSnapshot, apply_tick
from smapstop.model.timeline.mapping_queries import MappingQueries
from smapstop.model.timeline.segment_store import SEGMENT_TICKS, SegmentStore
from smapstop.model.timeline.snapshot_cache import SnapshotCache
from smapstop.model.timeline.thread_stacks import StackLog

MAX_HISTORY_BYTES = 256 << 20
"""How much history is kept: at a tick a second that is a day of a busy process."""


class Timeline:
    """The ticks of one process, in order; pure: no I/O, no clock, no threads.

    What changed is kept, packed, and now and then the whole map: so memory grows with changes, and any moment is
    quickly rebuilt. When that takes too much, the oldest ticks are forgotten: all before `first`, but for the very
    first one, and the one that is kept.

    Args:
        kept_bytes: See `MAX_BYTES`.
        run_ticks: How many ticks are packed together.
    """

    def __init__(self, max_bytes: int = MAX_HISTORY_BYTES, segment_ticks: int = SEGMENT_TICKS) -> None:
        self._segments = SegmentStore(max_bytes, segment_ticks)
        self._stacks = StackLog()
        self._last: MapSnapshot | None = None
        self.snapshots = SnapshotCache(self._segments)
        """The moments and ticks last asked for."""
        self.queries = MappingQueries(self._segments, self.snapshots)
        """What mappings and totals were over time."""

    def __len__(self) -> int:
        """How many ticks there were; those before `first` are forgotten."""
        return len(self._segments)

    @property
    def nbytes(self) -> int:
        """The memory that the packed history takes."""
        return self._segments.nbytes

    @property
    def oldest(self) -> int:
        """The oldest tick that is known."""
        return self._segments.oldest

    @property
    def initial(self) -> MapSnapshot:
        """The moment of the very first tick, which is never forgotten; there must be one."""
        return self.snapshots.pinned[0]

    @property
    def last(self) -> MapSnapshot | None:
        """The newest moment; None before the first tick."""
        return self._last

    @property
    def ending(self) -> ExitStatus | None:
        """How the process ended; None while it runs."""
        return self._last.tick.ending if self._last else None

    def append(self, tick: Tick) -> MapSnapshot:
        """Add the next tick, and give the moment that it makes.

        Raises:
            ValueError: The tick is not the next one, or the first is not a keyframe.
        """
        if tick.number != len(self) or not (tick.number or tick.keyframe):
            raise ValueError(f"tick {tick.number} cannot follow {len(self)} ticks")
        before, self._last = self._last, apply_tick(self._last, tick)
        self._segments.append(before, self._last)
        self._stacks.append(tick)
        self.snapshots.add(self._last)
        return self._last

    def pin(self, number: int) -> None:
        """Do not forget the moment of a tick, instead of the one that was to be kept before.

        Raises:
            IndexError: There is no such tick, or it is forgotten.
        """
        self.snapshots.pin(number)

    def at(self, number: int) -> MapSnapshot:
        """The moment of a tick by its ordinal.

        Raises:
            IndexError: There is no such tick, or it is forgotten.
        """
        return self.snapshots.snapshot(number)

    @property
    def ticks(self) -> "Ticks":
        """The ticks that are known, by ordinal."""
        return Ticks(self.oldest, len(self), self.snapshots.tick)

    def header(self, number: int) -> Tick:
        """A tick for all but its `ids` and `rows`, which may be left out: these take the longest to rebuild.

        Raises:
            IndexError: There is no such tick, or it is forgotten.
        """
        return self.snapshots.header(number)

    def stacks_at(self, number: int) -> Mapping[int, ThreadStack]:
        """Whose stack each mapping is at a tick, as far as it is known."""
        return self._stacks.at(number)

    def replayable_ticks(self) -> Iterator[Tick]:
        """The ticks that are known until now, counted from 0 again, the first of them with the whole map.

        What is forgotten while they are told is left out, and the map is told anew then.
        """
        stop, number, whole, ordinal = len(self), self.oldest, True, 0
        while max(number, self.oldest) < stop:
            if number < self.oldest:
                number, whole = self.oldest, True
            tick = self.snapshots.tick(number)
            if whole and tick.has_mappings:
                moment, whole = self.at(number), False
                tick = replace(tick, keyframe=True, ids=moment.ids, rows=moment.mappings, gone=moment.ids[:0])
            if not whole:
                yield replace(tick, number=ordinal)
                ordinal += 1
            number += 1


class Ticks(Sequence[Tick]):
    """The ticks of a timeline by ordinal; those forgotten are in no slice, and asking for one is an error."""

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
