"""The history: the newest ticks as they came, the older ones packed, the oldest forgotten."""

from bisect import bisect_right

from smapstop.model.timeline.delta import delta_of
from smapstop.model.timeline.map_snapshot import MapSnapshot
from smapstop.model.timeline.row_log import RowLog, row_log_of_snapshot
from smapstop.model.timeline.segment import OpenSegment, Segment

SEGMENT_TICKS, SEGMENT_ROWS = 128, 16_384
"""So many ticks, or rows, are packed together: more would take fewer bytes, and longer at once."""
MAPS_PER_BASE, SEGMENTS_PER_BASE = 4, 32
"""A segment begins with the whole map when the rows since the last one are so many maps, or after so many of them."""


class SegmentStore:
    """Every tick that is still known, in segments.

    Some segments begin with the whole map, the others follow from them. The oldest are forgotten together with those
    that follow from them, so the first one always has a base.

    Args:
        kept_bytes: How much packed history is kept.
        run_ticks: How many ticks are packed together.
    """

    def __init__(self, max_bytes: int, segment_ticks: int = SEGMENT_TICKS) -> None:
        self.nbytes = 0
        """The memory that the packed segments take."""
        self._max_bytes = max_bytes
        self._segment_ticks = segment_ticks
        self._packed: list[Segment] = []
        self._open: OpenSegment | None = None
        self._is_base_packed = True
        """Whether the newest packed segment is packed entirely."""
        self._rows_since_base = 0
        self._segments_since_base = 0

    def __len__(self) -> int:
        """How many ticks there were, with those that are forgotten."""
        return self._open.first + len(self._open.ticks) if self._open else 0

    @property
    def oldest(self) -> int:
        """The oldest tick that is known."""
        if self._packed:
            return self._packed[0].first
        return self._open.first if self._open else 0

    def append(self, before: MapSnapshot | None, after: MapSnapshot) -> None:
        """Add the tick of a moment."""
        delta = delta_of(before, after)
        if not self._is_base_packed:
            self._pack_base()
        run = self._open
        if run is None or delta.is_full or not run.can_add(delta):
            self._open_segment(after, whole=True)
        elif len(run.ticks) >= self._segment_ticks or run.row_count >= SEGMENT_ROWS:
            rows_due = self._rows_since_base >= MAPS_PER_BASE * len(after.ids)
            self._open_segment(after, whole=rows_due or self._segments_since_base >= SEGMENTS_PER_BASE)
        assert self._open is not None
        self._open.add(after.tick, delta, after.reading_tick.number)
        self._rows_since_base += len(delta.ids)

    def _open_segment(self, moment: MapSnapshot, *, whole: bool) -> None:
        """Pack the run, and begin another one at a moment.

        Args:
            moment: Where it begins.
            whole: Whether to tell the whole map there.
        """
        if self._open is not None:
            self._packed.append(self._open.packed())
            self._is_base_packed = False
        if whole:
            self._rows_since_base = self._segments_since_base = 0
        self._segments_since_base += 1
        self._open = OpenSegment(moment.tick.number, row_log_of_snapshot(moment) if whole else None)

    def _pack_base(self) -> None:
        """Pack the base, which may be big, at the next tick: so that none takes long. Then forget the oldest."""
        segment = self._packed[-1] = self._packed[-1].with_packed_base()
        self.nbytes += segment.nbytes
        self._is_base_packed = True
        assert self._open is not None
        while self.nbytes > self._max_bytes:
            bases = [segment.base for segment in self._packed] + [self._open.base]
            following = next((at for at, base in enumerate(bases) if at and base is not None), None)
            if following is None:
                return
            self.nbytes -= sum(segment.nbytes for segment in self._packed[:following])
            del self._packed[:following]

    def require_known(self, number: int) -> None:
        """Check that a tick is known.

        Raises:
            IndexError: There is no such tick, or it is forgotten.
        """
        if not 0 <= number < len(self):
            raise IndexError(f"no tick {number}")
        if number < self.oldest:
            raise IndexError(f"tick {number} is forgotten: history begins at tick {self.oldest}")

    def segment(self, number: int) -> Segment:
        """The segment that holds a tick, which must be known."""
        assert self._open is not None
        return self._open.segment if number >= self._open.first else self._packed[self._segment_index(number)]

    def _segment_index(self, number: int) -> int:
        """Where the segment with a tick is among the packed ones, or after them."""
        assert self._open is not None
        if number >= self._open.first:
            return len(self._packed)
        return bisect_right(self._packed, number, key=lambda segment: segment.first) - 1

    def segments_between(self, first: int, stop: int) -> list[Segment]:
        """The segments with the ticks `first` to `stop`, which must be known, from the last one that has a base."""
        begin, end = self._segment_index(first), self._segment_index(stop - 1)
        while self._base_of(begin) is None:
            begin -= 1
        segments = self._packed[begin : end + 1]
        return [*segments, self.segment(stop - 1)] if end == len(self._packed) else segments

    def _base_of(self, index: int) -> RowLog | None:
        """The base of a segment."""
        assert self._open is not None
        return self._packed[index].base if index < len(self._packed) else self._open.base
