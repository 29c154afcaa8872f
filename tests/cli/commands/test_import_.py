"""`smapstop import`: what a loop of cat saved becomes a recording that all other verbs open."""

import gzip
import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from command_line import smapstop
from places import DATA
from stepped_program import SteppedProgram


def exported(recording: Path, what: str) -> list[dict[str, Any]]:
    """Records of a recording."""
    run = smapstop("export", recording, "--what", what)
    assert (run.stderr, run.returncode) == ("", 0)
    return [json.loads(line) for line in run.stdout.splitlines()]


@pytest.fixture(scope="module")
def saved(program: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[int, list[bytes]]:
    """The pid of a program that grows step by step, and its smaps after each step."""
    with SteppedProgram(program("grow")) as target:
        smaps = Path(f"/proc/{target.pid}/smaps")
        texts = [smaps.read_bytes()]
        for _ in ("grown", "shrunk"):
            target.go()
            texts.append(smaps.read_bytes())
        return target.pid, texts


def test_a_loop_with_dates_is_a_recording(saved: tuple[int, list[bytes]], tmp_path: Path) -> None:
    pid, texts = saved
    dates = [f"Sun Nov 29 20:54:3{second} UTC 2026\n".encode() for second in (6, 7, 9)]
    lines = [
        b"> " + line + b"\r\n" for date, text in zip(dates, texts, strict=True) for line in (date + text).splitlines()
    ]
    (tmp_path / "loop.gz").write_bytes(gzip.compress(b"".join(lines)))
    run = smapstop("import", tmp_path / "loop.gz", "-o", tmp_path / "run", "--pid", pid)
    assert (run.stdout, run.stderr, run.returncode) == ("", "", 0)

    ticks = exported(tmp_path / "run", "ticks")
    assert [tick["at"] for tick in ticks] == [f"2026-11-29T20:54:3{second}.000000Z" for second in (6, 7, 9)]
    for tick, text in zip(ticks, texts, strict=True):
        sizes = [int(line.split()[1]) for line in text.splitlines() if line.startswith(b"Rss:")]
        assert tick["rss"] == sum(sizes)
    assert {(tick["pid"], tick["name"], tick["minor_faults"], tick["threads"], tick["state"]) for tick in ticks} == {
        (pid, "grow", None, None, None)
    }
    events = exported(tmp_path / "run", "events")
    assert {event["what"] for event in events} & {"map", "grow", "first-touch"}
    diff = smapstop(
        "diff", tmp_path / "run", tmp_path / "run", "--at", "start,end", "--by", "address", "--metric", "size"
    )
    assert json.loads(diff.stdout)["groups"]
    with closing(sqlite3.connect(tmp_path / "run")) as database:
        assert database.execute("SELECT value FROM meta WHERE key = 'kernel'").fetchall() == []


def test_several_files_have_their_times_and_their_pid(saved: tuple[int, list[bytes]], tmp_path: Path) -> None:
    pid, texts = saved
    files = [tmp_path / f"smaps.{pid}.{number}" for number in range(3)]
    for number, (file, text) in enumerate(zip(files, texts, strict=True)):
        file.write_bytes(text)
        os.utime(file, ns=(0, (1_795_985_676 + 60 * number) * 10**9))
    run = smapstop("import", *files, "-o", tmp_path / "run")
    assert (run.stderr, run.returncode) == ("", 0)
    assert [(tick["seconds"], tick["pid"]) for tick in exported(tmp_path / "run", "ticks")] == [
        (0, pid),
        (60, pid),
        (120, pid),
    ]

    back = smapstop("import", *reversed(files), "-o", tmp_path / "back")
    assert back.returncode == 2
    assert back.stderr.startswith(
        f"smapstop: '{files[1]}': line 1: 2026-11-29 20:55:36 UTC is before the reading before it ("
    )
    assert not (tmp_path / "back").exists()
    regular = smapstop("import", *reversed(files), "-o", tmp_path / "back", "--interval", 2, "--name", "other")
    assert (regular.stderr, regular.returncode) == ("", 0)
    assert [tick["seconds"] for tick in exported(tmp_path / "back", "ticks")] == [0, 2, 4]


def test_a_text_without_times_says_what_is_assumed(saved: tuple[int, list[bytes]], tmp_path: Path) -> None:
    _, texts = saved
    run = smapstop("import", "-", "-o", tmp_path / "run", stdin=b"".join(texts).decode())
    assert run.stderr == "smapstop: no times: 1 s between readings is assumed; --interval SECONDS says otherwise\n"
    assert [tick["seconds"] for tick in exported(tmp_path / "run", "ticks")] == [0, 1, 2]
    assert {tick["pid"] for tick in exported(tmp_path / "run", "ticks")} == {None}


def test_what_cannot_be_one_recording_is_refused(saved: tuple[int, list[bytes]], tmp_path: Path) -> None:
    _, texts = saved
    own, other = tmp_path / "own", tmp_path / "other"
    own.write_bytes(texts[0])
    other.write_bytes(Path("/proc/self/smaps").read_bytes())
    rollup = DATA / "smaps" / "linux-6.18-rollup.txt"
    (tmp_path / "pids").write_bytes(b"==> /proc/1/smaps <==\n" + texts[0] + b"==> /proc/2/smaps <==\n" + texts[1])
    (tmp_path / "fields").write_bytes(
        texts[0] + b"".join(line for line in texts[1].splitlines(True) if b"Swap" not in line)
    )
    cases: dict[tuple[object, ...], str] = {
        (own, other): f"'{other}': line 1: this reading is of another process than the one before: ",
        (
            tmp_path / "pids",
        ): f"'{tmp_path / 'pids'}': line {texts[0].count(10) + 3}: this reading is of process 2, not 1: ",
        (
            tmp_path / "fields",
        ): f"'{tmp_path / 'fields'}': line {texts[0].count(10) + 1}: this reading has other fields ",
        (own, rollup): f"'{rollup}': only totals (smaps_rollup), without mappings: ",
        ("/etc/passwd",): "'/etc/passwd': not smaps: ",
        (tmp_path / "none",): f"cannot read '{tmp_path / 'none'}': No such file or directory: ",
        (): "import needs saved texts: ",
        (own, "--pid", "x"): "--pid x: give a pid from 1 ",
    }
    for arguments, told in cases.items():
        run = smapstop("import", *arguments, "-o", tmp_path / "run")
        assert (run.stdout, run.returncode) == ("", 2)
        assert run.stderr.startswith(f"smapstop: {told}"), run.stderr
        assert len(run.stderr.splitlines()) == 1
        assert not (tmp_path / "run").exists()
    assert "import needs a file to write: -o FILE" in smapstop("import", own).stderr
    assert "is one of the texts" in smapstop("import", own, "-o", own, "--force").stderr
    assert "already exists" in smapstop("import", own, "-o", other).stderr


def test_names_are_redacted(saved: tuple[int, list[bytes]], tmp_path: Path) -> None:
    (tmp_path / "own").write_bytes(saved[1][0])
    assert smapstop("import", tmp_path / "own", "-o", tmp_path / "run", "--redact").returncode == 0
    assert b"libc" not in (tmp_path / "run").read_bytes()
