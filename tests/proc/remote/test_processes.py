"""Processes elsewhere: listed and found by name, whatever they are called."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from stepped_program import wait_for_exec

from smapstop.errors import SmapstopError
from smapstop.proc.process_list import list_processes
from smapstop.proc.remote.process import RemoteMachine
from smapstop.proc.remote.processes import RemoteProcesses
from smapstop.proc.remote.shell import RemoteShell

HOSTILE = ("a\nb", "a) S 1 2\n9 (b", "mark .\n", "\x01\x02", "$(id) `id` 'q", "*")
"""Names of at most 15 bytes, one of which looks like the stat of another process."""


@pytest.fixture
def processes() -> Iterator[RemoteProcesses]:
    with RemoteShell("sh") as shell:
        yield RemoteProcesses(RemoteMachine(shell))


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[str], int]]:
    """Start a program of any name that waits, and end it afterwards."""
    with ExitStack() as stack:

        def started(name: str) -> int:
            path = tmp_path / name
            if not path.exists():
                shutil.copy(shutil.which("cat") or "/bin/cat", path)
            process = subprocess.Popen([path], stdin=subprocess.PIPE)
            stack.callback(process.communicate)  # EOF on its stdin ends it
            wait_for_exec(process.pid)
            return process.pid

        yield started


def test_the_list_is_that_of_here(processes: RemoteProcesses, start: Callable[[str], int]) -> None:
    pids = {start("via-a"), start("via-b")}
    there = {info.pid: info for info in processes.read() if info.pid in pids}
    here = {info.pid: info for info in list_processes() if info.pid in pids}

    assert there.keys() == here.keys() == pids
    for pid in pids:
        assert (there[pid].name, there[pid].command_line) == (here[pid].name, here[pid].command_line)
        assert there[pid].user == here[pid].user == pwd.getpwuid(os.getuid()).pw_name
        assert abs((there[pid].start_time or 0) - (here[pid].start_time or 0)) < 2
    assert {info.pid for info in processes.read()} >= pids


def test_hostile_names_are_only_names(processes: RemoteProcesses, start: Callable[[str], int]) -> None:
    pids = {start(name): name for name in HOSTILE}
    there = {info.pid: info for info in processes.read()}

    assert {pid: there[pid].name for pid in pids} == pids
    assert 9 not in there or there[9].name != "b"
    assert [processes.find(name) for name in HOSTILE] == list(pids)


def test_names_are_found_as_here(processes: RemoteProcesses, start: Callable[[str], int]) -> None:
    pid = start("via-only-one")

    assert processes.find("via-only-one") == processes.find(str(pid)) == pid
    with pytest.raises(SmapstopError, match="did you mean via-only-one"):
        processes.find("via-only-on")
    for _ in range(2):
        start("via-two")
    with pytest.raises(SmapstopError, match="2 processes are named 'via-two'"):
        processes.find("via-two")


def test_pids_are_those_of_the_namespace_there(way: Callable[[str], str]) -> None:
    with RemoteShell(way("namespace")) as shell:
        there = RemoteProcesses(RemoteMachine(shell)).read()

    assert [(info.pid, info.name) for info in there if info.pid == 1] == [(1, "sh")]
    assert len(there) < 5
