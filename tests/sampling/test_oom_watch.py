"""Whether the OOM killer killed a process: from counters, and of real processes."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from control_groups import LIMIT_BYTES, VERSION_1, limited_group
from stepped_program import SteppedProgram

from smapstop.model.tick import ExitStatus, OomKill, OomLimit
from smapstop.proc.cgroup import MemoryLimit, OomCounts
from smapstop.proc.process import ProcDir
from smapstop.sampling.oom_watch import OomWatch, oom_kill_between
from smapstop.sampling.process_cgroup import ProcessCgroup

Program = Callable[..., Path]
KILLED = ExitStatus(signal=signal.SIGKILL)
INNER, OUTER = MemoryLimit("/a/b", 128 << 20, 4), MemoryLimit("/a", 64 << 20, 7)
BEFORE = OomCounts(machine_kills=10, kills=2, members=frozenset({4711, 99}), limits=(INNER, OUTER))
AFTER = OomCounts(11, 3, frozenset({99, 100}), (INNER, replace(OUTER, reached=8)))
OUTER_LIMIT = OomLimit(64 << 20, "/a")
SURELY, PERHAPS = OomKill(True, OUTER_LIMIT), OomKill(False, OUTER_LIMIT)


@pytest.mark.parametrize(
    ("before", "after", "is_killed", "expected"),
    [
        pytest.param(BEFORE, AFTER, True, SURELY, id="the limit reached, of a group around it"),
        pytest.param(BEFORE, AFTER, False, PERHAPS, id="how it ended is unknown"),
        pytest.param(BEFORE, replace(AFTER, members=frozenset({1})), True, PERHAPS, id="another is gone"),
        pytest.param(BEFORE, replace(AFTER, members=None), True, PERHAPS, id="others unknown"),
        pytest.param(
            replace(BEFORE, members=frozenset({4711, 0})),
            AFTER,
            True,
            PERHAPS,
            id="other namespace",
        ),
        pytest.param(BEFORE, replace(AFTER, kills=2), True, None, id="one of another group was killed"),
        pytest.param(BEFORE, BEFORE, True, None, id="none was killed"),
        pytest.param(
            replace(BEFORE, machine_kills=None),
            replace(AFTER, machine_kills=None),
            True,
            SURELY,
            id="an old kernel, which counts only in groups",
        ),
        pytest.param(
            BEFORE, replace(AFTER, limits=BEFORE.limits), True, OomKill(True, None), id="no limit was reached"
        ),
        pytest.param(BEFORE, OomCounts(11), True, PERHAPS, id="the group was removed"),
        pytest.param(OomCounts(10), OomCounts(11), True, OomKill(False, None), id="no control groups"),
        pytest.param(OomCounts(10), OomCounts(10), True, None, id="no control groups, and none was killed"),
        pytest.param(OomCounts(None), OomCounts(None), True, None, id="nothing is known"),
    ],
)
def test_counters_say_who_was_killed_and_for_which_limit(
    before: OomCounts, after: OomCounts, is_killed: bool, expected: OomKill | None
) -> None:
    assert oom_kill_between(before, after, 4711, is_killed=is_killed) == expected


@contextmanager
def watched(pid: int) -> Iterator[OomWatch]:
    """A watch that has seen the process run."""
    with ProcDir(pid) as process, closing(ProcessCgroup(process)) as group:
        watch = OomWatch(pid, group)
        watch.store(watch.read())
        yield watch


@contextmanager
def eater_in(group: Path, program: Program, megabytes: int) -> Iterator[SteppedProgram]:
    """A program in a group, before it takes memory."""
    with SteppedProgram(program("eater"), group / "cgroup.procs", str(megabytes)) as eater:
        yield eater.go()


def path_of(group: Path) -> str:
    return f"/{group.relative_to(VERSION_1)}"


def test_a_process_that_its_group_killed(program: Program) -> None:
    with limited_group() as group, eater_in(group, program, 64) as eater, watched(eater.pid) as watch:
        eater.resume()
        eater.wait()
        ending = watch.explain(lambda: KILLED)
    assert ending.oom == OomKill(True, OomLimit(LIMIT_BYTES, path_of(group)))


def test_a_victim_that_is_read_several_times_while_it_dies(program: Program) -> None:
    with limited_group() as group, eater_in(group, program, 64) as eater, watched(eater.pid) as watch:
        eater.resume()
        os.waitid(os.P_PID, eater.pid, os.WEXITED | os.WNOWAIT)
        for _ in range(5):
            watch.store(watch.read())
        ending = watch.explain(lambda: KILLED)
    assert ending.oom is not None
    assert ending.oom.limit == OomLimit(LIMIT_BYTES, path_of(group))


def test_the_limit_of_a_group_around_it(program: Program) -> None:
    with limited_group("inner") as group, eater_in(group, program, 64) as eater, watched(eater.pid) as watch:
        eater.resume()
        eater.wait()
        ending = watch.explain(lambda: KILLED)
    assert ending.oom == OomKill(True, OomLimit(LIMIT_BYTES, path_of(group.parent)))


def test_another_of_the_group_may_have_been_the_victim(program: Program) -> None:
    with (
        limited_group() as group,
        eater_in(group, program, 64) as eater,
        eater_in(group, program, 1) as other,
        watched(other.pid) as watch,
    ):
        eater.resume()
        eater.wait()
        other.kill()
        other.wait()
        ending = watch.explain(lambda: KILLED)
    assert ending.oom == OomKill(False, OomLimit(LIMIT_BYTES, path_of(group)))


def test_a_plain_kill_and_a_plain_end_are_no_oom_kills(program: Program) -> None:
    with limited_group() as group, eater_in(group, program, 4) as eater, watched(eater.pid) as watch:
        eater.kill()
        eater.wait()
        assert watch.explain(lambda: KILLED) == KILLED
        assert watch.explain(lambda: ExitStatus(3)) == ExitStatus(3)


def test_a_process_that_moved_to_another_group_is_watched_there(program: Program) -> None:
    with (
        limited_group() as group,
        SteppedProgram(program("eater"), group / "cgroup.procs", "64") as eater,
        watched(eater.pid) as watch,
    ):
        eater.go()
        watch.store(watch.read())
        eater.resume()
        os.waitid(os.P_PID, eater.pid, os.WEXITED | os.WNOWAIT)
        ending = watch.explain(lambda: ExitStatus(signal=-eater.wait()))
    assert ending == replace(KILLED, oom=OomKill(False, OomLimit(LIMIT_BYTES, path_of(group)))), (
        "one reading is no two"
    )
