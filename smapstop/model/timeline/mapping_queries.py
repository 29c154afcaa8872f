"""Queries of the log over time, without unpacking all of it: fields of single mappings, totals, times of ticks."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from smapstop.model.tick import Ids, LifecycleEvent
from smapstop.model.timeline.column_codec import decode
from smapstop.model.timeline.delta import TickNumbers
from smapstop.model.timeline.map_snapshot import MapSnapshot
from smapstop.model.timeline.row_log import RowLog, Rows
from smapstop.model.timeline.segment import Segment
from smapstop.model.timeline.segment_store import SegmentStore
from smapstop.model.timeline.snapshot_cache import SnapshotCache
from smapstop.proc.columns import ABSENT, Mappings

AmountSeries = NDArray[np.float64]
"""kB; NaN where a mapping did not exist, or the field was not printed."""

_CACHED_CHANGES = 1024
"""How many changes are cached: a screen asks for the same at each tick."""


@dataclass(frozen=True, slots=True, eq=False)
class RowSpan:
    """What some consecutive ticks told of one mapping."""

    numbers: TickNumbers
    """The ticks that had a row of it, shape (k,)."""
    times_ns: TickNumbers
    """When they began, on the monotonic clock."""
    rows: Mappings
    """The rows, k of them."""
    is_full: bool
    """Whether the tick told the whole map, and with it what had not changed."""
    gone_at: int | None
    """The tick that found it gone."""


class MappingQueries:
    """What mappings and totals were over time, read from the segments of a log without unpacking all of them.

    Args:
        segments: The log.
        snapshots: Its ticks and moments; those that are pinned stay when their ticks are forgotten.
    """

    def __init__(self, segments: SegmentStore, snapshots: SnapshotCache) -> None:
        self._segments = segments
        self._snapshots = snapshots
        self._cached_change = lru_cache(_CACHED_CHANGES)(self._find_change)

    def find_tick(self, wall_ns: int) -> int:
        """The last tick that began at or before a wall-clock time; the first that is known when none did."""
        first = self._segments.oldest
        begun = bisect_right(range(first, len(self._segments)), wall_ns, key=self._wall_ns)
        return first + max(0, begun - 1)

    def _wall_ns(self, number: int) -> int:
        """When a tick began."""
        segment = self._segments.segment(number)
        began: int = segment.headers.scalars("wall_ns")[number - segment.first]
        return began

    def change_counts(self, first: int, stop: int) -> NDArray[np.int64]:
        """How much there is to tell of the ticks `first` to `stop`, which must be known.

        Returns:
            Rows, events, and steps in the life of mappings together, shape (stop - first,).
        """
        segments = self._segments.segments_between(first, stop)
        sizes = np.concatenate([segment.change_counts() for segment in segments])
        return sizes[first - segments[0].first : stop - segments[0].first]

    def totals(self, name: str, first: int, stop: int) -> NDArray[np.float64]:
        """A total of the process (kB, see `Tick.totals`) over the ticks `first` to `stop`; NaN where unknown."""
        first, stop = max(0, first), min(stop, len(self._segments))
        out = np.full(max(0, stop - first), np.nan)
        since = max(first, self._segments.oldest)
        if since < stop:
            segments = self._segments.segments_between(since, stop)
            values = np.concatenate([segment.headers.totals(name) for segment in segments])
            out[since - first :] = values[since - segments[0].first : stop - segments[0].first]
        return out

    def series(self, mappings: Ids, name: str, first: int, stop: int) -> NDArray[np.float64]:
        """A field of some mappings over the ticks `first` to `stop`, kB.

        Returns:
            Shape (len(mappings), stop - first). NaN where the mapping did not exist, the field was not printed, or
            the tick is forgotten.
        """
        first, stop = max(0, first), min(stop, len(self._segments))
        out = np.full((len(mappings), max(0, stop - first)), np.nan)
        since = max(first, self._segments.oldest)
        if len(mappings) and since < stop:
            segments = self._segments.segments_between(since, stop)
            out[:, since - first :] = amounts_over_time(segments, mappings, name, since, stop)
        return out

    def change(self, mapping: int, number: int) -> dict[str, int]:
        """How each field of a mapping changed at a tick, kB; from nothing when it was born then.

        Nothing when the tick does not tell of the mapping, or what was before it is forgotten.

        Raises:
            IndexError: There is no such tick, or it is forgotten.
        """
        self._segments.require_known(number)
        change: dict[str, int] = self._cached_change(mapping, number)
        return change

    def _find_change(self, mapping: int, number: int) -> dict[str, int]:
        """See `change`."""
        after = self._last_row(mapping, number)
        if after is None or (number and number == self._segments.oldest):
            return {}
        if after[0] != number and not self._snapshots.header(number).keyframe:
            return {}
        before = self._last_row(mapping, number - 1) if number else None
        was = before[1] if before else {}
        return {name: new - max(0, was.get(name, 0)) for name, new in after[1].items() if new >= 0}

    def _last_row(self, mapping: int, until: int) -> tuple[int, dict[str, int]] | None:
        """The last tick up to `until` that told of a mapping, and its fields; None when it was not there then."""
        return last_row(self._segments.segments_between(until, until + 1), mapping, until)

    def row_spans(self, mapping: int, since: int) -> Iterator[RowSpan]:
        """What the ticks from `since` on told of a mapping, with the moments that are kept of those forgotten."""
        for number, moment in sorted(self._snapshots.pinned.items()):
            if since <= number < self._segments.oldest:
                yield row_span_of(moment, mapping)
        since = max(since, self._segments.oldest)
        yield from row_spans(self._segments_since(since), mapping, since, self._segments.oldest)

    def lineage_of(self, mapping: int, since: int) -> list[tuple[int, LifecycleEvent]]:
        """What happened to a mapping as a whole, or through it to others, from a tick on, with the ticks."""
        since = max(since, self._segments.oldest)
        lineage = [told for segment in self._segments_since(since) for told in segment.headers.lineage_of(mapping)]
        return [(number, step) for number, step in lineage if number >= since]

    def _segments_since(self, since: int) -> list[Segment]:
        """The segments with the ticks from a known one on; none when that is not there yet."""
        return self._segments.segments_between(since, len(self._segments)) if since < len(self._segments) else []


def amounts_over_time(segments: Sequence[Segment], mappings: Ids, name: str, first: int, stop: int) -> AmountSeries:
    """Compute a field of some mappings over the ticks `first` to `stop`, at least one of each.

    Each value is written at the tick that told it, and then fills the ticks that told nothing. For instance a mapping
    of 8 kB in the whole map at tick 2, that grows at tick 3 and is found gone at tick 5, over the ticks 2 to 7::

        tick        2    3    4    5    6
        written     8   12    .  nan    .
        filled      8   12   12  nan  nan

    Args:
        segments: The segments with these ticks, the first of which has a base.
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
    """Values of a field that steps have of some mappings, in the order of time; columns of shape (k,)."""

    mapping: Rows
    """The position of the mapping among those wanted."""
    number: TickNumbers
    """The tick that told it."""
    kb: AmountSeries
    """NaN where the mapping is gone, or the field not printed."""


