"""A process read through a shell is the same as read here."""

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from stepped_program import SteppedProgram
from ways_elsewhere import SHELLS

from smapstop.errors import SmapstopError
from smapstop.proc.process import ProcDir
from smapstop.proc.remote.process import RemoteMachine, RemoteProcDir
from smapstop.proc.remote.shell import RemoteShell
from smapstop.proc.threads import read_thread_stats


@pytest.fixture
def machine() -> Iterator[RemoteMachine]:
    with RemoteShell("sh") as shell:
        yield RemoteMachine(shell)


def own_lines(text: bytes) -> bytes:
    """Lines that do not change as others, cat among them, map the same files."""
    return re.sub(rb"(?m)^(Pss|Shared|Private|Referenced).*\n", b"", text)


@pytest.mark.parametrize("name", [*SHELLS, "chroot", "ssh"])
def test_a_process_reads_the_same(way: Callable[[str], str], name: str, program: Callable[[str], Path]) -> None:
    with ExitStack() as stack:
        command = way(name)
        target = stack.enter_context(SteppedProgram(program("threads")))
        shell = stack.enter_context(RemoteShell(command))
        there = stack.enter_context(RemoteProcDir(RemoteMachine(shell), target.pid))
        here = stack.enter_context(ProcDir(target.pid))
        there.require_memory()

        assert own_lines(there.read_smaps()) == own_lines(here.read_smaps())
        assert own_lines(there.read_rollup()) == own_lines(here.read_rollup())
        assert there.counters().start_time == here.counters().start_time
        assert there.counters().rss == here.counters().rss
        assert there.command_line() == here.command_line()
        assert there.max_map_count() == here.max_map_count()
        assert abs(there.started_ns() - here.started_ns()) < 1e9
        assert sorted(there.list_names("task", 100)) == sorted(here.list_names("task", 100))
        assert [stat.tid for stat in read_thread_stats(there, 10)[0]] == [
            stat.tid for stat in read_thread_stats(here, 10)[0]
        ]


def test_files_of_a_tick_are_one_round_trip(machine: RemoteMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, ...]] = []
    request = machine.shell.request

    def counted(*words: str) -> object:
        calls.append(words)
        return request(*words)

    with RemoteProcDir(machine, os.getpid()) as process:
        monkeypatch.setattr(machine.shell, "request", counted)
        with process.prefetch(["stat", "no such", "stat"]):
            first, second = process.read("stat"), process.read("stat")
            with pytest.raises(FileNotFoundError):
                process.read("no such")
            assert len(calls) == 1
            process.read("stat")
            assert len(calls) == 2
        process.read("stat")
        with process.prefetch([]):
            pass

    assert len(calls) == 3
    assert first.split()[0] == second.split()[0] == str(os.getpid()).encode()


def test_what_takes_more_than_reading_fails_as_without_permission(machine: RemoteMachine) -> None:
    with RemoteProcDir(machine, os.getpid()) as process:
        for fail in (process.open, process.stat, process.read_link):
            with pytest.raises(PermissionError):
                fail("exe")
        assert process.executable() is None
        with pytest.raises(FileNotFoundError):
            process.list_names("nothing", 1)


def test_a_process_that_ended_is_gone_even_for_its_open_directory(machine: RemoteMachine) -> None:
    target = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    with RemoteProcDir(machine, target.pid) as process:
        target.communicate()
        with pytest.raises((FileNotFoundError, ProcessLookupError)):
            process.read("stat")
    with pytest.raises(SmapstopError, match=f"no process {target.pid}"):
        RemoteProcDir(machine, target.pid)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_what_may_not_be_read_there_is_not_permitted() -> None:
    with RemoteShell("setpriv --reuid 65534 --regid 65534 --clear-groups sh") as shell:
        process = RemoteProcDir(RemoteMachine(shell), os.getpid())
        with pytest.raises(PermissionError):
            process.read("smaps")
        with pytest.raises(SmapstopError, match=r"not permitted to read .*: have a shell there of its user"):
            process.require_memory()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can change its root")
def test_a_place_without_proc_or_cat_is_said(way: Callable[[str], str], tmp_path: Path) -> None:
    way("chroot")  # its /proc is mounted only for those who go that way
    with RemoteShell(f"chroot {tmp_path}/root sh") as shell, pytest.raises(SmapstopError, match="/proc"):
        RemoteMachine(shell)
    with RemoteShell("sh") as shell:
        shell.request(f"PATH={tmp_path}/nothing")
        with pytest.raises(SmapstopError, match="there is no cat"):
            RemoteMachine(shell)


def test_without_getconf_the_page_size_is_that_of_a_mapping() -> None:
    with RemoteShell("sh") as shell:
        shell.request('setting() { mark "$1"; no-such-getconf 2>&1; mark $?; }')
        machine = RemoteMachine(shell)

    assert (machine.page_kb * 1024, machine.clock_ticks) == (os.sysconf("SC_PAGE_SIZE"), 100)


def test_a_process_whose_main_thread_has_ended_is_read_through_another(
    machine: RemoteMachine, program: Callable[[str], Path]
) -> None:
    with SteppedProgram(program("main_ended")) as target, RemoteProcDir(machine, target.pid) as process:
        assert b"Rss:" in process.read_smaps()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can enter namespaces")
def test_the_proc_of_another_pid_namespace_is_said() -> None:
    words = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "sh", "-c", "echo ready; read line"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as container:
        assert container.stdout
        assert container.stdout.readline() == b"ready\n"
        inner = Path(f"/proc/{container.pid}/task/{container.pid}/children").read_text().strip()
        with RemoteShell(f"nsenter -t {inner} -m sh") as shell, pytest.raises(SmapstopError, match="nsenter -m -p"):
            RemoteMachine(shell)
        with RemoteShell(f"nsenter -t {inner} -m -p sh") as shell:
            assert RemoteProcDir(RemoteMachine(shell), 1).command_line()[0] == "sh"
        container.communicate(b"\n")
