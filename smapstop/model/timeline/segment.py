"""Segment: consecutive ticks of the log; the newest segment is open and unpacked, the others are packed."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.tick import Tick
from smapstop.model.timeline.column_codec import StoredColumn, decode, encode
from smapstop.model.timeline.delta import Delta, RowLayout, TickNumbers
from smapstop.model.timeline.row_log import RowLog, build_row_log
from smapstop.model.timeline.tick_headers import PlainHeaders, TickHeaders, pack_headers


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Consecutive ticks, lossless: their headers, and the rows that they changed."""

    first: int
    """Number of the first tick."""
    stop: int
    """Number of the tick after the last."""
    starts_full: bool
    """Whether the map at the first tick does not follow from the one before; see `Delta.is_full`."""
    base: RowLog | None
    """The whole map at the first tick; None when it follows from the segment before."""
    row_log: RowLog
    """Rows that the ticks changed."""
    headers: TickHeaders
    _reading_numbers: StoredColumn

    @property
    def nbytes(self) -> int:
        """Memory use, bytes."""
        return (
            self.row_log.nbytes
            + self.headers.nbytes
            + self._reading_numbers.nbytes
            + (self.base.nbytes if self.base else 0)
        )

    @property
    def is_open(self) -> bool:
        """Whether its ticks are not packed yet."""
        return isinstance(self.headers, PlainHeaders)

    def reading_numbers(self) -> TickNumbers:
        """For each tick, the number of the tick that read its map."""
        numbers: TickNumbers = decode(self._reading_numbers)
        return numbers

    def change_counts(self) -> NDArray[np.int64]:
        """Number of rows, events and lifecycle events of each tick, summed up."""
        rows = np.bincount(decode(self.row_log.tick_numbers) - self.first, minlength=self.stop - self.first)
        counts: NDArray[np.int64] = rows + self.headers.event_counts()
        return counts

    def with_packed_base(self) -> "Segment":
        """Pack the base, if there is one."""
        return replace(self, base=self.base.pack()) if self.base else self


class OpenSegment:
    """Segment of the newest ticks, to which ticks are added.

    Args:
        first: Number of the first tick.
        base: The whole map at the first tick; None when it follows from the ticks before.
    """

    def __init__(self, first: int, base: RowLog | None) -> None:
        self.first = first
        self.base = base
        self.ticks: list[Tick] = []
        self.row_count = 0
        """Number of rows that the ticks changed."""
        self.layout: RowLayout | None = None
        """Layout of these rows; None before the first."""
        self._deltas: list[Delta] = []
        self._reading_numbers: list[int] = []
        self._segment: Segment | None = None

    def add(self, tick: Tick, delta: Delta, read: int) -> None:
        """Add a tick.

        Args:
            tick: The tick.
            delta: Its changes.
            read: Number of the tick that read its map.
        """
        self.ticks.append(tick)
        self.row_count += len(delta.ids)
        self.layout = self.layout or delta.layout
        self._deltas.append(delta)
        self._reading_numbers.append(read)
        self._segment = None

    def can_add(self, delta: Delta) -> bool:
        """Whether the rows of a tick have the layout of this segment."""
        return delta.layout is None or self.layout in (None, delta.layout)

    @property
    def segment(self) -> Segment:
        """Ticks so far, unpacked; there must be at least one."""
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

    def pack(self) -> Segment:
        """Pack the ticks, except for the base, which may be large and is packed separately."""
        segment = self.segment
        return replace(
            segment,
            row_log=segment.row_log.pack(),
            headers=pack_headers(self.ticks),
            _reading_numbers=encode(segment.reading_numbers()),
        )
