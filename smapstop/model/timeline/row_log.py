"""Row log: the changed rows of consecutive ticks as columns, and their replay to the map at a tick."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.mapping_rows import ADDRESS_COLUMNS, ATTRIBUTE_COLUMNS, find_rows, merge_by_address
from smapstop.model.tick import Ids
from smapstop.model.timeline.column_codec import StoredColumn, decode, decode_range, encode
from smapstop.model.timeline.delta import Delta, RowLayout, TickNumbers
from smapstop.model.timeline.map_snapshot import MapSnapshot
from smapstop.proc.columns import Amounts, Mappings, StringTable

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class RowLog:
    """The k rows that ticks changed, and the g mappings that disappeared; ordered by tick.

    When packed, the rows are ordered by mapping, and by time within each: so values hardly change within a column.
    """

    texts: StringTable
    fields: tuple[str, ...]
    attribute_mapping_ids: StoredColumn
    """Mapping of each of the h sets of attributes, shape (h,)."""
    attributes: tuple[StoredColumn, ...]
    """Columns of the attributes, in the order of `ATTRIBUTE_COLUMNS`, shape (h,) each."""
    attribute_positions: StoredColumn
    """Position of each row's attributes in `attributes`, shape (k,)."""
    tick_numbers: StoredColumn
    """Tick of each row, shape (k,)."""
    position_in_tick: StoredColumn
    """Position of each row among those of its tick, shape (k,)."""
    last_changed: StoredColumn
    """See `Delta`; shape (k,)."""
    amounts: tuple[StoredColumn, ...]
    """Amounts of each field, kB, shape (k,) each."""
    gone: StoredColumn
    """Mappings that disappeared, shape (g,)."""
    gone_at: StoredColumn
    """Ticks that found them gone, shape (g,)."""

    @property
    def ids(self) -> Ids:
        """Mapping of each row, shape (k,)."""
        ids: Ids = decode(self.attribute_mapping_ids)[decode(self.attribute_positions)]
        return ids

    @property
    def nbytes(self) -> int:
        """Memory use, bytes."""
        return sum(column.nbytes for column in self._columns)

    @property
    def _columns(self) -> tuple[StoredColumn, ...]:
        own_columns = (
            self.attribute_mapping_ids,
            self.attribute_positions,
            self.tick_numbers,
            self.position_in_tick,
            self.last_changed,
            self.gone,
            self.gone_at,
        )
        return (*own_columns, *self.attributes, *self.amounts)

    def get(self, name: str) -> Amounts | None:
        """Column of a field; None when it is not printed."""
        return decode(self.amounts[self.fields.index(name)]) if name in self.fields else None

    def rows_of_mapping(self, mapping: int) -> Rows:
        """Rows of a mapping, in order of time."""
        found = np.flatnonzero(decode(self.attribute_mapping_ids) == mapping)
        return np.flatnonzero(np.isin(decode(self.attribute_positions), found)) if len(found) else found

    def rows_of_tick(self, number: int) -> Rows:
        """Rows of a tick, in their original order."""
        rows = np.flatnonzero(decode(self.tick_numbers) == number)
        return rows[np.argsort(decode(self.position_in_tick)[rows])]

    def amounts_of(self, row: int) -> dict[str, int]:
        """Fields of a row, kB."""
        return {name: int(decode(column)[row]) for name, column in zip(self.fields, self.amounts, strict=True)}

    def take(self, rows: Rows) -> Mappings:
        """Take some rows, as `Mappings`."""
        first, n = (int(rows[0]), len(rows)) if len(rows) else (0, 0)
        if np.array_equal(rows, np.arange(first, first + n)):  # as those of a mapping, where they are packed
            return self._take(lambda column: decode_range(column, first, first + n), n)
        return self._take(lambda column: decode(column)[rows], n)

    def _take(self, values: Callable[[StoredColumn], NDArray[Any]], count: int) -> Mappings:
        """Take rows of which `values` decodes a column."""
        at = values(self.attribute_positions)
        first, stop = (int(at.min()), int(at.max()) + 1) if count else (0, 0)
        attributes = {
            name: decode_range(column, first, stop)[at - first]
            for name, column in zip(ATTRIBUTE_COLUMNS, self.attributes, strict=True)
        }
        amounts = np.empty((len(self.fields), count), np.int64)
        for out, column in zip(amounts, self.amounts, strict=True):
            out[:] = values(column)
        return Mappings(**attributes, fields=self.fields, amounts=amounts, strings=self.texts)

    def unpack(self) -> "RowLog":
        """Decode all columns, for repeated use."""
        return RowLog(
            texts=self.texts,
            fields=self.fields,
            attribute_mapping_ids=decode(self.attribute_mapping_ids),
            attributes=tuple(map(decode, self.attributes)),
            attribute_positions=decode(self.attribute_positions),
            tick_numbers=decode(self.tick_numbers),
            position_in_tick=decode(self.position_in_tick),
            last_changed=decode(self.last_changed),
            amounts=tuple(map(decode, self.amounts)),
            gone=decode(self.gone),
            gone_at=decode(self.gone_at),
        )

    def pack(self) -> "RowLog":
        """Encode all columns, ordered by mapping; equal consecutive attributes are stored once."""
        order = np.argsort(self.ids, kind="stable")
        at = decode(self.attribute_positions)[order]
        by_row = [decode(column)[at] for column in (self.attribute_mapping_ids, *self.attributes)]
        new = np.zeros(len(at), bool)
        new[:1] = True
        for column in by_row:
            new[1:] |= column[1:] != column[:-1]
        ids, *attributes = (encode(column[new]) for column in by_row)
        return RowLog(
            texts=self.texts,
            fields=self.fields,
            attribute_mapping_ids=ids,
            attributes=tuple(attributes),
            attribute_positions=encode(np.cumsum(new) - 1),
            tick_numbers=encode(decode(self.tick_numbers)[order]),
            position_in_tick=encode(decode(self.position_in_tick)[order]),
            last_changed=encode(decode(self.last_changed)[order]),
            amounts=tuple(encode(decode(column)[order]) for column in self.amounts),
            gone=encode(decode(self.gone)),
            gone_at=encode(decode(self.gone_at)),
        )


