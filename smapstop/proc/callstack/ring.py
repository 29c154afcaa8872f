"""Ring of a CPU, into which the kernel writes the records of events (perf_event_open(2): MMAP layout)."""

import errno
import fcntl
import mmap
import os
import struct
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from typing import NamedTuple

from smapstop.proc.callstack.perf_call import NOTHING, EventAttributes, EventFlag, open_event

_SET_OUTPUT = 0x2405
"""PERF_EVENT_IOC_SET_OUTPUT."""
_HEAD, _TAIL = 1024, 1032
"""Offsets of data_head and data_tail in the first page."""
_U64 = struct.Struct("<Q")
STACK_BYTES = 8192
"""How much of a stack is sampled."""
MAX_RECORD_BYTES, MAX_LIGHT_RECORD_BYTES = STACK_BYTES + 512, 128
"""Most that a record takes, one of earlier losses with it; with a stack, and without one."""


class TakenRecords(NamedTuple):
    """Records of a ring."""

    data: bytes
    room_bytes: int
    """Space that was left: records that take more may be missing after the last one."""
    until_ns: int
    """Time at which they were taken, monotonic clock."""


class Ring:
    """A ring, readable with `take`; its fd is readable (select(2)) each time that a part of it was filled.

    It belongs to an event that counts nothing on our own process, so that it lives until it is closed; the events of
    the watched threads write into it.

    Args:
        cpu: The CPU; events of other CPUs cannot write into it.
        pages: Size, a power of 2.
        wakeup_bytes: Size of such a part.

    Raises:
        OSError: As for `open_event`; EPERM or ENOMEM also if so much memory may not be locked.
    """

    def __init__(self, cpu: int, pages: int, wakeup_bytes: int) -> None:
        flags = EventFlag.EXCLUDE_KERNEL | EventFlag.EXCLUDE_HYPERVISOR
        self.cpu = cpu
        self.fd = open_event(EventAttributes(NOTHING, flags, wakeup_bytes=wakeup_bytes), 0, cpu)
        self._size = pages * mmap.PAGESIZE
        self._tail = 0
        self._fence = threading.Lock()
        try:
            self._map = mmap.mmap(self.fd, mmap.PAGESIZE + self._size)
        except OSError:
            os.close(self.fd)
            raise

    def redirect(self, fd: int) -> None:
        """Have an event of this CPU write into this ring."""
        fcntl.ioctl(fd, _SET_OUTPUT, self.fd)

    def take(self) -> TakenRecords:
        """Take all records that were written since the last call; the kernel may then overwrite them."""
        (head,) = _U64.unpack_from(self._map, _HEAD)
        with self._fence:  # a barrier of the processor: the head is read before the data
            first, count = mmap.PAGESIZE + self._tail % self._size, head - self._tail
            end = mmap.PAGESIZE + self._size
            data = self._map[first : min(first + count, end)]
            data += self._map[mmap.PAGESIZE : mmap.PAGESIZE + count - len(data)]
        with self._fence:
            _U64.pack_into(self._map, _TAIL, head)
        self._tail = head
        return TakenRecords(data, self._size - count, time.monotonic_ns())

    def close(self) -> None:
        """Close the ring; events can no longer write into it."""
        self._map.close()
        os.close(self.fd)


def open_rings(cpus: Sequence[int], sizes: Sequence[int]) -> list[Ring]:
    """Open a ring on each CPU that is online, all of one size: the first, in pages, that may be locked.

    Raises:
        OSError: Not even the last size may be locked; or as for `open_event`.
    """
    for pages in sizes:
        with ExitStack() as opened:
            try:
                rings = [opened.enter_context(closing(Ring(cpu, pages, pages * mmap.PAGESIZE // 2))) for cpu in cpus]
            except OSError as error:
                if error.errno not in (errno.EPERM, errno.ENOMEM) or pages == sizes[-1]:
                    raise
            else:
                opened.pop_all()
                return rings
    raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
