"""How far the mappings of a process extend, from its maps file (proc_pid_maps(5)): no page is looked at for it."""

import re
import time
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from smapstop.proc.columns import Addresses
from smapstop.proc.process import ProcDir

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
    """Parse a maps file."""
    lines = _LINE.findall(maps)
    starts, ends, perms, inodes = zip(*lines, strict=True) if lines else ((), (), (), ())
    start, end = (np.array([int(each, 16) for each in column], np.uint64) for column in (starts, ends))
    return Extents(start, end, np.array(perms, "S4"), np.array([int(each) for each in inodes], np.uint64))


class ExtentReader:
    """Reads the extents as often as it may cost.

    Args:
        process: The process.
        share: Share of a CPU that it may take.
    """

    def __init__(self, process: ProcDir, share: float) -> None:
        self._process = process
        self._share = share
        self._due_ns = 0

    def read(self) -> Extents | None:
        """Read the extents; None if that is not due yet, or the process has ended."""
        began_ns = time.monotonic_ns()
        if began_ns < self._due_ns:
            return None
        try:
            extents = parse_extents(self._process.read_maps())
        except OSError:
            return None
        now_ns = time.monotonic_ns()
        self._due_ns = now_ns + int((now_ns - began_ns) / self._share)
        return extents
