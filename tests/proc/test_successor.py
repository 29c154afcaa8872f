"""The next process like one that ended, among real ones."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from places import own_name
from stepped_program import wait_for_exec, wait_until

from smapstop.proc.process import ProcDir
from smapstop.proc.successor import ProgramIdentity, SuccessorSearch, boot_time_s, read_identity

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts processes, which end with the test."""
    with ExitStack() as stack:

        def started(*command: str | Path) -> subprocess.Popen[bytes]:
            process = stack.enter_context(subprocess.Popen(command, stdin=subprocess.PIPE))
            stack.callback(process.kill)
            wait_for_exec(process.pid)
            return process

        yield started


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program with a name of its own."""
    sleep = shutil.which("sleep")
    assert sleep is not None
    return Path(shutil.copy(sleep, tmp_path / own_name("one")))


def identity(pid: int) -> ProgramIdentity:
    with ProcDir(pid) as process:
        return read_identity(process)


def found(search: SuccessorSearch) -> int | None:
    """The pid that it finds."""
    process = search.find()
    if process is None:
        return None
    process.close()
    return process.pid


def test_the_next_one_is_found_when_it_is_there_the_same_arguments_first(start: Start, program: Path) -> None:
    first = start(program, "1000")
    search = SuccessorSearch(identity(first.pid), first.pid, boot_time_s())
    first.kill()
    first.wait()
    assert found(search) is None
    other = start(program, "999")
    wait_until(lambda: found(search) == other.pid)
    same = start(program, "1000")
    wait_until(lambda: found(search) == same.pid)


def test_one_that_ran_before_the_other_ended_is_none(start: Start, program: Path) -> None:
    first, second = start(program, "1000"), start(program, "1000")
    search = SuccessorSearch(identity(first.pid), first.pid, boot_time_s() + 3600)
    first.kill()
    first.wait()
    assert found(search) is None
    assert second.poll() is None


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (["{script}", "a"], ["{script}", "b"], True),
        (["{script}"], ["{other}"], False),
        (["-c", "input()"], ["-c", "input()"], True),
        (["-c", "input()"], ["-c", "input() "], False),
    ],
)
def test_an_interpreter_has_to_run_the_same(
    start: Start, tmp_path: Path, before: list[str], after: list[str], expected: bool
) -> None:
    places = {"script": tmp_path / "leak.py", "other": tmp_path / "other.py"}
    for place in places.values():
        place.write_text("input()")
    one, other = (start(sys.executable, *(word.format(**places) for word in words)) for words in (before, after))
    wait_until(lambda: identity(one.pid).is_same_program(identity(other.pid)) == expected)
