"""Format a comparison of two runs as JSON, a table, or markdown for a pull request."""

import re
from dataclasses import replace

from smapstop.model.compare.group_comparison import GroupSums, MappingChange
from smapstop.proc.columns import ABSENT
from smapstop.proc.fields import FIELD_BY_NAME
from smapstop.report.diff.compare import BeforeAfter, Diff, DiffRow, diff_field_names
from smapstop.report.diff.inputs import ComparedRun
from smapstop.report.diff.limits import Limit
from smapstop.report.json_csv import json_text
from smapstop.report.json_fields import Record
from smapstop.report.text_table import CellTexts, format_table
from smapstop.text.format import amount, clip, count, long_amount, long_signed, percent, printable, signed
from smapstop.text.mechanisms import LIFECYCLE_VERBS
from smapstop.text.table_columns import Column

SCHEMA = 1
"""Version of the JSON; it changes when readers of the old one would fail."""
MOVERS = 20
"""Maximum number of groups in markdown."""


# JSON


def as_json(diff: Diff) -> str:
    """Format as one JSON object, ASCII only, one group per line; names as in a snapshot's JSON."""
    names = tuple(dict.fromkeys((*diff_field_names(diff.groups), diff.metric)))
    totals = {"members": _mapping_count(diff)} | {name: diff.sum_of(name) for name in names}
    parts: Record = {
        "by": diff.by,
        "metric": diff.metric,
        "before": _run_record(diff.before),
        "after": _run_record(diff.after),
        "totals": {side: {name: getattr(total, side) for name, total in totals.items()} for side in _SIDES},
    }
    columns = [_columns(side, names) for side in (diff.groups.before, diff.groups.after)]
    return json_text(SCHEMA, parts, groups=[_group_record(diff, row, *columns) for row in diff.rows])


_SIDES = ("before", "after", "change")
_Columns = dict[str, list[int] | None]
"""Fields by name, one amount per group; None for a field that the kernel does not print."""


def _mapping_count(diff: Diff) -> BeforeAfter:
    """Number of mappings before and after."""
    return BeforeAfter(len(diff.before.mappings), len(diff.after.mappings))


def _run_record(run: ComparedRun) -> Record:
    """Record of the process and the time that are compared."""
    process = None if run.name is None else {"pid": run.pid, "name": run.name}
    at = {"taken_at": run.taken_at, "tick": run.tick, "seconds": run.seconds}
    return {"file": run.file, "process": process, **at}


def _columns(side: GroupSums, names: tuple[str, ...]) -> _Columns:
    """Fields of one side as Python numbers."""
    columns = {name: side.get(name) for name in names}
    plain: _Columns = {name: None if column is None else column.tolist() for name, column in columns.items()}
    return {"members": side.mapping_count.tolist()} | plain


def _group_record(diff: Diff, row: DiffRow, *columns: _Columns) -> Record:
    """Record of a group, with every field of both sides."""
    before, after = ({name: _cell(column, row.group) for name, column in side.items()} for side in columns)
    place: Record = {"perms": row.perms, "offset": row.offset} if diff.by in ("part", "address") else {}
    ranges: list[Record] = [{}, {}]
    if diff.groups.mappings:
        mapping = diff.groups.mappings[row.group]
        place["what"] = list(mapping.what)
        ranges = [_range_record(addresses) for addresses in (mapping.before, mapping.after)]
    return {
        "name": row.name,
        "kind": row.kind.value,
        **place,
        "status": row.status,
        "before": ranges[0] | before,
        "after": ranges[1] | after,
        "change": {name: BeforeAfter(before[name], after[name]).change for name in before},
    }


def _range_record(addresses: tuple[int, int] | None) -> Record:
    """Addresses of a mapping; None if it does not exist."""
    start, end = (None, None) if addresses is None else map(hex, addresses)
    return {"start": start, "end": end}


def _cell(column: list[int] | None, group: int) -> int | None:
    """Amount of a group, kB; None if the kernel did not print it."""
    return None if column is None or column[group] == ABSENT else column[group]


# table

_NAME = Column("name", "", "name", 12, 0, "What is mapped.")
_PART = (
    Column("perms", "Perm", "text", 4, 4, "Permissions of a part of a file."),
    Column("offset", "Offset", "address", 7, 5, "Offset in the file."),
)
_MAPPING = (
    Column("perms", "Perm", "text", 4, 6, "Permissions."),
    Column("start", "Start", "address", 12, 4, "First address, in the later run if it is there."),
    Column("what", "What", "text", 12, 2, "What happened to the mapping as a whole."),
)
_AMOUNTS = (
    Column("members", "Maps", "change", 7, 6, "Number of mappings, or before → after."),
    Column("before", "Before", "amount", 6, 2, "The metric in the first run."),
    Column("after", "After", "amount", 6, 3, "The metric in the second run."),
    Column("change", "Change", "change", 7, 1, "Change of the metric."),
    Column("share", "%", "change", 7, 3, "Change in percent, or whether the group is new or gone."),
)


def as_table(diff: Diff, *, width: int = 80) -> str:
    """Format as a table of at most `width` cells: the two runs, a line per group, and the totals."""
    name = replace(_NAME, title=f"{metric_label(diff)} by {diff.by}")
    columns = (name, *_columns_of(diff))
    hidden = len(diff.groups) - len(diff.rows)
    total = {"name": f"total, with {hidden} unchanged" if hidden else "total"}
    rows = [group_cells(diff, row) for row in diff.rows]
    rows.append(total | _amount_cells(_mapping_count(diff), diff.sum_of(diff.metric)))
    runs = [f"{side} {run_text(run)}" for side, run in (("before", diff.before), ("after ", diff.after))]
    return "\n".join([*(clip(run, width) for run in runs), "", *format_table(columns, rows, width), ""])