def _select_values(steps: RowLog, wanted: Ids, name: str) -> _FieldValues:
    """Select the values of the wanted mappings (ascending); what a tick found gone comes before its rows."""
    mapping, rows = _find_wanted_rows(steps, wanted)
    gone_mapping, gone = _find_wanted_ids(wanted, decode(steps.gone))
    number = np.concatenate([decode(steps.gone_at)[gone], decode(steps.number)[rows]])
    kb = np.concatenate([np.full(len(gone), np.nan), _kb(steps, rows, name)])
    order = np.argsort(number, kind="stable")
    return _FieldValues(np.concatenate([gone_mapping, mapping])[order], number[order], kb[order])


def _find_wanted_rows(steps: RowLog, wanted: Ids) -> tuple[Rows, Rows]:
    """Find the rows of wanted mappings: the position of each row's mapping among the wanted, and the rows."""
    at, heads = _find_wanted_ids(wanted, decode(steps.attribute_ids))
    of_head = np.full(len(decode(steps.attribute_ids)), -1)
    of_head[heads] = at
    of_row = of_head[decode(steps.attribute_rows)]
    rows = np.flatnonzero(of_row >= 0)
    return of_row[rows], rows


def _kb(steps: RowLog, rows: Rows, name: str) -> AmountSeries:
    """A field of some rows."""
    column = steps.get(name) if len(rows) else None
    if column is None:
        return np.full(len(rows), np.nan)
    kb = column[rows].astype(np.float64)
    kb[kb == ABSENT] = np.nan
    return kb


def _write_values(written: AmountSeries, is_written: NDArray[np.bool_], values: _FieldValues, first: int) -> None:
    """Write values at their ticks, those from before the first one there; a later value replaces an earlier one."""
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
    """Which of some ids are wanted: their places among the wanted, and their own."""
    at = np.minimum(np.searchsorted(wanted, ids), len(wanted) - 1)
    hit = np.flatnonzero(wanted[at] == ids)
    return at[hit], hit


def last_row(segments: Sequence[Segment], mapping: int, until: int) -> tuple[int, dict[str, int]] | None:
    """The last that was told of a mapping up to a tick.

    Returns:
        The tick that told it, or a later one before the next that did; and its fields. None when the mapping was not
        there then.
    """
    for segment in reversed(segments):
        steps, base = segment.row_log, segment.base
        rows = steps.rows_of_mapping(mapping)
        rows = rows[decode(steps.number)[rows] <= until]
        number = int(decode(steps.number)[rows[-1]]) if len(rows) else -1
        gone_at = decode(steps.gone_at)[decode(steps.gone) == mapping]
        if (gone_at[gone_at <= until] > number).any():
            return None
        if len(rows):
            return number, steps.amounts_of(int(rows[-1]))
        if base is not None:
            rows = base.rows_of_mapping(mapping)
            told_at = segment.first if segment.starts_full else segment.first - 1
            return (told_at, base.amounts_of(int(rows[0]))) if len(rows) else None
    return None


def row_span_of(moment: MapSnapshot, mapping: int) -> RowSpan:
    """What a whole map tells of a mapping."""
    rows = np.flatnonzero(moment.ids == mapping)
    number, times_ns = np.full(len(rows), moment.tick.number), np.full(len(rows), moment.tick.monotonic_ns)
    return RowSpan(number, times_ns, moment.mappings.take(rows), True, None if len(rows) else moment.tick.number)


def row_spans(segments: Sequence[Segment], mapping: int, since: int, oldest: int) -> Iterator[RowSpan]:
    """What the ticks from `since` on told of a mapping.

    Args:
        segments: The segments with these ticks.
        mapping: The mapping.
        since: The first tick that is asked for.
        oldest: The oldest tick that is known: whatever was before it, that one tells everything.
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
        numbers = decode(segment.row_log.number)[rows]
        rows, numbers = rows[numbers >= since], numbers[numbers >= since]
        gone_at = decode(segment.row_log.gone_at)[decode(segment.row_log.gone) == mapping]
        gone = int(gone_at[-1]) if len(gone_at) and gone_at[-1] >= since else None
        if len(rows) or gone is not None:
            yield RowSpan(numbers, times[numbers - first], segment.row_log.take(rows), False, gone)
