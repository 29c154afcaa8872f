"""Query the log over time without unpacking all of it: fields of single mappings, totals, times of ticks."""

from collections.abc import Iterator, Sequence
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.metrics import FAULTS
from smapstop.model.tick import Ids, LifecycleEvent
from smapstop.model.timeline.column_codec import decode
from smapstop.model.timeline.delta import TickNumbers
from smapstop.model.timeline.fault_queries import FaultQueries
from smapstop.model.timeline.map_snapshot import MapSnapshot
from smapstop.model.timeline.row_log import RowLog, Rows
from smapstop.model.timeline.segment import Segment
from smapstop.model.timeline.segment_store import SegmentStore
from smapstop.model.timeline.snapshot_cache import SnapshotCache
from smapstop.proc.columns import ABSENT, Mappings

AmountSeries = NDArray[np.float64]
"""Amounts over time, kB; NaN where a mapping did not exist, or the field was not printed."""

_CACHED_CHANGES = 1024
"""Number of cached changes: a screen requests the same ones at every tick."""


@dataclass(frozen=True, slots=True, eq=False)
class RowSpan:
    """The k rows of one mapping in a span of consecutive ticks."""

    numbers: TickNumbers
    """Ticks with a row of the mapping, shape (k,)."""
    times_ns: TickNumbers
    """Start of these ticks on the monotonic clock, ns, shape (k,)."""
    rows: Mappings
    """Rows, in order of time."""
    is_full: bool
    """Whether the span is one tick with the whole map, which has rows of unchanged mappings, too."""
    gone_at: int | None
    """Tick at which the mapping was found gone; None if it was not."""


class MappingQueries:
    """Mappings and totals over time, read from the segments of a log without unpacking all of them.

    Args:
        segments: The log.
        snapshots: Its ticks and map snapshots; pinned ones stay when their ticks are forgotten.
        faults: Its page faults, which are the metric `FAULTS`.
    """

    def __init__(self, segments: SegmentStore, snapshots: SnapshotCache, faults: FaultQueries) -> None:
        self._segments = segments
        self._snapshots = snapshots
        self._faults = faults
        # no method of ours: see SnapshotCache
        self._cached_change = lru_cache(_CACHED_CHANGES)(partial(_find_change, segments, snapshots))

    def change_counts(self, first: int, stop: int) -> NDArray[np.int64]:
        """Count the changes at each of the ticks `first` to `stop`, which must be known.

        Returns:
            Sum of rows, events and lifecycle events, shape (stop - first,).
        """
        segments = self._segments.segments_between(first, stop)
        counts = np.concatenate([segment.change_counts() for segment in segments])
        return counts[first - segments[0].first : stop - segments[0].first]

    def totals(self, name: str, first: int, stop: int) -> NDArray[np.float64]:
        """Total of the process over the ticks `first` to `stop`, kB (see `Tick.totals`); NaN where unknown."""
        first, stop = max(0, first), min(stop, len(self._segments))
        out = np.full(max(0, stop - first), np.nan)
        since = max(first, self._segments.oldest)
        if since < stop:
            segments = self._segments.segments_between(since, stop)
            values = np.concatenate([segment.headers.totals(name) for segment in segments])
            out[since - first :] = values[since - segments[0].first : stop - segments[0].first]
        return out

    def series(self, mappings: Ids, name: str, first: int, stop: int) -> NDArray[np.float64]:
        """Field of some mappings over the ticks `first` to `stop`, kB; `FAULTS` are the faults up to each tick.

        Returns:
            Shape (len(mappings), stop - first). NaN where the mapping did not exist, the field was not printed, or
            the tick is forgotten.
        """
        first, stop = max(0, first), min(stop, len(self._segments))
        if name == FAULTS:
            return self._faults.series(mappings, first, stop)
        out = np.full((len(mappings), max(0, stop - first)), np.nan)
        since = max(first, self._segments.oldest)
        if len(mappings) and since < stop:
            segments = self._segments.segments_between(since, stop)
            out[:, since - first :] = amounts_over_time(segments, mappings, name, since, stop)
        return out

    def change(self, mapping: int, number: int) -> dict[str, int]:
        """Change of each field of a mapping at a tick, kB; the whole amount if the mapping is new.

        Empty when the tick has no row of the mapping, or the tick before it is forgotten.

        Raises:
            IndexError: There is no such tick, or it is forgotten.
        """
        self._segments.require_known(number)
        change: dict[str, int] = self._cached_change(mapping, number)
        return change

    def row_spans(self, mapping: int, since: int) -> Iterator[RowSpan]:
        """Rows of a mapping from the tick `since` on, with those of pinned snapshots of forgotten ticks."""
        for number, snapshot in sorted(self._snapshots.pinned.items()):
            if since <= number < self._segments.oldest:
                yield row_span_of(snapshot, mapping)
        since = max(since, self._segments.oldest)
        yield from row_spans(self._segments_since(since), mapping, since, self._segments.oldest)

    def lineage_of(self, mapping: int, since: int) -> list[tuple[int, LifecycleEvent]]:
        """Lifecycle events that involve a mapping from the tick `since` on, each with its tick."""
        since = max(since, self._segments.oldest)
        lineage = [item for segment in self._segments_since(since) for item in segment.headers.lineage_of(mapping)]
        return [(number, event) for number, event in lineage if number >= since]

    def _segments_since(self, since: int) -> list[Segment]:
        """Segments with the ticks from `since` on, which must not be forgotten; empty if it is yet to come."""
        return self._segments.segments_between(since, len(self._segments)) if since < len(self._segments) else []


