"""Directories of control groups, by what /proc/PID/cgroup and mountinfo say."""

import pytest

from smapstop.proc.cgroup_directories import memory_directories

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
            [(1, "/a/b", [f"/sys/fs/cgroup/memory{each}" for each in ("/a/b", "/a", "")])],
            id="hybrid: the controller is in version 1",
        ),
        pytest.param(
            b"1:cpu:/\n0::/c\n",
            V1_MOUNTS,
            [(2, "/c", ["/sys/fs/cgroup/unified/c", "/sys/fs/cgroup/unified"])],
            id="hybrid: the controller is in version 2",
        ),
        pytest.param(
            b"4:memory:/\n0::/\n",
            V1_MOUNTS.replace(b" / /sys/fs/cgroup/memory", b" /.. /sys/fs/cgroup/memory"),
            [],
            id="a namespace of its own, with the mounts of outside",
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
