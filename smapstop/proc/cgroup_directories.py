"""Directories of the control groups that may limit a process's memory (cgroups(7), both versions)."""

import os
import re
from collections.abc import Iterator

_ESCAPE = re.compile(rb"\\([0-7]{3})")


def memory_directories(cgroup: bytes, mountinfo: bytes, root: str) -> Iterator[tuple[int, str, list[str]]]:
    """Version, path and directories of the groups of a process that may limit its memory, version 1 first.

    Args:
        cgroup: Text of /proc/PID/cgroup.
        mountinfo: Text of a mountinfo file.
        root: Root directory of its mounts.
    """
    for version, path in sorted(_memory_paths(cgroup).items()):
        for mounted, point in _cgroup_mounts(mountinfo, version):
            inside = _path_inside(path, mounted)
            if inside is not None:
                parts = inside.split("/") if inside else []
                depths = range(len(parts), -1, -1)
                yield version, path, ["/".join([f"{root}{point}".rstrip("/"), *parts[:depth]]) for depth in depths]


def is_in_memory_group(cgroup: bytes) -> bool:
    """Whether a process is in a group that may limit its memory, by the text of /proc/PID/cgroup."""
    return bool(_memory_paths(cgroup))


def _memory_paths(cgroup: bytes) -> dict[int, str]:
    """Paths of the groups that may limit memory, by version: a hierarchy of version 1 that does is the only one."""
    paths: dict[int, str] = {}
    for line in cgroup.splitlines():
        number, _, rest = os.fsdecode(line).partition(":")
        controllers, _, path = rest.partition(":")
        if not path.startswith("/"):
            continue  # no kernel's, perhaps what stands for one
        if "memory" in controllers.split(","):
            paths[1] = path.removesuffix(" (deleted)")
        elif number == "0" and not controllers:
            paths[2] = path.removesuffix(" (deleted)")
    return {1: paths[1]} if 1 in paths else paths


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
