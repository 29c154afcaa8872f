"""`smapstop faults`, by the command line, on a program whose faults are known."""

import errno
import json
import os
import platform
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from stepped_program import DEADLINE_SECONDS, SteppedProgram, wait_until

from smapstop.cli.main import main
from smapstop.model.callers.call_tree import counted_stacks
from smapstop.model.callers.page_faults import sum_faults
from smapstop.proc.callstack.perf_events import online_cpus
from smapstop.recording.reader import Recording

OPTIMISED = ("-O2", "-fomit-frame-pointer")
SECRET = b"my_s3cr3t_p4ssw0rd"
Compiler = Callable[..., Path]


def watches_faults(pid: int) -> bool:
    """Whether a child of a process has opened three rings and four events on each CPU, and waits."""
    for process in psutil.Process(pid).children():
        links = list[str]()
        for fd in Path(f"/proc/{process.pid}/fd").iterdir():
            with suppress(OSError):
                links.append(os.readlink(fd))
        if sum("perf_event" in link for link in links) >= 7 * len(online_cpus()):
            return process.status() == psutil.STATUS_SLEEPING
    return False


@contextmanager
def watched(path: Path, *options: str) -> Iterator[tuple[SteppedProgram, subprocess.Popen[bytes]]]:
    """A program at its first step, and the command that watches it."""
    with SteppedProgram(path) as program:
        words = [sys.executable, "-m", "smapstop", *options, "-p", str(program.pid)]
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as command:
            try:
                wait_until(lambda: watches_faults(command.pid))
                yield program, command
            finally:
                command.kill()


def output_of(path: Path, *options: str) -> bytes:
    """What is printed of the three first steps of a program, until ctrl-c."""
    with watched(path, "faults", *options) as (program, command):
        for _ in range(3):
            program.go()
        command.send_signal(signal.SIGINT)
        out, _ = command.communicate()
        assert command.returncode == 0
        return out


def functions(mapping: dict[str, Any]) -> dict[str, int]:
    """Faults of a mapping by the function that made them and its caller."""
    counts: Counter[str] = Counter()
    for stack in mapping["stacks"]:
        counts[" < ".join(frame["name"] or "?" for frame in stack["frames"][:2])] += stack["faults"]
    return dict(counts)


def test_each_function_has_its_faults(program: Compiler) -> None:
    reported = json.loads(output_of(program("faulting", *OPTIMISED)))

    pages = reported["mappings"][0]
    assert (pages["mapping"]["kind"], pages["mapping"]["perms"]) == ("anonymous", "rw-p")
    assert functions(pages) == {
        "leaf_touch < first_caller": 18,
        "leaf_touch < second_caller": 12,
        "leaf_touch < in_thread": 20,
        "leaf_touch < copy_on_write": 20,
    }
    assert pages["faults"] == 70
    counts = reported["faults"]
    assert counts["seen"] == sum(each["faults"] for each in reported["mappings"])
    assert counts["counted"] == counts["seen"] + counts["in_system_calls"]


