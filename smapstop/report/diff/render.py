"""Two runs compared as text: JSON for programs, a table for people, markdown for a pull request."""

import re
from dataclasses import replace

from smapstop.model.compare.group_comparison import GroupSums
from smapstop.proc.columns import ABSENT
from smapstop.proc.fields import FIELD_BY_NAME
from smapstop.report.diff.compare import BeforeAfter, Diff, DiffRow, diff_field_names
from smapstop.report.diff.inputs import ComparedRun
from smapstop.report.diff.limits import Limit
from smapstop.report.json_csv import json_text
from smapstop.report.json_fields import Record
from smapstop.report.text_table import CellTexts, format_table
from smapstop.text.columns import Column
from smapstop.text.format import amount, clip, count, long_amount, long_signed, percent, printable, signed

SCHEMA = 1
"""The version of the JSON; it changes when a reader of the old one would fail."""
MOVERS = 20
"""How many groups markdown shows."""


# JSON


def as_json(diff: Diff) -> str:
    """Two runs as one JSON object, a group to a line; ASCII only, and names as in the JSON of a snapshot."""
    names = diff_field_names(diff.groups)
    totals = {"members": _mapping_count(diff)} | {name: diff.sum_of(name) for name in names}
    parts: Record = {
        "by": diff.by,
        "metric": diff.metric,
        "before": _run_record(diff.before),
        "after": _run_record(diff.after),
        "totals": {side: {name: getattr(found, side) for name, found in totals.items()} for side in _SIDES},
    }
    columns = [_columns(side, names) for side in (diff.groups.before, diff.groups.after)]
    return json_text(SCHEMA, parts, groups=[_group_record(diff, row, *columns) for row in diff.rows])


_SIDES = ("before", "after", "change")
_Columns = dict[str, list[int] | None]
"""Each field by group; None for one that the kernel does not print."""


def _mapping_count(diff: Diff) -> BeforeAfter:
    """How many mappings there were."""
    return BeforeAfter(len(diff.before.mappings), len(diff.after.mappings))


def _run_record(run: ComparedRun) -> Record:
    """Which moment of which process is compared."""
    process = None if run.pid is None else {"pid": run.pid, "name": run.name}
    at = {"taken_at": run.taken_at, "tick": run.tick, "seconds": run.seconds}
    return {"file": run.file, "process": process, **at}


def _columns(side: GroupSums, names: tuple[str, ...]) -> _Columns:
    """The fields of a side as plain numbers."""
    columns = {name: side.get(name) for name in names}
    plain: _Columns = {name: None if column is None else column.tolist() for name, column in columns.items()}
    return {"members": side.mapping_count.tolist()} | plain


def _group_record(diff: Diff, row: DiffRow, *columns: _Columns) -> Record:
    """A group with every field of either side."""
    before, after = ({name: _cell(column, row.group) for name, column in side.items()} for side in columns)
    part = {"perms": row.perms, "offset": row.offset} if diff.by == "part" else {}
    return {
        "name": row.name,
        "kind": row.kind.value,
        **part,
        "status": row.status,
        "before": before,
        "after": after,
        "change": {name: BeforeAfter(before[name], after[name]).change for name in before},
    }


def _cell(column: list[int] | None, group: int) -> int | None:
    """An amount; None when the kernel did not print it."""
    return None if column is None or column[group] == ABSENT else column[group]


# table

_NAME = Column("name", "", "name", 12, 0, "What is mapped.")
_PART = (
    Column("perms", "Perm", "text", 4, 4, "The permissions of a part of a file."),
    Column("offset", "Offset", "address", 7, 5, "Where it is in the file."),
)
_AMOUNTS = (
    Column("members", "Maps", "change", 7, 6, "How many mappings there are, or were and are."),
    Column("before", "Before", "amount", 6, 2, "The metric in the first run."),
    Column("after", "After", "amount", 6, 3, "The metric in the second run."),
    Column("change", "Change", "change", 7, 1, "How much it grew or shrank."),
    Column("share", "%", "change", 7, 3, "The change as a share, or whether the group is new or gone."),
)


