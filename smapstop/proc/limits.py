"""Memory limits of a process's control groups, and how often they were reached (cgroups(7), both versions)."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from smapstop.proc.process import ProcDir

_NO_LIMIT_BYTES = 1 << 62
"""Version 1 prints a number of about 2**63 for no limit."""
_MAX_MEMBERS_BYTES = 1 << 16
"""Longer lists of members are not read."""
_ESCAPE = re.compile(rb"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class _Files:
    """Names of the memory files of one version."""

    limit: str
    reached: tuple[tuple[str, bytes], ...]
    """Where it is counted how often the limit was reached, best first: a file, and a key in it or empty."""
    kills: tuple[tuple[str, bytes], ...]
    """Where it is counted how many members the OOM killer killed."""


_VERSIONS = {
    1: _Files("memory.limit_in_bytes", (("memory.failcnt", b""),), (("memory.oom_control", b"oom_kill"),)),
    2: _Files(
        "memory.max",
        (("memory.events.local", b"oom"), ("memory.events", b"oom")),
        (("memory.events.local", b"oom_kill"), ("memory.events", b"oom_kill")),
    ),
}


@dataclass(frozen=True, slots=True)
class MemoryLimit:
    """Limit of a control group at one moment."""

    path: str
    """Path of the group, as /proc/PID/cgroup prints it."""
    limit_bytes: int | None
    """`None` without a limit."""
    reached: int | None
    """How often the limit was reached; `None` if that is unknown."""


@dataclass(frozen=True, slots=True)
class OomCounts:
    """What the kernel had counted at one moment."""

    machine_kills: int | None
    """Processes of the machine that the OOM killer killed, for whatever limit; `None` before Linux 4.13."""
    kills: int | None = None
    """Those of the process's own group."""
    members: frozenset[int] | None = None
    """Pids of its own group; 0 for those of other pid namespaces. `None` if unknown, or too many."""
    limits: tuple[MemoryLimit, ...] = ()
    """Limits of its group and of the groups that contain it, innermost first."""


