"""`smapstop record --alert`, on real programs: what ends the recording, and what is run instead."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from control_groups import limited_group
from stepped_program import DEADLINE_SECONDS, SteppedProgram, wait_until

from smapstop.recording.reader import Recording

SMAPSTOP = (sys.executable, "-m", "smapstop")
Program = Callable[..., Path]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.smaps"


@contextmanager
def recording(path: Path, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A recorder at work; it has written ticks."""
    command = [*SMAPSTOP, "record", "-o", str(path), "-i", "0.05", "--budget", "100", *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            wait_until(lambda: process.poll() is not None or tick_count(path) > 2)
            yield process
        finally:
            process.kill()


def tick_count(path: Path) -> int:
    """Number of ticks that are written; 0 when the file is not ready yet."""
    try:
        with closing(Recording(path)) as opened:
            return sum(1 for _ in opened.ticks())
    except Exception:  # noqa: BLE001
        return 0


def end_of(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Status and stderr of a recorder that ends."""
    _, said = process.communicate(timeout=DEADLINE_SECONDS)
    return process.returncode, said


def rss_kb(pid: int) -> int:
    found = re.search(r"^Rss: +(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1])


def test_a_process_that_grows_ends_the_recording_and_the_mapping_is_named(program: Program, path: Path) -> None:
    with SteppedProgram(program("first_touch")) as stepping:
        alert = f"rss>{rss_kb(stepping.pid) + 60}"
        with recording(path, "--alert", alert, "--alert", "rss>1T", "-p", stepping.pid) as process:
            stepping.go()
            status, said = end_of(process)
        in_mapping = stepping.address
        assert Path(f"/proc/{stepping.pid}").exists()
    assert status == 3
    line = re.fullmatch(
        rf"smapstop: alert {alert}: Rss .+; most in anon ([0-9a-f]+): \+(\d+) K(?: of \S+ K)? since [\d:]+ "
        r"\((\d+) pages first touch\??\)\n",
        said,
    )
    assert line is not None, said
    assert int(line[1], 16) <= in_mapping
    assert 4 * int(line[3]) <= int(line[2]) <= 37 * 4, "on a busy machine some of them come in another tick"
    with closing(Recording(path)) as opened:
        assert opened.stop_reason == f"alert {alert}"


def test_a_program_that_was_started_is_ended(path: Path) -> None:
    grow = "import time; held = b'x' * (40 << 20); time.sleep(1000)"
    alert = "kind:anon rss>30M for 100ms"
    with recording(path, "--alert", alert, "--", sys.executable, "-c", grow) as process:
        status, said = end_of(process)
    assert status == 3
    assert said.startswith(f"smapstop: alert {alert}: Rss ")
    assert said.count("\n") == 1


def test_then_a_command_is_run_once_in_a_group_of_its_own_and_the_recording_goes_on(
    program: Program, path: Path
) -> None:
    written = path.with_name("written")
    command = (
        f'echo "$$ $(cut -d" " -f5 /proc/$$/stat) $SMAPSTOP_PID $SMAPSTOP_FILE $SMAPSTOP_ALERT" >>{written}; exit 4'
    )
    with SteppedProgram(program("first_touch")) as stepping:
        alert = f"rss>{rss_kb(stepping.pid) + 60}"
        with recording(path, "--alert", alert, "--then", command, "-p", stepping.pid) as process:
            assert not written.exists()
            stepping.go()
            wait_until(lambda: written.exists() and written.read_text().endswith("\n"))
            wait_until(lambda: not Path("/proc", written.read_text().split()[0]).exists())  # its end is known
            known = tick_count(path)
            wait_until(lambda: tick_count(path) > known + 2)
            process.send_signal(signal.SIGINT)
            status, said = end_of(process)
    assert status == 0
    pid, group, watched, file, line = written.read_text().split(" ", 4)
    assert (pid, watched, file) == (group, str(stepping.pid), str(path))
    assert line.startswith(f"{alert}: Rss ")
    assert written.read_text().count("\n") == 1
    assert said == f"smapstop: --then {command} failed: 4\n"


def test_a_limit_of_a_control_group(program: Program, path: Path) -> None:
    with limited_group() as group, SteppedProgram(program("eater"), group / "cgroup.procs", "8") as eater:
        eater.go().go()
        with recording(path, "--alert", "limit>30% uss>30%limit", "-p", eater.pid) as process:
            status, said = end_of(process)
    assert status == 3
    assert re.search(r"memory limit \d+ % of 16 M used, Uss [\d.]+ M, \d+ % of 16 M", said), said


def test_what_cannot_be_raised_is_said(program: Program, path: Path) -> None:
    with SteppedProgram(program("first_touch")) as stepping:
        options = ("--alert", "swap>80%limit", "--count", "3", "-p", stepping.pid)
        with recording(path, *options) as process:
            status, said = end_of(process)
    assert status == 0
    assert said == "smapstop: alert swap>80%limit cannot be raised: the process has no swap limit now\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--alert", "rrs>5M"), "smapstop: alert 'rrs>5M', word 1: no amount 'rrs': did you mean rss"),
        (("--then", "true"), "smapstop: --then needs an alert: --alert 'rss>500M' --then"),
    ],
)
def test_wrong_words_are_reported_in_a_line(path: Path, options: tuple[str, str], said: str) -> None:
    command = [*SMAPSTOP, "record", "-o", str(path), *options, "-p", str(os.getpid())]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith(said)
    assert not path.exists()


def test_a_family_that_grows_ends_the_recording_which_has_it(program: Program, path: Path) -> None:
    with SteppedProgram(program("two_children")) as parent:
        parent.go()  # there are three processes that share pages
        with recording(path, "--alert", "family processes<3", "-p", parent.pid) as process:
            wait_until(lambda: reading_count(path) > 0)
            parent.go()  # one has ended
            status, said = end_of(process)
    assert status == 3
    assert said.startswith("smapstop: alert family processes<3: 2 processes")
    assert reading_count(path) > 1


OUTLIVED = """
import os, sys, time
parent = os.getpid()
if os.fork():
    sys.stdin.readline()
    sys.exit(7)
held = []
while os.getppid() == parent:
    time.sleep(0.02)
while len(held) < 60:
    held.append(b"x" * (1 << 20))
    time.sleep(0.02)
time.sleep(float(sys.argv[1]))
"""
"""A parent that ends at a line; its child grows after that, and ends some seconds later."""


@contextmanager
def outlived(directory: Path, seconds: float) -> Iterator[subprocess.Popen[str]]:
    """A running parent as of `OUTLIVED`, in a script of its own: it is no relative of the one who runs the tests."""
    script = directory / "outlived.py"
    script.write_text(OUTLIVED)
    command = [sys.executable, str(script), str(seconds)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, text=True, process_group=0) as parent:
        try:
            yield parent
        finally:
            with suppress(ProcessLookupError):
                os.killpg(parent.pid, signal.SIGKILL)


def test_a_member_that_outlives_the_process_still_raises_an_alert(path: Path) -> None:
    with (
        outlived(path.parent, 1000) as parent,
        recording(path, "--alert", "member uss>40M", "-p", parent.pid) as process,
    ):
        wait_until(lambda: reading_count(path) > 0)
        parent.communicate("\n", timeout=DEADLINE_SECONDS)
        status, said = end_of(process)
    assert status == 3, said
    assert re.fullmatch(r"smapstop: alert member uss>40M: Uss [\d.]+ M; python\S* outlived.py \d+: .+\n", said), said
    assert str(parent.pid) not in said, "it is the child that is named"
    with closing(Recording(path)) as opened:
        assert opened.stop_reason == "alert member uss>40M"
        ticks, readings = list(opened.ticks()), list(opened.family())
    assert ticks[-1].ending is not None
    assert readings[-1].monotonic_ns > ticks[-1].monotonic_ns, "the family is recorded on"


def test_without_an_alert_that_is_raised_the_recording_ends_with_the_family(path: Path) -> None:
    with outlived(path.parent, 1) as parent, recording(path, "--alert", "family pss>1T", "-p", parent.pid) as process:
        wait_until(lambda: reading_count(path) > 0)
        parent.communicate("\n", timeout=DEADLINE_SECONDS)
        status, said = end_of(process)
    assert (status, said) == (0, "")
    with closing(Recording(path)) as opened:
        assert opened.stop_reason == "the process ended"
        assert set(list(opened.family())[-1].states) <= {"Z", "X"}


def reading_count(path: Path) -> int:
    """Number of readings of the family that are written."""
    with closing(Recording(path)) as opened:
        return sum(1 for _ in opened.family())
