"""The control group of a process is followed, and its limits are read."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from control_groups import LIMIT_BYTES, VERSION_1, limited_group
from stepped_program import SteppedProgram

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
