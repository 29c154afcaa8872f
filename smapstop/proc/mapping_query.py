"""Ask for the mappings at single addresses, with PROCMAP_QUERY (since Linux 6.11; fs/proc/task_mmu.c)."""

import errno
import fcntl
import os
import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from smapstop.proc.process import ProcDir

_PROCMAP_QUERY = 0xC068_6611
_QUERY = struct.Struct("=9Q4I2Q")
"""struct procmap_query: size, flags, address; start, end, flags, page size, offset and inode of the mapping; device
(two numbers); sizes of the buffers for its name and build id, and their addresses."""
_READABLE, _WRITABLE, _EXECUTABLE, _SHARED = 1, 2, 4, 8


class FoundMapping(NamedTuple):
    """A mapping at an address."""

    start: int
    end: int
    perms: str
    """As maps prints them."""
    inode: int


def query_mappings(process: ProcDir, addresses: Iterable[int], most: int) -> list[FoundMapping]:
    """Find the mappings at some addresses.

    Args:
        process: The process.
        addresses: In ascending order.
        most: How many queries at most.

    Returns:
        Those found, in address order.

    Raises:
        OSError: ENOTTY if this kernel lacks it; else as for `ProcDir.read`.
    """
    fd = process.open("maps")
    try:
        return list(_query_all(fd, addresses, most))
    finally:
        os.close(fd)


def _query_all(fd: int, addresses: Iterable[int], most: int) -> Iterator[FoundMapping]:
    """Query each address that is in none of the mappings found before."""
    end, queries = 0, 0
    for address in addresses:
        if address < end:
            continue
        if queries == most:
            return
        queries += 1
        found = _query(fd, address)
        if found is not None:
            end = found.end
            yield found


def _query(fd: int, address: int) -> FoundMapping | None:
    """The mapping at an address; None if there is none."""
    text = bytearray(_QUERY.pack(_QUERY.size, 0, address, *[0] * 12))
    try:
        fcntl.ioctl(fd, _PROCMAP_QUERY, text)
    except OSError as error:
        if error.errno == errno.ENOENT:
            return None
        raise
    _, _, _, start, end, flags, _, _, inode, *_ = _QUERY.unpack(text)
    letters = (("r", _READABLE), ("w", _WRITABLE), ("x", _EXECUTABLE))
    perms = "".join(letter if flags & bit else "-" for letter, bit in letters)
    return FoundMapping(start, end, perms + ("s" if flags & _SHARED else "p"), inode)
