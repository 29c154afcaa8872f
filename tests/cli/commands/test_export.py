"""`smapstop export` as a user meets it: real recordings, files, pipes, and what is wrong."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command_line import smapstop_bytes
from export_helpers import record_ticks
from factories import mappings_of, tick_of
from small_disk import small_disk
from stepped_program import DEADLINE_SECONDS, SteppedProgram, wait_until

SMAPSTOP = (sys.executable, "-m", "smapstop")
Program = Callable[[str], Path]


def export(*arguments: object) -> subprocess.CompletedProcess[bytes]:
    """Run smapstop export in pipes."""
    return smapstop_bytes("export", *arguments)


def lines(output: bytes) -> list[Any]:
    return [json.loads(line) for line in output.splitlines()]


def complaint(*arguments: object) -> str:
    """The one line that a wrong command line is answered with."""
    run = export(*arguments)
    assert (run.returncode, run.stdout) == (2, b"")
    assert run.stderr.count(b"\n") == 1
    return run.stderr.decode()


@pytest.fixture(scope="module")
def run(program: Program, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program that was recorded to its end by `smapstop record`."""
    path = tmp_path_factory.mktemp("run") / "run.smaps"
    command = [*SMAPSTOP, "record", "-o", path, "-i", "0.05", "--budget", "100", "--", program("first_touch")]
    with subprocess.Popen([*map(str, command)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(4):
            assert process.stdout.readline()
            process.stdin.write(b"\n")
        assert process.wait(DEADLINE_SECONDS) == 0
    return path


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Three ticks, of which the second changes something."""
    heap = [mappings_of((0, 9, "rw-p", "[heap]", rss)) for rss in (4, 8)]
    still = heap[1].take(slice(0))
    return record_ticks(
        tmp_path / "small.smaps", tick_of(0, heap[0], [0]), tick_of(1, heap[1], [0]), tick_of(2, still, [])
    )


def test_json_lines_are_what_it_prints(run: Path) -> None:
    done = export(run)

    told = lines(done.stdout)
    assert (done.returncode, done.stderr) == (0, b"")
    assert [told[0]["type"], told[0]["tick"], told[1]["type"]] == ["tick", 0, "change"]
    *_, last = (line for line in told if line["type"] == "event")
    assert (last["what"], last["status"]) == ("exit", 0)
    assert {"tick", "change", "event"} == {line["type"] for line in told} - {"caller"}


@pytest.mark.parametrize(
    ("name", "begin"),
    [("a.csv", b"tick,at,seconds,mapping,name,"), ("a.jsonl", b'{"type": "tick"'), ("a.txt", b'{"type": "tick"')]
    + [(name, b'{"displayTimeUnit": "ms",') for name in ("a.json", "a.pftrace", "A.JSON")],
)
def test_the_name_of_the_file_chooses_the_format(small: Path, tmp_path: Path, name: str, begin: bytes) -> None:
    done = export(small, "-o", tmp_path / name)

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert (tmp_path / name).read_bytes().startswith(begin)


def test_format_has_the_last_word(small: Path, tmp_path: Path) -> None:
    export(small, "-o", tmp_path / "a.csv", "--format", "jsonl")

    assert lines((tmp_path / "a.csv").read_bytes())[0]["tick"] == 0


def test_csv_is_of_one_kind(small: Path) -> None:
    rows = {
        what: list(csv.DictReader(io.StringIO(export(small, "--format", "csv", "--what", what).stdout.decode())))
        for what in ("ticks", "changes", "events")
    }

    assert [(row["tick"], row["rss"]) for row in rows["changes"]] == [("0", "4"), ("1", "8")]
    assert [row["tick"] for row in rows["ticks"]] == ["0", "1", "2"]
    assert rows["events"] == []
    assert "--what only one of" in complaint(small, "--format", "csv", "--what", "ticks,events")


def test_a_stretch_of_time_and_some_mappings(small: Path) -> None:
    assert [line["tick"] for line in lines(export(small, "--from", 1, "--to", 1.5, "--what", "ticks").stdout)] == [1]
    assert lines(export(small, "--filter", "!heap", "--what", "changes").stdout) == []


def test_dash_is_stdout(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert export(small, "-o", "-").stdout == export(small).stdout
    assert [path.name for path in tmp_path.iterdir()] == ["small.smaps"]


# files


def test_a_file_that_is_there_needs_force_and_keeps_its_permissions(small: Path, tmp_path: Path) -> None:
    there = tmp_path / "a.csv"
    there.write_text("precious")
    there.chmod(0o600)

    assert "overwrite it with --force" in complaint(small, "-o", there)
    assert there.read_text() == "precious"
    assert export(small, "-o", there, "--force").returncode == 0
    assert there.read_text().startswith("tick,")
    assert there.stat().st_mode & 0o777 == 0o600


def test_the_recording_itself_and_what_is_no_ordinary_file_are_never_replaced(small: Path, tmp_path: Path) -> None:
    before = small.read_bytes()

    assert "the recording itself" in complaint(small, "-o", small, "--force")
    assert "is not a regular file" in complaint(small, "-o", tmp_path, "--force")
    assert "is not a regular file" in complaint(small, "-o", "/dev/null", "--force")
    assert small.read_bytes() == before
    assert Path("/dev/null").is_char_device()


def test_a_file_is_written_whole_or_not_at_all(small: Path, tmp_path: Path) -> None:
    there = tmp_path / "a.jsonl"

    complaint(small, "-o", there, "--from", 1, "--to", 1, "--filter", "nofield>1")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["small.smaps"]


def test_a_full_disk_leaves_nothing(run: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "8k") as disk:
        assert "No space left on device" in complaint(run, "-o", disk / "a.jsonl")
        assert list(disk.iterdir()) == []


def test_a_directory_that_is_not_there_is_reported(small: Path) -> None:
    assert "cannot create '/nowhere/a.csv'" in complaint(small, "-o", "/nowhere/a.csv")


def test_a_reader_that_goes_away_ends_it_silently(run: Path) -> None:
    process = subprocess.Popen([*SMAPSTOP, "export", str(run)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline().startswith(b'{"type": "tick"')
    process.stdout.close()
    _, errors = process.communicate(timeout=60)

    assert (process.returncode, errors) == (0, b"")


# recordings that have no end


def recorded(path: Path, pid: int) -> "subprocess.Popen[bytes]":
    """A recorder at work that has written some ticks."""
    options = ("-o", str(path), "-i", "0.05", "--budget", "100", "-p", str(pid))
    process = subprocess.Popen([*SMAPSTOP, "record", *options])
    wait_until(lambda: path.exists() and len(export(path, "--what", "ticks").stdout.splitlines()) > 2)
    return process


def test_one_that_is_still_being_written_is_exported_as_far_as_it_goes(program: Program, tmp_path: Path) -> None:
    path = tmp_path / "run.smaps"
    with SteppedProgram(program("first_touch")) as stepping:
        recorder = recorded(path, stepping.pid)
        done = export(path, "--what", "ticks")
        recorder.send_signal(signal.SIGINT)
        assert recorder.wait(DEADLINE_SECONDS) == 0

    assert (done.returncode, done.stderr) == (0, b"")
    assert len(lines(done.stdout)) > 2


def test_one_whose_recorder_was_killed_is_exported_and_says_so(program: Program, tmp_path: Path) -> None:
    path = tmp_path / "run.smaps"
    with SteppedProgram(program("first_touch")) as stepping:
        recorder = recorded(path, stepping.pid)
        recorder.kill()
        recorder.wait(DEADLINE_SECONDS)
    done = export(path, "--what", "ticks")

    assert done.returncode == 0
    assert len(lines(done.stdout)) > 2
    assert done.stderr.count(b"\n") == 1
    assert b"ends abruptly" in done.stderr


# what is wrong


def test_wrong_words_are_reported_in_a_line(small: Path, tmp_path: Path) -> None:
    assert "export needs a recording" in complaint()
    assert "one recording" in complaint(small, small)
    assert "cannot start a program" in complaint(small, "--", "true")
    assert "unknown kind 'rows'" in complaint(small, "--what", "ticks,rows")
    assert "seconds" in complaint(small, "--from", "yesterday")
    assert "earlier time" in complaint(small, "--from", 2, "--to", 1)
    assert "there is one at 2.0" in complaint(small, "--from", 100)
    assert "no kind" in complaint(small, "--filter", "kind:nothing")
    assert "No such file" in complaint(tmp_path / "nothing")
    assert "is not a smapstop recording" in complaint(__file__)
    assert "--format" in complaint(small, "--format", "xml")


def test_a_damaged_recording_is_reported_and_no_file_is_left(run: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.smaps"
    broken.write_bytes(run.read_bytes()[:-4096])

    assert "damaged" in complaint(broken, "-o", tmp_path / "a.json")
    assert [path.name for path in tmp_path.iterdir()] == ["broken.smaps"]


def test_a_new_file_is_its_users_alone_whatever_the_umask(small: Path, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        export(small, "-o", tmp_path / "a.csv")
    finally:
        os.umask(before)
    assert (tmp_path / "a.csv").stat().st_mode & 0o777 == 0o600
