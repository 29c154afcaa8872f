"""`smapstop diff` on real programs: what they have more of is what it says, and the exit status is for CI."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command_line import smapstop
from stepped_program import SteppedProgram, wait_until

SMAPSTOP = (sys.executable, "-m", "smapstop")
Program = Callable[[str], Path]


def groups(*arguments: object, stdin: str = "") -> dict[str, Any]:
    """The groups of a comparison by name."""
    run = smapstop("diff", *arguments, stdin=stdin)
    assert (run.stderr, run.returncode) == ("", 0)
    return {group["name"]: group for group in json.loads(run.stdout)["groups"]}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that is mapped."""
    path = tmp_path_factory.mktemp("data") / "data.bin"
    path.write_bytes(bytes(range(256)) * 1024)
    return path


@pytest.fixture(scope="module")
def runs(program: Program, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs, of 10 and 60 pages of heap and of a file: as JSON, as saved smaps, and as recordings."""
    directory = tmp_path_factory.mktemp("runs")
    for pages in (10, 60):
        with SteppedProgram(program("amounts"), str(pages), str(pages), data) as target:
            taken = smapstop("snapshot", "-p", target.pid)
            (directory / f"{pages}.json").write_text(taken.stdout)
            (directory / f"{pages}.smaps").write_bytes(Path(f"/proc/{target.pid}/smaps").read_bytes())
            options = ("-p", target.pid, "-i", 0.05, "--count", 3)
            record = [*SMAPSTOP, "record", "-o", str(directory / f"{pages}.rec"), *map(str, options)]
            subprocess.run(record, check=True, timeout=60)
    return directory


@pytest.mark.parametrize("before", ["json", "smaps", "rec"])
@pytest.mark.parametrize("after", ["json", "smaps", "rec"])
def test_fifty_pages_more_are_200_kb_more(runs: Path, data: Path, before: str, after: str) -> None:
    found = groups(runs / f"10.{before}", runs / f"60.{after}")
    heap, file = found["[heap]"], found[str(data)]
    for name in ("rss", "private_dirty", "anonymous", "pss", "uss", "dirty"):
        assert [heap[side][name] for side in ("before", "after", "change")] == [40, 240, 200]
    for name in ("size", "rss"):
        assert [file[side][name] for side in ("before", "after", "change")] == [40, 240, 200]
    assert [heap["change"]["members"], heap["status"]] == [0, "changed"]


def test_the_rows_sum_to_the_totals(runs: Path) -> None:
    for by in ("name", "kind", "file", "part", "purpose"):
        document = json.loads(smapstop("diff", runs / "10.rec", runs / "60.json", "--by", by, "--all").stdout)
        for side in ("before", "after", "change"):
            for name in ("rss", "pss", "size", "members"):
                total = sum(group[side][name] for group in document["groups"])
                assert total == document["totals"][side][name]


def test_by_kind_and_by_another_metric(runs: Path) -> None:
    found = groups(runs / "10.json", runs / "60.json", "--by", "kind", "--metric", "anonymous")
    assert found["heap"]["change"]["anonymous"] == 200
    assert found.keys() <= {"heap", "stack"}  # where a stack begins is chance, and so is how many pages it takes


def test_a_run_that_ended_is_compared_at_its_last_moment(
    program: Program, data: Path, runs: Path, tmp_path: Path
) -> None:
    recording = tmp_path / "run"
    options = ("-i", "0.05", "--budget", "100", "-o", str(recording))
    command = [*SMAPSTOP, "record", *options, "--", str(program("amounts")), "60", "60", str(data)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as record:
        assert record.stdin is not None
        assert record.stdout is not None
        assert record.stdout.readline().startswith(b"ready ")
        wait_until(lambda: smapstop("diff", runs / "10.json", recording).returncode == 0)
        written = smapstop("diff", runs / "10.json", recording)
        assert json.loads(written.stdout)["after"]["process"]["name"] == "amounts"
        wait_until(lambda: groups(runs / "10.json", recording, "--all")["[heap]"]["after"]["rss"] == 240)
        record.stdin.write(b"\n")
        assert record.wait(timeout=60) == 0
    assert groups(runs / "10.json", recording)["[heap]"]["change"]["rss"] == 200
    since_exec = groups(recording, recording, "--at", "start,end")
    assert [since_exec[name]["status"] for name in ("[heap]", str(data))] == ["new", "new"]
    assert since_exec["[heap]"]["after"]["rss"] == 240
    assert groups(recording, recording, "--at", "peak") == {}
    late = smapstop("diff", recording, recording, "--at", "3600")
    assert (late.stdout, late.returncode) == ("", 2)
    assert late.stderr.startswith(f"smapstop: --at 3600: '{recording}' ends earlier: its last sample is at ")


def test_stdin_is_one_of_the_two(runs: Path, data: Path) -> None:
    text = (runs / "60.smaps").read_text()
    assert groups(runs / "10.rec", "-", stdin=text)[str(data)]["change"]["rss"] == 200
    assert groups("-", runs / "10.json", stdin=text)["[heap]"]["change"]["rss"] == -200


@pytest.mark.parametrize(
    ("limits", "status", "reported"),
    [
        (["10%"], 1, "Rss in total grew from "),
        (["1M"], 0, ""),
        (["[heap]=200k"], 0, ""),
        (["[heap]=199k"], 1, "Rss of [heap] grew from 40 KiB to 240 KiB, +200 KiB (+500 %): more than 199k"),
        (["1M", "data.bin=500%", "data.bin=499%"], 1, "Rss of data.bin grew from 40 KiB to 240 KiB, "),
    ],
)
def test_growth_beyond_a_limit_is_reported_and_ends_with_1(
    runs: Path, limits: list[str], status: int, reported: str
) -> None:
    options = [word for limit in limits for word in ("--fail-over", limit)]
    run = smapstop("diff", runs / "10.json", runs / "60.json", "--metric", "rss", "--format", "table", *options)
    assert run.returncode == status
    assert run.stderr.startswith(f"smapstop: {reported}" if reported else "")
    assert len(run.stderr.splitlines()) == status
    assert "[heap]" in run.stdout


def test_a_run_compared_with_itself_grew_nothing(runs: Path) -> None:
    run = smapstop("diff", runs / "60.rec", runs / "60.rec", "--fail-over", "0%", "--format", "markdown")
    assert (run.stderr, run.returncode) == ("", 0)
    assert "Nothing changed." in run.stdout


def test_errors_are_one_line_and_end_with_2(runs: Path) -> None:
    passwords = "/etc/passwd"
    cases: dict[tuple[object, ...], str] = {
        (
            runs / "10.json",
            passwords,
        ): f"'{passwords}': not smaps: no line is the header of a mapping; ",
        (runs / "10.json", os.devnull): f"'{os.devnull}': it is empty: ",
        (runs / "10.json", runs / "60.json", "--metric", "ps"): "no metric 'ps': the metrics are size, rss, pss, ",
        (runs / "10.json", runs / "60.json", "--at", "peak"): f"'{runs / '10.json'}' is not a recording: --at is ",
        (runs / "10.json", runs / "60.json", "--fail-over", "heap=1%"): "--fail-over heap: neither run has it: ",
        (runs / "10.json", runs / "60.json", "--metric", "nonlinear"): f"the kernel of '{runs / '10.json'}' did not ",
    }
    for arguments, reported in cases.items():
        run = smapstop("diff", *arguments)
        assert (run.stdout, run.returncode) == ("", 2)
        assert run.stderr.startswith(f"smapstop: {reported}"), run.stderr
        assert len(run.stderr.splitlines()) == 1


def test_a_terminal_gets_a_table_of_its_width(runs: Path) -> None:
    master, slave = os.openpty()
    command = [*SMAPSTOP, "diff", str(runs / "10.json"), str(runs / "60.json"), "--metric", "anonymous"]
    subprocess.run(command, stdout=slave, start_new_session=True, env=os.environ | {"COLUMNS": "60"}, check=True)
    os.close(slave)
    shown = os.read(master, 4096).decode().replace("\r", "").splitlines()
    os.close(master)
    assert shown[3].startswith("Anonymous by name")
    assert shown[4].split() == ["[heap]", "1", "40", "K", "240", "K", "+200", "K", "+500", "%"]
    assert all(len(line) <= 60 for line in shown)


def test_the_verdict_stands_when_the_reader_goes_away(runs: Path) -> None:
    command = [*SMAPSTOP, "diff", str(runs / "10.json"), str(runs / "60.json"), "--fail-over", "0%"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read().startswith(b"smapstop: Uss + Swap in total grew from ")
        assert process.wait(timeout=60) == 1


def test_a_full_disk_is_reported(runs: Path) -> None:
    with open("/dev/full", "w") as full:
        command = [*SMAPSTOP, "diff", str(runs / "10.json"), str(runs / "60.json"), "--fail-over", "0%"]
        run = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert run.stderr == b"smapstop: cannot write the comparison: No space left on device\n"
    assert run.returncode == 2
