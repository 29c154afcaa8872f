"""What was saved of a process, as smaps or as the JSON of a snapshot: each format of it, and its comparison."""

import json
from collections.abc import Iterator
from typing import get_args

import numpy as np
from rich.cells import cell_len

from fuzz.smaps import SAVED_SMAPS
from smapstop.cli.output import sanitize_line
from smapstop.errors import SmapstopError
from smapstop.model.compare.group_comparison import MatchKey
from smapstop.model.grouping import GROUPINGS
from smapstop.report.diff.compare import diff_runs
from smapstop.report.diff.inputs import ComparedRun
from smapstop.report.diff.render import as_json as diff_as_json
from smapstop.report.diff.render import as_markdown
from smapstop.report.diff.render import as_table as diff_as_table
from smapstop.report.snapshot.load import parse_saved_smaps
from smapstop.report.snapshot.parse_json import parse_snapshot_json
from smapstop.report.snapshot.render import as_csv, as_json, as_table
from smapstop.report.snapshot.snapshot import Snapshot

WIDTH = 100


def check(data: bytes) -> None:
    """Print it in every way and compare it with itself, or say what is wrong with it."""
    try:
        if data.lstrip()[:1] in (b"{", b"["):
            snapshot = parse_snapshot_json(data)
        else:
            snapshot = parse_saved_smaps(data)
            _check_formats(snapshot)
        if snapshot.mappings is not None:
            _check_diff(ComparedRun("saved", snapshot.mappings))
    except SmapstopError as error:
        assert error.what
        assert error.remedy
        assert sanitize_line(str(error)).isprintable()


def _check_formats(snapshot: Snapshot) -> None:
    """Every format of a snapshot."""
    for grouping in GROUPINGS:
        text = as_json(snapshot, None, grouping)
        assert text.isascii()
        document = json.loads(text)
        table = as_table(snapshot, None, grouping, width=WIDTH)
        _check_table(table)
        assert as_csv(snapshot, None, grouping)
        if snapshot.mappings is not None and grouping == "none":
            again = parse_snapshot_json(text.encode()).mappings
            assert again is not None
            assert again.start.tolist() == sorted(snapshot.mappings.start.tolist())
            notes = table.count("\nand ")  # of hugetlb memory
            assert len(document["mappings"]) == len(again) == table.count("\n") - 2 - notes


def _check_diff(run: ComparedRun) -> None:
    """A run with itself, in every format: nothing changed."""
    for by in get_args(MatchKey):
        found = diff_runs(run, run, by, "rss", unchanged=True)
        assert not any(row.amount.change for row in found.rows)
        json.loads(diff_as_json(found))
        _check_table(diff_as_table(found, width=WIDTH))
        as_markdown(found)


def _check_table(table: str) -> None:
    """A table is lines that fit and hold nothing that a terminal would obey."""
    for line in table.removesuffix("\n").split("\n"):
        assert sanitize_line(line) == line or all(char.isprintable() or "\udc80" <= char <= "\udcff" for char in line)
        assert cell_len(line) <= WIDTH, line


def seeds() -> Iterator[bytes]:
    """Saved texts, and the JSON of them."""
    for path in sorted(SAVED_SMAPS.glob("*.txt")):
        text = path.read_bytes()
        yield text
        snapshot = parse_saved_smaps(text)
        if snapshot.mappings is not None:
            yield as_json(Snapshot(snapshot.mappings.take(np.zeros(1, np.intp)), {})).encode()
