"""The trace has the structure that its viewers need, its tracks say what the map said, and its instants why."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from address_space import readings, space_histories, ticks_of
from export_helpers import open_steps, record_program, record_ticks
from factories import COUNTERS, mappings_of, tick_of, timeline_of
from hypothesis import given
from hypothesis import strategies as st
from list_source import target
from stepped_program import SteppedProgram

from smapstop.export import RECORD_KINDS, RecordKind
from smapstop.export.trace import as_trace
from smapstop.model.callers.call_stacks import CallStacks
from smapstop.model.callers.page_faults import PageFaults
from smapstop.model.events import MECHANISMS, Events
from smapstop.model.tick import ExitStatus, LifecycleEvent, Tick
from smapstop.model.view.filter import RowFilter, parse_filter
from smapstop.proc.callstack.frames import Frame
from smapstop.proc.columns import StringTable

US = 1_000_000
"""A second in microseconds."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.smaps"


def trace(path: Path, *kinds: RecordKind, test: RowFilter | None = None, begin: float = 0.0) -> Any:
    """The trace of a recording, which must be whole and plain."""
    with open_steps(path, begin, test=test) as told:
        text = "".join(as_trace(told, kinds or RECORD_KINDS, target()))
    assert all(line.isascii() and line.isprintable() for line in text.split("\n"))
    document = json.loads(text)
    require_structure(document)
    return document


def require_structure(document: Any) -> None:
    """What the Trace Event Format asks of the events that are here: types, required keys; times do not go back."""
    assert document["displayTimeUnit"] in ("ms", "ns")
    last: dict[tuple[int, Any], float] = {}
    lanes: dict[int, str] = {}
    for event in document["traceEvents"]:
        assert type(event["pid"]) is int
        assert isinstance(event["name"], str)
        assert event["name"].isprintable()
        match event["ph"]:
            case "M":
                assert event["name"] in ("process_name", "thread_name", "thread_sort_index")
                if event["name"] == "thread_name":
                    lanes[event["tid"]] = event["args"]["name"]
            case "C":
                (value,) = event["args"].values()
                assert type(value) in (int, float)
                assert last.get((event["pid"], event["name"]), 0) <= event["ts"]
                last[event["pid"], event["name"]] = event["ts"]
            case "i":
                assert event["s"] == "t"
                assert event["tid"] in lanes, "a lane is named before its first instant"
                assert event["args"]["sentence"].isprintable()
                assert last.get((event["pid"], event["tid"]), 0) <= event["ts"]
                last[event["pid"], event["tid"]] = event["ts"]
            case other:
                raise AssertionError(other)


def tracks(document: Any) -> dict[str, list[tuple[float, float]]]:
    """The values of each counter track: when (seconds), and what."""
    found = defaultdict(list)
    for event in document["traceEvents"]:
        if event["ph"] == "C":
            ((unit, value),) = event["args"].items()
            found[f"{event['name']} {unit}"].append((event["ts"] / US, value))
    return dict(found)


def instants(document: Any) -> list[tuple[str, str]]:
    """The lane and the name of each instant."""
    events = document["traceEvents"]
    lanes = {event["tid"]: event["args"]["name"] for event in events if event["name"] == "thread_name"}
    return [(lanes[event["tid"]], event["name"]) for event in events if event["ph"] == "i"]


def ticks() -> list[Tick]:
    """A heap that is touched and goes, a library that moves when the heap has, and one that never does."""
    texts = StringTable()

    def heap(rss: int, anonymous: int) -> Any:
        return mappings_of((16, 32, "rw-p", "[heap]", rss), texts=texts, anonymous=[anonymous])

    def library(rss: int) -> Any:
        return mappings_of((256, 300, "r-xp", "/lib/libfoo.so.1", rss), texts=texts, anonymous=[0])

    still = (300, 301, "r--p", "/lib/still", 4)
    first = mappings_of(
        (16, 32, "rw-p", "[heap]", 8),
        (256, 300, "r-xp", "/lib/libfoo.so.1", 40),
        still,
        texts=texts,
        anonymous=[8, 0, 0],
    )
    touched = Events(np.array([5]), np.array([0], np.int8), np.array([4]), np.array([True]))
    counters = replace(COUNTERS, minor_faults=50, user_ticks=25)
    return [
        tick_of(0, first, [5, 6, 7], totals={"rss": 52, "swap": 0}),
        tick_of(1, heap(12, 12), [5], events=touched, totals={"rss": 56, "swap": 0}, counters=counters),
        tick_of(2, library(44), [6], totals={"rss": 60, "swap": 4}, counters=counters),
        tick_of(3, heap(0, 0).take(slice(0)), [], gone=[5], lineage=(LifecycleEvent("unmap", 5),), counters=counters),
        tick_of(4, library(44).take(slice(0)), [], ending=ExitStatus(None, 9), counters=counters),
    ]