def as_table(diff: Diff, *, width: int = 80) -> str:
    """Two runs for people: which they are, a line per group, and the totals; at most `width` cells a line."""
    name = replace(_NAME, title=f"{_label(diff)} by {diff.by}")
    columns = (name, *(_PART if diff.by == "part" else ()), *_AMOUNTS)
    hidden = len(diff.groups) - len(diff.rows)
    total = {"name": f"total, with {hidden} unchanged" if hidden else "total"}
    rows = [_cells(row) for row in diff.rows]
    rows.append(total | _amount_cells(_mapping_count(diff), diff.sum_of(diff.metric)))
    runs = [f"{side} {_run_text(run)}" for side, run in (("before", diff.before), ("after ", diff.after))]
    return "\n".join([*(clip(run, width) for run in runs), "", *format_table(columns, rows, width), ""])


def _label(diff: Diff) -> str:
    """The metric as the kernel calls it."""
    return FIELD_BY_NAME[diff.metric].label if diff.metric in FIELD_BY_NAME else diff.metric.capitalize()


def _run_text(run: ComparedRun) -> str:
    """Which moment of which process is compared."""
    parts = ["stdin" if run.file == "-" else run.file]
    if run.pid is not None:
        parts.append(f"{run.name} {run.pid}")
    if run.taken_at is not None:
        parts.append(f"{run.taken_at[:19].replace('T', ' ')} UTC")
    if run.seconds is not None:
        parts.append(f"tick {run.tick} at {run.seconds:.1f} s")
    return ", ".join(map(printable, parts))


def _cells(row: DiffRow) -> CellTexts:
    """A group as texts."""
    cells = {"name": row.name, "perms": row.perms, "offset": f"{row.offset:x}" if row.perms else ""}
    cells |= _amount_cells(row.mapping_count, row.amount)
    if row.status in ("new", "gone"):
        cells |= {"share": row.status, "before" if row.status == "new" else "after": ""}
    return cells


def _amount_cells(members: BeforeAfter, found: BeforeAfter) -> CellTexts:
    """What there was and is, as texts."""
    there = [count(number) for number in (members.before, members.after) if number]
    return {
        "members": "→".join(dict.fromkeys(there)),
        "before": amount(found.before),
        "after": amount(found.after),
        "change": signed(found.change),
        "share": share(found),
    }


def share(found: BeforeAfter) -> str:
    """How much there is more or less, as a share of what there was: "+33.1 %", "×12"; nothing of nothing."""
    if not found.before or not found.change:
        return ""
    times = 1 + found.change / found.before
    if times >= 11:
        return f"×{count(round(times))}"
    return ("+" if found.change > 0 else "−") + percent(abs(times - 1))


# markdown


def as_markdown(diff: Diff) -> str:
    """Two runs for a comment on a pull request: the totals as a heading, and the groups that changed most."""
    total = diff.sum_of(diff.metric)
    sizes = f"{long_amount(total.before)} → {long_amount(total.after)}"
    lines = [f"### {_label(diff)} {sizes}, {change_text(total)}", ""]
    lines += [f"{_code(_run_text(diff.before))} → {_code(_run_text(diff.after))}", ""]
    if not diff.rows:
        return "\n".join([*lines, "Nothing changed.", ""])
    lines += [f"| {_label(diff)} by {diff.by} | Maps | Before | After | Change | % |", "|:--|--:|--:|--:|--:|--:|"]
    lines += [_markdown_row(row) for row in diff.rows[:MOVERS]]
    if len(diff.rows) > MOVERS:
        lines += ["", f"and {len(diff.rows) - MOVERS} more"]
    return "\n".join([*lines, ""])


def _markdown_row(row: DiffRow) -> str:
    """A group as a row of a table."""
    cells = _cells(row)
    name = f"{_code(row.name)} {row.perms} +{row.offset:#x}" if row.perms else _code(row.name)
    texts = [name, *(cells[column.key] for column in _AMOUNTS)]
    return f"| {' | '.join(texts)} |"


def _code(text: str) -> str:
    """A text as code, in which nothing is markup; a bar would end a cell even there."""
    text = printable(text).replace("|", "\\|")
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    space = " " if "`" in text else ""
    return f"{fence}{space}{text}{space}{fence}"


# both


def change_text(found: BeforeAfter) -> str:
    """A change in words: "+412 KiB (+33.1 %)"."""
    of_before = share(found)
    return f"{long_signed(found.change)} ({of_before})" if of_before else long_signed(found.change)


def excess_text(diff: Diff, limit: Limit, found: BeforeAfter) -> str:
    """Why a limit is exceeded."""
    whose = "in total" if limit.name is None else f"of {printable(limit.name)}"
    sizes = f"from {long_amount(found.before)} to {long_amount(found.after)}"
    return f"{_label(diff)} {whose} grew {sizes}, {change_text(found)}: more than {limit.text}"
