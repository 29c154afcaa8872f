"""Find the processes that map a shared-memory object, in /proc/PID/maps of all that may be read."""

import os
import time

from smapstop.lazy_dataclass import dataclass

MAX_SECONDS = 0.25
"""Time that a search takes at most; processes that it did not come to count as unread."""
_SYSV = "/SYSV"


@dataclass(frozen=True, slots=True)
class Sharers:
    """Processes that map an object."""

    processes: tuple[tuple[int, str], ...]
    """Their ids and names (comm), in the order of their ids."""
    unread: int
    """Processes whose maps may not be read, or were not for lack of time: they may map it, too."""


def find_sharers(device: str, inode: int, name: str, without: int, root: str = "/proc") -> Sharers:
    """Find the other processes that map an object.

    Args:
        device: Its device, as smaps prints it.
        inode: Its inode number.
        name: Its name, as smaps prints it: System V segments have inode numbers of their own.
        without: Id of a process to leave out.
        root: Where /proc is mounted.
    """
    deadline = time.monotonic() + MAX_SECONDS
    wanted, is_sysv = f" {device} {inode} ".encode(), name.startswith(_SYSV)
    found, unread = [], 0
    for pid in sorted(int(entry) for entry in os.listdir(root) if entry.isdecimal()):
        if pid == without:
            continue
        if time.monotonic() > deadline:
            unread += 1
            continue
        try:
            with open(f"{root}/{pid}/maps", "rb") as file:
                text = file.read()
            lines = (line for line in text.splitlines() if wanted in line) if wanted in text else ()
            if any((_SYSV.encode() in line) == is_sysv for line in lines):
                found.append((pid, _name_of(root, pid)))
        except PermissionError:
            unread += 1
        except OSError:
            pass  # it ended
    return Sharers(tuple(found), unread)


def _name_of(root: str, pid: int) -> str:
    """Name of a process; empty when it ended."""
    try:
        with open(f"{root}/{pid}/comm", "rb") as file:
            return os.fsdecode(file.read().rstrip(b"\n"))
    except OSError:
        return ""
