"""Members of a family in an export: who came, went, or was read again, from the part that is exported."""

from pathlib import Path
from typing import Any

import pytest
from export_helpers import export_jsonl, open_steps, record_ticks
from factories import mappings_of, tick_of
from model.family.readings import SECOND_NS, reading_of
from places import DATA

from smapstop.export.line_writer import as_csv

MEMBERS: dict[int, dict[str, int]] = {
    4711: {"rss": 100, "pss": 60, "private_clean": 4, "private_dirty": 8, "stat_rss": 96},
    4712: {"rss": 50, "pss": 30},
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Four ticks; a worker grows after the second, and is gone before the last."""
    rows = mappings_of((0, 4))
    grown = {**MEMBERS, 4712: {"rss": 70, "pss": 55}}
    return record_ticks(
        tmp_path / "run.smaps",
        *(tick_of(number, rows, [0], monotonic_ns=(number + 1) * SECOND_NS) for number in range(4)),
        family=[
            reading_of(1, MEMBERS, new=(4711, 4712)),
            reading_of(2, grown, read={4711: 1}),
            reading_of(4, {4711: MEMBERS[4711]}, read={4711: 1}),
        ],
    )


def told(path: Path, **part: float) -> list[tuple[Any, ...]]:
    lines = export_jsonl(path, "members", **part)  # type: ignore[arg-type]
    assert {line["type"] for line in lines} <= {"member"}
    return [(line["tick"], line["seconds"], line["pid"], line["name"], line["pss"], line["gone"]) for line in lines]


def test_members_are_reported_when_they_came_were_read_or_went(path: Path) -> None:
    assert told(path) == [
        (0, 0, 4711, "p4711", 60, False),
        (0, 0, 4712, "p4712", 30, False),
        (1, 1, 4712, "p4712", 55, False),
        (3, 3, 4712, "p4712", None, True),
    ]


def test_a_part_begins_with_all_that_are_there(path: Path) -> None:
    assert told(path, begin=0.5, end=1.5) == [(1, 1, 4711, "p4711", 60, False), (1, 1, 4712, "p4712", 55, False)]
    assert told(path, begin=2.5) == [(3, 3, 4711, "p4711", 60, False)]
    assert told(path, end=0.5) == told(path)[:2]


def test_names_are_those_of_a_snapshot_and_what_is_unknown_is_null(path: Path) -> None:
    head, other, *_ = export_jsonl(path, "members")
    assert (head["uss"], head["rss_kb"], head["swap"], head["at"]) == (12, 96, None, "2023-11-14T22:13:21.000000Z")
    assert other["uss"] is None


def test_members_are_reported_among_the_others_in_order_of_time(path: Path) -> None:
    assert [line["type"] for line in export_jsonl(path, "ticks", "members")] == [
        *("tick", "member", "member", "tick", "member", "tick", "tick", "member"),
    ]


def test_csv_has_the_members_of_a_real_server() -> None:
    with open_steps(DATA / "recordings/family.smaps") as steps:
        header, *rows = "".join(as_csv(steps, "members")).splitlines()
    assert header.startswith("tick,at,seconds,pid,start_time,ppid,name,state,gone,missing,rss,pss,")
    assert len({row.split(",")[3] for row in rows}) == 4
