"""What each record says, to the last key."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from export_helpers import export_jsonl, record_ticks
from factories import COUNTERS, mappings_of, tick_of

from smapstop.export import RECORD_KINDS
from smapstop.export.flat_records import columns_of
from smapstop.model.events import MECHANISMS, NO_EVENTS, Events
from smapstop.model.tick import ExitStatus, LifecycleEvent, OomKill, OomLimit, Tick
from smapstop.proc.columns import ABSENT, StringTable
from smapstop.proc.fields import FIELD_BY_NAME

UNKNOWN = dict.fromkeys(FIELD_BY_NAME)
"""Every field, not printed."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.smaps"


def two_ticks() -> list[Tick]:
    """A page of a program's data is copied on write, and what lies on it is known."""
    texts = StringTable()
    cow = MECHANISMS.index("copy-on-write")
    data = (16, 19, "rw-p", "/bin/x", 12, 3, "rd wr mr")
    return [
        tick_of(
            0,
            mappings_of(data, texts=texts, private_clean=[8], private_dirty=[4], anonymous=[4], swap=[ABSENT]),
            [17],
            monotonic_ns=12_003_000_000,
            totals={"rss": 12, "uss": 12},
            counters=replace(COUNTERS, minor_faults=31, major_faults=2, rss=13, vm_hwm=14),
        ),
        tick_of(
            1,
            mappings_of(data, texts=texts, private_clean=[4], private_dirty=[8], anonymous=[8], swap=[ABSENT]),
            [17],
            monotonic_ns=13_003_456_789,
            events=Events(
                *(np.array([17]), np.array([cow], np.int8), np.array([4]), np.array([True])),
                names=((0, ("page1",)),),
            ),
        ),
    ]


def test_a_tick_says_what_is_known_of_the_whole_process(path: Path) -> None:
    record_ticks(path, *two_ticks())

    (first, second) = export_jsonl(path, "ticks")

    fields = {name: None for name in UNKNOWN if name not in _NO_TOTALS}
    assert first == fields | {
        "type": "tick",
        "tick": 0,
        "at": "2023-11-14T22:13:20.000000Z",
        "seconds": 0.0,
        "monotonic_s": 12.003,
        "tier": "smaps",
        "read_ms": 1.0,
        "torn": False,
        "missing": None,
        "pid": 4711,
        "name": "program",
        "state": "S",
        "threads": 1,
        "minor_faults": 31,
        "major_faults": 2,
        "rss_kb": 13,
        "vm_hwm_kb": 14,
        "mappings": 1,
        "rss": 12,
        "uss": 12,
        "dirty": None,
        "rss_anon": None,
        "rss_file": None,
        "rss_shmem": None,
    }
    assert (second["monotonic_s"], second["seconds"], second["rss"]) == (13.003457, 1.000457, None)


_NO_TOTALS = ("kernel_page_size", "mmu_page_size", "thp_eligible", "protection_key", "object_allocated")
_NO_AMOUNTS = ("pss_anon", "pss_file", "pss_shmem")


def test_a_change_says_what_a_mapping_is_now(path: Path) -> None:
    record_ticks(path, *two_ticks())

    (_, change) = export_jsonl(path, "changes")

    fields = {name: None for name in UNKNOWN if name not in _NO_AMOUNTS}
    assert change == fields | {
        "type": "change",
        "tick": 1,
        "at": "2023-11-14T22:13:21.000000Z",
        "seconds": 1.000457,
        "mapping": 17,
        "name": "/bin/x",
        "start": "0x10000",
        "end": "0x13000",
        "perms": "rw-p",
        "offset": 12288,
        "device": "08:01",
        "inode": change["inode"],
        "deleted": False,
        "kind": "file",
        "vm_flags": ["rd", "wr", "mr"],
        "size": 12,
        "rss": 12,
        "private_clean": 4,
        "private_dirty": 8,
        "anonymous": 8,
    }
    assert change["inode"] > 1000


