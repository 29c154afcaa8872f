"""Control groups of processes: where they are, their limits and counters."""

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from control_groups import LIMIT_BYTES, VERSION_1, limited_group
from stepped_program import SteppedProgram

from smapstop.proc.limits import (
    MemoryCgroup,
    MemoryLimit,
    machine_oom_kills,
    memory_directories,
    open_memory_cgroup,
)
from smapstop.proc.process import ProcDir

V1_MOUNTS = (
    b"32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n"
    b"35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory\n"
    b"41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"
)
V2_MOUNTS = b"30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n"
DOCKER_MOUNTS = b"900 880 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"


@pytest.mark.parametrize(
    ("groups", "mounts", "expected"),
    [
        pytest.param(
            b"4:memory:/a/b\n1:cpu:/\n0::/c\n",
            V1_MOUNTS,
            [
                (1, "/a/b", [f"/sys/fs/cgroup/memory{each}" for each in ("/a/b", "/a", "")]),
                (2, "/c", ["/sys/fs/cgroup/unified/c", "/sys/fs/cgroup/unified"]),
            ],
            id="hybrid: the controller may be in either",
        ),
        pytest.param(
            b"0::/user.slice/x.scope\n",
            V2_MOUNTS,
            [
                (
                    2,
                    "/user.slice/x.scope",
                    [f"/sys/fs/cgroup{each}" for each in ("/user.slice/x.scope", "/user.slice", "")],
                )
            ],
            id="version 2",
        ),
        pytest.param(b"0::/\n", V2_MOUNTS, [(2, "/", ["/sys/fs/cgroup"])], id="a namespace of its own"),
        pytest.param(
            b"7:cpu,memory:/docker/abc/in\n",
            DOCKER_MOUNTS,
            [(1, "/docker/abc/in", ["/sys/fs/cgroup/memory/in", "/sys/fs/cgroup/memory"])],
            id="a mount of a part of the hierarchy",
        ),
        pytest.param(b"7:memory:/docker/other\n", DOCKER_MOUNTS, [], id="outside of what is mounted"),
        pytest.param(b"0::/../sidecar\n", V2_MOUNTS, [], id="outside of our namespace"),
        pytest.param(
            b"0::/../x/y\n",
            b"30 23 0:26 /../x /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
            [(2, "/../x/y", ["/sys/fs/cgroup/y", "/sys/fs/cgroup"])],
            id="outside of our namespace, as the process has it mounted",
        ),
        pytest.param(
            b"0::/gone (deleted)\n",
            b"30 23 0:26 / /my\\040groups rw - cgroup2 cgroup2 rw\nshort line\n",
            [(2, "/gone", ["/my groups/gone", "/my groups"])],
            id="removed, and a blank in a path",
        ),
        pytest.param(b"1:cpu:/\n", V1_MOUNTS, [], id="without memory controller"),
    ],
)
def test_directories_are_found_by_group_and_mount(
    groups: bytes, mounts: bytes, expected: list[tuple[int, str, list[str]]]
) -> None:
    assert list(memory_directories(groups, mounts, "")) == expected


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
