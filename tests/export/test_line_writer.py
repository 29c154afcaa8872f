"""Records as lines: what is read back is what was known, whatever names say; and only a few ticks are in memory."""

import csv
import gc
import io
import json
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from address_space import readings, space_histories, ticks_of
from examples import examples
from export_helpers import export_jsonl, open_steps, record_program, record_ticks
from factories import COUNTERS, mappings_of, tick_of
from hypothesis import given
from hypothesis import strategies as st
from stepped_program import SteppedProgram

from smapstop.export import RECORD_KINDS, RecordKind
from smapstop.export.line_writer import as_csv, as_jsonl
from smapstop.export.steps import Step
from smapstop.export.trace import as_trace
from smapstop.model.events import MECHANISMS, Events
from smapstop.model.tick import LifecycleEvent, Tick
from smapstop.proc.columns import ABSENT, StringTable

HOSTILE = [
    "/tmp/new\\012line",
    '/tmp/"quoted", and, commas',
    "/tmp/\x1b[2J\x1b]0;evil\x07",
    "/tmp/\udcff\udc9b not UTF-8",
    "/tmp/\u202eright to left\x7f",
    "/tmp/\r carriage",
    "[anon:\n\t\x00]",
    "=cmd|' /C calc'!A0",
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.smaps"


def table(path: Path, kind: RecordKind) -> list[dict[str, str]]:
    """The records of a kind as csv, read again."""
    with open_steps(path) as told:
        text = "".join(as_csv(told, kind))
    return list(csv.DictReader(io.StringIO(text, newline="")))


def flat(line: dict[str, Any]) -> dict[str, str]:
    """What a JSON line is in csv; without what is not known."""
    was = {f"was_{name}": value for name, value in line.get("was", {}).items()}
    cells = {**line, **line.get("evidence", {}), **was, "symbols": "; ".join(line.get("symbols", []))}
    texts = {name: cell(value) for name, value in cells.items() if name not in ("type", "evidence", "was")}
    return {name: text for name, text in texts.items() if text}


def cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case list():
            return " ".join(value)
        case _:
            return str(value)


def known(row: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in row.items() if text}


def hostile() -> list[Tick]:
    """Mappings, a variable and a process with such names, and something that happens to each."""
    texts = StringTable()
    rows = [(10 * at, 10 * at + 2, "rw-p", name, 4) for at, name in enumerate(HOSTILE)]
    cow = MECHANISMS.index("copy-on-write")
    count = len(HOSTILE)
    events = Events(np.arange(count), np.full(count, cow, np.int8), np.full(count, 4), np.ones(count, bool))
    events = events.with_names({0: ("a<b, c>", "\x1b[1m\udcfe\n")})
    renamed = LifecycleEvent("rename", 0)
    evil = replace(COUNTERS, name='e"vil\n\x1b[31m')
    return [
        tick_of(0, mappings_of(*rows, texts=texts), list(range(count)), counters=evil),
        tick_of(
            1,
            mappings_of(*[(*row[:3], row[3] + "2", 8) for row in rows], texts=texts),
            list(range(count)),
            counters=evil,
            events=events,
            lineage=(renamed,),
        ),
    ]


def test_csv_has_a_row_per_changed_mapping_with_what_the_json_lines_have(
    program: Callable[[str], Path], path: Path
) -> None:
    with SteppedProgram(program("places"), path.with_suffix(".mapped")) as stepping:
        record_program(path, stepping, 8)

    for kind in RECORD_KINDS:
        lines = [flat(line) for line in export_jsonl(path, kind)]
        assert lines or kind in ("callers", "members")
        assert [known(row) for row in table(path, kind)] == lines


@pytest.mark.parametrize("kind", RECORD_KINDS)
def test_hostile_names_come_back_from_csv_as_they_are(path: Path, kind: RecordKind) -> None:
    record_ticks(path, *hostile())

    assert [known(row) for row in table(path, kind)] == [flat(line) for line in export_jsonl(path, kind)]
    if kind == "changes":
        assert [row["name"] for row in table(path, kind)][: len(HOSTILE)] == HOSTILE


def test_json_lines_are_ascii_that_no_terminal_obeys_and_names_come_back(path: Path) -> None:
    record_ticks(path, *hostile())

    with open_steps(path) as told:
        text = "".join(as_jsonl(told, RECORD_KINDS))
    assert all(line.isascii() and line.isprintable() for line in text.split("\n"))
    names = [line["name"] for line in map(json.loads, text.splitlines()) if line["type"] == "change"]
    assert names == HOSTILE + [name + "2" for name in HOSTILE]


def test_a_recording_without_changes_has_a_csv_with_a_header(path: Path) -> None:
    record_ticks(path, tick_of(0, mappings_of(swap=[]), []))

    with open_steps(path) as told:
        (line,) = "".join(as_csv(told, "events")).splitlines()
    assert line.startswith("tick,at,seconds,mapping,name,start,end,perms,what,pages,kb,")
    assert ",size,rss," in line


@examples(20)
@given(life=space_histories, keyframes=st.sets(st.integers(0, 8)))
def test_csv_says_what_json_lines_say(
    life: list[list[Any]], keyframes: set[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = record_ticks(tmp_path_factory.mktemp("life") / "run", *ticks_of(readings(life), keyframes))

    for kind in RECORD_KINDS:
        assert [known(row) for row in table(path, kind)] == [flat(line) for line in export_jsonl(path, kind)]


def test_an_amount_that_was_not_printed_is_empty_and_null_and_never_0(path: Path) -> None:
    record_ticks(path, tick_of(0, mappings_of((0, 2), swap=[ABSENT]), [0]))

    (row,), (line,) = table(path, "changes"), export_jsonl(path, "changes")
    assert (row["swap"], row["ksm"], line["swap"], line["ksm"]) == ("", "", None, None)


# how much is in memory


def long(count: int) -> Iterator[Tick]:
    """Ticks in each of which ten mappings change, and something happens to them."""
    texts = StringTable()
    ids = list(range(10))
    touched = Events(np.array(ids), np.zeros(10, np.int8), np.full(10, 4), np.ones(10, bool))
    for number in range(count):
        rows = mappings_of(*((10 * at, 10 * at + 9, "rw-p", f"/{at}", 4 * number) for at in ids), texts=texts)
        yield tick_of(number, rows, ids, events=touched, totals={"rss": number})


FORMATS: list[Callable[[Iterator[Step]], Iterator[str]]] = [
    lambda told: as_jsonl(told, RECORD_KINDS),
    lambda told: as_csv(told, "changes"),
    lambda told: as_trace(told, RECORD_KINDS, None),
]


@pytest.mark.parametrize("form", FORMATS, ids=["jsonl", "csv", "perfetto"])
def test_only_a_few_ticks_are_in_memory_at_once(path: Path, form: Callable[[Iterator[Step]], Iterator[str]]) -> None:
    record_ticks(path, *long(40))
    with only_what_comes() as come, open_steps(path) as told:
        most = max(sum(isinstance(one, Tick) for one in come()) for _ in form(told))
    assert 0 < most <= 4


@contextmanager
def only_what_comes() -> Iterator[Callable[[], list[object]]]:
    """Has the collector pass over all that is there already, so that to look for what has come since is quick."""
    gc.collect()
    gc.freeze()
    try:
        yield gc.get_objects
    finally:
        gc.unfreeze()


@pytest.mark.parametrize("form", FORMATS, ids=["jsonl", "csv", "perfetto"])
def test_more_ticks_take_no_more_memory(path: Path, form: Callable[[Iterator[Step]], Iterator[str]]) -> None:
    def most(count: int) -> int:
        """The most that is alive at a tenth of the pieces; collecting empties the interpreter's own stores, too."""
        recording = record_ticks(path.with_suffix(f".{count}"), *long(count))
        alive = []
        with only_what_comes(), open_steps(recording) as told:
            tracemalloc.start()
            for number, _ in enumerate(form(told)):
                if number % (count // 10) == 0:
                    gc.collect()
                    alive.append(tracemalloc.get_traced_memory()[0])
            tracemalloc.stop()
        return max(alive)

    most(10)  # what is made once is there
    assert most(60) < 1.5 * most(15)
