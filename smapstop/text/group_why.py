"""Explanation of a group of mappings: what happened in it, and the mappings that moved."""

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.history.group_history import GroupHistory
from smapstop.model.kinds import Kind
from smapstop.model.view.row_names import row_name
from smapstop.model.view.view import View
from smapstop.proc.added_fields import HIDDEN_FIELDS
from smapstop.proc.fields import PROPERTY_FIELDS
from smapstop.text.events import entry_verdicts
from smapstop.text.inferred import evidence_text, inferred_text, next_reading_ns
from smapstop.text.lifecycle import ago_text
from smapstop.text.mapping_detail import field_label
from smapstop.text.row_sums import mappings_text, sums_of
from smapstop.text.table_amounts import column_values, signed_texts
from smapstop.text.table_columns import SORTABLE
from smapstop.text.units import metric_format, process_format, unit_format_of
from smapstop.text.why import FieldChange, Reason, pair_text, reason_of

MAX_MEMBERS = 100
"""Most mappings that are listed."""


@dataclass(frozen=True, slots=True)
class GroupMember:
    """A mapping of a group."""

    name: str
    amount: str
    """Amount of the metric."""
    change: str
    kb: float
    """Its change, kB."""


@dataclass(frozen=True, slots=True)
class GroupWhy:
    """What the inspector says about a group of mappings."""

    verdict: str
    age: str
    inferred: str
    """What is inferred since the mappings were read, in a few words; empty for nothing."""
    evidence: str
    """What was measured since, and what is inferred of it; empty for nothing."""
    reason: Reason | None
    """Explanation of the costliest event."""
    total: str
    kind: Kind
    """Kind of most of its memory."""
    fields: tuple[FieldChange, ...]
    """Sums of the fields that any mapping has, in the kernel's order."""
    members: tuple[GroupMember, ...]
    """Those that moved most come first, then the largest."""


def group_why_of(history: GroupHistory, view: View, row: int) -> GroupWhy:
    """Say why a group is as it is in a view.

    Args:
        history: History of the groups.
        view: View whose table has groups.
        row: The group's row in the table.
    """
    group = int(view.table.ids[row])
    return set_why_of(history, view, group, view.group_of == group)


def set_why_of(history: GroupHistory, view: View, group: int, mask: NDArray[np.bool_]) -> GroupWhy:
    """Say why some mappings, taken together, are as they are in a view.

    Args:
        history: History in which they are a group.
        view: The view.
        group: Id of the group.
        mask: Mask of them among `View.mappings`.
    """
    timeline, table, now = history.timeline, view.mappings, view.snapshot.tick
    ids, moved = np.array([group], np.int64), np.array([table.last_changed[mask].max(initial=-1)])
    (last,) = history.last_changed(ids, moved, now.number)
    entries = history.entries(ids, [last])[0] if last >= timeline.oldest else ()
    has_changed = last >= timeline.oldest
    age = ago_text(timeline.header(last), now, view.overdue_ns) if has_changed else ""
    costliest = next((entry for entry in entries if entry.event), None)
    sums = sums_of(view, mask)
    return GroupWhy(
        verdict=" · ".join(entry_verdicts(entries, timeline, full=True, unit=process_format(view)))
        or ("changed" if has_changed else "no change yet"),
        age=age if age in ("", "now") else f"{age} ago",
        inferred=inferred_text(view.growth, table.ids[mask], process_format(view)),
        evidence=evidence_text(view.growth, table.ids[mask], next_reading_ns(view), process_format(view)),
        reason=reason_of(costliest.event, costliest.kind) if costliest and costliest.event else None,
        total=" ".join(filter(None, (f"{mappings_text(sums.count)},", sums.amount, sums.change, sums.rate))),
        kind=_main_kind(view, mask),
        fields=_field_sums(view, mask),
        members=_members(view, mask),
    )


def _main_kind(view: View, mask: NDArray[np.bool_]) -> Kind:
    """Kind of most of the memory of some mappings."""
    table, amounts = view.mappings, view.mappings.metric_amounts
    kb = np.ones(len(table)) if amounts is None else 1 + np.maximum(amounts, 0)
    return list(Kind)[int(np.bincount(table.kind[mask], weights=kb[mask], minlength=1).argmax())]


def _field_sums(view: View, mask: NDArray[np.bool_]) -> tuple[FieldChange, ...]:
    """Sums of fields over the mappings that are there, with their changes against the baseline."""
    after, changes = view.snapshot.mappings, []
    rows = np.flatnonzero(mask[: len(after)])
    for name in after.fields:
        column, delta = after.get(name), view.diff.delta(name)
        if name in HIDDEN_FIELDS | PROPERTY_FIELDS or column is None or delta is None:
            continue
        now, change = int(np.maximum(column[rows], 0).sum()), int(delta[rows].sum())
        if now or change:
            unit = unit_format_of(view, name)
            values = pair_text(now - change, now, unit) if change else unit.text(now)
            changes.append(FieldChange(field_label(name), values, change))
    return tuple(changes)


def _members(view: View, mask: NDArray[np.bool_]) -> tuple[GroupMember, ...]:
    """The mappings that are there, those that moved most first, then the largest."""
    table = view.mappings
    rows = np.flatnonzero(mask & ~table.gone)
    nothing = np.zeros(len(table), np.int64)
    kb = nothing if table.metric_amounts is None else table.metric_amounts
    values = column_values(table, SORTABLE["delta"])
    change = nothing if values is None else values
    moved = np.nan_to_num(change)
    rows = rows[np.lexsort((-kb[rows], -np.abs(moved[rows])))][:MAX_MEMBERS]
    unit = metric_format(view)
    return tuple(
        GroupMember(row_name(table, row), unit.amount(int(kb[row])), text, float(moved[row]))
        for row, text in zip(rows.tolist(), signed_texts(table, change, rows, unit), strict=True)
    )