def _find_change(segments: SegmentStore, snapshots: SnapshotCache, mapping: int, number: int) -> dict[str, int]:
    """See `MappingQueries.change`."""

    def row_at(until: int) -> tuple[int, dict[str, int]] | None:
        return last_row(segments.segments_between(until, until + 1), mapping, until)

    after = row_at(number)
    if after is None or (number and number == segments.oldest):
        return {}
    if after[0] != number and not snapshots.header(number).keyframe:
        return {}
    before = row_at(number - 1) if number else None
    was = before[1] if before else {}
    return {name: new - max(0, was.get(name, 0)) for name, new in after[1].items() if new >= 0}


def amounts_over_time(segments: Sequence[Segment], mappings: Ids, name: str, first: int, stop: int) -> AmountSeries:
    """Compute a field of some mappings over the ticks `first` to `stop`; at least one mapping and one tick.

    Each value is written at the tick that has a row of it, and then repeated until the next one. For instance a
    mapping of 8 kB in the whole map at tick 2, which grows at tick 3 and is gone at tick 5, over the ticks 2 to 7::

        tick        2    3    4    5    6
        written     8   12    .  nan    .
        filled      8   12   12  nan  nan

    Args:
        segments: The segments with these ticks; the first must have a base.
        mappings: The mappings, each once.
        name: The field.
        first: The first tick.
        stop: The tick after the last.

    Returns:
        kB, shape (len(mappings), stop - first).
    """
    order = np.argsort(mappings)
    wanted = mappings[order]
    written = np.full((len(wanted), stop - first), np.nan)
    is_written = np.zeros(written.shape, bool)
    for at, segment in enumerate(segments):
        if segment.base is not None and (segment.starts_full or not at):
            column = max(0, segment.first - first)
            written[:, column] = np.nan
            is_written[:, column] = True
            _write_values(written, is_written, _select_values(segment.base, wanted, name), first)
        _write_values(written, is_written, _select_values(segment.row_log, wanted, name), first)
    filled = np.empty(written.shape)
    filled[order] = _fill_forward(written, is_written)
    return filled


@dataclass(frozen=True, slots=True, eq=False)
class _FieldValues:
    """Values of a field of the wanted mappings, in order of time; columns of shape (k,)."""

    mapping: Rows
    """Position of the mapping among those wanted."""
    number: TickNumbers
    """Tick of the value."""
    kb: AmountSeries
    """NaN where the mapping is gone, or the field not printed."""


def _select_values(row_log: RowLog, wanted: Ids, name: str) -> _FieldValues:
    """Select the values of the wanted mappings (ascending); within a tick, removals come before rows."""
    mapping, rows = _find_wanted_rows(row_log, wanted)
    gone_mapping, gone = _find_wanted_ids(wanted, decode(row_log.gone))
    number = np.concatenate([decode(row_log.gone_at)[gone], decode(row_log.tick_numbers)[rows]])
    kb = np.concatenate([np.full(len(gone), np.nan), _kb(row_log, rows, name)])
    order = np.argsort(number, kind="stable")
    return _FieldValues(np.concatenate([gone_mapping, mapping])[order], number[order], kb[order])


def _find_wanted_rows(row_log: RowLog, wanted: Ids) -> tuple[Rows, Rows]:
    """Find the rows of wanted mappings: the position of each row's mapping among the wanted, and the rows."""
    at, attribute_rows = _find_wanted_ids(wanted, decode(row_log.attribute_mapping_ids))
    wanted_at = np.full(len(decode(row_log.attribute_mapping_ids)), -1)
    wanted_at[attribute_rows] = at
    of_row = wanted_at[decode(row_log.attribute_positions)]
    rows = np.flatnonzero(of_row >= 0)
    return of_row[rows], rows


