"""Headers of consecutive ticks, everything but their rows: plain or packed, with the same interface."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.callers.page_faults import PageFaults
from smapstop.model.events import Events
from smapstop.model.tick import Ids, LifecycleEvent, ThreadStack, Tick
from smapstop.model.timeline.column_codec import (
    DeltaEncoded,
    EncodedValues,
    decode,
    decode_values,
    encode,
    encode_values,
)
from smapstop.model.timeline.packed_faults import PackedFaults, pack_faults
from smapstop.proc.columns import Counters, no_mappings
from smapstop.proc.limits import LIMIT_COLUMNS, limit_cells, limits_of_cells

_NOT_SCALARS = frozenset(
    {"counters", "totals", "ids", "rows", "gone", "lineage", "events", "stacks", "faults", "limits"}
)
_SCALARS = tuple(field.name for field in fields(Tick) if field.name not in _NOT_SCALARS)
"""The fields of a tick that hold a single plain value."""
_COUNTERS = tuple(field.name for field in fields(Counters))
_EVENTS = ("mapping", "what", "kb", "sure")
_NO_MAPPING = -1
"""Code of a missing `LifecycleEvent.other`."""
_NO_IDS: Ids = np.zeros(0, np.int64)


class PlainHeaders:
    """Headers of ticks that are not packed."""

    nbytes = 0
    """Not counted, since there are few of them."""

    def __init__(self, ticks: Sequence[Tick]) -> None:
        self._ticks = ticks

    def scalars(self, name: str) -> list[Any]:
        """Scalar field of each tick."""
        return [getattr(tick, name) for tick in self._ticks]

    def totals(self, name: str) -> NDArray[np.float64]:
        """Total at each tick, kB; NaN where unknown."""
        return np.array([tick.totals.get(name, np.nan) for tick in self._ticks], np.float64)

    def event_counts(self) -> NDArray[np.int64]:
        """Number of events and lifecycle events of each tick, summed up."""
        return np.array([len(tick.events) + len(tick.lineage) for tick in self._ticks], np.int64)

    def lineage_of(self, mapping: int) -> list[tuple[int, LifecycleEvent]]:
        """Lifecycle events that involve a mapping, each with its tick."""
        lineage = [(tick.number, event) for tick in self._ticks for event in tick.lineage]
        return [(number, event) for number, event in lineage if mapping in (event.mapping, event.other)]

    def faults(self) -> Iterator[PageFaults | None]:
        """Page faults of each tick."""
        return (tick.faults for tick in self._ticks)

    def ticks(self) -> Sequence[Tick]:
        """Ticks, with rows."""
        return self._ticks


@dataclass(frozen=True, slots=True, eq=False)
class _PackedRows:
    """Packed table with a variable number of rows per tick."""

    counts: DeltaEncoded
    columns: tuple[EncodedValues, ...]

    @property
    def nbytes(self) -> int:
        """Memory use, bytes."""
        return self.counts.nbytes + sum(column.nbytes for column in self.columns)

    def rows(self) -> list[tuple[Any, ...]]:
        """Rows of all ticks."""
        return list(zip(*map(decode_values, self.columns), strict=True))

    def rows_by_tick(self) -> Iterator[list[tuple[Any, ...]]]:
        """Rows of each tick."""
        rows = self.rows()
        return (rows[low:high] for low, high in pairwise(_bounds(self.counts)))


def _pack_rows(rows_of_ticks: Sequence[Sequence[tuple[Any, ...]]], width: int) -> _PackedRows:
    """Pack the rows of each tick, which have `width` values."""
    rows = [row for rows in rows_of_ticks for row in rows]
    columns = zip(*rows, strict=True) if rows else [()] * width
    return _PackedRows(_pack_counts(rows_of_ticks), tuple(encode_values(column) for column in columns))


def _pack_counts(parts: Sequence[Any]) -> DeltaEncoded:
    """Encode the length of each part."""
    return encode(np.array([len(part) for part in parts], np.int64))


def _bounds(counts: DeltaEncoded) -> list[int]:
    """Start of each tick's rows, and at last the end of all."""
    return [0, *np.cumsum(decode(counts)).tolist()]


