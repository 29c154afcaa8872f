"""Control groups of processes: where they are, their limits and counters."""

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from control_groups import LIMIT_BYTES, VERSION_1, limited_group
from stepped_program import SteppedProgram, wait_until

from smapstop.proc.cgroup import (
    MemoryCgroup,
    MemoryLimit,
    machine_oom_kills,
    open_memory_cgroup,
)
from smapstop.proc.limits import CgroupMemory
from smapstop.proc.process import ProcDir


def write_group(directory: Path, limit: str, **files: str) -> None:
    """Write the files of a group of version 2; their names have `_` for `.`."""
    directory.mkdir(exist_ok=True)
    (directory / "memory.max").write_text(f"{limit}\n")
    for name, text in files.items():
        (directory / name.replace("_", ".")).write_text(text)


def test_version_2_has_a_limit_at_each_level_and_events_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "top").mkdir()  # the root has no limit, and no file for one
    outer, inner = tmp_path / "top" / "outer", tmp_path / "top" / "outer" / "inner"
    write_group(outer, "67108864", memory_events_local="low 0\noom 3\noom_kill 0\n", memory_events="oom 9\n")
    write_group(inner, "max", memory_events="oom 2\noom_kill 5\noom_group_kill 1\n", cgroup_procs="12\n345\n")
    with closing(MemoryCgroup(2, "/outer/inner", [str(inner), str(outer), str(tmp_path / "top")])) as group:
        counts = group.counts()
        assert counts.kills == 5, "older kernels have no memory.events.local"
        assert counts.members == frozenset({12, 345})
        assert counts.limits == (MemoryLimit("/outer/inner", None, 2), MemoryLimit("/outer", 67108864, 3))

        for name in ("memory.max", "memory.events", "cgroup.procs"):
            (inner / name).unlink()
        inner.rmdir()
        counts = group.counts()
        assert (counts.kills, counts.members) == (None, frozenset()), "a group that was removed"
        assert counts.limits == (MemoryLimit("/outer", 67108864, 3),)


def test_the_group_of_version_2_with_the_nearest_limit(tmp_path: Path) -> None:
    (tmp_path / "top").mkdir()
    outer, inner = tmp_path / "top" / "outer", tmp_path / "top" / "outer" / "inner"
    stat = "anon 5\ninactive_file 300\nactive_file 200\nshmem 7\n"
    write_group(outer, "2000", memory_current="1400\n", memory_stat=stat, memory_swap_max="max\n")
    write_group(inner, "1200", memory_current="1000\n", memory_stat=stat, memory_high="900\n")
    (inner / "memory.swap.current").write_text("40\n")
    (inner / "memory.swap.max").write_text("0\n")
    (inner / "memory.events").write_text("oom 2\noom_kill 5\n")
    (inner / "memory.pressure").write_text("some avg10=1.50 avg60=0.00 avg300=0.00 total=9\nfull avg10=0.10\n")
    with closing(MemoryCgroup(2, "/outer/inner", [str(inner), str(outer), str(tmp_path / "top")])) as group:
        assert group.memory() == CgroupMemory(2, "/outer/inner", 1000, 500, 1200, 900, 40, 0, 5, 1.5)

        (outer / "memory.current").write_text("1900\n")
        found = group.memory()
        assert found is not None
        assert (found.path, found.room_bytes, found.swap_max_bytes) == ("/outer", 600, None)

        for each in (outer, inner):
            (each / "memory.max").write_text("max\n")
        found = group.memory()
        assert found is not None
        assert (found.path, found.max_bytes) == ("/outer/inner", None), "without limits, its own"
    with closing(MemoryCgroup(2, "/", [str(tmp_path / "top")])) as root:
        assert root.memory() is None, "the root has no memory.current"


def test_memory_of_version_1_is_the_kernel_s(program: Callable[[str], Path]) -> None:
    with limited_group("inner") as group, SteppedProgram(program("eater"), group / "cgroup.procs", "4") as eater:
        eater.go()
        eater.resume()
        with ProcDir(eater.pid) as process:
            found = open_memory_cgroup(process)
        assert found is not None
        with closing(found):
            wait_until(lambda: (memory := found.memory()) is not None and memory.needed_bytes > 4 << 20)
            memory = found.memory()
            assert memory is not None
            assert (memory.version, memory.path, memory.max_bytes) == (1, f"/{group.parent.name}", LIMIT_BYTES)
            assert memory.oom_kills == 0
            assert memory.current_bytes <= LIMIT_BYTES


def test_the_kernel_s_own_files_of_version_1(program: Callable[[str], Path]) -> None:
    with limited_group("inner") as group, SteppedProgram(program("eater"), group / "cgroup.procs", "4") as eater:
        eater.go()
        with ProcDir(eater.pid) as process:
            found = open_memory_cgroup(process)
        assert found is not None
        with closing(found):
            counts = found.counts()
            assert (found.version, counts.kills) == (1, 0)
            assert counts.members == frozenset({eater.pid})
            own, outer, *_ = counts.limits
            assert (own.path, own.limit_bytes) == (f"/{group.relative_to(VERSION_1)}", None)
            assert (outer.path, outer.limit_bytes, outer.reached) == (os.path.dirname(own.path), LIMIT_BYTES, 0)


def test_kills_on_the_machine_are_counted(tmp_path: Path) -> None:
    (tmp_path / "vmstat").write_text("pgmajfault 7\noom_kill 12\noom_kill_x 3\n")
    assert machine_oom_kills(str(tmp_path / "vmstat")) == 12
    assert machine_oom_kills(str(tmp_path / "missing")) is None