def build_row_log(deltas: Sequence[Delta], layout: RowLayout) -> RowLog:
    """Build the row log of consecutive ticks whose rows have this layout."""
    nonempty = [delta for delta in deltas if len(delta.ids)]
    count = [len(delta.ids) for delta in nonempty]
    fields, texts = layout
    empty = [np.zeros(0, np.int64)]
    amounts = [delta.rows.amounts for delta in nonempty] or [np.zeros((len(fields), 0), np.int64)]
    return RowLog(
        texts=texts,
        fields=fields,
        attribute_mapping_ids=np.concatenate([delta.ids for delta in nonempty] or empty),
        attributes=tuple(_attribute_column([delta.rows for delta in nonempty], name) for name in ATTRIBUTE_COLUMNS),
        attribute_positions=np.arange(sum(count)),
        tick_numbers=np.repeat(np.array([delta.number for delta in nonempty], np.int64), count),
        position_in_tick=np.concatenate([np.arange(k) for k in count] or empty),
        last_changed=np.concatenate([delta.last_changed for delta in nonempty] or empty),
        amounts=tuple(np.concatenate(amounts, axis=1)),
        gone=np.concatenate([delta.gone for delta in deltas] or empty),
        gone_at=np.repeat(
            np.array([delta.number for delta in deltas], np.int64), [len(delta.gone) for delta in deltas]
        ),
    )


def _attribute_column(maps: Sequence[Mappings], name: str) -> NDArray[np.generic]:
    """Concatenate one of `ATTRIBUTE_COLUMNS` over some maps."""
    if not maps:
        return np.zeros(0, np.uint64 if name in ADDRESS_COLUMNS else np.int32)
    column: NDArray[np.generic] = np.concatenate([getattr(rows, name) for rows in maps])
    return column


