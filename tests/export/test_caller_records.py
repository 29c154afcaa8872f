"""Page faults as records: by whom, in which mapping; and events with whose doing they were."""

import csv
from pathlib import Path

import numpy as np
import pytest
from export_helpers import export_jsonl, open_steps, record_ticks, without_times
from factories import faults_of, mappings_of, tick_of

from smapstop.export.line_writer import as_csv
from smapstop.model.events import MECHANISMS, Events
from smapstop.model.view.filter import parse_filter

CALLS = (
    (1, "libc.so.6:memset < libc.so.6:calloc < remember@/src/leak.c:7 < handle < main", 9),
    (1, "…", 1),
    (-1, "f < main", 5),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The heap grows by ten pages at the second tick."""
    rows = [mappings_of((1, 20, "rw-p", "[heap]", rss), (30, 31, "r--p", "/x", 4)) for rss in (4, 44)]
    touched = Events(
        np.array([1]), np.array([MECHANISMS.index("first-touch")], np.int8), np.array([40]), np.array([True])
    )
    ticks = tick_of(0, rows[0], [1, 2]), tick_of(1, rows[1], [1, 2], events=touched, faults=faults_of(*CALLS))
    return record_ticks(tmp_path / "run.smaps", *ticks)


def test_a_call_stack_in_a_mapping_is_a_record(path: Path) -> None:
    heap = {"mapping": 1, "name": "[heap]", "start": "0x1000", "end": "0x14000", "perms": "rw-p"}
    unknown = dict.fromkeys(("mapping", "name", "start", "end", "perms"))
    file = {"file": "/usr/bin/program", "source": None}
    assert without_times(export_jsonl(path, "callers")) == [
        heap | file | {"faults": 9, "function": "remember", "source": "/src/leak.c:7", "callers": ["handle", "main"]},
        unknown | file | {"faults": 5, "function": "f", "callers": ["main"]},
        heap | {"faults": 1, "function": None, "file": None, "source": None, "callers": []},
    ]


def test_a_filter_chooses_mappings(path: Path) -> None:
    assert [each["faults"] for each in export_jsonl(path, "callers", test=parse_filter("heap"))] == [9, 1]
    assert export_jsonl(path, "callers", end=0.0) == []


def test_an_event_says_whose_doing_it_was(path: Path) -> None:
    (event,) = export_jsonl(path, "events")
    assert {name: event[name] for name in event if name.startswith("by")} == {
        "by": "remember",
        "by_source": "/src/leak.c:7",
        "by_all": False,
        "by_sure": True,
    }


def test_in_csv_callers_are_one_cell(path: Path) -> None:
    with open_steps(path) as steps:
        rows = list(csv.DictReader("".join(as_csv(steps, "callers")).splitlines()))
    assert [(row["function"], row["callers"], row["faults"]) for row in rows] == [
        ("remember", "handle < main", "9"),
        ("f", "main", "5"),
        ("", "", "1"),
    ]
    with open_steps(path) as steps:
        (event,) = csv.DictReader("".join(as_csv(steps, "events")).splitlines())
    assert (event["by"], event["by_all"], event["what"]) == ("remember", "false", "first-touch")
