"""How far mappings of a process extend now, without a look at their pages."""

import errno
import re
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from smapstop.proc.columns import Addresses
from smapstop.proc.mapping_query import query_mappings
from smapstop.proc.process import ProcDir

_MAX_QUERIES = 1_000
"""Queries at a tick: about 2 ms."""
_UNSUPPORTED = (errno.ENOTTY, errno.EINVAL, errno.EPERM, errno.EOPNOTSUPP)
"""Errors of kernels without PROCMAP_QUERY, or of containers that forbid it."""
_LINE = re.compile(
    rb"^([0-9a-f]{1,16})-([0-9a-f]{1,16}) ([r-][w-][x-][sp]) [0-9a-f]+ \S+ ([0-9]{1,20})", re.MULTILINE
)


class Extents(NamedTuple):
    """Mappings in address order, columns of shape (n,)."""

    start: Addresses
    end: Addresses
    perms: NDArray[np.bytes_]
    inode: Addresses


def parse_extents(maps: bytes) -> Extents:
    """Parse a maps file (proc_pid_maps(5))."""
    lines = (match.groups() for match in _LINE.finditer(maps))
    return _extents_of((int(start, 16), int(end, 16), perms, int(inode)) for start, end, perms, inode in lines)


def _extents_of(mappings: Iterable[tuple[int, int, bytes, int]]) -> Extents:
    """Columns of mappings."""
    start, end, perms, inode = list(zip(*mappings, strict=True)) or ((), (), (), ())
    return Extents(
        np.array(start, np.uint64), np.array(end, np.uint64), np.array(perms, "S4"), np.array(inode, np.uint64)
    )


class ExtentReader:
    """Reads how far mappings extend: those at single addresses, or all of them as often as that may cost.

    Args:
        process: The process.
        share: Share of a CPU that it may take.
    """

    def __init__(self, process: ProcDir, share: float) -> None:
        self._process = process
        self._share = share
        self._due_ns = 0
        self._can_query = True

    def read(self, addresses: Addresses) -> Extents | None:
        """Read the extents of the mappings at some addresses, perhaps of others, too; None if it can not."""
        with suppress(OSError):  # it has ended
            if self._can_query:
                found = self._query(addresses)
                if found is not None:
                    return found
            return self._read_all()
        return None

    def _query(self, addresses: Addresses) -> Extents | None:
        """Ask for the mappings at the addresses; None if this kernel does not answer."""
        try:
            found = query_mappings(self._process, np.unique(addresses).tolist(), _MAX_QUERIES)
        except OSError as error:
            if error.errno not in _UNSUPPORTED:
                raise
            self._can_query = False
            return None
        return _extents_of((each.start, each.end, each.perms.encode(), each.inode) for each in found)

    def _read_all(self) -> Extents | None:
        """Read all extents; None if that is not due yet."""
        began_ns = time.monotonic_ns()
        if began_ns < self._due_ns:
            return None
        extents = parse_extents(self._process.read_maps())
        now_ns = time.monotonic_ns()
        self._due_ns = now_ns + int((now_ns - began_ns) / self._share)
        return extents
