"""A sheet: the rows that a table shows at a moment, mappings or groups of them, with everything to sort them by."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from smapstop.model.grouping import Grouping, group_ids, group_keys, group_name
from smapstop.model.kinds import kind_codes
from smapstop.model.labels import Label, Purposes, purpose_label, purposes_of, unknown_purposes
from smapstop.model.mapping_rows import concatenate, find_rows
from smapstop.model.tick import Ids, ThreadStack
from smapstop.model.timeline.map_diff import MapDiff
from smapstop.model.timeline.map_snapshot import MapSnapshot
from smapstop.proc.columns import ABSENT, Addresses, Amounts, Mappings, StringIds, StringTable
from smapstop.proc.fields import COMPARED_FIELDS, PROPERTY_FIELDS


@dataclass(frozen=True, slots=True, eq=False)
class TableData:
    """Rows side by side with how they differ from the compared moment; n rows."""

    ids: Ids
    """Mapping ids; groups have negative ones, that stay with the group's name."""
    start: Addresses
    end: Addresses
    name: StringIds
    perms: StringIds
    kind: NDArray[np.int8]
    """Positions in `list(Kind)`."""
    texts: StringTable
    fields: tuple[str, ...]
    amounts: Amounts
    """Shape (len(fields), n), kB."""
    deltas: dict[str, Amounts]
    """Change of the fields of `COMPARED_FIELDS` against the compared moment, kB, shape (n,) each."""
    seconds: float | None
    """What to divide `delta` by for a rate; None when there is no rate."""
    last_changed: NDArray[np.int64]
    """The tick at which the row last changed, -1 for never."""
    gone: NDArray[np.bool_]
    """Rows of mappings that are no more; they linger for a few ticks."""
    mapping_count: NDArray[np.int64]
    """How many mappings the row stands for."""
    purposes: Purposes
    """What the mappings without a name are for, by their shape."""
    stacks: Mapping[int, ThreadStack] = field(default_factory=dict)
    """Whose stack each mapping is, as far as it is known."""

    def __len__(self) -> int:
        return len(self.ids)

    def label(self, row: int) -> Label | None:
        """What the memory in a row is for, when it has no name; None when it has, or nothing is known."""
        if self.name[row] or self.ids[row] < 0:
            return None
        owner = self.texts[int(self.purposes.owner[row])]
        return purpose_label(int(self.purposes.purpose[row]), owner, self.stacks.get(int(self.ids[row])))

    def get(self, name: str) -> Amounts | None:
        """The column of a field; None when this kernel does not print it."""
        return self.amounts[self.fields.index(name)] if name in self.fields else None


@dataclass(frozen=True, slots=True, eq=False)
class RemovedRows:
    """Mappings that are no more, and still shown."""

    snapshot: MapSnapshot
    """When they were last seen, or before. It has the texts of the moment that is looked at, and may have more."""
    rows: NDArray[np.intp]
    """Their rows then, shape (k,)."""
    ticks: NDArray[np.int64]
    """The ticks at which they were gone, shape (k,); -1 when they never were there."""


def build_table(
    changes: MapDiff, seconds: float | None, stacks: Mapping[int, ThreadStack] | None = None
) -> TableData:
    """The sheet of a moment, a row per mapping.

    Args:
        changes: The moment, compared with the one that the user compares with.
        seconds: What to divide changes by for a rate.
        stacks: Whose stack each mapping is.
    """
    after = changes.after
    return replace(
        static_table(after.mappings),
        ids=after.ids,
        deltas={name: delta for name in COMPARED_FIELDS if (delta := changes.delta(name)) is not None},
        seconds=seconds,
        last_changed=after.last_changed,
        stacks=stacks or {},
    )


