"""Marks of a recording are written among its events."""

import json

from factories import mappings_of, tick_of

from smapstop.export import RecordKind
from smapstop.export.line_writer import as_jsonl
from smapstop.export.steps import steps
from smapstop.export.trace import as_trace
from smapstop.model.marks import Mark
from smapstop.report.json_fields import Record


def lines(*kinds: RecordKind) -> list[Record]:
    ticks = [tick_of(n, mappings_of((1, 3, "rw-p", "[heap]", 4 + n)), [7]) for n in range(3)]
    marks = Mark("a", 1, 7), Mark("", 2)
    text = "".join(as_jsonl(steps(ticks, "run.smaps"), kinds, marks))
    return [json.loads(line) for line in text.splitlines()]


def test_a_mark_is_a_line_with_its_time_its_letter_and_its_mapping() -> None:
    assert [line for line in lines("events") if line["type"] == "mark"] == [
        {"type": "mark", "tick": 1, "at": "2023-11-14T22:13:21.000000Z", "seconds": 1.0, "letter": "a", "mapping": 7},
        {
            "type": "mark",
            "tick": 2,
            "at": "2023-11-14T22:13:22.000000Z",
            "seconds": 2.0,
            "letter": None,
            "mapping": None,
        },
    ]
    assert [line["type"] for line in lines("ticks")] == ["tick"] * 3


def test_in_a_trace_a_mark_is_an_instant_of_everything() -> None:
    ticks = [tick_of(n, mappings_of((1, 3, "rw-p", "[heap]", 4)), [7]) for n in range(3)]
    kinds: tuple[RecordKind, ...] = ("events",)
    pieces = as_trace(steps(ticks, "run.smaps"), kinds, None, [Mark("a", 1), Mark("", 2)])
    document = json.loads("".join(pieces))
    marks = [event for event in document["traceEvents"] if event["ph"] == "i"]
    assert [(event["name"], event["s"], event["ts"]) for event in marks] == [("mark a", "g", 1e6), ("mark", "g", 2e6)]
