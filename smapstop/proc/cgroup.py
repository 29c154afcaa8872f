"""Memory, limits and kills of a process's control groups (cgroups(7), both versions)."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from smapstop.lazy_dataclass import dataclass
from smapstop.proc.cgroup_directories import is_in_memory_group, memory_directories
from smapstop.proc.limits import CgroupMemory
from smapstop.proc.process import ProcDir

_NO_LIMIT_BYTES = 1 << 62
"""Version 1 prints a number of about 2**63 for no limit."""
_MAX_MEMBERS_BYTES = 1 << 16
"""Longer lists of members are not read."""
NOT_SEEN = "control groups are not mounted where its group can be seen"
NOT_READABLE = "the files of its control group cannot be read"
_PRESSURE = re.compile(rb"^some avg10=(\d+(?:\.\d*)?)", re.MULTILINE)
_STAT = re.compile(rb"^(\w+) (\d+)$", re.MULTILINE)
"""A line of memory.stat."""


@dataclass(frozen=True, slots=True)
class _Files:
    """Names of the memory files of one version."""

    usage: str
    limit: str
    high: str
    """Above it members are slowed down; empty if the version has none."""
    swap_usage: str
    swap_limit: str
    """Of version 1, both count memory and swap together."""
    cache: tuple[bytes, bytes]
    """Keys of `memory.stat` that add up to the page cache, which is dropped before the limit has other effects."""
    reached: tuple[tuple[str, bytes], ...]
    """Where it is counted how often the limit was reached, best first: a file, and a key in it or empty."""
    kills: tuple[tuple[str, bytes], ...]
    """Where it is counted how many members the OOM killer killed."""


_VERSIONS = {
    1: _Files(
        usage="memory.usage_in_bytes",
        limit="memory.limit_in_bytes",
        high="",
        swap_usage="memory.memsw.usage_in_bytes",
        swap_limit="memory.memsw.limit_in_bytes",
        cache=(b"total_inactive_file", b"total_active_file"),
        reached=(("memory.failcnt", b""),),
        kills=(("memory.oom_control", b"oom_kill"),),
    ),
    2: _Files(
        usage="memory.current",
        limit="memory.max",
        high="memory.high",
        swap_usage="memory.swap.current",
        swap_limit="memory.swap.max",
        cache=(b"inactive_file", b"active_file"),
        reached=(("memory.events.local", b"oom"), ("memory.events", b"oom")),
        kills=(("memory.events.local", b"oom_kill"), ("memory.events", b"oom_kill")),
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


class GroupDirectory(Protocol):
    """Directory of a control group."""

    def read(self, name: str) -> bytes:
        """Read the beginning of a file; empty if it cannot be read."""

    def close(self) -> None:
        """Close it."""


class OpenDirectory:
    """Directory of a control group here.

    Raises:
        OSError: It cannot be opened.
    """

    def __init__(self, path: str) -> None:
        self._fd = os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)

    def read(self, name: str) -> bytes:
        """Read the beginning of a file; empty if it cannot be read."""
        return _read_file(name, self._fd)

    def close(self) -> None:
        """Close it."""
        os.close(self._fd)


class MemoryCgroup:
    """The control group that limits a process's memory, and those that contain it.

    Their directories stay open, so that they can be read after the process is gone, whatever mounts it saw.

    Args:
        version: Version of the hierarchy, 1 or 2.
        path: Path of the group, as /proc/PID/cgroup prints it.
        directories: Directories of the group and of the groups that contain it, innermost first.
        open_directory: Opens a directory; those for which that fails are left out.
    """

    def __init__(
        self,
        version: int,
        path: str,
        directories: list[str],
        open_directory: Callable[[str], GroupDirectory] = OpenDirectory,
    ) -> None:
        self.version = version
        self._files = _VERSIONS[version]
        self._levels: list[tuple[str, GroupDirectory]] = []
        for above, directory in enumerate(directories):
            with suppress(OSError):
                self._levels.append((_parent(path, above), open_directory(directory)))

    def close(self) -> None:
        """Close the directories."""
        for _, directory in self._levels:
            directory.close()
        self._levels.clear()

    def counts(self) -> OomCounts:
        """Read the limits and counters; what cannot be read, such as in a group that was removed, is `None`."""
        kills = self._counter(self._levels[0][1], self._files.kills) if self._levels else None
        members = _members(self._levels[0][1]) if self._levels else None
        return OomCounts(machine_oom_kills(), kills, members, tuple(self._limits()))

    def memory(self) -> CgroupMemory | None:
        """Memory of the group whose limit is nearest: this one, or one that contains it; without limits, of this one.

        `None` if no group can be read.
        """
        levels = [
            level
            for at, (path, directory) in enumerate(self._limiting_levels())
            if (level := self._memory_of(path, directory, only_if_limited=at > 0)) is not None
        ]
        limited = [level for level in levels if level.room_bytes is not None]
        return min(limited, key=lambda level: level.room_bytes or 0) if limited else next(iter(levels), None)

    def _memory_of(self, path: str, group: GroupDirectory, *, only_if_limited: bool) -> CgroupMemory | None:
        """Memory of one group; `None` without memory controller, as in the root of version 2."""
        files = self._files
        max_bytes = _bytes(group, files.limit)
        if max_bytes is None and only_if_limited:
            return None
        current_bytes, swap_bytes, swap_max_bytes = (
            _bytes(group, name) for name in (files.usage, files.swap_usage, files.swap_limit)
        )
        if current_bytes is None:
            return None
        if self.version == 1:  # its swap files count memory, too
            swap_bytes = None if swap_bytes is None else max(0, swap_bytes - current_bytes)
            swap_max_bytes = None if swap_max_bytes is None else max(0, swap_max_bytes - (max_bytes or 0))
        stat = dict(_STAT.findall(group.read("memory.stat")))
        cache = [int(stat[key]) for key in files.cache if key in stat]
        pressure = _PRESSURE.search(group.read("memory.pressure"))
        return CgroupMemory(
            version=self.version,
            path=path,
            current_bytes=current_bytes,
            cache_bytes=sum(cache) if cache else None,
            max_bytes=max_bytes,
            high_bytes=_bytes(group, files.high) if files.high else None,
            swap_bytes=swap_bytes,
            swap_max_bytes=swap_max_bytes,
            oom_kills=self._counter(group, files.kills),
            pressure_percent=float(pressure[1]) if pressure else None,
        )

    def _limits(self) -> Iterator[MemoryLimit]:
        """Limits of the group and of those that contain it; none of groups without memory controller."""
        for path, group in self._limiting_levels():
            if group.read(self._files.limit):
                yield MemoryLimit(path, _bytes(group, self._files.limit), self._counter(group, self._files.reached))

    def _limiting_levels(self) -> Iterator[tuple[str, GroupDirectory]]:
        """Paths and directories of the groups whose limits hold for the process, innermost first."""
        for path, group in self._levels:
            # version 1: limits of a group hold for the groups inside only with use_hierarchy
            if group is not self._levels[0][1] and group.read("memory.use_hierarchy").strip() == b"0":
                return
            yield path, group

    def _counter(self, group: GroupDirectory, places: tuple[tuple[str, bytes], ...]) -> int | None:
        """First counter that can be read."""
        for name, key in places:
            found = re.search(rb"^%b(\d+)$" % (key + b" " if key else b""), group.read(name), re.MULTILINE)
            if found:
                return int(found[1])
        return None


def limit_file(version: int) -> str:
    """Name of the file that has the limit of a group."""
    return _VERSIONS[version].limit


def memory_files(version: int) -> list[str]:
    """Names of the files that `MemoryCgroup.memory` may read in a group."""
    files = _VERSIONS[version]
    names = (files.usage, files.limit, files.high, files.swap_usage, files.swap_limit, "memory.use_hierarchy")
    return [*filter(None, names), "memory.stat", "memory.pressure", *dict.fromkeys(name for name, _ in files.kills)]


def open_memory_cgroup(process: ProcDir) -> MemoryCgroup | None:
    """Open the control group that limits a process's memory; `None` if there is none, or it cannot be seen.

    It is looked for where we see control groups, then where the process does.

    Raises:
        OSError: The process is gone.
    """
    for version, path, directories in _places(process):
        if any(Path(directory, limit_file(version)).exists() for directory in directories):
            return MemoryCgroup(version, path, directories)
    return None


def why_no_memory_cgroup(process: ProcDir) -> str | None:
    """Why the control group of a process cannot be seen; `None` if there is none with a memory controller.

    Raises:
        OSError: The process is gone.
    """
    if not is_in_memory_group(process.read("cgroup")):
        return None
    seen = any(Path(directories[0]).is_dir() for _, _, directories in _places(process))
    return None if seen else NOT_SEEN


def _places(process: ProcDir) -> Iterator[tuple[int, str, list[str]]]:
    """Version, path and directories of the groups that may limit a process, as we see them, then as it does."""
    text = process.read("cgroup")
    yield from memory_directories(text, _read_file("/proc/self/mountinfo"), "")
    yield from memory_directories(text, _mounts_of(process), f"/proc/{process.pid}/root")


def machine_oom_kills(vmstat: str = "/proc/vmstat") -> int | None:
    """Processes that the OOM killer has killed since the machine started (since Linux 4.13)."""
    found = re.search(rb"^oom_kill (\d+)$", _read_file(vmstat), re.MULTILINE)
    return int(found[1]) if found else None


def _parent(path: str, above: int) -> str:
    """Path of the group a number of levels above another."""
    for _ in range(above):
        path = os.path.dirname(path)
    return path


def _mounts_of(process: ProcDir) -> bytes:
    """Mounts that a process sees; none if they may not be read."""
    try:
        return process.read("mountinfo")
    except OSError:
        return b""


def _members(group: GroupDirectory) -> frozenset[int] | None:
    """Pids of the members of a group; `None` if there are too many."""
    text = group.read("cgroup.procs")
    pids = text.split()
    return None if len(text) >= _MAX_MEMBERS_BYTES else frozenset(int(pid) for pid in pids if pid.isdigit())


def _bytes(group: GroupDirectory, name: str) -> int | None:
    """Amount in a file of a group; `None` for no limit, and if it cannot be read."""
    text = group.read(name).strip()
    return int(text) if text.isdigit() and int(text) < _NO_LIMIT_BYTES else None


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
