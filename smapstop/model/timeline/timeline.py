"""The log of ticks, and the questions that readers ask it: how was it then, and how did it get there."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import overload

import numpy as np
from numpy.typing import NDArray

from smapstop.model.tick import Ending, Ids, Lineage, Stack, Tick
from smapstop.model.timeline.map_snapshot import Moment, apply
from smapstop.model.timeline.mapping_queries import Passage, amounts_over_time, last_told, passage_of, passages
from smapstop.model.timeline.row_log import Steps, replayed
from smapstop.model.timeline.segment_store import RUN_TICKS, History
from smapstop.model.timeline.thread_stacks import StackLog

KEPT_BYTES = 256 << 20
"""How much history is kept: at a tick a second that is a day of a busy process."""
_MOMENTS, _HEADS, _CHANGES = 8, 256, 1024
"""How many answers are remembered: those that a person looks at are asked for again and again."""


class Timeline:
    """The ticks of one process, in order; pure: no I/O, no clock, no threads.

    What changed is kept, packed, and now and then the whole map: so memory grows with changes, and any moment is
    quickly rebuilt. When that takes too much, the oldest ticks are forgotten: all before `first`, but for the very
    first one, and the one that is kept.

    Args:
        kept_bytes: See `KEPT_BYTES`.
        run_ticks: How many ticks are packed together.
    """

    def __init__(self, kept_bytes: int = KEPT_BYTES, run_ticks: int = RUN_TICKS) -> None:
        self._history = History(kept_bytes, run_ticks)
        self._stacks = StackLog()
        self._last: Moment | None = None
        self._kept: dict[int, Moment] = {}
        self._moments: dict[int, Moment] = {}
        self._ticks_of = lru_cache(2)(lambda segment: segment.heads.ticks())
        self._steps_of = lru_cache(2)(lambda segment: segment.steps.expanded())
        self._head = lru_cache(_HEADS)(self._find_head)
        self._change = lru_cache(_CHANGES)(self._find_change)

    def __len__(self) -> int:
        """How many ticks there were; those before `first` are forgotten."""
        return len(self._history)

    @property
    def nbytes(self) -> int:
        """The memory that the packed history takes."""
        return self._history.nbytes

    @property
    def first(self) -> int:
        """The oldest tick that is known."""
        return self._history.first

    @property
    def start(self) -> Moment:
        """The moment of the very first tick, which is never forgotten; there must be one."""
        return self._kept[0]

    @property
    def last(self) -> Moment | None:
        """The newest moment; None before the first tick."""
        return self._last

    @property
    def ending(self) -> Ending | None:
        """How the process ended; None while it runs."""
        return self._last.tick.ending if self._last else None

    def append(self, tick: Tick) -> Moment:
        """Add the next tick, and give the moment that it makes.

        Raises:
            ValueError: The tick is not the next one, or the first is not a keyframe.
        """
        if tick.number != len(self) or not (tick.number or tick.keyframe):
            raise ValueError(f"tick {tick.number} cannot follow {len(self)} ticks")
        before, self._last = self._last, apply(self._last, tick)
        self._history.append(before, self._last)
        self._stacks.hear(tick)
        if not tick.number:
            self._kept[0] = self._last
        self._remember(self._last)
        return self._last

    def keep(self, number: int) -> None:
        """Do not forget the moment of a tick, instead of the one that was to be kept before.

        Raises:
            IndexError: There is no such tick, or it is forgotten.
        """
        if number not in self._kept:
            self._kept = {0: self.start, number: self.at(number)}

    def at(self, number: int) -> Moment:
        """The moment of a tick by its ordinal.

        Raises:
            IndexError: There is no such tick, or it is forgotten.
        """
        if number in self._kept:
            return self._kept[number]
        self._check(number)
        moment = self._moments.pop(number, None) or self._rebuilt(number)
        self._remember(moment)
        return moment

    def _check(self, number: int) -> None:
        """Raise an IndexError when a tick is not known."""
        if not 0 <= number < len(self):
            raise IndexError(f"no tick {number}")
        if number < self.first:
            raise IndexError(f"tick {number} is forgotten: history begins at tick {self.first}")

    def _remember(self, moment: Moment) -> None:
        """Keep the moments last asked for: those that a person looks at are the newest, the one before, the mark."""
        self._moments[moment.tick.number] = moment
        if len(self._moments) > _MOMENTS:
            self._moments.pop(next(iter(self._moments)))

    def _rebuilt(self, number: int) -> Moment:
        """Rebuild a moment from the last whole map before it."""
        segments = self._history.between(number, number + 1)
        assert segments[0].base is not None
        ids, mappings, moved = replayed([segments[0].base, *(segment.steps for segment in segments)], number)
        segment, tick = segments[-1], self.head(number)
        if not segment.loose:
            tick = replace(tick, ids=ids, rows=mappings) if tick.keyframe else self._tick(number)
        read = max(self.first, int(segment.read()[number - segment.first]))
        return Moment(tick, ids, mappings, moved, tick if read == number else self.head(read))

    # the ticks

    @property
    def ticks(self) -> "Ticks":
        """The ticks that are known, by ordinal."""
        return Ticks(self.first, len(self), self._tick)

    def head(self, number: int) -> Tick:
        """A tick for all but its `ids` and `rows`, which may be left out: these take the longest to rebuild.

        Raises:
            IndexError: There is no such tick, or it is forgotten.
        """
        if number in self._kept:
            return self._kept[number].tick
        self._check(number)
        segment = self._history.segment(number)
        return segment.heads.ticks()[number - segment.first] if segment.loose else self._head(number)

    def _find_head(self, number: int) -> Tick:
        """Rebuild a tick that is packed, without its rows."""
        segment = self._history.segment(number)
        head: Tick = self._ticks_of(segment)[number - segment.first]
        return head

    def _tick(self, number: int) -> Tick:
        """A tick with its rows."""
        head = self.head(number)
        if number in self._kept or self._history.segment(number).loose:
            return head
        if head.keyframe:
            return self.at(number).tick
        steps: Steps = self._steps_of(self._history.segment(number))
        rows = steps.of_tick(number)
        return replace(head, ids=steps.ids[rows], rows=steps.take(rows)) if len(rows) else head

    def retold(self) -> Iterator[Tick]:
        """The ticks that are known until now, counted from 0 again, the first of them with the whole map.

        What is forgotten while they are told is left out, and the map is told anew then.
        """
        stop, number, whole, ordinal = len(self), self.first, True, 0
        while max(number, self.first) < stop:
            if number < self.first:
                number, whole = self.first, True
            tick = self._tick(number)
            if whole and tick.read_mappings:
                moment, whole = self.at(number), False
                tick = replace(tick, keyframe=True, ids=moment.ids, rows=moment.mappings, gone=moment.ids[:0])
            if not whole:
                yield replace(tick, number=ordinal)
                ordinal += 1
            number += 1

    def find(self, wall_ns: int) -> int:
        """The last tick that began at or before a wall-clock time; the first that is known when none did."""
        known = range(self.first, len(self))
        return max(self.first, self.first + bisect_right(known, wall_ns, key=self._wall_ns) - 1)

    def _wall_ns(self, number: int) -> int:
        """When a tick began."""
        segment = self._history.segment(number)
        began: int = segment.heads.plain("wall_ns")[number - segment.first]
        return began

    def sizes(self, first: int, stop: int) -> NDArray[np.int64]:
        """How much there is to tell of the ticks `first` to `stop`, which must be known.

        Returns:
            Rows, events, and steps in the life of mappings together, shape (stop - first,).
        """
        segments = self._history.between(first, stop)
        sizes = np.concatenate([segment.sizes() for segment in segments])
        return sizes[first - segments[0].first : stop - segments[0].first]

    def totals(self, name: str, first: int, stop: int) -> NDArray[np.float64]:
        """A total of the process (kB, see `Tick.totals`) over the ticks `first` to `stop`; NaN where unknown."""
        first, stop = max(0, first), min(stop, len(self))
        out = np.full(max(0, stop - first), np.nan)
        since = max(first, self.first)
        if since < stop:
            segments = self._history.between(since, stop)
            values = np.concatenate([segment.heads.totals(name) for segment in segments])
            out[since - first :] = values[since - segments[0].first : stop - segments[0].first]
        return out

    # some mappings

    def stacks_at(self, number: int) -> Mapping[int, Stack]:
        """Whose stack each mapping is at a tick, as far as it is known."""
        return self._stacks.at(number)

    def series(self, mappings: Ids, name: str, first: int, stop: int) -> NDArray[np.float64]:
        """A field of some mappings over the ticks `first` to `stop`, kB.

        Returns:
            Shape (len(mappings), stop - first). NaN where the mapping did not exist, the field was not printed, or
            the tick is forgotten.
        """
        first, stop = max(0, first), min(stop, len(self))
        out = np.full((len(mappings), max(0, stop - first)), np.nan)
        since = max(first, self.first)
        if len(mappings) and since < stop:
            segments = self._history.between(since, stop)
            out[:, since - first :] = amounts_over_time(segments, mappings, name, since, stop)
        return out

    def change(self, mapping: int, number: int) -> dict[str, int]:
        """How each field of a mapping changed at a tick, kB; from nothing when it was born then.

        Nothing when the tick does not tell of the mapping, or what was before it is forgotten.

        Raises:
            IndexError: There is no such tick, or it is forgotten.
        """
        self._check(number)
        change: dict[str, int] = self._change(mapping, number)
        return change

    def _find_change(self, mapping: int, number: int) -> dict[str, int]:
        """See `change`."""
        after = self._told(mapping, number)
        if after is None or (number and number == self.first):
            return {}
        if after[0] != number and not self.head(number).keyframe:
            return {}
        before = self._told(mapping, number - 1) if number else None
        was = before[1] if before else {}
        return {name: new - max(0, was.get(name, 0)) for name, new in after[1].items() if new >= 0}

    def _told(self, mapping: int, until: int) -> tuple[int, dict[str, int]] | None:
        """The last tick up to `until` that told of a mapping, and its fields; None when it was not there then."""
        return last_told(self._history.between(until, until + 1), mapping, until)

    def passages(self, mapping: int, since: int) -> Iterator[Passage]:
        """What the ticks from `since` on told of a mapping, with the moments that are kept of those forgotten."""
        for number, moment in sorted(self._kept.items()):
            if since <= number < self.first:
                yield passage_of(moment, mapping)
        since = max(since, self.first)
        if since < len(self):
            yield from passages(self._history.between(since, len(self)), mapping, since, self.first)

    def lineage_of(self, mapping: int, since: int) -> list[tuple[int, Lineage]]:
        """What happened to a mapping as a whole, or through it to others, from a tick on, with the ticks."""
        since = max(since, self.first)
        segments = self._history.between(since, len(self)) if since < len(self) else []
        lineage = [told for segment in segments for told in segment.heads.lineage_of(mapping)]
        return [(number, step) for number, step in lineage if number >= since]


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
