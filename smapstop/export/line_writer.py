"""Write records as JSON lines or CSV, one piece of text per step, so that long recordings can be streamed."""

import csv
from collections.abc import Collection, Iterable, Iterator

from smapstop.export import RecordKind
from smapstop.export.flat_records import columns_of, mark_records, records
from smapstop.export.member_records import MemberRecords
from smapstop.export.steps import Step
from smapstop.model.marks import Mark
from smapstop.report.json_csv import CsvLines, csv_cell, json_line
from smapstop.report.json_fields import Record
from smapstop.text.callers import CALLED_BY


def as_jsonl(steps: Iterable[Step], kinds: Collection[RecordKind], marks: Collection[Mark] = ()) -> Iterator[str]:
    """Write one JSON object per line, in order of time; ASCII only, names as in a snapshot's JSON.

    Marks are written among the events, members of the family after the tick before them.
    """
    family = MemberRecords()
    for step in steps:
        marked = mark_records(step, marks) if "events" in kinds else ()
        members = family.of_step(step) if "members" in kinds else ()
        yield "".join(f"{json_line(record)}\n" for record in (*records(step, kinds), *marked, *members))


def as_csv(steps: Iterable[Step], kind: RecordKind) -> Iterator[str]:
    """Write the records of one kind as CSV with a header; unknown values are empty.

    Names are as in a snapshot's csv.
    """
    columns: tuple[str, ...] = ()
    family = MemberRecords()
    for step in steps:
        out = CsvLines()
        if not columns:
            columns = columns_of(kind, step.after.mappings.fields)
            csv.writer(out).writerow(columns)
        writer = csv.DictWriter(out, columns, extrasaction="ignore")
        rows = family.of_step(step) if kind == "members" else records(step, (kind,))
        writer.writerows(map(_cells, rows))
        yield str(out)


def _cells(record: Record) -> Record:
    """Cells of a record, with its evidence in the columns of the fields."""
    was = {f"was_{name}": text for name, text in record.get("was", {}).items()}
    cells: Record = record | record.get("evidence", {}) | was
    if "symbols" in record:
        cells["symbols"] = "; ".join(record["symbols"])  # symbols may contain spaces
    if "callers" in record:
        cells["callers"] = CALLED_BY.join(record["callers"])
    return cells | {name: csv_cell(value) for name, value in cells.items() if isinstance(value, bool | list)}
