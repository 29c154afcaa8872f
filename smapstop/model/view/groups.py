"""Group the rows of a table, and unfold groups into their mappings: a tree of two levels."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from smapstop.model.grouping import Grouping, GroupScope, group_ids, group_name, purpose_of_group
from smapstop.model.kinds import Kind
from smapstop.model.purpose_groups import KIND_OF_GROUP
from smapstop.model.purposes import Purpose, unknown_purposes
from smapstop.model.tick import Ids
from smapstop.model.view.table_data import InferredRows, TableData
from smapstop.proc.columns import ABSENT, StringTable
from smapstop.proc.fields import PROPERTY_FIELDS


def group_scope(table: TableData, by: Grouping, only: Ids | None = None) -> GroupScope:
    """Scope of groups of the mappings of a table.

    Args:
        table: One row per mapping.
        by: What to group by.
        only: Ids of the mappings to include; `None` for all.
    """
    if by != "file":
        return GroupScope(by, only)
    rows = np.flatnonzero((table.purposes.purpose == Purpose.BSS) & (table.purposes.owner > 0))
    return GroupScope(by, only, table.ids[rows], table.purposes.owner[rows])


def groups_of(table: TableData, scope: GroupScope) -> Ids:
    """Id of the group of each mapping, shape (n,); 0 for mappings not included."""
    purpose = table.purpose_groups() if scope.by == "purpose" else table.kind
    return group_ids(scope.keys(table.ids, table.kind, table.name, purpose))


def group_rows(table: TableData, by: Grouping) -> TableData:
    """Group the rows of a table: amounts and changes are summed; a group changed when any of its rows did."""
    if by == "none" or not len(table):
        return table
    return sum_groups(table, groups_of(table, group_scope(table, by)))


def sum_groups(table: TableData, groups: Ids) -> TableData:
    """Sum the rows of a table by group.

    Args:
        table: One row per mapping.
        groups: Id of the group of each, shape (n,).
    """
    of_row = group_ids(groups)
    keys = np.flatnonzero(np.bincount(of_row))
    n = len(keys)
    group_of_key = np.zeros(keys[-1] + 1 if n else 0, np.intp)
    group_of_key[keys] = np.arange(n)
    group = group_of_key[of_row]
    first = np.zeros(n, np.intp)
    first[group[::-1]] = np.arange(len(group))[::-1]
    present = ~table.gone

    def sums(row: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.bincount(group, weights=row, minlength=n).astype(np.int64)

    amounts = np.full((len(table.fields), n), ABSENT, np.int64)
    for at, (name, row) in enumerate(zip(table.fields, table.amounts, strict=True)):
        if name not in PROPERTY_FIELDS:
            amounts[at] = sums(np.where((row == ABSENT) | ~present, 0, row))

    def latest(row: NDArray[np.int64]) -> NDArray[np.int64]:
        last = np.full(n, -1, np.int64)
        np.maximum.at(last, group, row)
        return last

    inferred = table.inferred
    mapping_count = sums(present.astype(np.int64))
    return replace(
        table,
        ids=group_ids(keys),
        start=table.start[first],
        end=table.end[first],
        name=np.arange(1, n + 1, dtype=np.int32),
        perms=np.zeros(n, np.int32),
        kind=np.array(list(map(_kind_code, keys.tolist(), table.kind[first].tolist())), np.int8),
        texts=StringTable(["", *(group_name(table.texts, key) for key in keys.tolist())]),
        amounts=amounts,
        change=None if table.change is None else sums(table.change),
        recent_change=None if table.recent_change is None else sums(table.recent_change),
        faults=None if table.faults is None else sums(np.where(present, table.faults, 0)),
        inferred=inferred
        and InferredRows(
            kb=sums(inferred.kb),
            faults=sums(inferred.faults),
            last=latest(inferred.last),
            change=None if inferred.change is None else sums(inferred.change),
            seconds=inferred.seconds,
        ),
        last_changed=latest(table.last_changed),
        gone=mapping_count == 0,
        mapping_count=mapping_count,
        purposes=unknown_purposes(n),
        sources=(),
        stacks={},
        parent=np.full(n, -1),
    )


def _kind_code(key: int, of_member: int) -> int:
    """Kind of a group, as a position in `list(Kind)`: of a purpose its own, else that of a member."""
    purpose = purpose_of_group(-1 - key)
    return of_member if purpose is None else list(Kind).index(KIND_OF_GROUP.get(purpose, Kind.ANONYMOUS))


def unfold(groups: TableData, mappings: TableData, group_of: Ids, unfolded: Collection[int]) -> TableData:
    """Append the mappings of unfolded groups to a table of groups.

    Args:
        groups: Result of `sum_groups`.
        mappings: The mappings that were summed.
        group_of: Id of the group of each mapping.
        unfolded: Ids of the groups to unfold; those that are not in the table are ignored.
    """
    rows = np.flatnonzero(np.isin(group_of, np.fromiter(unfolded, np.int64, len(unfolded)))) if unfolded else ()
    if not len(rows):
        return groups
    members = mappings.take(np.asarray(rows, np.intp))
    texts = mappings.texts.additions_since(0)
    parent = np.searchsorted(group_ids(groups.ids), group_ids(group_of[rows]))
    return replace(
        groups,
        ids=np.concatenate([groups.ids, members.ids]),
        start=np.concatenate([groups.start, members.start]),
        end=np.concatenate([groups.end, members.end]),
        name=np.concatenate([groups.name + np.int32(len(texts) - 1), members.name]),
        perms=np.concatenate([groups.perms, members.perms]),
        kind=np.concatenate([groups.kind, members.kind]),
        texts=StringTable([*texts, *groups.texts.additions_since(1)]),
        amounts=np.concatenate([groups.amounts, members.amounts], axis=1),
        change=_join(groups.change, members.change),
        faults=_join(groups.faults, members.faults),
        recent_change=_join(groups.recent_change, members.recent_change),
        inferred=_join_inferred(groups.inferred, members.inferred),
        last_changed=np.concatenate([groups.last_changed, members.last_changed]),
        gone=np.concatenate([groups.gone, members.gone]),
        mapping_count=np.concatenate([groups.mapping_count, members.mapping_count]),
        purposes=groups.purposes.with_rows(members.purposes, np.arange(len(members))),
        stacks=mappings.stacks,
        parent=np.concatenate([np.full(len(groups), -1), parent]),
    )


def _join_inferred(a: InferredRows | None, b: InferredRows | None) -> InferredRows | None:
    """Join what is inferred of rows, of which both or none is known."""
    if a is None or b is None:
        return None
    kb, faults, last = (np.concatenate([getattr(a, name), getattr(b, name)]) for name in ("kb", "faults", "last"))
    return InferredRows(kb, faults, last, _join(a.change, b.change), a.seconds)


def _join(a: NDArray[np.int64] | None, b: NDArray[np.int64] | None) -> NDArray[np.int64] | None:
    """Join two columns, of which both or none is known."""
    return None if a is None or b is None else np.concatenate([a, b])