def test_a_mapping_that_moved_has_a_track_that_begins_with_its_first_value(path: Path) -> None:
    document = trace(record_ticks(path, *ticks()), "changes")

    assert tracks(document) == {
        "[heap] 10000 rss kB": [(0, 8), (1, 12), (3, 0)],
        "[heap] 10000 anonymous kB": [(0, 8), (1, 12), (3, 0)],
        "libfoo.so.1 .text 100000 rss kB": [(0, 40), (2, 44)],
    }


def test_totals_have_tracks_unless_they_have_always_been_0(path: Path) -> None:
    document = trace(record_ticks(path, *ticks()), "ticks")

    assert tracks(document) == {
        "(process) rss kB": [(0, 52), (1, 56), (2, 60)],
        "(process) swap kB": [(0, 0), (2, 4)],
        "(process) mappings count": [(0, 3), (3, 2)],
        "(process) minor faults per s": [(1, 50), (2, 0)],
        "(process) cpu percent": [(1, 25), (2, 0)],
    }


def test_what_happened_is_an_instant_in_the_lane_of_its_kind_with_its_sentence(path: Path) -> None:
    document = trace(record_ticks(path, *ticks()), "events")

    assert instants(document) == [
        ("first touch", "[heap]: first touch, 1 page"),
        ("unmapped", "[heap]: unmapped"),
        ("ended", "program: killed by SIGKILL"),
    ]
    (touched, *_) = [event for event in document["traceEvents"] if event["ph"] == "i"]
    assert (touched["ts"], touched["cat"]) == (US, "mechanism")
    assert touched["args"]["sentence"].startswith(
        "1 page became resident on first touch. Mapping memory only reserves addresses"
    )
    assert touched["args"]["evidence"] == {"rss": 4, "anonymous": 4}
    assert tracks(document) == {}


def test_the_process_has_its_name_and_the_trace_says_whose_it_is(path: Path) -> None:
    first, second, *_ = ticks()
    renamed = replace(second, counters=replace(second.counters, name="worker"))
    document = trace(record_ticks(path, first, renamed), "ticks")

    metadata = [event for event in document["traceEvents"] if event["ph"] == "M"]
    assert [(event["name"], event["pid"], event["args"]) for event in metadata] == [
        ("process_name", 4711, {"name": "program"}),
        ("process_name", 4711, {"name": "worker"}),
    ]
    assert document["otherData"]["command_line"] == ["program"]
    assert document["otherData"]["pid"] == 4711


def test_times_are_those_of_the_monotonic_clock_in_microseconds(path: Path) -> None:
    first, *_ = ticks()
    document = trace(record_ticks(path, replace(first, monotonic_ns=12_003_000_789)), "ticks")

    assert {event["ts"] for event in document["traceEvents"] if event["ph"] == "C"} == {12_003_000.789}


def test_memory_that_is_born_has_a_track_from_its_birth(path: Path) -> None:
    texts = StringTable()
    first = tick_of(0, mappings_of((0, 1, "rw-p", "", 4), texts=texts), [0])
    born = mappings_of((16, 32, "rw-p", "", 64), (48, 64), texts=texts)
    second = tick_of(1, born, [1, 2], lineage=(LifecycleEvent("map", 1), LifecycleEvent("map", 2)))

    assert tracks(trace(record_ticks(path, first, second), "changes")) == {"anon 10000 rss kB": [(1, 64)]}


