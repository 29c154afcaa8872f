"""Records as text: JSON lines, and csv. A step is a piece of the text, so that it can go as long as it wants."""

import csv
from collections.abc import Collection, Iterable, Iterator

from smapstop.export import RecordKind
from smapstop.export.flat_records import columns_of, records
from smapstop.export.steps import Step
from smapstop.report.json_csv import CsvLines, csv_cell, json_line
from smapstop.report.json_fields import Record


def as_jsonl(steps: Iterable[Step], kinds: Collection[RecordKind]) -> Iterator[str]:
    """One JSON object a line, in the order of time; ASCII only, and names as in the JSON of a snapshot."""
    for step in steps:
        yield "".join(f"{json_line(record)}\n" for record in records(step, kinds))


def as_csv(steps: Iterable[Step], kind: RecordKind) -> Iterator[str]:
    """The records of one kind as csv with a header; what is not known is empty.

    Names are as in the csv of a snapshot.
    """
    columns: tuple[str, ...] = ()
    for step in steps:
        out = CsvLines()
        if not columns:
            columns = columns_of(kind, step.after.mappings.fields)
            csv.writer(out).writerow(columns)
        writer = csv.DictWriter(out, columns, extrasaction="ignore")
        writer.writerows(_cells(record) for record in records(step, (kind,)))
        yield str(out)


def _cells(record: Record) -> Record:
    """A record as the cells of a row; evidence in the columns of its fields."""
    was = {f"was_{name}": text for name, text in record.get("was", {}).items()}
    cells: Record = record | record.get("evidence", {}) | was
    if "symbols" in record:
        cells["symbols"] = "; ".join(record["symbols"])  # they may have spaces
    return cells | {name: csv_cell(value) for name, value in cells.items() if isinstance(value, bool | list)}
