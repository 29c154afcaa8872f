"""`smapstop record`, on real programs: what it leaves in the file, to the program, and to the shell."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from small_disk import small_disk
from stepped_program import DEADLINE_SECONDS, SteppedProgram, has_ended, wait_until

from smapstop.model.tick import Tick
from smapstop.recording.reader import Recording

SMAPSTOP = (sys.executable, "-m", "smapstop")
Program = Callable[[str], Path]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.smaps"


def record(path: Path, *arguments: object, **other: object) -> subprocess.CompletedProcess[str]:
    command = [*SMAPSTOP, "record", "-o", path, "-i", "0.05", "--budget", "100", *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | other
    return subprocess.run(command, text=True, timeout=60, **pipes)  # type: ignore[call-overload,no-any-return]


@contextmanager
def recording(path: Path, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A recorder at work; it has written ticks."""
    command = [*SMAPSTOP, "record", "-o", str(path), "-i", "0.05", "--budget", "100", *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            wait_until(lambda: path.exists() and len(ticks_or_none(path)) > 2)
            yield process
        finally:
            process.kill()


def ticks(path: Path) -> list[Tick]:
    with closing(Recording(path)) as opened:
        return list(opened.ticks())


def ticks_or_none(path: Path) -> list[Tick]:
    """The ticks that are written; none when the file is not ready yet."""
    try:
        return ticks(path)
    except Exception:  # noqa: BLE001
        return []


def stopped(path: Path) -> str:
    with closing(Recording(path)) as opened:
        return opened.stop_reason


# a program that it launches


def test_a_program_has_its_own_input_and_output(path: Path) -> None:
    done = record(path, "--", "sh", "-c", "cat; echo complaint >&2", input="question")

    assert (done.returncode, done.stdout, done.stderr) == (0, "question", "complaint\n")


def test_a_program_is_recorded_from_its_exec_to_its_end(path: Path) -> None:
    record(path, "--", "sh", "-c", "sleep 0.3")
    first, *_, last = ticks(path)

    with closing(Recording(path)) as opened:
        assert opened.target is not None
        assert opened.target.command_line[0] == "sh"
        assert opened.target.stopped_at_exec
    assert not any("libc" in first.rows.name_of(row) for row in range(len(first.rows)))
    assert last.ending is not None
    assert last.ending.status == 0
    assert stopped(path) == "the process ended"


@pytest.mark.parametrize(("script", "status"), [("exit 7", 7), ("kill -9 $$", 137)])
def test_its_status_is_the_programs(path: Path, script: str, status: int) -> None:
    assert record(path, "--", "sh", "-c", script).returncode == status


def test_a_program_that_execs_is_recorded_across_it(path: Path) -> None:
    with recording(path, "--", "sh", "-c", "sleep 0.2; exec sleep 1000") as process:
        wait_until(lambda: any(tick.executed for tick in ticks(path)))
        process.terminate()
        assert process.wait(DEADLINE_SECONDS) == 0

    executed = [tick for tick in ticks(path) if tick.executed]
    assert [tick.counters.name for tick in executed] == ["sleep"]


def test_what_cannot_be_started_has_the_status_of_a_shell_and_leaves_no_file(path: Path) -> None:
    assert record(path, "--", "no-such-command").returncode == 127
    assert record(path, "--", "/etc/passwd").returncode == 126
    assert not path.exists()


def test_after_the_duration_the_program_is_ended(path: Path) -> None:
    done = record(path, "--duration", "0.4", "--", "sleep", "1000")

    assert done.returncode == 0
    assert stopped(path) == "--duration"


TERMINATED_WHILE_CLOSING = """
import os, signal, sys
from smapstop.cli.main import main
from smapstop.recording.writer import Recorder
close = Recorder.close
def closing(recorder, why):
    os.kill(os.getpid(), signal.SIGTERM)
    close(recorder, why)
Recorder.close = closing
sys.exit(main(sys.argv[1:]))
"""


def test_a_signal_while_the_recording_is_closed_does_not_cut_it_short(path: Path) -> None:
    command = [sys.executable, "-c", TERMINATED_WHILE_CLOSING, "record", "-o", str(path), "--", "true"]
    assert subprocess.run(command, timeout=DEADLINE_SECONDS).returncode == 0
    assert stopped(path) == "the process ended"


def test_the_family_is_recorded_with_the_process(path: Path) -> None:
    """Workers of a shell: those that are there, and that one of them has ended."""
    with recording(path, "--family", "--", "sh", "-c", "sleep 1000 & sleep 1000 & wait") as process:
        wait_until(lambda: families(path)[-1:] == [["sh", "sleep", "sleep"]])
        with closing(Recording(path)) as opened:
            *_, reading = opened.family()
        os.kill(int(reading.pids[-1]), signal.SIGTERM)
        wait_until(lambda: families(path)[-1] == ["sh", "sleep"])
        os.kill(int(reading.pids[1]), signal.SIGTERM)  # the shell waits for no other
        assert process.wait(DEADLINE_SECONDS) == 0


def families(path: Path) -> list[list[str]]:
    """The names of the members at each reading."""
    names, found = dict[tuple[int, int], str](), list[list[str]]()
    with closing(Recording(path)) as opened:
        for reading in opened.family():
            names |= {member.key: member.name for member in reading.new}
            found.append([names[key] for key in reading.keys])
    return found


def test_sigterm_ends_the_program_with_the_recording(path: Path) -> None:
    with recording(path, "--", "sleep", "1000") as process:
        pid = ticks(path)[0].counters.pid
        process.terminate()
        assert process.wait(DEADLINE_SECONDS) == 0

    assert stopped(path) == "SIGTERM"
    wait_until(lambda: has_ended(pid))


def test_ctrl_c_is_the_programs(path: Path) -> None:
    listens = path.with_name("listens")
    script = f"trap 'exit 5' INT; : >{listens}; while :; do sleep 0.05; done"
    with recording(path, "--", "sh", "-c", script) as process:
        wait_until(listens.exists)
        process.send_signal(signal.SIGINT)
        os.kill(ticks(path)[0].counters.pid, signal.SIGINT)
        assert process.wait(DEADLINE_SECONDS) == 5


def test_a_full_disk_does_not_end_the_program(tmp_path: Path) -> None:
    said = tmp_path / "said"
    outlive = f"until grep -q 'the program keeps running' {said}; do sleep 0.05; done; echo done"
    with small_disk(tmp_path / "disk", "200k") as disk, said.open("w") as stderr:
        done = record(disk / "run", "--", "sh", "-c", outlive, stderr=stderr)

    assert (done.returncode, done.stdout) == (2, "done\n")
    (line,) = said.read_text().splitlines()
    assert "full" in line


# a process that it attaches to


def test_so_many_samples_as_were_asked_for(program: Program, path: Path) -> None:
    with SteppedProgram(program("first_touch")) as stepping:
        done = record(path, "--count", 3, "-p", stepping.pid)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [tick.number for tick in ticks(path)] == [0, 1, 2]
    assert stopped(path) == "--count"


def test_what_happens_is_in_the_file_for_sql(program: Program, path: Path) -> None:
    def touched() -> list[tuple[str, int]]:
        with closing(sqlite3.connect(path)) as database:
            # a busy machine may touch some of them in one tick, and the others in the next
            what = "SELECT what, sum(pages) AS pages FROM happenings WHERE what = 'first-touch' GROUP BY mapping"
            return database.execute(f"{what} ORDER BY pages DESC LIMIT 1").fetchall()

    with SteppedProgram(program("first_touch")) as stepping, recording(path, "-p", stepping.pid) as process:
        stepping.go()
        wait_until(lambda: touched() == [("first-touch", 37)])  # ticks are written some at a time
        process.send_signal(signal.SIGINT)
        assert process.wait(DEADLINE_SECONDS) == 0
    assert touched() == [("first-touch", 37)]
    assert stopped(path) == "SIGINT"


def test_the_end_of_the_process_ends_the_recording(program: Program, path: Path) -> None:
    with SteppedProgram(program("first_touch")) as stepping, recording(path, "-p", stepping.pid) as process:
        stepping.kill()
        assert process.wait(DEADLINE_SECONDS) == 0

    ending = ticks(path)[-1].ending
    assert ending is not None
    assert ending.signal == signal.SIGKILL


def test_two_can_record_one_process(program: Program, path: Path) -> None:
    other = path.with_suffix(".other")
    with (
        SteppedProgram(program("first_touch")) as stepping,
        recording(path, "-p", stepping.pid) as one,
        recording(other, "-p", stepping.pid) as two,
    ):
        for process in (one, two):
            process.send_signal(signal.SIGINT)
            assert process.wait(DEADLINE_SECONDS) == 0

    assert ticks(path)[0].counters.pid == ticks(other)[0].counters.pid


# what is wrong


def complaint(path: Path, *arguments: object) -> str:
    done = record(path, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_a_file_that_is_there_needs_force(program: Program, path: Path) -> None:
    path.write_text("precious")
    with SteppedProgram(program("first_touch")) as stepping:
        assert "--force" in complaint(path, "-p", stepping.pid)
        assert path.read_text() == "precious"
        assert record(path, "--force", "--count", 1, "-p", stepping.pid).returncode == 0
    assert len(ticks(path)) == 1


def test_wrong_words_are_reported_in_a_line(path: Path) -> None:
    assert "one process" in complaint(path)
    assert "one process" in complaint(path, "-p", os.getpid(), "--", "true")
    assert "did you mean: smapstop record" in complaint(path, "./a.out")
    assert "--duration" in complaint(path, "-p", os.getpid(), "--duration", "no")
    assert "--count" in complaint(path, "-p", os.getpid(), "--count", "0")
    done = subprocess.run([*SMAPSTOP, "record", "-p", str(os.getpid())], capture_output=True, text=True)
    assert (done.returncode, "-o FILE" in done.stderr) == (2, True)


DECORATED = "glibc.mem.decorate_maps=1"


@pytest.mark.parametrize(
    ("before", "after"), [("", DECORATED), ("glibc.malloc.arena_max=2", f"glibc.malloc.arena_max=2:{DECORATED}")]
)
def test_decorate_asks_glibc_for_names_and_keeps_what_it_was_asked_for(path: Path, before: str, after: str) -> None:
    show = path.with_name("environment")
    run = record(
        path,
        *("--decorate", "--", sys.executable, "-c"),
        f"import os; open({str(show)!r}, 'w').write(os.environ['GLIBC_TUNABLES'])",
        env=os.environ | {"GLIBC_TUNABLES": before},
    )
    assert run.returncode == 0, run.stderr
    assert show.read_text() == after


def test_decorate_is_for_programs_that_are_started(path: Path) -> None:
    run = record(path, "--decorate", "-p", os.getpid())
    assert run.returncode == 2
    assert "--decorate needs a program to start" in run.stderr