def _kb(row_log: RowLog, rows: Rows, name: str) -> AmountSeries:
    """Field of some rows, kB; NaN where it is not printed."""
    column = row_log.get(name) if len(rows) else None
    if column is None:
        return np.full(len(rows), np.nan)
    kb = column[rows].astype(np.float64)
    kb[kb == ABSENT] = np.nan
    return kb


def _write_values(written: AmountSeries, is_written: NDArray[np.bool_], values: _FieldValues, first: int) -> None:
    """Write values at their ticks, those before `first` at `first`; later values replace earlier ones."""
    known = values.number < first + written.shape[1]
    places = values.mapping[known], np.maximum(values.number[known] - first, 0)
    written[places] = values.kb[known]
    is_written[places] = True


def _fill_forward(written: AmountSeries, is_written: NDArray[np.bool_]) -> AmountSeries:
    """Repeat each written value until the next one."""
    columns = np.arange(written.shape[1])
    since = np.maximum.accumulate(np.where(is_written, columns, 0), axis=1)
    return np.take_along_axis(written, since, axis=1)


def _find_wanted_ids(wanted: Ids, ids: Ids) -> tuple[Rows, Rows]:
    """Find which ids are wanted: their positions in `wanted` (ascending), and in `ids`."""
    at = np.minimum(np.searchsorted(wanted, ids), len(wanted) - 1)
    hit = np.flatnonzero(wanted[at] == ids)
    return at[hit], hit


def last_row(segments: Sequence[Segment], mapping: int, until: int) -> tuple[int, dict[str, int]] | None:
    """Last row of a mapping up to a tick.

    Returns:
        The tick of the row, or a later one before the next row; and its fields, kB. None when the mapping did not
        exist at `until`.
    """
    for segment in reversed(segments):
        row_log, base = segment.row_log, segment.base
        rows = row_log.rows_of_mapping(mapping)
        rows = rows[decode(row_log.tick_numbers)[rows] <= until]
        number = int(decode(row_log.tick_numbers)[rows[-1]]) if len(rows) else -1
        gone_at = decode(row_log.gone_at)[decode(row_log.gone) == mapping]
        if (gone_at[gone_at <= until] > number).any():
            return None
        if len(rows):
            return number, row_log.amounts_of(int(rows[-1]))
        if base is not None:
            rows = base.rows_of_mapping(mapping)
            base_number = segment.first if segment.starts_full else segment.first - 1
            return (base_number, base.amounts_of(int(rows[0]))) if len(rows) else None
    return None


def row_span_of(snapshot: MapSnapshot, mapping: int) -> RowSpan:
    """Span with the row of a mapping in a map snapshot."""
    rows = np.flatnonzero(snapshot.ids == mapping)
    number, times_ns = np.full(len(rows), snapshot.tick.number), np.full(len(rows), snapshot.tick.monotonic_ns)
    return RowSpan(number, times_ns, snapshot.mappings.take(rows), True, None if len(rows) else snapshot.tick.number)


def row_spans(segments: Sequence[Segment], mapping: int, since: int, oldest: int) -> Iterator[RowSpan]:
    """Rows of a mapping from the tick `since` on.

    Args:
        segments: The segments with these ticks.
        mapping: The mapping.
        since: The first tick.
        oldest: The oldest known tick; it counts as a whole map, since the ticks before it are forgotten.
    """
    for segment in segments:
        times = np.array(segment.headers.scalars("monotonic_ns"), np.int64)
        base, first = segment.base, segment.first
        if base is not None and first >= since and (segment.starts_full or first == oldest):
            rows = base.rows_of_mapping(mapping)
            numbers = np.full(len(rows), first)
            yield RowSpan(numbers, times[numbers - first], base.take(rows), True, None if len(rows) else first)
            since = first + 1
        rows = segment.row_log.rows_of_mapping(mapping)
        numbers = decode(segment.row_log.tick_numbers)[rows]
        rows, numbers = rows[numbers >= since], numbers[numbers >= since]
        gone_at = decode(segment.row_log.gone_at)[decode(segment.row_log.gone) == mapping]
        gone = int(gone_at[-1]) if len(gone_at) and gone_at[-1] >= since else None
        if len(rows) or gone is not None:
            yield RowSpan(numbers, times[numbers - first], segment.row_log.take(rows), False, gone)
