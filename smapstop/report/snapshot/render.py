"""A snapshot as text: JSON and csv for programs, a table for people."""

import csv
from dataclasses import replace

from smapstop.model.grouping import Grouping
from smapstop.model.timestamps import format_utc
from smapstop.model.view.sort import Sorting
from smapstop.proc.columns import DELETED_SUFFIX
from smapstop.proc.fields import FIELD_BY_NAME
from smapstop.report.json_csv import CsvLines, csv_cell, json_text
from smapstop.report.json_fields import Record
from smapstop.report.snapshot.snapshot import Snapshot, records, rollup_record
from smapstop.report.text_table import format_table
from smapstop.text.columns import ALL_COLUMNS, Column
from smapstop.text.format import amount, clip, count, long_amount

SCHEMA = 1
"""The version of the JSON; it changes when a reader of the old one would fail."""

_SHOWN = ("name", "start", "perms", "size", "rss", "pss", "private_clean", "private_dirty", "anonymous", "swap")
_COLUMNS = tuple(replace(ALL_COLUMNS[key], width=16) if key == "start" else ALL_COLUMNS[key] for key in _SHOWN)
"""The columns of the table; [vsyscall] has an address of 16 digits."""
_MEMBERS = Column("members", "Maps", "amount", 5, 1, "How many mappings the group has.")
_GROUP_COLUMNS = (_COLUMNS[0], _MEMBERS, *_COLUMNS[3:])


def as_json(snapshot: Snapshot, sorting: Sorting | None = None, grouping: Grouping = "none") -> str:
    r"""The snapshot as one JSON object, a mapping or group to a line; ASCII only, so that it is safe everywhere.

    A byte of a name that is not UTF-8 is written as a lone surrogate, 0xff as "\udcff": Python's `surrogateescape`,
    which `os.fsencode` turns back into the byte.
    """
    parts: Record = {
        "taken_at": None if snapshot.wall_ns is None else format_utc(snapshot.wall_ns),
        "read_ms": None if snapshot.read_ns is None else round(snapshot.read_ns / 1e6, 3),
        "process": _process(snapshot),
        "rollup": rollup_record(snapshot),
    }
    if snapshot.mappings is None:
        return json_text(SCHEMA, parts)
    rows = records(snapshot, sorting, grouping)
    return json_text(SCHEMA, parts, **{"mappings" if grouping == "none" else "groups": rows})


def _process(snapshot: Snapshot) -> Record | None:
    """Who was sampled; None when only a text is known."""
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
    """The snapshot as csv with a header: a row per mapping or group, or one of totals; what is not known is empty.

    Names are as they are, bytes that are not UTF-8 as surrogates: to be written with `surrogateescape`.
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
    """The snapshot for people: a line per mapping or group, at most `width` cells, and the totals."""
    if snapshot.mappings is None:
        return _rollup_table(snapshot, width)
    rows = records(snapshot, sorting, grouping)
    sizes = [row["size"] for row in rows if row["size"] is not None]
    total = snapshot.rollup | {"name": _title(snapshot), "members": len(snapshot.mappings)}
    if sizes:
        total["size"] = sum(sizes)
    columns = _COLUMNS if grouping == "none" else _GROUP_COLUMNS
    texts = [{column.key: _cell(row, column) for column in columns} for row in (*rows, total)]
    return "\n".join([*format_table(columns, texts, width), ""])


def _cell(row: Record, column: Column) -> str:
    """What a row says in a column; nothing where it cannot say anything."""
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
    """The name of a mapping or group as the kernel prints it; memory without one by its use or kind."""
    label = f"{row['label']}{'?' * row['guess']}" if row.get("label") else ""
    return f"{row['name'] or label or row['kind']}{DELETED_SUFFIX if row.get('deleted') else ''}"


def _title(snapshot: Snapshot) -> str:
    """What the line of totals is called."""
    counters = snapshot.counters
    return "total" if counters is None else f"total of {counters.name} {counters.pid}"


def _rollup_table(snapshot: Snapshot, width: int) -> str:
    """The totals, a line each; what this kernel does not print is left out."""
    labels = {
        name: clip(FIELD_BY_NAME[name].label if name in FIELD_BY_NAME else name, width - 13)
        for name in snapshot.rollup
    }
    return "".join(f"{labels[name]:<16} {long_amount(kb):>12}\n" for name, kb in snapshot.rollup.items())
