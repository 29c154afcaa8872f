"""Map snapshots and ticks, rebuilt from the segments of the log and cached."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache, partial

from smapstop.lazy_dataclass import dataclass
from smapstop.model.tick import Tick
from smapstop.model.timeline.map_snapshot import MapSnapshot
from smapstop.model.timeline.row_log import RowLog, rebuild_map
from smapstop.model.timeline.segment import Segment
from smapstop.model.timeline.segment_store import SegmentStore

_SNAPSHOTS, _HEADERS, _UNPACKED = 8, 256, 2
"""Cache sizes: snapshots, headers, unpacked segments. Those on screen are requested again and again."""


class SnapshotCache:
    """Cache of map snapshots and ticks of a log: those requested last, and those pinned.

    Args:
        segments: The log from which they are rebuilt.
    """

    def __init__(self, segments: SegmentStore) -> None:
        self.pinned: dict[int, MapSnapshot] = {}
        """Snapshots that stay when the log forgets their ticks, by tick: the first one, and the marked ones."""
        self._segments = segments
        self._recent: dict[int, MapSnapshot] = {}
        """Snapshots requested last, by tick; those on screen are the newest, the one before it, and the mark."""
        self._unpacked = lru_cache(_UNPACKED)(_UnpackedSegment)
        # no method of ours: caches that refer to us would keep a forgotten log until the garbage collector finds it
        self._header = lru_cache(_HEADERS)(partial(_unpack_header, segments, self._unpacked))

    def add(self, snapshot: MapSnapshot) -> None:
        """Cache the snapshot of an appended tick, and pin that of the first tick."""
        if not snapshot.tick.number:
            self.pinned[0] = snapshot
        self._remember(snapshot)

    def pin(self, *numbers: int) -> None:
        """Pin the snapshots of ticks, in place of those pinned before; the first one stays pinned.

        Raises:
            IndexError: There is no such tick, or it is forgotten.
        """
        self.pinned = {0: self.pinned[0]} | {number: self.snapshot(number) for number in numbers}

    def clear(self) -> None:
        """Drop everything that is not pinned."""
        self._recent.clear()
        self._header.cache_clear()
        self._unpacked.cache_clear()

    def snapshot(self, number: int) -> MapSnapshot:
        """Map snapshot of a tick.

        Raises:
            IndexError: There is no such tick, or it is forgotten.
        """
        if number in self.pinned:
            return self.pinned[number]
        self._segments.require_known(number)
        snapshot = self._recent.pop(number, None) or self._rebuild(number)
        self._remember(snapshot)
        return snapshot

    def header(self, number: int) -> Tick:
        """Tick without `ids` and `rows`, which take the longest to rebuild; they may be there all the same.

        Raises:
            IndexError: There is no such tick, or it is forgotten.
        """
        if number in self.pinned:
            return self.pinned[number].tick
        self._segments.require_known(number)
        segment = self._segments.segment(number)
        return segment.headers.ticks()[number - segment.first] if segment.is_open else self._header(number)

    def tick(self, number: int) -> Tick:
        """Tick with its rows.

        Raises:
            IndexError: There is no such tick, or it is forgotten.
        """
        header = self.header(number)
        if number in self.pinned or self._segments.segment(number).is_open:
            return header
        return self.snapshot(number).tick if header.keyframe else self._with_rows(header)

    def _remember(self, snapshot: MapSnapshot) -> None:
        """Cache a snapshot as the one requested last."""
        self._recent[snapshot.tick.number] = snapshot
        if len(self._recent) > _SNAPSHOTS:
            self._recent.pop(next(iter(self._recent)))

    def _rebuild(self, number: int) -> MapSnapshot:
        """Rebuild a snapshot from the last whole map before it."""
        segments = self._segments.segments_between(number, number + 1)
        assert segments[0].base is not None
        ids, mappings, last_changed = rebuild_map(
            [segments[0].base, *(segment.row_log for segment in segments)], number
        )
        segment, tick = segments[-1], self.header(number)
        if not segment.is_open:
            tick = replace(tick, ids=ids, rows=mappings) if tick.keyframe else self._with_rows(tick)
        read = max(self._segments.oldest, int(segment.reading_numbers()[number - segment.first]))
        return MapSnapshot(tick, ids, mappings, last_changed, tick if read == number else self.header(read))

    def _with_rows(self, header: Tick) -> Tick:
        """Add the rows to the header of a packed tick that is not a keyframe."""
        row_log = self._unpacked(self._segments.segment(header.number)).row_log
        rows = row_log.rows_of_tick(header.number)
        return replace(header, ids=row_log.ids[rows], rows=row_log.take(rows)) if len(rows) else header


@dataclass(frozen=True, eq=False)
class _UnpackedSegment:
    """Packed segment, unpacked on demand."""

    segment: Segment

    @cached_property
    def headers(self) -> Sequence[Tick]:
        """Ticks, without rows."""
        return self.segment.headers.ticks()

    @cached_property
    def row_log(self) -> RowLog:
        """Rows that the ticks changed, unpacked."""
        return self.segment.row_log.unpack()


def _unpack_header(segments: SegmentStore, unpacked: Callable[[Segment], _UnpackedSegment], number: int) -> Tick:
    """Header of a packed tick."""
    segment = segments.segment(number)
    return unpacked(segment).headers[number - segment.first]