def with_removed(table: TableData, changes: MapDiff, lost: RemovedRows) -> TableData:
    """The sheet of a moment with the rows of mappings that are no more at its end.

    Args:
        sheet: What `build_table` made of `changes`.
        changes: The moment, compared with another one: what they had in that one is what they lost.
        lost: What is gone and still shown.
    """
    if not len(lost.rows):
        return table
    was, before = lost.snapshot.mappings, changes.before
    ids, removed = lost.snapshot.ids[lost.rows], was.take(lost.rows)
    both = concatenate(replace(changes.after.mappings, strings=was.strings), removed)
    rows = find_rows(before.ids, ids)
    return replace(
        table,
        ids=np.concatenate([table.ids, ids]),
        start=both.start,
        end=both.end,
        name=both.name,
        perms=both.perms,
        kind=np.concatenate([table.kind, kind_codes(removed)]),
        texts=both.strings,
        fields=both.fields,
        amounts=both.amounts,
        deltas={
            name: np.concatenate([delta, _removed_amounts(before, rows, name)])
            for name, delta in table.deltas.items()
        },
        last_changed=np.concatenate([table.last_changed, lost.ticks]),
        gone=np.concatenate([table.gone, np.ones(len(ids), bool)]),
        mapping_count=np.ones(len(both), np.int64),
        purposes=table.purposes.with_rows(purposes_of(was), lost.rows),
    )


def static_table(mappings: Mappings) -> TableData:
    """The sheet of one reading, a row per mapping: nothing has changed."""
    n = len(mappings)
    return TableData(
        ids=np.arange(n, dtype=np.int64),
        start=mappings.start,
        end=mappings.end,
        name=mappings.name,
        perms=mappings.perms,
        kind=kind_codes(mappings),
        texts=mappings.strings,
        fields=mappings.fields,
        amounts=mappings.amounts,
        deltas={},
        seconds=None,
        last_changed=np.full(n, -1),
        gone=np.zeros(n, bool),
        mapping_count=np.ones(n, np.int64),
        purposes=purposes_of(mappings),
    )


def _removed_amounts(before: MapSnapshot, rows: NDArray[np.intp], name: str) -> Amounts:
    """What mappings that are gone lost of a field: all that they had before, nothing if they were gone by then."""
    lost = np.zeros(len(rows), np.int64)
    column = before.mappings.get(name)
    if column is not None:
        lost[rows >= 0] = -np.maximum(column[rows[rows >= 0]], 0)
    return lost


def group_rows(table: TableData, by: Grouping) -> TableData:
    """The sheet with a row per group; amounts and changes are sums, and a group moved when one of its rows did."""
    if by == "none" or not len(table):
        return table
    of_row = group_keys(table.kind, table.name, by)
    keys = np.flatnonzero(np.bincount(of_row))
    n = len(keys)
    places = np.zeros(keys[-1] + 1, np.intp)
    places[keys] = np.arange(n)
    group = places[of_row]
    first = np.zeros(n, np.intp)
    first[group[::-1]] = np.arange(len(group))[::-1]
    here = ~table.gone

    def sums(row: Amounts) -> Amounts:
        return np.bincount(group, weights=row, minlength=n).astype(np.int64)

    amounts = np.full((len(table.fields), n), ABSENT, np.int64)
    for at, (name, row) in enumerate(zip(table.fields, table.amounts, strict=True)):
        if name not in PROPERTY_FIELDS:
            amounts[at] = sums(np.where((row == ABSENT) | ~here, 0, row))
    moved = np.full(n, -1, np.int64)
    np.maximum.at(moved, group, table.last_changed)
    return TableData(
        ids=group_ids(keys),
        start=table.start[first],
        end=table.end[first],
        name=np.arange(1, n + 1, dtype=np.int32),
        perms=np.zeros(n, np.int32),
        kind=table.kind[first],
        texts=StringTable(["", *(group_name(table.texts, key) for key in keys.tolist())]),
        fields=table.fields,
        amounts=amounts,
        deltas={name: sums(row) for name, row in table.deltas.items()},
        seconds=table.seconds,
        last_changed=moved,
        gone=sums(here.astype(np.int64)) == 0,
        mapping_count=sums(here.astype(np.int64)),
        purposes=unknown_purposes(n),
    )
