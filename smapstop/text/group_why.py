"""Why a group of mappings is as it is: what happened in it, and the mappings that moved."""

from dataclasses import dataclass

import numpy as np

from smapstop.model.history.group_history import GroupHistory
from smapstop.model.metrics import METRIC_TITLES
from smapstop.model.view.row_names import row_name
from smapstop.model.view.view import View
from smapstop.text import format as fmt
from smapstop.text.events import entry_verdict
from smapstop.text.lifecycle import ago_text
from smapstop.text.why import Reason, reason_of

MAX_MEMBERS = 100
"""Most mappings that are listed."""


@dataclass(frozen=True, slots=True)
class Member:
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
    reason: Reason | None
    """Explanation of the costliest event."""
    total: str
    members: tuple[Member, ...]
    """Those that moved most come first, then the largest."""


def group_why_of(history: GroupHistory, view: View, row: int) -> GroupWhy:
    """Say why a group is as it is in a view.

    Args:
        history: History of the groups.
        view: View whose table has groups.
        row: The group's row in the table.
    """
    timeline, table, now = history.timeline, view.table, view.snapshot.tick
    ids = table.ids[row : row + 1]
    (last,) = history.last_changed(ids, table.last_changed[row : row + 1], now.number)
    entries = history.entries(ids, [last])[0] if last >= timeline.oldest else ()
    has_changed = last >= timeline.oldest
    age = ago_text(timeline.header(last), now) if has_changed else ""
    costliest = next((entry for entry in entries if entry.event), None)
    amounts, change = table.metric_amounts, table.change
    amount = fmt.amount(None if amounts is None else int(amounts[row]))
    moved = "" if change is None else fmt.signed(float(change[row])).strip(fmt.STILL)
    metric = METRIC_TITLES[table.metric]
    members, count = _members(view, int(ids[0])), int(table.mapping_count[row])
    return GroupWhy(
        verdict=" · ".join(entry_verdict(entry, timeline, full=True) for entry in entries)
        or ("changed" if has_changed else "no change yet"),
        age=age if age in ("", "now") else f"{age} ago",
        reason=reason_of(costliest.event, costliest.kind) if costliest and costliest.event else None,
        total=f"{count:,} mapping{'s' if count != 1 else ''}, {metric} {amount} {moved}".rstrip(),
        members=members,
    )


def _members(view: View, group: int) -> tuple[Member, ...]:
    """Mappings of a group, those that moved most first, then the largest."""
    table = view.mappings
    rows = np.flatnonzero((view.group_of == group) & ~table.gone)
    nothing = np.zeros(len(table), np.int64)
    kb = nothing if table.metric_amounts is None else table.metric_amounts
    change = nothing if table.change is None else table.change
    rows = rows[np.lexsort((-kb[rows], -np.abs(change[rows])))][:MAX_MEMBERS]
    return tuple(
        Member(row_name(table, row), fmt.amount(int(kb[row])), fmt.signed(int(change[row])), float(change[row]))
        for row in rows.tolist()
    )