@dataclass(frozen=True, slots=True, eq=False)
class PackedHeaders:
    """Packed headers of ticks, without `ids` and `rows`."""

    _layouts: EncodedValues
    """Fields and string table of each tick's rows, even of ticks without rows."""
    _scalars: dict[str, EncodedValues]
    _counters: dict[str, EncodedValues]
    _limits: dict[str, EncodedValues]
    _total_names: EncodedValues
    """Names of the totals of each tick."""
    _totals: dict[str, EncodedValues]
    """Values of each total, for the ticks that have it, kB."""
    _gone: _PackedRows
    _lineage: _PackedRows
    _stacks: _PackedRows
    _event_counts: DeltaEncoded
    _events: tuple[DeltaEncoded, ...]
    """Columns of the events, in the order of `_EVENTS`."""
    _names: _PackedRows
    """See `Events.names`."""
    _page_kb: EncodedValues
    _faults: PackedFaults

    @property
    def nbytes(self) -> int:
        """Memory use, bytes."""
        parts: list[EncodedValues | _PackedRows | DeltaEncoded] = [
            self._layouts,
            self._total_names,
            self._page_kb,
            self._event_counts,
        ]
        parts += [*self._scalars.values(), *self._counters.values(), *self._limits.values(), *self._totals.values()]
        parts += [self._gone, self._lineage, self._stacks, *self._events, self._names]
        return sum(part.nbytes for part in parts) + self._faults.nbytes

    def scalars(self, name: str) -> list[Any]:
        """Scalar field of each tick."""
        return decode_values(self._scalars[name])

    def totals(self, name: str) -> NDArray[np.float64]:
        """Total at each tick, kB; NaN where unknown."""
        known = np.array([name in names for names in decode_values(self._total_names)], bool)
        out = np.full(len(known), np.nan)
        if name in self._totals:
            out[known] = decode_values(self._totals[name])
        return out

    def event_counts(self) -> NDArray[np.int64]:
        """Number of events and lifecycle events of each tick, summed up."""
        counts: NDArray[np.int64] = decode(self._event_counts) + decode(self._lineage.counts)
        return counts

    def lineage_of(self, mapping: int) -> list[tuple[int, LifecycleEvent]]:
        """Lifecycle events that involve a mapping, each with its tick."""
        _, ids, others = (decode(column.column) for column in self._lineage.columns)
        rows = np.flatnonzero((ids == mapping) | (others == mapping)).tolist()
        if not rows:
            return []
        numbers = np.repeat(self.scalars("number"), decode(self._lineage.counts)).tolist()
        lineage = self._lineage.rows()
        return [(numbers[row], _lineage_of_row(lineage[row])) for row in rows]

    def faults(self) -> Iterator[PageFaults | None]:
        """Page faults of each tick."""
        return self._faults.by_tick()

    def ticks(self) -> list[Tick]:
        """Ticks, without rows."""
        scalars = zip(*map(decode_values, self._scalars.values()), strict=True)
        counters = zip(*map(decode_values, self._counters.values()), strict=True)
        limits = zip(*map(decode_values, self._limits.values()), strict=True)
        totals = {name: iter(decode_values(values)) for name, values in self._totals.items()}
        columns = zip(
            scalars,
            counters,
            limits,
            decode_values(self._total_names),
            decode_values(self._layouts),
            self._gone.rows_by_tick(),
            self._lineage.rows_by_tick(),
            self._stacks.rows_by_tick(),
            self._events_by_tick(),
            self._faults.by_tick(),
            strict=True,
        )
        return [
            Tick(
                **dict(zip(_SCALARS, values, strict=True)),
                counters=Counters(*counts),
                limits=limits_of_cells(dict(zip(LIMIT_COLUMNS, limit_values, strict=True))),
                totals={name: next(totals[name]) for name in total_names},
                ids=_NO_IDS,
                rows=no_mappings(strings, field_names),
                gone=np.array([mapping for (mapping,) in gone], np.int64),
                lineage=tuple(map(_lineage_of_row, lineage)),
                events=events,
                stacks=tuple(ThreadStack(*row) for row in stacks),
                faults=faults,
            )
            for values, counts, limit_values, total_names, (
                field_names,
                strings,
            ), gone, lineage, stacks, events, faults in columns
        ]

    def _events_by_tick(self) -> Iterator[Events]:
        """Events of each tick."""
        mapping, what, kb, sure = map(decode, self._events)
        page_kb = decode_values(self._page_kb)
        bounds = pairwise(_bounds(self._event_counts))
        for (low, high), page, names in zip(bounds, page_kb, self._names.rows_by_tick(), strict=True):
            part = slice(low, high)  # copied, so that one tick does not keep the columns of all in memory
            columns = mapping[part].copy(), what[part].copy(), kb[part].copy(), sure[part].copy()
            yield Events(*columns, page, tuple(names))


def pack_headers(ticks: Sequence[Tick]) -> PackedHeaders:
    """Pack the headers of consecutive ticks, at least one."""
    names = dict.fromkeys(name for tick in ticks for name in tick.totals)
    return PackedHeaders(
        _layouts=encode_values([(tick.rows.fields, tick.rows.strings) for tick in ticks]),
        _scalars={name: encode_values([getattr(tick, name) for tick in ticks]) for name in _SCALARS},
        _counters={name: encode_values([getattr(tick.counters, name) for tick in ticks]) for name in _COUNTERS},
        _limits={
            name: encode_values(column)
            for name, column in zip(
                LIMIT_COLUMNS, zip(*(limit_cells(tick.limits) for tick in ticks), strict=True), strict=True
            )
        },
        _total_names=encode_values([tuple(tick.totals) for tick in ticks]),
        _totals={name: encode_values([t.totals[name] for t in ticks if name in t.totals]) for name in names},
        _gone=_pack_rows([[(mapping,) for mapping in tick.gone.tolist()] for tick in ticks], 1),
        _lineage=_pack_rows([[_row_of_lineage(event) for event in tick.lineage] for tick in ticks], 3),
        _stacks=_pack_rows(
            [[(stack.mapping, stack.tid, stack.name, stack.threads) for stack in tick.stacks] for tick in ticks], 4
        ),
        _event_counts=_pack_counts([tick.events for tick in ticks]),
        _events=tuple(encode(np.concatenate([getattr(tick.events, name) for tick in ticks])) for name in _EVENTS),
        _names=_pack_rows([tick.events.names for tick in ticks], 2),
        _page_kb=encode_values([tick.events.page_kb for tick in ticks]),
        _faults=pack_faults([tick.faults for tick in ticks]),
    )


def _row_of_lineage(event: LifecycleEvent) -> tuple[str, int, int]:
    return event.what, event.mapping, _NO_MAPPING if event.other is None else event.other


def _lineage_of_row(row: tuple[Any, ...]) -> LifecycleEvent:
    what, mapping, other = row
    return LifecycleEvent(what, mapping, None if other == _NO_MAPPING else other)


TickHeaders = PlainHeaders | PackedHeaders
