"""Files of any kernel, container or emulation of one: mountinfo, cgroup and its directories, limits, stat, status."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from smapstop.proc.cgroup import MemoryCgroup, memory_files
from smapstop.proc.cgroup_directories import is_in_memory_group, memory_directories
from smapstop.proc.limits import LIMIT_COLUMNS, NO_LIMITS, Limits, limit_cells, limits_of_cells, parse_rlimits
from smapstop.proc.mountinfo import parse_mountinfo

NEXT = b"\x1b"
"""Ends a file."""


class _Directory:
    """A group whose files are the same bytes, in turn."""

    def __init__(self, files: list[bytes]) -> None:
        self._files, self._names = files, dict[str, bytes]()

    def read(self, name: str) -> bytes:
        """A file; the same one each time."""
        return self._names.setdefault(name, self._files[len(self._names) % len(self._files)])

    def close(self) -> None:
        """Nothing is open."""


def _same(directory: _Directory, _path: str) -> _Directory:
    return directory


def check(data: bytes) -> None:
    """Take the first file for cgroup, the second for mountinfo, and all for those of a group, and for limits."""
    files = data.split(NEXT)
    for device in parse_mountinfo(data):
        major, minor = device.split(":")
        assert int(major, 16) >= 0
        assert int(minor, 16) >= 0
    limits = replace(NO_LIMITS, **parse_rlimits(data))  # type: ignore[arg-type]
    is_in_memory_group(files[0])
    for version, path, directories in memory_directories(files[0], files[1] if len(files) > 1 else b"", "/root"):
        assert version in (1, 2)
        assert all(
            directory.startswith("/root") and ".." not in directory[5:].split("/")[:1] for directory in directories
        )
        assert path
        group = MemoryCgroup(version, path, directories, lambda _: _Directory(files[2:] or [b""]))
        group.counts()
        memory = group.memory()
        limits = Limits(cgroup=memory)
        if memory is not None:
            assert memory.current_bytes >= 0
            assert memory.needed_bytes >= 0
    cells = dict(zip(LIMIT_COLUMNS, limit_cells(limits), strict=True))
    assert limits_of_cells(cells) == limits
    for version in (1, 2):
        files_of_group = _Directory(files)
        for name in memory_files(version):
            files_of_group.read(name)
        MemoryCgroup(version, "/x/y", ["/a/x/y", "/a/x", "/a"], partial(_same, files_of_group)).memory()


def seeds() -> Iterator[bytes]:
    """The files of both versions."""
    mounts = (
        b"30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n"
        b"31 23 0:27 /box /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
        b"24 1 0:22 / /dev/shm rw shared:1 - tmpfs tmp\\040fs rw\n25 1 8:1 / / rw - ext4 /dev/vda rw\n"
    )
    yield (
        b"0::/box/app\n"
        + NEXT
        + mounts
        + NEXT
        + NEXT.join(
            (
                b"4096\n",
                b"max\n",
                b"8192\n",
                b"0\n",
                b"max\n",
                b"",
                b"file 5\nactive_file 3\ninactive_file 2\n",
                b"some avg10=1.50\n",
            )
        )
    )
    yield (
        b"4:cpu,memory:/box/app (deleted)\n0::/\n"
        + NEXT
        + mounts
        + NEXT
        + NEXT.join(
            (
                b"4096",
                b"9223372036854771712",
                b"9",
                b"10",
                b"1",
                b"total_active_file 3",
                b"",
                b"oom_kill_disable 0\noom_kill 3\n",
            )
        )
    )
    yield b"Max address space         unlimited  unlimited  bytes\nMax stack size   8388608  unlimited bytes\n"
    yield (
        b"0::/../../x\n"
        + NEXT
        + mounts.replace(b"/ /sys", b"/.. /sys")
        + NEXT
        + b"1 2 3\noom_kill"
        + NEXT
        + b"oom_kill x\n"
    )
    yield b"memory\n:::\n0:" + NEXT + b"- cgroup2 x y" + NEXT + b"avg10=.\nsome avg10=...\n"
