"""Format a snapshot as JSON, CSV or a table."""

import csv
from dataclasses import replace

from smapstop.model.grouping import Grouping
from smapstop.model.timestamps import format_utc
from smapstop.model.totals import hugetlb_kb
from smapstop.model.view.sort import Sorting
from smapstop.proc.columns import DELETED_SUFFIX
from smapstop.proc.fields import FIELD_BY_NAME
from smapstop.report.json_csv import CsvLines, csv_cell, json_text
from smapstop.report.json_fields import Record
from smapstop.report.snapshot.limits_record import limits_record
from smapstop.report.snapshot.snapshot import Snapshot, records, rollup_record
from smapstop.report.text_table import format_table
from smapstop.text.format import amount, clip, count, long_amount
from smapstop.text.table_columns import ALL_COLUMNS, Column

SCHEMA = 1
"""Version of the JSON; it changes when readers of the old one would fail."""

_SHOWN = ("name", "start", "perms", "size", "rss", "pss", "private_clean", "private_dirty", "anonymous", "swap")
_COLUMNS = tuple(replace(ALL_COLUMNS[key], width=16) if key == "start" else ALL_COLUMNS[key] for key in _SHOWN)
"""Columns of the table; the address of [vsyscall] has 16 digits."""
_MEMBERS = Column("members", "Maps", "amount", 5, 1, "Number of mappings in the group.")
_GROUP_COLUMNS = (_COLUMNS[0], _MEMBERS, *_COLUMNS[3:])


def as_json(snapshot: Snapshot, sorting: Sorting | None = None, grouping: Grouping = "none") -> str:
    r"""Format a snapshot as one JSON object, ASCII only, one mapping or group per line.

    A byte of a name that is not UTF-8 is written as a lone surrogate, 0xff as "\udcff" (`surrogateescape`);
    `os.fsencode` restores the byte.
    """
    parts: Record = {
        "taken_at": None if snapshot.wall_ns is None else format_utc(snapshot.wall_ns),
        "read_ms": None if snapshot.read_ns is None else round(snapshot.read_ns / 1e6, 3),
        "process": process_record(snapshot),
        "limits": snapshot.limits and limits_record(snapshot.limits, snapshot.mappings),
        "rollup": rollup_record(snapshot),
    }
    if snapshot.mappings is None:
        return json_text(SCHEMA, parts)
    rows = records(snapshot, sorting, grouping)
    return json_text(SCHEMA, parts, **{"mappings" if grouping == "none" else "groups": rows})


def process_record(snapshot: Snapshot) -> Record | None:
    """Process that was sampled; None for a saved text."""
    counters = snapshot.counters
    if counters is None:
        return None
    return {
        "pid": counters.pid,
        "name": counters.name,
        "cmdline": list(snapshot.command_line),
        "start_time": counters.start_time,
        "state": counters.state,
        "threads": counters.threads,
        "minor_faults": counters.minor_faults,
        "major_faults": counters.major_faults,
        "rss_kb": counters.rss,
        "vm_hwm_kb": counters.vm_hwm,
    }


def as_csv(snapshot: Snapshot, sorting: Sorting | None = None, grouping: Grouping = "none") -> str:
    """Format a snapshot as CSV with a header: a row per mapping or group, or one of totals; unknown values are empty.

    Names are not escaped; bytes that are not UTF-8 are surrogates, to be written with `surrogateescape`.
    """
    rows = records(snapshot, sorting, grouping) or [rollup_record(snapshot)]
    out = CsvLines()
    writer = csv.DictWriter(out, rows[0].keys())
    writer.writeheader()
    writer.writerows({name: csv_cell(value) for name, value in row.items()} for row in rows)
    return str(out)


def as_table(
    snapshot: Snapshot, sorting: Sorting | None = None, grouping: Grouping = "none", *, width: int = 80
) -> str:
    """Format a snapshot as a table of at most `width` cells: a line per mapping or group, and the totals."""
    if snapshot.mappings is None:
        return _rollup_table(snapshot, width)
    rows = records(snapshot, sorting, grouping)
    sizes = [row["size"] for row in rows if row["size"] is not None]
    total = snapshot.rollup | {"name": _title(snapshot), "members": len(snapshot.mappings)}
    if sizes:
        total["size"] = sum(sizes)
    columns = _COLUMNS if grouping == "none" else _GROUP_COLUMNS
    texts = [{column.key: _cell(row, column) for column in columns} for row in (*rows, total)]
    hugetlb = hugetlb_kb(snapshot.rollup)
    notes = [f"and {amount(hugetlb)} of hugetlb memory, which is not in Rss"] if hugetlb else []
    return "\n".join([*format_table(columns, texts, width), *notes, ""])


def _cell(row: Record, column: Column) -> str:
    """Text of a row in a column; empty if it has no value there."""
    match column.key:
        case "name":
            return _name(row)
        case "start":
            return str(row.get("start", "")).removeprefix("0x")
        case "perms":
            return str(row.get("perms", ""))
        case "members":
            return count(row["members"])
        case field:
            return amount(row.get(field))


def _name(row: Record) -> str:
    """Name of a mapping or group as the kernel prints it; memory without a name by its purpose or kind."""
    label = f"{row['label']}{'?' * row['guess']}" if row.get("label") else ""
    return f"{row['name'] or label or row['kind']}{DELETED_SUFFIX if row.get('deleted') else ''}"


def _title(snapshot: Snapshot) -> str:
    """Title of the line of totals."""
    counters = snapshot.counters
    return "total" if counters is None else f"total of {counters.name} {counters.pid}"


def _rollup_table(snapshot: Snapshot, width: int) -> str:
    """Format the totals, one per line, without those that this kernel does not print."""
    labels = {
        name: clip(FIELD_BY_NAME[name].label if name in FIELD_BY_NAME else name, width - 13)
        for name in snapshot.rollup
    }
    return "".join(f"{labels[name]:<16} {long_amount(kb):>12}\n" for name, kb in snapshot.rollup.items())
