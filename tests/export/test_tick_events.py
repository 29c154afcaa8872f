"""What happened to real programs, as the JSON objects that an export has, to the last key."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from export_helpers import export_jsonl, record_program, record_ticks, without_times
from factories import faults_of, mappings_of, tick_of
from stepped_program import SteppedProgram

from smapstop.model.events import MECHANISMS, Events
from smapstop.proc.columns import StringTable

TEXTS = StringTable()
Program = Callable[[str], Path]

pytestmark = pytest.mark.skipif(os.sysconf("SC_PAGE_SIZE") != 4096, reason="the programs count pages of 4 kB")


@pytest.fixture
def disk() -> Iterator[Path]:
    """A directory on a disk: /tmp may be a tmpfs, whose files are memory."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as directory:
        yield Path(directory)


@pytest.fixture(autouse=True)
def bound_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs resolve their symbols before the first step, which would else be an event in between."""
    monkeypatch.setenv("LD_BIND_NOW", "1")


def happened(path: Path, stepping: SteppedProgram, count: int) -> list[dict[str, Any]]:
    """What happened in so many steps to the memory that the program speaks of, but for code that was reached."""
    told = without_times(export_jsonl(record_program(path, stepping, count), "events"))
    return [event for event in told if event["what"] != "file-read"]


def telling(event: dict[str, Any]) -> dict[str, int]:
    """The evidence of an event, without what repeats it or moves by itself: older kernels do not print it all."""
    echoes = ("pss", "pss_dirty", "referenced")
    return {name: kb for name, kb in event["evidence"].items() if name not in echoes}


def test_copy_on_write_names_the_variable(program: Program, disk: Path) -> None:
    executable = Path(shutil.copy(program("known_pages"), disk / "experiment"))
    with executable.open("rb") as file:
        os.fsync(file)  # on one that was just linked only Anonymous moves
    with SteppedProgram(executable) as stepping:
        (event,) = happened(disk / "run", stepping, 2)
        address = hex(stepping.address)

    assert event["start"] <= address < event["end"]
    evidence = {"rss": 0, "private_clean": -4, "private_dirty": 4, "anonymous": 4}
    assert event | {"evidence": telling(event)} == {
        "mapping": event["mapping"],
        "name": str(executable),
        "start": event["start"],
        "end": event["end"],
        "perms": "rw-p",
        "what": "copy-on-write",
        "pages": 1,
        "kb": 4,
        "ambiguous": False,
        "also": [],
        "evidence": evidence,
        "symbols": ["page1"],
    }


def test_first_touch(program: Program, tmp_path: Path) -> None:
    with SteppedProgram(program("first_touch")) as stepping:
        (event,) = happened(tmp_path / "run", stepping, 2)
        start = stepping.address

    assert event | {"evidence": telling(event)} == {
        "mapping": event["mapping"],
        "name": "",
        "start": hex(start),
        "end": hex(start + 64 * 4096),
        "perms": "rw-p",
        "what": "first-touch",
        "pages": 37,
        "kb": 148,
        "ambiguous": False,
        "also": [],
        "evidence": {"rss": 148, "private_dirty": 148, "anonymous": 148},
    }


def test_map_and_unmap(program: Program, tmp_path: Path) -> None:
    with SteppedProgram(program("mapped_and_unmapped")) as stepping:
        mapped, touched, unmapped = happened(tmp_path / "run", stepping, 3)
        start = stepping.address

    who = {
        "mapping": mapped["mapping"],
        "name": "",
        "start": hex(start),
        "end": hex(start + 16 * 4096),
        "perms": "rw-p",
        "ambiguous": False,
        "also": [],
    }
    amounts = {"size": 64, "rss": 12, "private_dirty": 12, "anonymous": 12}
    assert mapped | {"evidence": telling(mapped)} == who | {
        "what": "map",
        "pages": None,
        "kb": 64,
        "evidence": amounts,
    }
    assert touched | {"evidence": telling(touched)} == who | {
        "what": "first-touch",
        "pages": 3,
        "kb": 12,
        "evidence": amounts,
    }
    assert unmapped | {"evidence": telling(unmapped)} == who | {
        "what": "unmap",
        "pages": 3,
        "kb": 64,
        "evidence": {name: -kb for name, kb in amounts.items()},
    }


def test_a_split_and_a_merge_say_with_whom_and_a_protection_what_it_was(program: Program, tmp_path: Path) -> None:
    with SteppedProgram(program("protect")) as stepping:
        events = happened(tmp_path / "run", stepping, 4)
        start = stepping.address

    splits = [event for event in events if event["what"] == "split"]
    merges = [event for event in events if event["what"] == "merge"]
    assert [event["other"] for event in splits] == [splits[0]["other"]] * 2
    assert [event["other"] for event in merges] == [splits[0]["other"]] * 2
    assert {event["mapping"] for event in splits} == {event["mapping"] for event in merges}
    assert [event["kb"] for event in splits] == [16, 16]
    (last,) = [event for event in events if event["what"] == "protect" and event["start"] == hex(start)]
    assert (last["perms"], last["was"], telling(last)) == ("r--p", {"perms": "rw-p"}, {"rss": 0})


def test_a_move_says_from_where(program: Program, tmp_path: Path) -> None:
    with SteppedProgram(program("move")) as stepping:
        before = stepping.address
        move, *others = [event for event in happened(tmp_path / "run", stepping, 2) if "was" in event]
        after = stepping.address

    was = {"start": hex(before), "end": hex(before + 9 * 4096)}
    assert (move["what"], move["start"], move["was"]) == ("move", hex(after), was)
    assert [(event["what"], event["kb"]) for event in others] == [("grow", 128)]


def test_who_did_it_is_told_by_all_faults_since_the_last_reading(tmp_path: Path) -> None:
    nothing = mappings_of(texts=TEXTS)
    between: dict[str, Any] = {"tier": "counters", "faults": faults_of((7, "fill < main", 30))}
    what = np.array([MECHANISMS.index("first-touch")], np.int8)
    grown = Events(np.array([7]), what, np.array([400]), np.ones(1, bool))
    path = record_ticks(
        tmp_path / "run.smaps",
        tick_of(0, mappings_of((0, 900, "rw-p", "", 4), texts=TEXTS), [7]),
        tick_of(1, nothing, [], **between),
        tick_of(2, nothing, [], **between),
        tick_of(
            3,
            mappings_of((0, 900, "rw-p", "", 404), texts=TEXTS),
            [7],
            events=grown,
            faults=faults_of((7, "fill < main", 40)),
        ),
    )

    (event,) = export_jsonl(path, "events")
    assert (event["pages"], event["by"], event["by_all"]) == (100, "fill", True)
    assert [caller["faults"] for caller in export_jsonl(path, "callers")] == [30, 30, 40]
