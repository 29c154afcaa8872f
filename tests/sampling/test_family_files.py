"""A family that is read through a shell: the same as here, in one round trip a reading."""

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from stepped_program import SteppedProgram, wait_until
from ways_elsewhere import hide_rollup

from smapstop.model.family.reading import FamilyReading
from smapstop.proc.process_tree import descendants_of, read_processes
from smapstop.proc.remote.process import RemoteMachine, RemoteMemberDir, RemoteProcDir
from smapstop.proc.remote.shell import RemoteShell
from smapstop.sampling.family_files import LocalFamilyFiles, RemoteFamilyFiles
from smapstop.sampling.family_reader import FamilyReader

LONG_NS = 10_000_000_000


def test_a_family_through_a_shell_is_that_of_here_in_one_round_trip(
    program: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with SteppedProgram(program("two_children")) as parent, RemoteShell("sh") as shell:
        parent.go()
        target = RemoteProcDir(RemoteMachine(shell), parent.pid)
        with (
            closing(FamilyReader(parent.pid, RemoteFamilyFiles(target))) as there,
            closing(FamilyReader(parent.pid)) as here,
        ):
            trips, request = list[int](), shell.request

            def counted(*calls: str) -> object:
                trips.append(1)
                return request(*calls)

            monkeypatch.setattr(shell, "request", counted)
            first = read(there)
            assert not first.read_ns.any(), "who is there is known, but not their memory yet"
            assert [member.command_line for member in first.new] == [(str(program("two_children")),)] * 3
            trips.clear()
            second = read(there)
            assert len(trips) == 1
            local = read(here)
            assert second.keys == local.keys
            assert second.ppids.tolist() == local.ppids.tolist()
            for name in ("rss", "private_dirty", "shared_dirty", "anonymous", "threads", "stat_rss"):
                assert second.get(name).tolist() == local.get(name).tolist(), name
            parent.go()  # one has ended
            assert read(there).pids.tolist() == read(here).pids.tolist()


def read(reader: FamilyReader) -> FamilyReading:
    """A reading of all, after finding out who is there."""
    reader.scan()
    return reader.read(LONG_NS)


def test_only_so_many_are_read_as_time_allows_but_one(
    program: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smapstop.sampling.family_reader.STALE_NS", 600_000_000_000)  # a busy machine is no reason
    with SteppedProgram(program("two_children")) as parent, RemoteShell("sh") as shell:
        parent.go()
        target = RemoteProcDir(RemoteMachine(shell), parent.pid)
        with closing(FamilyReader(parent.pid, RemoteFamilyFiles(target))) as reader:
            known = []
            for _ in range(4):
                reader.scan()
                known.append(int((reader.read(0).read_ns > 0).sum()))
            assert known == [0, 1, 2, 3]


def test_who_may_not_be_read_says_why() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can be somebody else")
    with RemoteShell("setpriv --reuid 65534 --regid 65534 --clear-groups sh") as shell:
        target = RemoteProcDir(RemoteMachine(shell), os.getpid())
        with closing(FamilyReader(os.getpid(), RemoteFamilyFiles(target))) as reader:
            read(reader)
            reading = read(reader)
    assert os.getpid() in dict(reading.missing)
    assert "not permitted" in dict(reading.missing)[os.getpid()]


def test_a_member_is_read_wherever_the_shell_is_and_a_pid_that_is_reused_is_not_it() -> None:
    with RemoteShell("sh") as shell:
        machine = RemoteMachine(shell)
        RemoteProcDir(machine, 1)  # the shell is there
        member = RemoteMemberDir(machine, os.getpid())
        assert member.read("stat").split()[0] == str(os.getpid()).encode()
        assert str(os.getpid()) in member.list_names("task", 1000)
        with member.prefetch(["stat"]):
            assert member.read("stat").split()[0] == str(os.getpid()).encode()
        assert member.counters().start_time > 0
        member._start_time -= 1
        with pytest.raises(ProcessLookupError):
            member.counters()


def test_where_there_is_no_smaps_rollup_smaps_is_summed(program: Callable[[str], Path], tmp_path: Path) -> None:
    with SteppedProgram(program("two_children")) as parent, RemoteShell(hide_rollup(tmp_path)) as shell:
        parent.go()
        target = RemoteProcDir(RemoteMachine(shell), parent.pid)
        with (
            closing(FamilyReader(parent.pid, RemoteFamilyFiles(target))) as there,
            closing(FamilyReader(parent.pid)) as here,
        ):
            read(there)
            summed, kernels = read(there), read(here)
            # others that map the same libraries come and go meanwhile
            wait_until(lambda: (abs(read(there).get("pss") - read(here).get("pss")) < 100).all())
    assert summed.missing == ()
    for name in ("rss", "private_dirty", "shared_clean", "anonymous", "swap"):
        assert summed.get(name).tolist() == kernels.get(name).tolist(), name


def test_a_root_without_smaps_rollup_is_summed_and_who_has_ended_is_none(
    program: Callable[[str], Path], tmp_path: Path
) -> None:
    with SteppedProgram(program("two_children")) as parent:
        parent.go()
        for pid in descendants_of(parent.pid, read_processes()):
            directory = tmp_path / str(pid)
            directory.mkdir()
            for name in ("stat", "cmdline", "smaps"):
                (directory / name).symlink_to(f"/proc/{pid}/{name}")
        with (
            closing(FamilyReader(parent.pid, LocalFamilyFiles(str(tmp_path)))) as bare,
            closing(FamilyReader(parent.pid)) as here,
        ):
            summed, kernels = read(bare), read(here)
            assert summed.missing == ()
            assert summed.get("private_dirty").tolist() == kernels.get("private_dirty").tolist()
            parent.go()  # one has ended
            assert read(bare).pids.tolist() == read(here).pids.tolist()
