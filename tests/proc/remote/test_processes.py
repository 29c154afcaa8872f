"""Processes elsewhere: listed and found by name, whatever they are called."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from places import own_name
from stepped_program import wait_for_exec, wait_until

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


def resident_pages(pid: int) -> int:
    """Rss by stat, to which the kernel adds only some dozens of pages at once: none right after an exec."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[21])


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., int]]:
    """Start a program of any name that waits, with that or another one as its first argument; end it afterwards."""
    with ExitStack() as stack:

        def started(name: str, argument: str = "") -> int:
            path = tmp_path / name
            if not path.exists():
                shutil.copy(shutil.which("cat") or "/bin/cat", path)
            process = subprocess.Popen([argument or path], executable=path, stdin=subprocess.PIPE)
            stack.callback(process.communicate)  # EOF on its stdin ends it
            wait_for_exec(process.pid)
            wait_until(lambda: resident_pages(process.pid) > 0)
            return process.pid

        yield started


def test_the_list_is_that_of_here(processes: RemoteProcesses, start: Callable[..., int]) -> None:
    pids = {start(own_name("a")), start(own_name("b"))}
    there = {info.pid: info for info in processes.read() if info.pid in pids}
    here = {info.pid: info for info in list_processes() if info.pid in pids}

    assert there.keys() == here.keys() == pids
    for pid in pids:
        assert (there[pid].name, there[pid].command_line) == (here[pid].name, here[pid].command_line)
        assert there[pid].user == here[pid].user == pwd.getpwuid(os.getuid()).pw_name
        assert abs((there[pid].start_time or 0) - (here[pid].start_time or 0)) < 2
    assert {info.pid for info in processes.read()} >= pids


def test_hostile_names_are_only_names(processes: RemoteProcesses, start: Callable[..., int]) -> None:
    called = [name + own_name("x") for name in HOSTILE]  # others may have the name alone
    pids = {start(name, argument): name for name, argument in zip(HOSTILE, called, strict=True)}
    there = {info.pid: info for info in processes.read()}

    assert {pid: there[pid].name for pid in pids} == pids
    assert 9 not in there or there[9].name != "b"
    assert [processes.find(argument) for argument in called] == list(pids)


def test_names_are_found_as_here(processes: RemoteProcesses, start: Callable[..., int]) -> None:
    one, two = own_name("one"), own_name("two")
    pid = start(one)

    assert processes.find(one) == processes.find(str(pid)) == pid
    with pytest.raises(SmapstopError, match=f"did you mean {one}"):
        processes.find(one[:-1])
    for _ in range(2):
        start(two)
    with pytest.raises(SmapstopError, match=f"2 processes are named '{two}'"):
        processes.find(two)


def test_pids_are_those_of_the_namespace_there(way: Callable[[str], str]) -> None:
    with RemoteShell(way("namespace")) as shell:
        there = RemoteProcesses(RemoteMachine(shell)).read()

    assert [(info.pid, info.name) for info in there if info.pid == 1] == [(1, "sh")]
    assert len(there) < 5
