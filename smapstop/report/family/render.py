"""Format a family as JSON, CSV or a table."""

import csv

from smapstop.model.timestamps import format_utc
from smapstop.model.totals import SUMMED_FIELDS
from smapstop.proc.program_title import title_of
from smapstop.report.family.family_snapshot import FamilyMemberSnapshot, FamilySnapshot
from smapstop.report.json_csv import CsvLines, csv_cell, json_text
from smapstop.report.json_fields import Record
from smapstop.report.snapshot.render import process_record
from smapstop.report.snapshot.snapshot import rollup_record
from smapstop.report.text_table import format_table
from smapstop.text.format import amount
from smapstop.text.table_columns import Column

SCHEMA = 1
"""Version of the JSON; it changes when readers of the old one would fail."""
_USS = SUMMED_FIELDS["uss"]
_COLUMNS = (
    Column("pid", "Pid", "amount", 7, 1, "Process id."),
    Column("name", "Process", "name", 20, 0, "Program, indented below its parent."),
    Column("rss", "Rss", "amount", 6, 2, "Resident memory."),
    Column("pss", "Pss", "amount", 6, 2, "Its share of it."),
    Column("uss", "Uss", "amount", 6, 2, "Memory that only this process has."),
    Column("shared_dirty", "SDirty", "amount", 6, 4, "Written and shared, as since a fork."),
    Column("shared_clean", "SClean", "amount", 6, 5, "Shared pages of files."),
    Column("swap", "Swap", "amount", 6, 3, "Swapped out."),
    Column("missing", "", "text", 30, 6, "Why it could not be read."),
)


def as_json(family: FamilySnapshot) -> str:
    """Format a family as one JSON object, a process per line."""
    parts: Record = {
        "taken_at": format_utc(family.wall_ns),
        "read_ms": round(family.read_ns / 1e6, 3),
        "totals": {"processes": len(family.members), **_totals(family)},
    }
    rows = [
        {
            "process": (member.snapshot and process_record(member.snapshot)) or _stat_record(member),
            "ppid": member.stat.ppid,
            "rollup": member.snapshot and rollup_record(member.snapshot),
            "missing": member.missing or None,
        }
        for member in family.members
    ]
    return json_text(SCHEMA, parts, processes=rows)


def as_csv(family: FamilySnapshot) -> str:
    """Format a family as CSV with a header, a row per process; unknown values are empty."""
    rows = [
        {
            "pid": member.stat.pid,
            "ppid": member.stat.ppid,
            "name": member.stat.name,
            **(rollup_record(member.snapshot) if member.snapshot else {}),
            "missing": member.missing or None,
        }
        for member in family.members
    ]
    names = dict.fromkeys(name for row in rows for name in row)
    out = CsvLines()
    writer = csv.DictWriter(out, [*(name for name in names if name != "missing"), "missing"])
    writer.writeheader()
    writer.writerows({name: csv_cell(value) for name, value in row.items()} for row in rows)
    return str(out)


def as_table(family: FamilySnapshot, *, width: int = 80) -> str:
    """Format a family as a table: a line per process, indented below its parent, and the sums.

    There is no sum of Rss, since pages that processes share would count more than once.
    """
    texts = [
        {
            "pid": str(member.stat.pid),
            "name": "  " * member.depth + _title(member),
            "missing": member.missing,
            **_amounts(member),
        }
        for member in family.members
    ]
    totals = _totals(family)
    count, unread = len(family.members), sum(bool(member.missing) for member in family.members)
    texts.append(
        {
            "name": f"total of {count} process{'es' * (count != 1)}" + (f" ({unread} not read)" if unread else ""),
            **{name: amount(totals[name]) for name in ("pss", "uss")},
            "swap": amount(totals["swap_pss"]),
        }
    )
    columns = _COLUMNS if unread else _COLUMNS[:-1]
    return "\n".join([*format_table(columns, texts, width), ""])


def _title(member: FamilyMemberSnapshot) -> str:
    """Program of a process, with its script."""
    return title_of(member.stat.name, member.snapshot.command_line if member.snapshot else ())


def _amounts(member: FamilyMemberSnapshot) -> dict[str, str]:
    """Texts of the amounts of a process."""
    rollup = member.snapshot.rollup if member.snapshot else {}
    uss = sum(rollup.get(name, 0) for name in _USS) if _USS[0] in rollup else None
    shown = {column.key: rollup.get(column.key) for column in _COLUMNS if column.cell_format == "amount"}
    return {name: amount(kb) for name, kb in (shown | {"uss": uss}).items() if name != "pid"}


def _totals(family: FamilySnapshot) -> dict[str, int | None]:
    """Sums over the processes, kB."""
    uss = [family.sum_of(name) for name in _USS]
    return {
        "pss": family.sum_of("pss"),
        "uss": None if uss[0] is None else sum(kb or 0 for kb in uss),
        "swap_pss": family.sum_of("swap_pss"),
        "rss": family.sum_of("rss"),
    }


def _stat_record(member: FamilyMemberSnapshot) -> Record:
    """What is known of a process that could not be read."""
    stat = member.stat
    return {
        "pid": stat.pid,
        "name": stat.name,
        "cmdline": [],
        "start_time": stat.start_time,
        "state": stat.state,
        "threads": stat.threads,
        "minor_faults": stat.minor_faults,
        "major_faults": stat.major_faults,
        "rss_kb": stat.rss_kb,
        "vm_hwm_kb": None,
    }
