"""How much the shared-memory objects of a process hold, whether mapped or not: memfd, tmpfs, hugetlbfs, System V.

fstat(2) has it: st_blocks counts the pages of such a file, in RAM or in swap (mm/shmem.c: shmem_recalc_inode). The
file is reached through /proc/PID/map_files (root only), its path, or a file descriptor of the process, and is never
opened.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

from smapstop.lazy_dataclass import dataclass
from smapstop.proc.columns import DELETED_SUFFIX
from smapstop.proc.process import ProcDir
from smapstop.proc.shared_memory.sysv import find_sysv_segment, read_sysv_segments

MAX_OBJECTS = 512
"""Objects measured at most: 7 µs each, twice a reading. Of further ones nothing is known."""
MAX_FDS = 2048
"""File descriptors looked through at most in a search: 6 µs each."""
MAX_WAIT = 8
"""Readings between searches, at most, while they find nothing."""

_SYSV = "/SYSV"
_WITHOUT_FD = ("/dev/zero", _SYSV, "[")
"""Starts of the names of objects that no file descriptor can refer to."""
_WITHOUT_PATH = (*_WITHOUT_FD, "/memfd:", "/anon_hugepage")
_COUNTED = ("/memfd:", "/dev/shm/", "/dev/zero", "/anon_hugepage", "[anon_shmem:")
"""Starts of the names of objects that are surely on tmpfs or hugetlbfs, where 0 means empty. Others may be on ramfs
or be secret memory, of which st_blocks says nothing: it is always 0."""
_NEWLINE = "\\012"
"""How smaps prints a newline in a name."""


class ObjectKey(NamedTuple):
    """Identity of an object."""

    device: int
    """As st_dev."""
    inode: int
    is_sysv: bool
    """System V segments share the device of memfd, and have inode numbers of their own: their ids."""


@dataclass(frozen=True, slots=True)
class MappedObject:
    """A shared-memory object, and one of its mappings."""

    key: ObjectKey
    name: str
    """As smaps prints it."""
    start: int
    end: int


def object_of(device: str, inode: int, name: str, start: int, end: int) -> MappedObject:
    """Return the object of a mapping, given as smaps prints it: the device is `major:minor` in hex."""
    major, _, minor = device.partition(":")
    key = ObjectKey(os.makedev(int(major, 16), int(minor, 16)), inode, name.startswith(_SYSV))
    return MappedObject(key, name, start, end)


class ObjectReader:
    """Measure shared-memory objects of one process; it remembers where each can be reached."""

    def __init__(self, process: ProcDir) -> None:
        self._process = process
        self._places: dict[ObjectKey, str] = {}
        self._segments: dict[ObjectKey, str] = {}
        self._counted: set[ObjectKey] = set()
        self._unfound: set[ObjectKey] = set()
        self._may_follow_mappings = True
        self._wait = self._readings_to_wait = 0

    def find(self, objects: Iterable[MappedObject]) -> None:
        """Find where the objects can be reached, from now on these only; the first `MAX_OBJECTS` of them.

        File descriptors are searched when an object is new or can no longer be reached; ever more rarely while that
        finds nothing.
        """
        known = {each.key: each for each in objects}
        wanted = dict(list(known.items())[:MAX_OBJECTS])
        self._segments = {key: each.name for key, each in wanted.items() if key.is_sysv}
        self._counted = {key for key, each in wanted.items() if each.name.startswith(_COUNTED)}
        self._places = {key: place for key, place in self._places.items() if key in wanted}
        missing = [each for key, each in wanted.items() if key not in self._places and not key.is_sysv]
        is_due = self._readings_to_wait == 0
        for each in missing:
            if is_due or each.key not in self._unfound:
                self._find_directly(each)
        missing = [each for each in missing if each.key not in self._places]
        if not is_due:
            self._readings_to_wait -= 1
        elif with_fd := [each for each in missing if not each.name.startswith(_WITHOUT_FD)]:
            self._search_fds(with_fd)
        self._unfound = {each.key for each in missing}

    def read(self) -> dict[ObjectKey, int]:
        """Measure the objects that were found: what each holds, kB."""
        sizes = self._read_segments() if self._segments else {}
        for key, place in list(self._places.items()):
            size = self._measure(key, place)
            if size is None:
                del self._places[key]  # closed, renamed or remapped since
            elif size or key in self._counted:
                sizes[key] = size
        return sizes

    def _read_segments(self) -> dict[ObjectKey, int]:
        """Measure the System V segments."""
        segments = read_sysv_segments(self._process)
        return {
            key: segment.allocated_kb
            for key, name in self._segments.items()
            if (segment := find_sysv_segment(segments, key.inode, name))
        }

    def _measure(self, key: ObjectKey, place: str) -> int | None:
        """What an object holds, kB; None if the place is not, or no longer, one of this object."""
        try:
            stat = self._process.stat(place)
        except OSError:
            return None
        return stat.st_blocks // 2 if (stat.st_dev, stat.st_ino) == key[:2] else None

    def _find_directly(self, each: MappedObject) -> None:
        """Find an object without a search: through its mapping, or its path."""
        places = []
        if self._may_follow_mappings:
            places.append(f"map_files/{each.start:x}-{each.end:x}")
            try:
                self._process.stat(places[0])
            except PermissionError:
                self._may_follow_mappings = False
            except OSError:
                pass
        if not each.name.startswith(_WITHOUT_PATH) and not each.name.endswith(DELETED_SUFFIX):
            places.append(f"root{each.name.replace(_NEWLINE, chr(10))}")
        for place in places:
            if self._measure(each.key, place) is not None:
                self._places[each.key] = place
                return

    def _search_fds(self, objects: list[MappedObject]) -> None:
        """Search the file descriptors for objects.

        Links are compared before fstat(2), which may hang on a file of another file system, such as NFS.
        """
        wanted = {each.key for each in objects}
        names = {each.name.replace(_NEWLINE, "\n") for each in objects}
        for place in self._fds_named(names):
            try:
                stat = self._process.stat(place)
            except OSError:
                continue
            key = ObjectKey(stat.st_dev, stat.st_ino, is_sysv=False)
            if key in wanted:
                self._places.setdefault(key, place)
        found = any(key in self._places for key in wanted)
        self._wait = 0 if found else min(2 * self._wait + 1, MAX_WAIT)
        self._readings_to_wait = self._wait

    def _fds_named(self, names: set[str]) -> Iterator[str]:
        """File descriptors, as paths in the directory of the process, that refer to files of these names."""
        with suppress(OSError):
            for fd in self._process.list_names("fd", MAX_FDS):
                with suppress(OSError):
                    if self._process.read_link(f"fd/{fd}") in names:
                        yield f"fd/{fd}"