def test_nothing_of_the_stack_is_printed(program: Compiler, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    path = program("faulting", *OPTIMISED)
    for form in ("json", "folded", "speedscope", "table"):
        with stdin_of(b"\n" * 5):
            assert main(["faults", "--format", form, "--", str(path)]) == 0
        text, _ = capfdbinary.readouterr()

        assert b"leaf_touch" in text or b"first_caller" in text
        assert SECRET not in text


@contextmanager
def stdin_of(content: bytes) -> Iterator[None]:
    """Have launched programs read this."""
    out, into = os.pipe()
    os.write(into, content)
    os.close(into)
    saved = os.dup(0)
    os.dup2(out, 0)
    try:
        yield
    finally:
        os.dup2(saved, 0)
        os.close(saved)
        os.close(out)


def test_program_is_watched_from_its_first_instruction_to_its_end(
    program: Compiler, capfd: pytest.CaptureFixture[str]
) -> None:
    with stdin_of(b"\n" * 5):
        assert main(["faults", "--format", "json", "--", str(program("faulting", *OPTIMISED))]) == 0
    reported = capfd.readouterr()
    report = json.loads(reported.out)
    stacks = [stack for mapping in report["mappings"] for stack in mapping["stacks"]]
    touched = sum(stack["faults"] for stack in stacks if stack["frames"][0]["name"] == "leaf_touch")

    assert touched == 70
    assert report["faults"]["counted"] > 100
    assert "written" in reported.err  # what it writes is not among our JSON


def test_code_that_came_and_went_between_two_readings_has_its_names(
    program: Compiler, capfd: pytest.CaptureFixture[str]
) -> None:
    """The whole life of the program is shorter than the time between two readings."""
    library = program("callers", *OPTIMISED, "-shared", "-fPIC", "-DLIBRARY")
    for _ in range(20):
        with stdin_of(b"\n" * 10):
            main(["faults", "--format", "folded", "--", str(program("callers", *OPTIMISED)), str(library)])
        (line,) = (line for line in capfd.readouterr().out.splitlines() if "touch_in_library" in line)
        if not line.endswith(";…;touch_in_library 13"):  # on a busy machine the rings overflow, and callers are lost
            break
    assert line.endswith(";main;load;touch_in_library 13")


def test_duration_ends_a_program_and_says_how_it_ended(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smapstop.cli.commands.faults.GRACE_SECONDS", DEADLINE_SECONDS)
    # the time counts from the first sample; the program runs a little later, on a busy machine half a second
    assert main(["faults", "--duration", "2", "--format", "folded", "--", "sleep", "600"]) == 128 + signal.SIGTERM
    assert ";" in capfd.readouterr().out


def test_a_last_sample_that_does_not_come_in_time_is_missed_in_one_line(
    program: Compiler, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smapstop.cli.commands.faults._LAST_SAMPLE_SECONDS", 0)
    with SteppedProgram(program("faulting")) as target:
        assert main(["faults", "--duration", "1", "--format", "folded", "-p", str(target.pid)]) == 0
    said = capsys.readouterr().err
    assert re.fullmatch(r"smapstop: no last sample: page faults of the last \d+ s are not counted\n", said), said


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "faults needs one process"),
        (["-p", "1", "--", "true"], "faults needs one process"),
        (["--"], "faults needs one process"),
        (["4711"], "did you mean: smapstop faults -p 4711"),
        (["./a.out"], "did you mean: smapstop faults -- ./a.out"),
        (["-p", "no such process"], "no process"),
        (["--duration", "0", "-p", "1"], "--duration 0"),
        (["--decorate", "-p", "1"], "--decorate needs a program"),
    ],
)
def test_wrong_usage_is_one_line(words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["faults", *words]) == 2
    assert complaint in capsys.readouterr().err


def test_mapping_without_faults_is_one_line(program: Compiler, capsys: pytest.CaptureFixture[str]) -> None:
    with SteppedProgram(program("faulting")) as target:
        assert main(["faults", "--duration", "0.1", "--mapping", "nothing", "-p", str(target.pid)]) == 2
    assert "no page faults in a mapping 'nothing'" in capsys.readouterr().err