def test_an_exec_ends_the_tracks_of_the_old_program_and_begins_none(path: Path) -> None:
    first, second, *_ = ticks()
    new = mappings_of((16, 32, "rw-p", "[heap]", 100), texts=first.rows.strings, anonymous=[100])
    third = tick_of(2, new, [8], keyframe=True, executed=True)
    document = trace(record_ticks(path, first, second, third), "changes", "events")

    assert tracks(document)["[heap] 10000 rss kB"] == [(0, 8), (1, 12), (2, 0)]
    assert instants(document)[-1] == ("started a new program", "program: started a new program")


def test_a_mapping_at_the_place_that_another_one_left_has_tracks_of_its_own(path: Path) -> None:
    texts = StringTable()

    def at(*rows: tuple[int, int, int]) -> Any:
        return mappings_of(*((first, first + 8, "rw-p", "", rss) for first, _, rss in rows), texts=texts)

    record_ticks(
        path,
        tick_of(0, at((16, 0, 4)), [0]),
        tick_of(1, at((16, 0, 8)), [0]),
        tick_of(2, at((16, 1, 0), (64, 0, 8)), [1, 0], lineage=(LifecycleEvent("move", 0), LifecycleEvent("map", 1))),
        tick_of(3, at((16, 0, 0)).take(slice(0)), [], gone=[0], lineage=(LifecycleEvent("unmap", 0),)),
        tick_of(4, at((16, 1, 12)), [1]),
    )

    assert tracks(trace(path, "changes")) == {
        "anon 10000 rss kB": [(0, 4), (1, 8), (3, 0)],
        "anon 10000 #1 rss kB": [(2, 0), (4, 12)],
    }


def test_a_filter_hides_tracks_and_instants_of_the_other_mappings(path: Path) -> None:
    document = trace(record_ticks(path, *ticks()), "changes", "events", test=parse_filter("libfoo"))

    assert list(tracks(document)) == ["libfoo.so.1 .text 100000 rss kB"]
    assert instants(document) == [("ended", "program: killed by SIGKILL")]


def test_a_track_of_a_mapping_that_was_hidden_begins_where_it_was_known_last(path: Path) -> None:
    texts = StringTable()

    def heap(rss: int) -> Any:
        return mappings_of((16, 32, "rw-p", "[heap]", rss), texts=texts)

    record_ticks(path, *(tick_of(number, heap(rss), [0]) for number, rss in enumerate((4, 8, 12, 16))))

    assert tracks(trace(path, "changes", test=parse_filter("rss>8"))) == {
        "[heap] 10000 rss kB": [(1, 8), (2, 12), (3, 16)]
    }


def test_a_stretch_of_time_begins_with_the_values_of_its_first_tick(path: Path) -> None:
    document = trace(record_ticks(path, *ticks()), "changes", begin=1)

    assert tracks(document) == {"libfoo.so.1 .text 100000 rss kB": [(1, 40), (2, 44)]}


def test_hostile_names_are_drawn_safely(path: Path) -> None:
    texts = StringTable()
    evil = '/tmp/\x1b[2J"\n\udcff\u202e'
    cow = MECHANISMS.index("copy-on-write")
    names = ((0, ("a\x1b[m\n",)),)
    events = Events(np.array([0]), np.array([cow], np.int8), np.array([4]), np.array([True]), names=names)
    counters = replace(COUNTERS, name="e\x1b\n\udc80")
    lineage = (LifecycleEvent("rename", 0),)
    record_ticks(
        path,
        tick_of(0, mappings_of((0, 9, "rw-p", "/tmp/before\udcfe", 4), texts=texts), [0], counters=counters),
        tick_of(
            1,
            mappings_of((0, 9, "rw-p", evil, 8), texts=texts),
            [0],
            counters=counters,
            events=events,
            lineage=lineage,
        ),
    )

    document = trace(path)
    texts_in = [text for event in document["traceEvents"] for text in strings(event)]
    assert [text for text in texts_in if not text.isprintable()] == []
    assert any("\\x1b[2J" in text for text in texts_in)


