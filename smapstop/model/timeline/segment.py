"""A segment: a stretch of the log; the newest one as its ticks came, the others packed into columns."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from smapstop.model.tick import Tick
from smapstop.model.timeline.column_codec import StoredColumn, decode, encode
from smapstop.model.timeline.delta import Delta, RowLayout, TickNumbers
from smapstop.model.timeline.row_log import RowLog, build_row_log
from smapstop.model.timeline.tick_headers import PlainHeaders, TickHeaders, pack_headers


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Consecutive ticks: what they say beside rows, and the steps that the map made. Nothing of them is lost."""

    first: int
    """The number of the first tick."""
    stop: int
    """The number of the tick after the last."""
    starts_full: bool
    """Whether the map begins anew with the first tick."""
    base: RowLog | None
    """The whole map at the first tick; None when it follows from the segment before."""
    row_log: RowLog
    """What the ticks changed."""
    headers: TickHeaders
    _reading_numbers: StoredColumn

    @property
    def nbytes(self) -> int:
        """The memory that it takes."""
        return (
            self.row_log.nbytes
            + self.headers.nbytes
            + self._reading_numbers.nbytes
            + (self.base.nbytes if self.base else 0)
        )

    @property
    def is_open(self) -> bool:
        """Whether its ticks are still as they came."""
        return isinstance(self.headers, PlainHeaders)

    def reading_numbers(self) -> TickNumbers:
        """Which tick read the map that each tick shows."""
        read: TickNumbers = decode(self._reading_numbers)
        return read

    def change_counts(self) -> NDArray[np.int64]:
        """How much each tick tells: rows, events, and steps in the life of mappings."""
        rows = np.bincount(decode(self.row_log.number) - self.first, minlength=self.stop - self.first)
        sizes: NDArray[np.int64] = rows + self.headers.event_counts()
        return sizes

    def with_packed_base(self) -> "Segment":
        """The same with the base in few bytes."""
        return replace(self, base=self.base.packed()) if self.base else self


class OpenSegment:
    """The newest ticks, as they come.

    Args:
        first: The number of the first one.
        base: The whole map at the first one; None when it follows from the ticks before.
    """

    def __init__(self, first: int, base: RowLog | None) -> None:
        self.first = first
        self.base = base
        self.ticks: list[Tick] = []
        self.row_count = 0
        """How many rows they changed."""
        self.layout: RowLayout | None = None
        """The layout of these rows; None before the first."""
        self._deltas: list[Delta] = []
        self._reading_numbers: list[int] = []
        self._segment: Segment | None = None

    def add(self, tick: Tick, delta: Delta, read: int) -> None:
        """Add a tick: what it changed, and which tick read the map that it shows."""
        self.ticks.append(tick)
        self.row_count += len(delta.ids)
        self.layout = self.layout or delta.layout
        self._deltas.append(delta)
        self._reading_numbers.append(read)
        self._segment = None

    def can_add(self, delta: Delta) -> bool:
        """Whether the rows of a tick have the layout of the others."""
        return delta.layout is None or self.layout in (None, delta.layout)

    @property
    def segment(self) -> Segment:
        """The ticks so far, at least one, as they came."""
        if self._segment is None:
            rows = self.ticks[0].rows
            self._segment = Segment(
                first=self.first,
                stop=self.first + len(self.ticks),
                starts_full=self._deltas[0].is_full,
                base=self.base,
                row_log=build_row_log(self._deltas, self.layout or (rows.fields, rows.strings)),
                headers=PlainHeaders(tuple(self.ticks)),
                _reading_numbers=np.array(self._reading_numbers),
            )
        return self._segment

    def packed(self) -> Segment:
        """The ticks in few bytes, but for the base, which may be big: that is packed by itself."""
        segment = self.segment
        return replace(
            segment,
            row_log=segment.row_log.packed(),
            headers=pack_headers(self.ticks),
            _reading_numbers=encode(segment.reading_numbers()),
        )
