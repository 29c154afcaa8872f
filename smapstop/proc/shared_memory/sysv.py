"""System V shared memory segments, from /proc/sysvipc/shm (proc(5); ipc/shm.c: sysvipc_shm_proc_show)."""

import os

from smapstop.lazy_dataclass import dataclass
from smapstop.proc.columns import DELETED_SUFFIX
from smapstop.proc.process import ProcDir

_COLUMNS = ("key", "shmid", "nattch", "rss", "swap")


@dataclass(frozen=True, slots=True)
class SysvSegment:
    """A segment. smaps prints its id as inode, and its key in the name: `/SYSV000004d2`."""

    key: int
    """Key as smaps prints it: unsigned."""
    attached: int
    """Number of attachments in all processes."""
    allocated_kb: int
    """Memory that it holds, in RAM or in swap, kB."""

    @property
    def name(self) -> str:
        """Name of its mappings, without the suffix of a removed segment."""
        return f"/SYSV{self.key:08x}"


def parse_sysv_segments(text: bytes) -> dict[int, SysvSegment]:
    """Parse /proc/sysvipc/shm: the segments of an IPC namespace, by id.

    The columns are found by their titles; rss and swap are bytes. Without them (before Linux 2.6.34), and for lines
    that are no segment, the result is empty.
    """
    titles, *lines = text.splitlines() or [b""]
    names = titles.decode(errors="replace").split()
    if not set(_COLUMNS) <= set(names):
        return {}
    at = [names.index(name) for name in _COLUMNS]
    segments = {}
    for line in lines:
        cells = line.split()
        if len(cells) == len(names):
            key, shmid, attached, rss, swap = (int(cells[place]) for place in at)
            segments[shmid] = SysvSegment(key & 0xFFFF_FFFF, attached, (rss + swap) >> 10)
    return segments


def read_sysv_segments(process: ProcDir) -> dict[int, SysvSegment]:
    """Read the segments of a process's IPC namespace; empty if it is not ours, of which alone they can be read."""
    try:
        if process.read_link("ns/ipc") != os.readlink("/proc/self/ns/ipc"):
            return {}
        with open("/proc/sysvipc/shm", "rb") as file:
            return parse_sysv_segments(file.read())
    except (OSError, ValueError):
        return {}


def find_sysv_segment(segments: dict[int, SysvSegment], inode: int, name: str) -> SysvSegment | None:
    """Find the segment of a mapping, given its inode number and name as smaps prints them."""
    segment = segments.get(inode)
    return segment if segment is not None and name.removesuffix(DELETED_SUFFIX) == segment.name else None