def strings(value: object) -> list[str]:
    """Every text in a JSON value."""
    match value:
        case str():
            return [value]
        case dict():
            return [text for part in (*value, *value.values()) for text in strings(part)]
        case list():
            return [text for part in value for text in strings(part)]
        case _:
            return []


@given(life=space_histories, keyframes=st.sets(st.integers(0, 8)))
def test_tracks_say_what_the_map_said_in_any_life(
    life: list[list[Any]], keyframes: set[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    told = list(ticks_of(readings(life), keyframes))
    document = trace(record_ticks(tmp_path_factory.mktemp("life") / "run", *told), "changes", "events")

    points = Counter(point for values in tracks(document).values() for point in values)
    assert points == Counter(point for values in histories(told) for point in values)
    lanes = {lane for lane, _ in instants(document)}
    assert lanes <= {"mapped", "unmapped", "grew", "shrank", "VMA split", "merged", "protected", "moved", "renamed"}


def histories(told: list[Tick]) -> Iterator[list[tuple[float, float]]]:
    """Rss of each mapping that moved, or was born with some: when it was first seen, changed, and was gone."""
    timeline = timeline_of(*told)
    maps = []
    for number in range(len(told)):
        moment = timeline.at(number)
        rss = moment.mappings.get("rss")
        assert rss is not None
        maps.append(dict(zip(moment.ids.tolist(), rss.tolist(), strict=True)))
    for mapping in {mapping for rss in maps for mapping in rss}:
        there = [number for number, rss in enumerate(maps) if mapping in rss]
        born, stop = there[0], there[-1] + 1
        values = [(float(born), maps[born][mapping])]
        for number in there[1:]:
            if maps[number][mapping] != values[-1][1]:
                values.append((float(number), maps[number][mapping]))
        if len(values) > 1 or (born > 0 and values[0][1] > 0):
            yield values + ([(float(stop), 0)] if stop < len(maps) else [])


def test_real_programs_make_a_sound_trace(program: Callable[[str], Path], path: Path) -> None:
    with SteppedProgram(program("places"), path.with_suffix(".mapped")) as stepping:
        document = trace(record_program(path, stepping, 10))

    lanes = {lane for lane, _ in instants(document)}
    assert {"VMA split", "protected", "moved", "shrank", "discarded"} <= lanes
    assert any(name.startswith("anon ") and name.endswith(" anonymous kB") for name in tracks(document))


def test_callers_of_page_faults_are_instants_in_a_lane(path: Path) -> None:
    stacks, maps = CallStacks(), mappings_of((1, 2, "rw-p", "[heap]"), (3, 4, "r-xp", "/lib/x"))
    asked = stacks.intern(
        [Frame("malloc", "/lib/libc.so.6", 1), Frame("f\n", "/x", 2, "x.c:7"), Frame("main", "/x", 3)]
    )
    columns = np.array([0, 1, -1]), np.array([asked, asked, 0], np.int32), np.array([7, 2, 1])
    faults = PageFaults(10, 0, 10, 0, 0, *columns, stacks)
    record_ticks(path, tick_of(0, maps, [0, 1]), tick_of(1, maps.take(slice(0)), [], faults=faults))

    told = [event for event in trace(path)["traceEvents"] if event.get("cat") == "faults"]

    assert [event["name"] for event in told] == [
        "[heap]: 7 faults by f\\x0a",
        "x .text: 2 faults by f\\x0a",
        "no longer mapped: 1 fault, callers not known",
    ]
    assert told[0]["args"] == {
        "sentence": told[0]["name"],
        "faults": 7,
        "mapping": "[heap]",
        "start": "0x1000",
        "callers": "f\\x0a < main",
        "source": "x.c:7",
    }
    assert {event["ts"] for event in told} == {US}
    assert [e["cat"] for e in trace(path, "ticks")["traceEvents"] if e.get("cat") == "faults"] == []
    only = [e for e in trace(path, test=parse_filter("heap"))["traceEvents"] if e.get("cat") == "faults"]
    assert [event["args"]["faults"] for event in only] == [7]