def _columns_of(diff: Diff) -> tuple[Column, ...]:
    """Columns after the name."""
    match diff.by:
        case "part":
            return (*_PART, *_AMOUNTS)
        case "address":
            return (*_MAPPING, *_AMOUNTS[1:])
        case _:
            return _AMOUNTS


def metric_label(diff: Diff) -> str:
    """Label of the metric, as the kernel prints it: "Uss + Swap"."""
    parts = diff.metric.split("+")
    return " + ".join(FIELD_BY_NAME[part].label if part in FIELD_BY_NAME else part.capitalize() for part in parts)


def run_text(run: ComparedRun) -> str:
    """Process and time that are compared."""
    parts = ["stdin" if run.file == "-" else run.file]
    if run.name is not None:
        parts.append(f"{run.name} {run.pid or ''}".rstrip())
    if run.reading is not None:
        parts.append(f"reading {run.reading}")
    if run.taken_at is not None:
        parts.append(f"{run.taken_at[:19].replace('T', ' ')} UTC")
    if run.seconds is not None:
        parts.append(f"tick {run.tick} at {run.seconds:.1f} s")
    return ", ".join(map(printable, parts))


def group_cells(diff: Diff, row: DiffRow) -> CellTexts:
    """Texts of a group."""
    cells = {"name": row.name, "perms": row.perms, "offset": f"{row.offset:x}" if row.perms else ""}
    cells |= _amount_cells(row.mapping_count, row.amount)
    if row.status in ("new", "gone"):
        cells |= {"share": row.status, "before" if row.status == "new" else "after": ""}
    if diff.groups.mappings:
        mapping = diff.groups.mappings[row.group]
        start, _ = mapping.after or mapping.before or (0, 0)
        cells |= {"start": f"{start:x}", "what": _what_text(mapping)}
    return cells


def _what_text(mapping: MappingChange) -> str:
    """What happened to a mapping as a whole: "grew 132 K"."""
    sizes = [(end - start) // 1024 for start, end in filter(None, (mapping.before, mapping.after))]
    resized = f" {amount(abs(sizes[-1] - sizes[0]))}"
    return ", ".join(
        f"{LIFECYCLE_VERBS[what]}{resized if what in ('grow', 'shrink') else ''}" for what in mapping.what
    )


def _amount_cells(mapping_count: BeforeAfter, amounts: BeforeAfter) -> CellTexts:
    """Texts of the mapping count and the metric."""
    counts = [count(number) for number in (mapping_count.before, mapping_count.after) if number]
    return {
        "members": "→".join(dict.fromkeys(counts)),
        "before": amount(amounts.before),
        "after": amount(amounts.after),
        "change": signed(amounts.change),
        "share": share(amounts),
    }


def share(found: BeforeAfter) -> str:
    """Change relative to the amount before: "+33.1 %", "×12"; empty if there was nothing or nothing changed."""
    if not found.before or not found.change:
        return ""
    times = 1 + found.change / found.before
    if times >= 11:
        return f"×{count(round(times))}"
    return ("+" if found.change > 0 else "−") + percent(abs(times - 1))


# markdown


def as_markdown(diff: Diff) -> str:
    """Format as markdown for a pull request: the totals as a heading, and the groups that changed most."""
    total = diff.sum_of(diff.metric)
    sizes = f"{long_amount(total.before)} → {long_amount(total.after)}"
    lines = [f"### {metric_label(diff)} {sizes}, {change_text(total)}", ""]
    lines += [f"{inline_code(run_text(diff.before))} → {inline_code(run_text(diff.after))}", ""]
    if not diff.rows:
        return "\n".join([*lines, "Nothing changed.", ""])
    second = "What" if diff.groups.mappings else "Maps"
    lines += [
        f"| {metric_label(diff)} by {diff.by} | {second} | Before | After | Change | % |",
        "|:--|--:|--:|--:|--:|--:|",
    ]
    lines += [_markdown_row(diff, row) for row in diff.rows[:MOVERS]]
    if len(diff.rows) > MOVERS:
        lines += ["", f"and {len(diff.rows) - MOVERS} more"]
    return "\n".join([*lines, ""])


def _markdown_row(diff: Diff, row: DiffRow) -> str:
    """Format a group as a table row."""
    cells = group_cells(diff, row)
    name = f"{inline_code(row.name)} {row.perms} +{row.offset:#x}" if row.perms else inline_code(row.name)
    if diff.groups.mappings:
        name = f"{inline_code(row.name)} {row.perms} at {cells['start']}"
        cells = {**cells, "members": cells["what"]}
    texts = [name, *(cells[column.key] for column in _AMOUNTS)]
    return f"| {' | '.join(texts)} |"


def inline_code(text: str) -> str:
    """Format a text as inline code, so that nothing in it is markup; `|` is escaped, as it would end the cell."""
    text = printable(text).replace("|", "\\|")
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    space = " " if "`" in text else ""
    return f"{fence}{space}{text}{space}{fence}"


# both


def change_text(found: BeforeAfter) -> str:
    """Format a change: "+412 KiB (+33.1 %)"."""
    relative = share(found)
    return f"{long_signed(found.change)} ({relative})" if relative else long_signed(found.change)


def excess_text(diff: Diff, limit: Limit, found: BeforeAfter) -> str:
    """Message for an exceeded limit."""
    subject = "in total" if limit.name is None else f"of {printable(limit.name)}"
    sizes = f"from {long_amount(found.before)} to {long_amount(found.after)}"
    return f"{metric_label(diff)} {subject} grew {sizes}, {change_text(found)}: more than {limit.text}"
