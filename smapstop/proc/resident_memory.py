"""Read the memory of a process, as far as it is resident: nothing is brought in, and nothing waits."""

import os
import struct
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from smapstop.proc.process import ProcDir
from smapstop.proc.stat import PAGE_KB

_PAGE_BYTES = PAGE_KB * 1024
_PRESENT = 1 << 63
"""Bit of a pagemap entry: the page is in memory."""
_SWAPPED = 1 << 62
"""Bit of a pagemap entry: the page is in swap."""
_POINTER = struct.Struct("<Q")


class ResidentMemory:
    """Memory of a process (/proc/PID/mem, pagemap); use it in a `with` statement.

    A page that is not in memory is not read: the kernel would bring it in, which would be a change of the process,
    and may wait for whoever handles its page faults (userfaultfd(2)).

    Raises:
        OSError: It may not be read; that takes the right to trace the process (ptrace(2)).
    """

    def __init__(self, process: ProcDir) -> None:
        with ExitStack() as opened:
            self._pagemap = process.open("pagemap")
            opened.callback(os.close, self._pagemap)
            self._memory = process.open("mem")
            opened.callback(os.close, self._memory)
            self._close = opened.pop_all().close

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def read(self, address: int, size: int) -> bytes:
        """Read a range; less, up to the first page that is not in memory.

        Raises:
            OSError: The process is gone, or nothing is mapped there.
        """
        first, last = address // _PAGE_BYTES, (address + size - 1) // _PAGE_BYTES
        raw = os.pread(self._pagemap, 8 * (last - first + 1), 8 * first)
        entries = [entry for (entry,) in _POINTER.iter_unpack(raw[: len(raw) // 8 * 8])]
        pages = next((at for at, entry in enumerate(entries) if not entry & _PRESENT), len(entries))
        room = min(size, (first + pages) * _PAGE_BYTES - address)
        return os.pread(self._memory, room, address) if room > 0 else b""

    def is_swapped(self, address: int) -> bool:
        """Whether the page at an address is in swap.

        Raises:
            OSError: The process is gone.
        """
        raw = os.pread(self._pagemap, 8, address // _PAGE_BYTES * 8)
        return len(raw) == 8 and bool(_POINTER.unpack(raw)[0] & _SWAPPED)

    def read_pointer(self, address: int) -> int | None:
        """Read a little-endian number of 8 bytes; None if it is not in memory.

        Raises:
            OSError: As for `read`.
        """
        raw = self.read(address, 8)
        return int(_POINTER.unpack(raw)[0]) if len(raw) == 8 else None