class MemoryCgroup:
    """The control group that limits a process's memory, and those that contain it.

    Their directories stay open, so that they can be read after the process is gone, whatever mounts it saw.

    Args:
        version: Version of the hierarchy, 1 or 2.
        path: Path of the group, as /proc/PID/cgroup prints it.
        directories: Directories of the group and of the groups that contain it, innermost first.
    """

    def __init__(self, version: int, path: str, directories: list[str]) -> None:
        self.version = version
        self._files = _VERSIONS[version]
        self._levels: list[tuple[str, int]] = []
        for above, directory in enumerate(directories):
            with suppress(OSError):
                fd = os.open(directory, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
                self._levels.append((_parent(path, above), fd))

    def close(self) -> None:
        """Close the directories."""
        for _, fd in self._levels:
            os.close(fd)
        self._levels.clear()

    def counts(self) -> OomCounts:
        """Read the limits and counters; what cannot be read, such as in a group that was removed, is `None`."""
        kills = self._counter(self._levels[0][1], self._files.kills) if self._levels else None
        members = _members(self._levels[0][1]) if self._levels else None
        return OomCounts(machine_oom_kills(), kills, members, tuple(self._limits()))

    def _limits(self) -> Iterator[MemoryLimit]:
        """Limits of the group and of those that contain it; none of groups without memory controller."""
        for path, fd in self._levels:
            # version 1: limits of a group hold for the groups inside only with use_hierarchy
            if fd != self._levels[0][1] and _read(fd, "memory.use_hierarchy").strip() == b"0":
                return
            text = _read(fd, self._files.limit).strip()
            if text:
                limit_bytes = int(text) if text.isdigit() and int(text) < _NO_LIMIT_BYTES else None
                yield MemoryLimit(path, limit_bytes, self._counter(fd, self._files.reached))

    def _counter(self, fd: int, places: tuple[tuple[str, bytes], ...]) -> int | None:
        """First counter that can be read."""
        for name, key in places:
            words = _read(fd, name).split()
            if key in words:
                return int(words[words.index(key) + 1])
            if words and not key:
                return int(words[0])
        return None


def open_memory_cgroup(process: ProcDir) -> MemoryCgroup | None:
    """Open the control group that limits a process's memory; `None` if there is none, or it cannot be seen.

    It is looked for where we see control groups, then where the process does.

    Raises:
        OSError: The process is gone.
    """
    text = process.read("cgroup")
    for mountinfo, root in (
        (_read_file("/proc/self/mountinfo"), ""),
        (_mounts_of(process), f"/proc/{process.pid}/root"),
    ):
        for version, path, directories in memory_directories(text, mountinfo, root):
            names = _VERSIONS[version]
            if any(Path(directory, names.limit).exists() for directory in directories):
                return MemoryCgroup(version, path, directories)
    return None


def machine_oom_kills(vmstat: str = "/proc/vmstat") -> int | None:
    """Processes that the OOM killer has killed since the machine started (since Linux 4.13)."""
    found = re.search(rb"^oom_kill (\d+)$", _read_file(vmstat), re.MULTILINE)
    return int(found[1]) if found else None


def memory_directories(cgroup: bytes, mountinfo: bytes, root: str) -> Iterator[tuple[int, str, list[str]]]:
    """Version, path and directories of the groups of a process that may limit its memory, version 1 first.

    Args:
        cgroup: Text of /proc/PID/cgroup.
        mountinfo: Text of a mountinfo file.
        root: Root directory of its mounts.
    """
    paths: dict[int, str] = {}
    for line in cgroup.splitlines():
        number, controllers, path = os.fsdecode(line).split(":", 2)
        if "memory" in controllers.split(","):
            paths[1] = path.removesuffix(" (deleted)")
        elif number == "0" and not controllers:
            paths[2] = path.removesuffix(" (deleted)")
    for version, path in sorted(paths.items()):
        for mounted, point in _cgroup_mounts(mountinfo, version):
            inside = _path_inside(path, mounted)
            if inside is not None:
                parts = inside.split("/") if inside else []
                depths = range(len(parts), -1, -1)
                yield version, path, ["/".join([f"{root}{point}".rstrip("/"), *parts[:depth]]) for depth in depths]


def _path_inside(path: str, mounted: str) -> str | None:
    """Path of a group within the part of the hierarchy that is mounted; `None` if it is outside of that."""
    top = mounted.rstrip("/")
    if path != top and not path.startswith(f"{top}/"):
        return None
    inside = path[len(top) + 1 :]
    return None if ".." in inside.split("/") else inside


def _cgroup_mounts(mountinfo: bytes, version: int) -> Iterator[tuple[str, str]]:
    """Root within the hierarchy, and mount point, of the mounts of a version that may have the memory controller."""
    for line in mountinfo.splitlines():
        before, _, after = line.partition(b" - ")
        words, system = before.split(), after.split()
        if len(words) < 5 or len(system) < 3:
            continue
        is_version_1 = system[0] == b"cgroup" and b"memory" in system[2].split(b",")
        if is_version_1 if version == 1 else system[0] == b"cgroup2":
            yield _unescape(words[3]), _unescape(words[4])


def _unescape(word: bytes) -> str:
    """Undo the escapes of blanks and backslashes in mountinfo."""
    return os.fsdecode(_ESCAPE.sub(lambda match: bytes([int(match[1], 8)]), word))


def _parent(path: str, above: int) -> str:
    """Path of a group that contains another, so many levels above."""
    for _ in range(above):
        path = os.path.dirname(path)
    return path


def _mounts_of(process: ProcDir) -> bytes:
    """Mounts that a process sees; none if they may not be read."""
    try:
        return process.read("mountinfo")
    except OSError:
        return b""


def _members(fd: int) -> frozenset[int] | None:
    """Pids of the members of a group; `None` if there are too many."""
    text = _read(fd, "cgroup.procs")
    return None if len(text) >= _MAX_MEMBERS_BYTES else frozenset(map(int, text.split()))


def _read(fd: int, name: str) -> bytes:
    """Read the beginning of a file of a group; empty if it cannot be read."""
    return _read_file(name, fd)


def _read_file(name: str, dir_fd: int | None = None) -> bytes:
    """Read a file; empty if it cannot be read."""
    try:
        fd = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=dir_fd)
    except OSError:
        return b""
    try:
        return b"".join(iter(lambda: os.read(fd, _MAX_MEMBERS_BYTES), b""))
    except OSError:  # the group was removed
        return b""
    finally:
        os.close(fd)
