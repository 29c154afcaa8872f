"""Limits of the control groups of a process elsewhere are those that are read here."""

import os
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import pytest
from control_groups import LIMIT_BYTES, limited_group
from stepped_program import SteppedProgram
from ways_elsewhere import SHELLS

from smapstop.proc.cgroup import open_memory_cgroup
from smapstop.proc.process import ProcDir
from smapstop.proc.remote.cgroup import RemoteCgroup
from smapstop.proc.remote.process import RemoteMachine, RemoteProcDir
from smapstop.proc.remote.shell import RemoteShell


@pytest.mark.parametrize("name", SHELLS)
def test_the_nearest_limit_is_the_same_and_read_in_one_round_trip(
    way: Callable[[str], str], name: str, program: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as stack:
        command = way(name)
        group = stack.enter_context(limited_group("inner"))
        eater = stack.enter_context(SteppedProgram(program("eater"), group / "cgroup.procs", "1"))
        shell = stack.enter_context(RemoteShell(command))
        there = stack.enter_context(RemoteProcDir(RemoteMachine(shell), eater.pid))
        cgroup = RemoteCgroup(there)
        cgroup.memory()
        eater.go()  # it has moved to the limited group
        assert cgroup.memory() is not None
        trips, request = list[int](), shell.request

        def counted(*calls: str) -> object:
            trips.append(1)
            return request(*calls)

        monkeypatch.setattr(shell, "request", counted)
        with there.prefetch(cgroup.long_files, cgroup.short_files):
            found = cgroup.memory()
        assert len(trips) == 1
        with ProcDir(eater.pid) as process:
            local = open_memory_cgroup(process)
            assert local is not None
            with closing(local):
                here = local.memory()
    assert found is not None
    assert here is not None
    assert found.max_bytes == LIMIT_BYTES
    assert replace(found, current_bytes=0, cache_bytes=0) == replace(here, current_bytes=0, cache_bytes=0)


def test_without_control_groups_there_is_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    with RemoteShell("sh") as shell, RemoteProcDir(RemoteMachine(shell), os.getpid()) as process:
        cgroup = RemoteCgroup(process)
        read = process.read
        monkeypatch.setattr(process, "read", lambda name: b"" if "mountinfo" in name else read(name))
        assert cgroup.memory() is None
        assert cgroup.memory() is None
        assert cgroup.long_files == []