def test_an_event_says_what_happened_and_what_shows_it(path: Path) -> None:
    record_ticks(path, *two_ticks())

    assert export_jsonl(path, "events") == [
        {
            "type": "event",
            "tick": 1,
            "at": "2023-11-14T22:13:21.000000Z",
            "seconds": 1.000457,
            "mapping": 17,
            "name": "/bin/x",
            "start": "0x10000",
            "end": "0x13000",
            "perms": "rw-p",
            "what": "copy-on-write",
            "pages": 1,
            "kb": 4,
            "ambiguous": False,
            "also": [],
            "evidence": {"rss": 0, "private_clean": -4, "private_dirty": 4, "anonymous": 4},
            "symbols": ["page1"],
        }
    ]


def test_records_are_in_the_order_of_time_ticks_before_changes_before_events(path: Path) -> None:
    record_ticks(path, *two_ticks())

    kinds = [(line["tick"], line["type"]) for line in export_jsonl(path)]
    assert kinds == [(0, "tick"), (0, "change"), (1, "tick"), (1, "change"), (1, "event")]


def test_what_may_be_something_else_says_what(path: Path) -> None:
    (first, second) = two_ticks()
    fork = MECHANISMS.index("sole-owner")
    unsure = Events(np.array([17]), np.array([fork], np.int8), np.array([8]), np.array([False]))
    record_ticks(path, first, replace(second, events=unsure))

    (event,) = export_jsonl(path, "events")
    assert (event["ambiguous"], event["also"], event["pages"]) == (True, ["copy-on-write-after-fork"], 2)
    assert "symbols" not in event


def test_a_field_that_only_one_of_the_ticks_has_is_no_evidence(path: Path) -> None:
    texts = StringTable()
    touched = Events(np.array([0]), np.array([0], np.int8), np.array([4]), np.array([True]))
    first = tick_of(0, mappings_of((0, 9, "rw-p", "", 4), texts=texts, swap=[8]), [0])
    second = tick_of(
        1, mappings_of((0, 9, "rw-p", "", 8), texts=texts, swap=[ABSENT], new_one=[5]), [0], events=touched
    )
    record_ticks(path, first, second)

    (event,) = export_jsonl(path, "events")
    assert event["evidence"] == {"rss": 4}
    assert [line["new_one"] for line in export_jsonl(path, "changes")] == [None, 5]


def test_a_tick_that_read_no_mappings_does_not_count_them(path: Path) -> None:
    (first, second) = two_ticks()
    record_ticks(path, first, replace(second, tier="counters", ids=first.ids[:0], rows=first.rows.take(slice(0))))

    assert [(line["tier"], line["mappings"]) for line in export_jsonl(path, "ticks")] == [
        ("smaps", 1),
        ("counters", None),
    ]


def test_why_a_reading_is_not_whole_is_reported(path: Path) -> None:
    (first, second) = two_ticks()
    ids, rows = first.ids[:0], first.rows.take(slice(0))
    unread = replace(second, ids=ids, rows=rows, events=NO_EVENTS, missing="not permitted", torn=True)
    record_ticks(path, first, unread)

    last: dict[str, Any] = export_jsonl(path, "ticks")[-1]
    assert (last["missing"], last["torn"]) == ("not permitted", True)


OOM_KILLED = ExitStatus(None, 9, oom=OomKill(True, OomLimit(64 << 20, "/group")))


