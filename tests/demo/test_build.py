"""Tests of the copy-on-write experiment against what /proc shows independently."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from smapstop.demo.build import build_python_experiment, prepare_experiment

FIELDS = ("Rss", "Private_Clean", "Private_Dirty", "Anonymous")
needs_compiler = pytest.mark.skipif(
    not any(map(shutil.which, ("cc", "gcc", "clang"))), reason="there is no C compiler here"
)


class Run:
    """The experiment on a terminal."""

    def __init__(self, command: tuple[str, ...]) -> None:
        self.terminal, slave = os.openpty()
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, start_new_session=True)
        os.close(slave)

    def says(self, last: str) -> str:
        """Return its output up to an expected text."""
        said = ""
        while last not in said:
            said += os.read(self.terminal, 1000).decode()
        return said.replace("\r", "")

    def types(self, text: str) -> None:
        os.write(self.terminal, text.encode())

    def data(self, name: str) -> dict[str, int]:
        """Return the fields of its writable file mapping, kB."""
        text = Path(f"/proc/{self.process.pid}/smaps").read_text()
        (record,) = re.findall(rf"^\S+ rw-p .*/{name}\n((?:[A-Z].*\n)*)", text, re.MULTILINE)
        return {field: int(re.findall(rf"^{field}: +(\d+) kB", record, re.MULTILINE)[0]) for field in FIELDS}


@contextmanager
def running(command: tuple[str, ...]) -> Iterator[Run]:
    run = Run(command)
    try:
        yield run
    finally:
        run.process.kill()
        run.process.wait()
        os.close(run.terminal)


def difference(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    return {field: after[field] - before[field] for field in FIELDS}


@needs_compiler
def test_writing_page1_moves_one_page_from_clean_to_dirty_and_anonymous_and_not_rss() -> None:
    page = os.sysconf("SC_PAGE_SIZE") // 1024
    with prepare_experiment() as experiment, running(experiment.command) as run:
        assert f"I will write it into page1, {page * 1024} bytes" in run.says("(q ends)")
        before = run.data("experiment")
        assert before["Private_Clean"] == page  # written back, hence clean
        run.types("x\n")
        assert "page faults: 1." in run.says("what moves?")
        after = run.data("experiment")
        expected = {"Rss": 0, "Private_Clean": -page, "Private_Dirty": page, "Anonymous": page}
        assert difference(before, after) == expected
        run.types("y\n")
        assert "page faults: 0." in run.says("or q)")
        assert run.data("experiment") == after
        run.types("q\n")
        assert run.process.wait(timeout=60) == 0


@needs_compiler
def test_the_end_of_its_input_ends_it() -> None:
    with prepare_experiment() as experiment, running(experiment.command) as run:
        run.says("(q ends)")
        run.types("\x04")
        assert run.process.wait(timeout=60) == 0


@needs_compiler
def test_its_symbol_is_in_the_executable() -> None:
    with prepare_experiment() as experiment:
        symbols = Path(experiment.command[0]).read_bytes()
    assert b"\0page1\0" in symbols


@needs_compiler
def test_the_compiler_of_the_environment_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiler = tmp_path / "mine"
    compiler.write_text(f'#!/bin/sh\ntouch {tmp_path}/used-"$1"\nshift\nexec cc "$@"\n')
    compiler.chmod(0o755)
    monkeypatch.setenv("CC", f"{compiler} first")
    with prepare_experiment() as experiment:
        assert os.access(experiment.command[0], os.X_OK)
    assert (tmp_path / "used-first").exists()


def test_without_a_compiler_the_same_happens_in_a_python_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    page = os.sysconf("SC_PAGE_SIZE") // 1024
    with prepare_experiment() as experiment, running(experiment.command) as run:
        assert experiment.note == " (a Python program: no C compiler)"
        assert experiment.command[0] == sys.executable
        run.says("(q ends)")
        before = run.data("experiment")
        run.types("x\n")
        run.says("what moves?")
        after = run.data("experiment")
        expected = {"Rss": 0, "Private_Clean": -page, "Private_Dirty": page, "Anonymous": page}
        assert difference(before, after) == expected
        run.types("y\n")
        run.says("or q)")
        assert run.data("experiment") == after
        run.types("q\n")
        assert run.process.wait(timeout=60) == 0


def test_a_compiler_that_fails_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "cc"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/no/such")
    monkeypatch.delenv("CC", raising=False)
    with prepare_experiment() as experiment:
        assert experiment.command[0] == sys.executable


def test_its_directory_is_removed_at_the_end() -> None:
    with prepare_experiment() as experiment:
        directory = Path(experiment.command[-1]).parent
        assert directory.is_dir()
    assert not directory.exists()


def test_what_the_program_says_fits_in_its_pane(tmp_path: Path) -> None:
    with prepare_experiment() as compiled:
        for experiment in (compiled, build_python_experiment(tmp_path)):
            with running(experiment.command) as run:
                run.types("x\ny\n")
                lines = run.says("or q)").splitlines()
            assert [line for line in lines if len(line) > 80 - 2] == []