def test_recording_has_the_callers_unless_that_is_switched_off(program: Compiler, tmp_path: Path) -> None:
    path, file = program("faulting", *OPTIMISED), tmp_path / "run.smaps"
    with watched(path, "record", "-o", str(file), "-i", "0.05", "--budget", "100") as (target, command):
        for _ in range(3):
            target.go()
        done_ns = time.time_ns()
        wait_until(lambda: is_recorded(file, done_ns))
        command.send_signal(signal.SIGINT)
        assert command.wait() == 0

    with closing(sqlite3.connect(file)) as database:
        query = "SELECT function, sum(faults) FROM callers WHERE name = '' AND perms = 'rw-p' GROUP BY function"
        by_function = dict(database.execute(query).fetchall())
        totals = database.execute("SELECT sum(faults_seen), sum(faults_lost) FROM ticks").fetchone()
        assert by_function["leaf_touch"] == 70
        assert totals == (database.execute("SELECT sum(faults) FROM faults").fetchone()[0], 0)
    with closing(Recording(file)) as recording:
        assert recording.target is not None
        assert "not asked for" not in recording.target.missing_callers
        faults = sum_faults(tick.faults for tick in recording.ticks() if tick.faults)
        assert faults is not None
        assert ("leaf_touch", "first_caller", 18) in {
            (frames[0].name, frames[1].name, count) for frames, count in counted_stacks(faults) if len(frames) > 1
        }
    assert SECRET not in file.read_bytes()


def test_nothing_is_watched_if_that_is_switched_off(program: Compiler, tmp_path: Path) -> None:
    file = tmp_path / "run.smaps"
    with SteppedProgram(program("faulting")) as target:
        assert (
            main(["record", "-o", str(file), "--count", "2", "-i", "0.05", "--no-callers", "-p", str(target.pid)])
            == 0
        )

    with closing(Recording(file)) as recording:
        assert recording.target is not None
        assert recording.target.missing_callers == "not asked for"
        assert [tick.faults for tick in recording.ticks()] == [None, None]


def is_recorded(path: Path, since_ns: int) -> bool:
    """Whether a recording has a reading of the mappings since then."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            query = "SELECT count(*) FROM ticks WHERE tier = 'smaps' AND wall_ns > ?"
            return bool(database.execute(query, [since_ns]).fetchone()[0])
    except sqlite3.Error:
        return False


WITHOUT_PERF_EVENTS = """
import ctypes, os, struct, sys
libc = ctypes.CDLL(None)
number, code = int(sys.argv[1]), int(sys.argv[2])
# load the number of the system call; if it is this one, return the error, else allow it
rules = [(0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, 0x50000 | code), (0x06, 0, 0, 0x7FFF0000)]
filters = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *rule) for rule in rules))
program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(rules), ctypes.addressof(filters)))
assert libc.prctl(38, 1, 0, 0, 0) == 0  # PR_SET_NO_NEW_PRIVS
assert libc.prctl(22, 2, program, 0, 0) == 0  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
os.execv(sys.executable, [sys.executable, "-m", "smapstop", *sys.argv[3:]])
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="knows the number of the system call on x86-64 only")
@pytest.mark.parametrize("code", [errno.EPERM, errno.ENOSYS])
def test_where_faults_may_not_be_seen_all_else_works(program: Compiler, tmp_path: Path, code: int) -> None:
    file = tmp_path / "run.smaps"

    def forbidden(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", WITHOUT_PERF_EVENTS, "298", str(code), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    with SteppedProgram(program("faulting")) as target:
        reported = forbidden("faults", "-p", str(target.pid))
        recorded = forbidden("record", "-o", str(file), "--count", "1", "-p", str(target.pid))

    assert (reported.returncode, reported.stdout) == (2, "")
    assert reported.stderr.count("\n") == 1
    assert "page faults may not be seen here" in reported.stderr
    assert "seccomp" in reported.stderr
    assert (recorded.returncode, recorded.stderr) == (0, "")
    with closing(Recording(file)) as recording:
        assert recording.target is not None
        assert "seccomp" in recording.target.missing_callers
        assert [tick.faults for tick in recording.ticks()] == [None]


@pytest.mark.skipif(platform.machine() != "x86_64", reason="knows the number of the system call on x86-64 only")
def test_program_that_cannot_be_watched_is_ended(program: Compiler) -> None:
    command = [sys.executable, "-c", WITHOUT_PERF_EVENTS, "298", str(errno.EPERM), "faults", "--", "sleep", "600"]
    reported = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert reported.returncode == 2
    assert "seccomp" in reported.stderr