@pytest.mark.parametrize(
    ("ending", "status", "signal", "oom"),
    [
        (ExitStatus(3), 3, None, (None, None, None)),
        (ExitStatus(None, 9), None, 9, (None, None, None)),
        (OOM_KILLED, None, 9, (True, 64 << 20, "/group")),
        (replace(OOM_KILLED, oom=OomKill(False)), None, 9, (False, None, None)),
    ],
)
def test_the_end_has_its_status_or_signal_and_no_numbers_of_before(
    path: Path, ending: ExitStatus, status: int | None, signal: int | None, oom: tuple[object, ...]
) -> None:
    (first, _) = two_ticks()
    end = replace(first, number=1, keyframe=False, ids=first.ids[:0], rows=first.rows.take(slice(0)), ending=ending)
    record_ticks(path, first, end)

    (_, tick, event) = export_jsonl(path, "ticks", "events")
    known = {name: value for name, value in tick.items() if value is not None}
    assert set(known) == {"type", "tick", "at", "seconds", "monotonic_s", "pid", "name"}
    assert (event["what"], event["status"], event["signal"]) == ("exit", status, signal)
    assert (event["oom_sure"], event["oom_limit_bytes"], event["oom_cgroup"]) == oom
    assert (event["mapping"], event["name"], event["evidence"], event["kb"]) == (None, "program", {}, None)


def test_an_exec_is_reported_with_every_mapping_of_the_new_program(path: Path) -> None:
    (first, _) = two_ticks()
    new = mappings_of((1, 5, "r-xp", "/bin/y"), (9, 10, "rw-p", "[stack]"), texts=first.rows.strings)
    counters = replace(COUNTERS, name="y", image=2)
    second = tick_of(1, new, [18, 19], keyframe=True, executed=True, counters=counters, monotonic_ns=13_000_000_000)
    record_ticks(path, first, second)

    (executed,) = export_jsonl(path, "events")
    assert (executed["what"], executed["name"], executed["mapping"]) == ("exec", "y", None)
    assert [(line["tick"], line["mapping"]) for line in export_jsonl(path, "changes")] == [(0, 17), (1, 18), (1, 19)]


def test_what_became_of_mappings_says_what_was_replaced(path: Path) -> None:
    texts = StringTable()
    before = mappings_of((0, 9, "rw-p", "", 4), (20, 24, "rw-p", "[heap]"), (30, 31, "r--p", "/a"), texts=texts)
    after = mappings_of((0, 3, "rw-p", "", 4), (3, 9, "r--p"), (20, 28, "rw-p", "[heap]"), texts=texts)
    lineage = (
        LifecycleEvent("split", 3, 0),
        LifecycleEvent("protect", 3),
        LifecycleEvent("grow", 1),
        LifecycleEvent("unmap", 2),
    )
    record_ticks(path, tick_of(0, before, [0, 1, 2]), tick_of(1, after, [0, 3, 1], gone=[2], lineage=lineage))

    told = [
        {name: line.get(name) for name in ("what", "mapping", "pages", "kb", "other", "was", "evidence")}
        for line in export_jsonl(path, "events")
    ]
    assert told == [
        _told("split", 3, kb=24, other=0, evidence={"size": 24, "rss": 0}),
        _told("protect", 3, evidence={"size": 24, "rss": 0}),
        _told("grow", 1, kb=16, was={"end": "0x18000"}, evidence={"size": 16, "rss": 0}),
        _told("unmap", 2, kb=4, evidence={"size": -4, "rss": 0}),
    ]


def _told(what: str, mapping: int, **other: Any) -> dict[str, Any]:
    usual = {"what": what, "mapping": mapping, "pages": None, "kb": None, "other": None, "was": None}
    return usual | other


def test_a_table_has_a_column_for_every_key_of_its_records(path: Path) -> None:
    (first, second) = two_ticks()
    end = replace(second, number=2, events=NO_EVENTS, ending=ExitStatus(0))
    record_ticks(path, first, second, end)

    for kind, line in zip(("ticks", "changes", "events"), ("tick", "change", "event"), strict=True):
        assert kind in RECORD_KINDS
        for told in (one for one in export_jsonl(path) if one["type"] == line):
            flat = told.keys() - {"type", "evidence", "was"} | set(told.get("evidence", ()))
            assert flat <= set(columns_of(kind, first.rows.fields)), kind
