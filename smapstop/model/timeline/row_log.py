"""Steps: the rows that one tick after the other told, as columns over all of them, and what these lead to."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smapstop.model.mapping_rows import ADDRESS_COLUMNS, ATTRIBUTE_COLUMNS, find_rows, merge_by_address
from smapstop.model.tick import Ids
from smapstop.model.timeline.column_codec import StoredColumn, decode, encode
from smapstop.model.timeline.delta import Delta, RowLayout, TickNumbers
from smapstop.model.timeline.map_snapshot import MapSnapshot
from smapstop.proc.columns import Amounts, Mappings, StringTable

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class RowLog:
    """Rows of mappings, k of them, that ticks told, and which mappings were gone; tick by tick.

    When they are squeezed they lie mapping by mapping instead, each in the order of time: so a column hardly moves.
    """

    texts: StringTable
    fields: tuple[str, ...]
    attribute_ids: StoredColumn
    """The mapping of each head, shape (h,)."""
    attributes: tuple[StoredColumn, ...]
    """What is known of a mapping beside its amounts, in the order of `HEADER_DTYPE`, shape (h,) each."""
    attribute_rows: StoredColumn
    """Which head each row has, shape (k,)."""
    number: StoredColumn
    """The tick of each row."""
    position: StoredColumn
    """The place of each row among those of its tick."""
    last_changed: StoredColumn
    """See `Delta`."""
    amounts: tuple[StoredColumn, ...]
    """The amounts of each field."""
    gone: StoredColumn
    """Mappings that are no more, shape (g,)."""
    gone_at: StoredColumn
    """The tick that found them gone."""

    @property
    def ids(self) -> Ids:
        """The mapping of each row."""
        ids: Ids = decode(self.attribute_ids)[decode(self.attribute_rows)]
        return ids

    @property
    def nbytes(self) -> int:
        """The memory that they take."""
        return sum(column.nbytes for column in self._columns)

    @property
    def _columns(self) -> tuple[StoredColumn, ...]:
        few = (
            self.attribute_ids,
            self.attribute_rows,
            self.number,
            self.position,
            self.last_changed,
            self.gone,
            self.gone_at,
        )
        return (*few, *self.attributes, *self.amounts)

    def get(self, name: str) -> Amounts | None:
        """The column of a field; None when it is not printed."""
        return decode(self.amounts[self.fields.index(name)]) if name in self.fields else None

    def rows_of_mapping(self, mapping: int) -> Rows:
        """The rows of a mapping, in the order of time."""
        heads = np.flatnonzero(decode(self.attribute_ids) == mapping)
        return np.flatnonzero(np.isin(decode(self.attribute_rows), heads)) if len(heads) else heads

    def rows_of_tick(self, number: int) -> Rows:
        """The rows of a tick, in its order."""
        rows = np.flatnonzero(decode(self.number) == number)
        return rows[np.argsort(decode(self.position)[rows])]

    def amounts_of(self, row: int) -> dict[str, int]:
        """The fields of a row."""
        return {name: int(decode(column)[row]) for name, column in zip(self.fields, self.amounts, strict=True)}

    def take(self, rows: Rows) -> Mappings:
        """Some rows as a map."""
        head = decode(self.attribute_rows)[rows]
        heads = {name: decode(column)[head] for name, column in zip(ATTRIBUTE_COLUMNS, self.attributes, strict=True)}
        amounts = np.empty((len(self.fields), len(rows)), np.int64)
        for out, column in zip(amounts, self.amounts, strict=True):
            np.take(decode(column), rows, out=out)
        return Mappings(**heads, fields=self.fields, amounts=amounts, strings=self.texts)

    def unpacked(self) -> "RowLog":
        """The same with columns as they are, for those who ask more than once."""
        return RowLog(
            texts=self.texts,
            fields=self.fields,
            attribute_ids=decode(self.attribute_ids),
            attributes=tuple(map(decode, self.attributes)),
            attribute_rows=decode(self.attribute_rows),
            number=decode(self.number),
            position=decode(self.position),
            last_changed=decode(self.last_changed),
            amounts=tuple(map(decode, self.amounts)),
            gone=decode(self.gone),
            gone_at=decode(self.gone_at),
        )

    def packed(self) -> "RowLog":
        """The same in few bytes."""
        order = np.argsort(self.ids, kind="stable")
        head = decode(self.attribute_rows)[order]
        known = [decode(column)[head] for column in (self.attribute_ids, *self.attributes)]
        new = np.zeros(len(head), bool)
        new[:1] = True
        for column in known:
            new[1:] |= column[1:] != column[:-1]
        identities, *heads = (encode(column[new]) for column in known)
        return RowLog(
            texts=self.texts,
            fields=self.fields,
            attribute_ids=identities,
            attributes=tuple(heads),
            attribute_rows=encode(np.cumsum(new) - 1),
            number=encode(decode(self.number)[order]),
            position=encode(decode(self.position)[order]),
            last_changed=encode(decode(self.last_changed)[order]),
            amounts=tuple(encode(decode(column)[order]) for column in self.amounts),
            gone=encode(decode(self.gone)),
            gone_at=encode(decode(self.gone_at)),
        )


def build_row_log(deltas: Sequence[Delta], layout: RowLayout) -> RowLog:
    """The steps of consecutive ticks, whose rows have this layout."""
    told = [delta for delta in deltas if len(delta.ids)]
    count = [len(delta.ids) for delta in told]
    fields, texts = layout
    none = [np.zeros(0, np.int64)]
    amounts = [delta.rows.amounts for delta in told] or [np.zeros((len(fields), 0), np.int64)]
    return RowLog(
        texts=texts,
        fields=fields,
        attribute_ids=np.concatenate([delta.ids for delta in told] or none),
        attributes=tuple(_attribute_column([delta.rows for delta in told], name) for name in ATTRIBUTE_COLUMNS),
        attribute_rows=np.arange(sum(count)),
        number=np.repeat(np.array([delta.number for delta in told], np.int64), count),
        position=np.concatenate([np.arange(k) for k in count] or none),
        last_changed=np.concatenate([delta.last_changed for delta in told] or none),
        amounts=tuple(np.concatenate(amounts, axis=1)),
        gone=np.concatenate([delta.gone for delta in deltas] or none),
        gone_at=np.repeat(
            np.array([delta.number for delta in deltas], np.int64), [len(delta.gone) for delta in deltas]
        ),
    )


def _attribute_column(maps: Sequence[Mappings], name: str) -> NDArray[np.generic]:
    """A column of `HEADER_DTYPE` over some maps."""
    if not maps:
        return np.zeros(0, np.uint64 if name in ADDRESS_COLUMNS else np.int32)
    column: NDArray[np.generic] = np.concatenate([getattr(rows, name) for rows in maps])
    return column


def row_log_of_snapshot(moment: MapSnapshot) -> RowLog:
    """A whole map as the steps that lead to it; shares its columns."""
    mappings, n = moment.mappings, len(moment.ids)
    return RowLog(
        texts=mappings.strings,
        fields=mappings.fields,
        attribute_ids=moment.ids,
        attributes=tuple(getattr(mappings, name) for name in ATTRIBUTE_COLUMNS),
        attribute_rows=np.arange(n),
        number=np.full(n, moment.tick.number),
        position=np.arange(n),
        last_changed=moment.last_changed,
        amounts=tuple(mappings.amounts),
        gone=np.zeros(0, np.int64),
        gone_at=np.zeros(0, np.int64),
    )


def replay(steps: Sequence[RowLog], until: int) -> tuple[Ids, Mappings, TickNumbers]:
    """Rebuild the map after a tick from consecutive steps, the first of which are a whole map.

    For instance until tick 3, with a whole map at tick 0, and one change in each tick after it (`A1` is the row of
    mapping A in tick 1)::

        steps              A0 B0 C0 | A1, B gone at 2, C3, A4
        rows until 3       A0 B0 C0   A1               C3
        newest per id         B0      A1               C3
        without those gone            A1               C3

    Args:
        steps: The steps, each part in the order of time for any mapping.
        until: The tick.

    Returns:
        Ids, mappings and when they moved, as in a `MapSnapshot`.
    """
    ids = np.concatenate([part.ids for part in steps])
    numbers_by_part = [decode(part.number) for part in steps]
    numbers = np.concatenate(numbers_by_part)
    newest = _newest_per_id(_rows_until(numbers, until), ids)
    present = np.sort(_without_gone(newest, ids, numbers, steps, until))
    chosen = _rows_by_part(present, list(map(len, numbers_by_part)))
    maps = [
        part.take(rows)
        for part, rows in zip(steps, chosen, strict=True)
        if part is steps[0] or _has_changes(part, until)
    ]
    mappings, order = merge_by_address(maps, np.arange(len(present)))
    moved = np.concatenate([decode(part.last_changed)[rows] for part, rows in zip(steps, chosen, strict=True)])
    return ids[present][order], mappings, moved[order]


def _rows_until(numbers: TickNumbers, until: int) -> Rows:
    """Rows whose tick is not later than `until`."""
    return np.flatnonzero(numbers <= until)


def _newest_per_id(rows: Rows, ids: Ids) -> Rows:
    """The last of some rows of each mapping.

    Args:
        rows: The rows, in the order of time for any mapping.
        ids: The mapping of every row there is.
    """
    by_id = rows[np.argsort(ids[rows], kind="stable")]
    is_last = np.ones(len(by_id), bool)
    is_last[:-1] = ids[by_id[1:]] != ids[by_id[:-1]]
    return by_id[is_last]


def _without_gone(rows: Rows, ids: Ids, numbers: TickNumbers, steps: Sequence[RowLog], until: int) -> Rows:
    """Rows of mappings that no tick after the row's, and up to `until`, found gone.

    Args:
        rows: The rows.
        ids: The mapping of every row there is.
        numbers: The tick of every row there is.
        steps: They know what is gone.
        until: The last tick that counts.
    """
    gone_ids = np.concatenate([decode(part.gone) for part in steps])
    gone_at = np.concatenate([decode(part.gone_at) for part in steps])
    last_gone = _newest_per_id(_rows_until(gone_at, until), gone_ids)
    at = find_rows(gone_ids[last_gone], ids[rows])
    gone_since = (at >= 0) & (np.append(gone_at[last_gone], 0)[at] > numbers[rows])
    return rows[~gone_since]


def _rows_by_part(rows: Rows, sizes: Sequence[int]) -> list[Rows]:
    """Ascending rows, counted over parts of these sizes, as the rows of each part."""
    stops = np.cumsum(sizes)
    parts = np.split(rows, np.searchsorted(rows, stops[:-1]))
    return [part - (stop - size) for part, stop, size in zip(parts, stops.tolist(), sizes, strict=True)]


def _has_changes(steps: RowLog, until: int) -> bool:
    """Whether any tick up to `until` changed a row, or found one gone."""
    return bool((decode(steps.number) <= until).any() or (decode(steps.gone_at) <= until).any())
