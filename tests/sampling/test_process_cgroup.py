"""The control group of a process is followed, and its limits are read."""

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from control_groups import LIMIT_BYTES, VERSION_1, limited_group
from factories import mappings_of, tick_of
from stepped_program import SteppedProgram

from smapstop.model.limit_use import limit_uses
from smapstop.model.tick import Tick
from smapstop.proc.cgroup import NOT_READABLE, NOT_SEEN
from smapstop.proc.limits import Limits
from smapstop.proc.process import ProcDir
from smapstop.sampling.process_cgroup import ProcessCgroup, read_limits


def test_a_process_that_moves_to_a_limited_group_has_its_limit(program: Callable[[str], Path]) -> None:
    with (
        limited_group() as group,
        SteppedProgram(program("eater"), group / "cgroup.procs", "1") as eater,
        ProcDir(eater.pid) as process,
        closing(ProcessCgroup(process)) as follower,
    ):
        before = follower.limits().cgroup
        eater.go()
        after = follower.limits().cgroup
        assert after is not None
        assert (after.path, after.max_bytes) == (f"/{group.relative_to(VERSION_1)}", LIMIT_BYTES)
        assert before is None or before.path != after.path
        assert read_limits(process).cgroup is not None


def test_limits_of_a_process_that_is_gone_are_unknown(program: Callable[[str], Path]) -> None:
    with SteppedProgram(program("grow")) as ended, ProcDir(ended.pid) as process:
        ended.kill()
        ended.wait()
        limits = read_limits(process)
    assert (limits.rlimit_stack, limits.cgroup) == (None, None)


def test_resource_limits_are_those_that_the_process_was_given(program: Callable[[str], Path]) -> None:
    limited = ("prlimit", f"--as={1 << 30}", f"--memlock={1 << 16}", "--data=unlimited", program("grow"))
    with SteppedProgram(*limited) as process, ProcDir(process.pid) as directory:
        limits = read_limits(directory)
        uses = {use.name: use for use in limit_uses(tick_with(directory, limits), 10)}
    assert (limits.rlimit_as, limits.rlimit_memlock, limits.rlimit_data) == (1 << 30, 1 << 16, None)
    assert uses["address space"].limit == 1 << 30
    assert 0 < uses["address space"].share < 0.1
    assert uses["locked memory"].used == 0
    assert "data" not in uses


def test_a_group_that_cannot_be_seen_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with ProcDir(os.getpid()) as process:
        assert read_limits(process).cgroup_missing is None
        monkeypatch.setattr("smapstop.proc.cgroup._read_file", lambda *_: b"")  # no mounts, no files
        monkeypatch.setattr("smapstop.proc.cgroup._mounts_of", lambda _: b"")
        limits = read_limits(process)
    assert (limits.cgroup, limits.cgroup_missing) == (None, NOT_SEEN)


def test_a_group_whose_files_cannot_be_read_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with ProcDir(os.getpid()) as process, closing(ProcessCgroup(process)) as follower:
        if follower.limits().cgroup is None:
            pytest.skip("there is no control group with a memory controller")
        monkeypatch.setattr("smapstop.proc.cgroup.OpenDirectory.read", lambda *_: b"")
        assert follower.limits().cgroup_missing == NOT_READABLE


def tick_with(process: ProcDir, limits: Limits) -> Tick:
    """A tick of a process with its limits."""
    return tick_of(0, mappings_of(), [], counters=process.counters(), limits=limits)