def row_log_of_snapshot(snapshot: MapSnapshot) -> RowLog:
    """Build the row log of a whole map; it shares the columns of the snapshot."""
    mappings, n = snapshot.mappings, len(snapshot.ids)
    return RowLog(
        texts=mappings.strings,
        fields=mappings.fields,
        attribute_mapping_ids=snapshot.ids,
        attributes=tuple(getattr(mappings, name) for name in ATTRIBUTE_COLUMNS),
        attribute_positions=np.arange(n),
        tick_numbers=np.full(n, snapshot.tick.number),
        position_in_tick=np.arange(n),
        last_changed=snapshot.last_changed,
        amounts=tuple(mappings.amounts),
        gone=np.zeros(0, np.int64),
        gone_at=np.zeros(0, np.int64),
    )


def rebuild_map(steps: Sequence[RowLog], until: int) -> tuple[Ids, Mappings, TickNumbers]:
    """Rebuild the map at a tick from consecutive row logs, the first of which is a whole map.

    For instance until tick 3, with a whole map at tick 0, and one change in each tick after it (`A1` is the row of
    mapping A in tick 1)::

        row logs           A0 B0 C0 | A1, B gone at 2, C3, A4
        rows until 3       A0 B0 C0   A1               C3
        newest per id         B0      A1               C3
        without those gone            A1               C3

    Args:
        steps: The row logs; each is in order of time for any one mapping.
        until: The tick.

    Returns:
        `ids`, `mappings` and `last_changed` of the `MapSnapshot`.
    """
    ids = np.concatenate([log.ids for log in steps])
    numbers_by_log = [decode(log.tick_numbers) for log in steps]
    numbers = np.concatenate(numbers_by_log)
    newest = _newest_per_id(_rows_until(numbers, until), ids)
    present = np.sort(_without_gone(newest, ids, numbers, steps, until))
    chosen = _rows_by_log(present, list(map(len, numbers_by_log)))
    maps = [
        log.take(rows) for log, rows in zip(steps, chosen, strict=True) if log is steps[0] or _has_changes(log, until)
    ]
    mappings, order = merge_by_address(maps, np.arange(len(present)))
    last_changed = np.concatenate([decode(log.last_changed)[rows] for log, rows in zip(steps, chosen, strict=True)])
    return ids[present][order], mappings, last_changed[order]


def _rows_until(numbers: TickNumbers, until: int) -> Rows:
    """Rows of the ticks up to `until`."""
    return np.flatnonzero(numbers <= until)


def _newest_per_id(rows: Rows, ids: Ids) -> Rows:
    """Newest of the given rows for each mapping.

    Args:
        rows: The rows, in order of time for any one mapping.
        ids: Mapping of each row of all logs.
    """
    by_id = rows[np.argsort(ids[rows], kind="stable")]
    is_last = np.ones(len(by_id), bool)
    is_last[:-1] = ids[by_id[1:]] != ids[by_id[:-1]]
    return by_id[is_last]


def _without_gone(rows: Rows, ids: Ids, numbers: TickNumbers, logs: Sequence[RowLog], until: int) -> Rows:
    """Drop the rows of mappings that a later tick, up to `until`, found gone.

    Args:
        rows: The rows.
        ids: Mapping of each row of all logs.
        numbers: Tick of each row of all logs.
        logs: The logs, for the mappings that are gone.
        until: The last tick that counts.
    """
    gone_ids = np.concatenate([decode(log.gone) for log in logs])
    gone_at = np.concatenate([decode(log.gone_at) for log in logs])
    last_gone = _newest_per_id(_rows_until(gone_at, until), gone_ids)
    at = find_rows(gone_ids[last_gone], ids[rows])
    gone_since = (at >= 0) & (np.append(gone_at[last_gone], 0)[at] > numbers[rows])
    return rows[~gone_since]


def _rows_by_log(rows: Rows, sizes: Sequence[int]) -> list[Rows]:
    """Split ascending rows, numbered over logs of these sizes, into the rows of each log."""
    stops = np.cumsum(sizes)
    parts = np.split(rows, np.searchsorted(rows, stops[:-1]))
    return [part - (stop - size) for part, stop, size in zip(parts, stops.tolist(), sizes, strict=True)]


def _has_changes(log: RowLog, until: int) -> bool:
    """Whether any tick up to `until` changed a row or found a mapping gone."""
    return bool((decode(log.tick_numbers) <= until).any() or (decode(log.gone_at) <= until).any())
