"""Tracks of the family in a trace: Pss and Uss of each member, below its own process, until it is gone."""

import json
from pathlib import Path
from typing import Any

from export_helpers import open_steps, record_ticks
from factories import COUNTERS, mappings_of, tick_of
from model.family.readings import SECOND_NS, reading_of

from smapstop.export.trace import as_trace

PID = COUNTERS.pid


def test_each_member_has_its_tracks_which_end_when_it_is_gone(tmp_path: Path) -> None:
    rows = mappings_of((0, 4))
    members = {PID: {"pss": 60, "private_clean": 0, "private_dirty": 8}, 99: {"pss": 30}}
    path = record_ticks(
        tmp_path / "run.smaps",
        *(tick_of(number, rows, [0], monotonic_ns=(number + 1) * SECOND_NS) for number in range(2)),
        family=[
            reading_of(1, members, new=(PID, 99)),
            reading_of(2, {**members, 99: {"pss": 40}}),
            reading_of(3, {PID: members[PID]}),
        ],
    )
    with open_steps(path) as steps:
        events = json.loads("".join(as_trace(steps, ["members"], None)))["traceEvents"]
    names = {event["pid"]: event["args"]["name"] for event in events if event["ph"] == "M"}
    assert names == {PID: COUNTERS.name, 99: "p99"}
    assert tracks(events) == {
        (PID, "(family) pss"): [(1e6, 60)],
        (PID, "(family) uss"): [(1e6, 8)],
        (99, "(family) pss"): [(1e6, 30), (2e6, 40), (3e6, 0)],
    }


def tracks(events: list[dict[str, Any]]) -> dict[tuple[int, str], list[tuple[float, int]]]:
    """The values of each track, with their times in microseconds."""
    found = dict[tuple[int, str], list[tuple[float, int]]]()
    for event in events:
        if event["ph"] == "C":
            found.setdefault((event["pid"], event["name"]), []).append((event["ts"], event["args"]["kB"]))
    return found
