"""Texts to copy from rows of the table: addresses, names, the rows themselves, explanations."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from smapstop.model.compare.previous_run import FOREIGN_ID_BASE
from smapstop.model.history.group_history import GroupHistory
from smapstop.model.history.log_entry import format_address_range
from smapstop.model.history.mapping_history import MappingHistory, label_at
from smapstop.model.mapping_rows import find_rows
from smapstop.model.metrics import FAULTS
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.row_names import row_name
from smapstop.model.view.table_data import TableData
from smapstop.model.view.view import View
from smapstop.proc.columns import ABSENT
from smapstop.text import format as fmt
from smapstop.text.group_why import GroupWhy, group_why_of
from smapstop.text.mapping_detail import compared_ticks, title_of
from smapstop.text.row_queries import fitting_group_series
from smapstop.text.status import baseline_text
from smapstop.text.table_amounts import column_values, faulted_since
from smapstop.text.table_columns import ALL_COLUMNS, Column
from smapstop.text.table_rows import build_rows
from smapstop.text.why import Reason, Why, why_of

_AMPLE_WIDTH = 1_000
"""Cells in which no verdict is cut."""
_UNITS = {"amount": "_kb", "change": "_kb", "rate": "_kb_per_s"}
"""What follows the name of a column of numbers."""
_NOT_COPIED = ("history", "address")
"""Formats of columns that have no text, or whose text is there anyway."""


def addresses_text(view: View, ids: Sequence[int]) -> str:
    """Address ranges as in the kernel's maps, one a line; of a group, those of its mappings in their order."""
    mappings, lines = view.mappings, list[str]()
    for identity in ids:
        rows = np.flatnonzero(((mappings.ids == identity) | (view.group_of == identity)) & ~mappings.gone)
        for row in rows[np.argsort(mappings.start[rows], kind="stable")].tolist():
            lines.append(format_address_range(int(mappings.start[row]), int(mappings.end[row])))
    return "\n".join(lines)


def _find(view: View, ids: Sequence[int]) -> NDArray[np.intp]:
    """Rows of the table, without those that are no longer in it."""
    rows = find_rows(view.table.ids, np.array(ids, np.int64))
    return rows[rows >= 0]


def names_text(view: View, ids: Sequence[int]) -> str:
    """Full names, one a line; of memory without one, what it is called in the table."""
    return "\n".join(_full_name(view.table, row) for row in _find(view, ids).tolist())


def _full_name(table: TableData, row: int) -> str:
    """Full name of a row, printable."""
    return fmt.printable(table.texts[int(table.name[row])] or row_name(table, row))


def rows_text(view: View, timeline: Timeline, columns: Sequence[Column], ids: Sequence[int]) -> str:
    """Rows as tab-separated values under a header, with exact numbers; unknown ones are empty.

    Args:
        view: View that has the table.
        timeline: Its timeline.
        columns: Columns to write, after addresses and number of mappings; a group has no addresses.
        ids: Mappings or groups.
    """
    table, rows = view.table, _find(view, ids)
    shown = [column for column in columns if column.cell_format not in _NOT_COPIED]
    groups = fitting_group_series(None, timeline, view, shown)
    verdicts = build_rows(view, timeline, rows, [(ALL_COLUMNS["happened"], _AMPLE_WIDTH)], groups)
    titles = [f"{column.key}{_UNITS.get(column.cell_format, '')}" for column in shown]
    lines = [["start", "end", "mappings", *titles]]
    for row, verdict in zip(rows.tolist(), (each.cells[0] for each in verdicts), strict=True):
        is_group, count = table.ids[row] < 0, str(int(table.mapping_count[row]))
        place = ["", ""] if is_group else [f"{int(table.start[row]):x}", f"{int(table.end[row]):x}"]
        lines.append([*place, count, *(_value(table, row, column, verdict) for column in shown)])
    return "\n".join("\t".join(line) for line in lines)


def _value(table: TableData, row: int, column: Column, verdict: str) -> str:
    """Value of a column, exact."""
    match column.cell_format:
        case "name":
            return _full_name(table, row)
        case "text":
            return fmt.printable(table.texts[int(table.perms[row])])
        case "happened":
            return verdict
        case "change" | "rate":
            return _change(table, row, column)
    return _exact(table.get(column.key), row)


def _change(table: TableData, row: int, column: Column) -> str:
    """Change or rate, exact, with "~" in front if it is inferred; empty if it is unknown."""
    values, is_inferred = column_values(table, column), bool(faulted_since(table)[row]) and table.metric != FAULTS
    value = np.nan if values is None else float(values[row])
    if np.isnan(value) or (is_inferred and not value):
        return ""
    return fmt.ABOUT * is_inferred + (f"{value:.0f}" if column.cell_format == "change" else f"{value:.2f}")


def _exact(values: NDArray[np.int64] | None, row: int) -> str:
    """A value as an integer; empty if unknown."""
    return "" if values is None or values[row] == ABSENT else str(int(values[row]))


def why_text(view: View, timeline: Timeline, ids: Sequence[int], pages_key: str) -> str:
    """Why mappings and groups are as they are, in paragraphs.

    Args:
        view: View that has the table.
        timeline: Its timeline.
        ids: Mappings or groups.
        pages_key: Display name of the key that shows the pages.
    """
    return "\n\n".join(_why(view, timeline, int(view.table.ids[row]), row, pages_key) for row in _find(view, ids))


def _why(view: View, timeline: Timeline, identity: int, row: int, pages_key: str) -> str:
    """Why the mapping or group in a row is as it is."""
    name = _full_name(view.table, row)
    if identity < 0:
        why = group_why_of(GroupHistory(timeline, view.scope), view, row)
        return "\n".join([f"{row_name(view.table, row)}", *_group_lines(why)])
    if identity >= FOREIGN_ID_BASE:
        return f"{name}\nonly in {baseline_text(view, timeline)}"
    history = MappingHistory(timeline, identity)
    history.update()
    ticks = compared_ticks(history, view)
    state = history.states[history.step_at(ticks.number)]
    title = title_of(state, label_at(timeline, ticks.number, identity))[1]
    return "\n".join([f"{title}  {state.address_range}", *_why_lines(why_of(history, view, ticks, pages_key))])


def _why_lines(why: Why) -> list[str]:
    """What the inspector says about a mapping."""
    changes = "; ".join(f"{change.label} {change.values}" for change in why.changes)
    lines = [
        why.notice,
        *_verdict_lines(why),
        why.trend,
        *map(_reason_text, why.reasons),
        f"{why.compared}: {changes}" if changes else "",
        "; ".join(why.facts),
        why.advice,
    ]
    return [line for line in lines if line]


def _verdict_lines(why: Why | GroupWhy) -> list[str]:
    """What is inferred since the last reading, and what that rests on; what happened last, if anything did."""
    last = f"{why.verdict} · {why.age}" if why.age else why.verdict
    return [why.inferred, why.evidence, *([last] if why.age or not why.inferred else [])]


def _group_lines(why: GroupWhy) -> list[str]:
    """What the inspector says about a group."""
    lines = [
        *_verdict_lines(why),
        _reason_text(why.reason) if why.reason else "",
        why.total,
        *(f"{fmt.printable(member.name)}  {member.amount}  {member.change}" for member in why.members),
    ]
    return [line for line in lines if line]


def _reason_text(reason: Reason) -> str:
    """Explanation of an event, with its place in the kernel."""
    return f"{'' if reason.sure else '? '}{reason.sentence} ({reason.source})"
