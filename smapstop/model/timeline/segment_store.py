"""Store of segments: the newest ticks unpacked, older ones packed, the oldest dropped."""

from bisect import bisect_right

from smapstop.model.timeline.delta import delta_of
from smapstop.model.timeline.map_snapshot import MapSnapshot
from smapstop.model.timeline.row_log import RowLog, row_log_of_snapshot
from smapstop.model.timeline.segment import OpenSegment, Segment

SEGMENT_TICKS, SEGMENT_ROWS = 128, 16_384
"""Ticks or rows per segment, at most: longer segments take fewer bytes, but packing one takes longer."""
MAPS_PER_BASE, SEGMENTS_PER_BASE = 4, 32
"""A segment gets a base once the rows since the last base amount to this many maps, or after this many segments."""


class SegmentStore:
    """All known ticks, in segments.

    Some segments begin with a base, the whole map; the others follow from the segments before. The oldest segments
    are forgotten together with those that follow from them, so the first one always has a base.

    Args:
        max_bytes: Limit of the packed history, bytes.
        segment_ticks: Ticks per segment, at most.
    """

    def __init__(self, max_bytes: int, segment_ticks: int = SEGMENT_TICKS) -> None:
        self.nbytes = 0
        """Memory use of the packed segments, bytes."""
        self._max_bytes = max_bytes
        self._segment_ticks = segment_ticks
        self._packed: list[Segment] = []
        self._open: OpenSegment | None = None
        self._is_base_packed = True
        """Whether the base of the newest packed segment is packed, too."""
        self._rows_since_base = 0
        self._segments_since_base = 0

    def __len__(self) -> int:
        """Number of ticks, including those that are forgotten."""
        return self._open.first + len(self._open.ticks) if self._open else 0

    @property
    def oldest(self) -> int:
        """Number of the oldest known tick."""
        if self._packed:
            return self._packed[0].first
        return self._open.first if self._open else 0

    def append(self, before: MapSnapshot | None, after: MapSnapshot) -> None:
        """Add the tick of the snapshot `after`."""
        delta = delta_of(before, after)
        if not self._is_base_packed:
            self._pack_base()
        current = self._open
        if current is None or delta.is_full or not current.can_add(delta):
            self._open_segment(after, with_base=True)
        elif len(current.ticks) >= self._segment_ticks or current.row_count >= SEGMENT_ROWS:
            rows_due = self._rows_since_base >= MAPS_PER_BASE * len(after.ids)
            self._open_segment(after, with_base=rows_due or self._segments_since_base >= SEGMENTS_PER_BASE)
        assert self._open is not None
        self._open.add(after.tick, delta, after.reading_tick.number)
        self._rows_since_base += len(delta.ids)

    def _open_segment(self, snapshot: MapSnapshot, *, with_base: bool) -> None:
        """Pack the open segment, and open the next one.

        Args:
            snapshot: The map at its first tick.
            with_base: Whether to store the whole map there.
        """
        if self._open is not None:
            self._packed.append(self._open.pack())
            self._is_base_packed = False
        if with_base:
            self._rows_since_base = self._segments_since_base = 0
        self._segments_since_base += 1
        self._open = OpenSegment(snapshot.tick.number, row_log_of_snapshot(snapshot) if with_base else None)

    def _pack_base(self) -> None:
        """Pack the base of the newest packed segment, then forget the oldest segments past the limit.

        A base may be large: it is packed one tick after the rest, so that no tick takes long.
        """
        segment = self._packed[-1] = self._packed[-1].with_packed_base()
        self.nbytes += segment.nbytes
        self._is_base_packed = True
        assert self._open is not None
        while self.nbytes > self._max_bytes:
            bases = [segment.base for segment in self._packed] + [self._open.base]
            next_base = next((at for at, base in enumerate(bases) if at and base is not None), None)
            if next_base is None:
                return
            self.nbytes -= sum(segment.nbytes for segment in self._packed[:next_base])
            del self._packed[:next_base]

    def require_known(self, number: int) -> None:
        """Raise an error unless a tick is known.

        Raises:
            IndexError: There is no such tick, or it is forgotten.
        """
        if not 0 <= number < len(self):
            raise IndexError(f"no tick {number}")
        if number < self.oldest:
            raise IndexError(f"tick {number} is forgotten: history begins at tick {self.oldest}")

    def segment(self, number: int) -> Segment:
        """Segment with a tick, which must be known."""
        assert self._open is not None
        return self._open.segment if number >= self._open.first else self._packed[self._segment_index(number)]

    def _segment_index(self, number: int) -> int:
        """Index of the segment with a tick among the packed ones; that of the open segment follows them."""
        assert self._open is not None
        if number >= self._open.first:
            return len(self._packed)
        return bisect_right(self._packed, number, key=lambda segment: segment.first) - 1

    def segments_between(self, first: int, stop: int) -> list[Segment]:
        """Segments with the ticks `first` to `stop`, which must be known, from the last base at or before `first`."""
        begin, end = self._segment_index(first), self._segment_index(stop - 1)
        while self._base_of(begin) is None:
            begin -= 1
        segments = self._packed[begin : end + 1]
        return [*segments, self.segment(stop - 1)] if end == len(self._packed) else segments

    def _base_of(self, index: int) -> RowLog | None:
        """Base of the segment with this index, if it has one."""
        assert self._open is not None
        return self._packed[index].base if index < len(self._packed) else self._open.base
