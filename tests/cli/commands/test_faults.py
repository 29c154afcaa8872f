"""`smapstop faults`, by the command line, on a program whose faults are known."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from stepped_program import SteppedProgram, wait_until

from smapstop.cli.main import main

OPTIMISED = ("-O2", "-fomit-frame-pointer")
SECRET = b"my_s3cr3t_p4ssw0rd"
Compiler = Callable[..., Path]


def watches_faults(pid: int) -> bool:
    """Whether a process, or a child of it, has opened events."""
    for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
        for fd in Path(f"/proc/{process.pid}/fd").iterdir():
            try:
                if "perf_event" in os.readlink(fd):
                    return True
            except OSError:
                pass
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
    told = json.loads(output_of(program("faulting", *OPTIMISED)))

    pages = told["mappings"][0]
    assert (pages["mapping"]["kind"], pages["mapping"]["perms"]) == ("anonymous", "rw-p")
    assert functions(pages) == {
        "leaf_touch < first_caller": 18,
        "leaf_touch < second_caller": 12,
        "leaf_touch < in_thread": 20,
        "leaf_touch < copy_on_write": 20,
    }
    assert pages["faults"] == 70
    assert told["faults"]["counted"] == told["faults"]["seen"] == sum(each["faults"] for each in told["mappings"])


def test_nothing_of_the_stack_is_printed_or_recorded(program: Compiler, tmp_path: Path) -> None:
    path = program("faulting", *OPTIMISED)
    for form in ("json", "folded", "speedscope", "table"):
        text = output_of(path, "--format", form)

        assert b"leaf_touch" in text or b"first_caller" in text
        assert SECRET not in text


def test_program_is_watched_from_its_first_instruction_to_its_end(
    program: Compiler, capfd: pytest.CaptureFixture[str]
) -> None:
    out, into = os.pipe()
    os.write(into, b"\n" * 5)
    os.close(into)
    saved = os.dup(0)
    os.dup2(out, 0)
    try:
        assert main(["faults", "--format", "json", "--", str(program("faulting", *OPTIMISED))]) == 0
    finally:
        os.dup2(saved, 0)
        os.close(saved)
        os.close(out)
    told = capfd.readouterr()
    report = json.loads(told.out)
    stacks = [stack for mapping in report["mappings"] for stack in mapping["stacks"]]
    touched = sum(stack["faults"] for stack in stacks if stack["frames"][0]["name"] == "leaf_touch")

    assert touched == 70
    assert report["faults"]["counted"] > 100
    assert "written" in told.err  # what it writes is not among our JSON


def test_duration_ends_a_program_and_says_how_it_ended(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["faults", "--duration", "0.3", "--format", "folded", "--", "sleep", "600"]) == 128 + signal.SIGTERM
    assert ";" in capfd.readouterr().out


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


def test_faults_that_may_not_be_seen_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    # a mapping without faults, of a process that is not asked to do anything
    assert main(["faults", "--duration", "0.1", "--mapping", "nothing", "-p", str(os.getpid())]) == 2
    assert "no page faults in a mapping 'nothing'" in capsys.readouterr().err
