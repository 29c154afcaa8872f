"""A segment: a stretch of the log; the newest one as its ticks came, the others packed into columns."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from smapstop.model.tick import Tick
from smapstop.model.timeline.column_codec import StoredColumn, decode, encode
from smapstop.model.timeline.delta import Delta, Layout, Numbers
from smapstop.model.timeline.row_log import Steps, steps_of
from smapstop.model.timeline.tick_headers import PlainHeaders, TickHeaders, pack_headers


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Consecutive ticks: what they say beside rows, and the steps that the map made. Nothing of them is lost."""

    first: int
    """The number of the first tick."""
    stop: int
    """The number of the tick after the last."""
    anew: bool
    """Whether the map begins anew with the first tick."""
    base: Steps | None
    """The whole map at the first tick; None when it follows from the segment before."""
    steps: Steps
    """What the ticks changed."""
    headers: TickHeaders
    _read: StoredColumn

    @property
    def nbytes(self) -> int:
        """The memory that it takes."""
        return self.steps.nbytes + self.headers.nbytes + self._read.nbytes + (self.base.nbytes if self.base else 0)

    @property
    def is_open(self) -> bool:
        """Whether its ticks are still as they came."""
        return isinstance(self.headers, PlainHeaders)

    def read(self) -> Numbers:
        """Which tick read the map that each tick shows."""
        read: Numbers = decode(self._read)
        return read

    def sizes(self) -> NDArray[np.int64]:
        """How much each tick tells: rows, events, and steps in the life of mappings."""
        rows = np.bincount(decode(self.steps.number) - self.first, minlength=self.stop - self.first)
        sizes: NDArray[np.int64] = rows + self.headers.event_counts()
        return sizes

    def with_packed_base(self) -> "Segment":
        """The same with the base in few bytes."""
        return replace(self, base=self.base.squeezed()) if self.base else self


class Run:
    """The newest ticks, as they come.

    Args:
        first: The number of the first one.
        base: The whole map at the first one; None when it follows from the ticks before.
    """

    def __init__(self, first: int, base: Steps | None) -> None:
        self.first = first
        self.base = base
        self.ticks: list[Tick] = []
        self.rows = 0
        """How many rows they changed."""
        self.layout: Layout | None = None
        """The layout of these rows; None before the first."""
        self._deltas: list[Delta] = []
        self._read: list[int] = []
        self._segment: Segment | None = None

    def add(self, tick: Tick, delta: Delta, read: int) -> None:
        """Add a tick: what it changed, and which tick read the map that it shows."""
        self.ticks.append(tick)
        self.rows += len(delta.ids)
        self.layout = self.layout or delta.layout
        self._deltas.append(delta)
        self._read.append(read)
        self._segment = None

    def fits(self, delta: Delta) -> bool:
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
                anew=self._deltas[0].anew,
                base=self.base,
                steps=steps_of(self._deltas, self.layout or (rows.fields, rows.strings)),
                headers=PlainHeaders(tuple(self.ticks)),
                _read=np.array(self._read),
            )
        return self._segment

    def packed(self) -> Segment:
        """The ticks in few bytes, but for the base, which may be big: that is packed by itself."""
        segment = self.segment
        return replace(
            segment, steps=segment.steps.squeezed(), headers=pack_headers(self.ticks), _read=encode(segment.read())
        )
