"""Names of code that a program wrote at run time, from the file in which it lists them for perf (JIT interface).

The file is /tmp/perf-PID.map in the root of the process, with its pid as the process itself sees it. Each line is
`START SIZE NAME`, both numbers in hexadecimal; it grows, and a later line is about code that replaced earlier one.
"""

import os
import re
from bisect import bisect_right
from typing import NamedTuple

from smapstop.proc.elf.mapped_files import open_regular
from smapstop.proc.process import ProcDir

MAX_FILE_BYTES = 64 << 20
"""What is beyond is not read."""
MAX_BYTES_PER_TICK = 4 << 20
"""What is read at once: 0.1 s."""
MAX_ENTRIES = 200_000
_MAX_OVERLAPPING = 8
"""Entries before an address that may reach over it."""
_LINE = re.compile(rb"^(?:0x)?([0-9a-f]{1,16}) (?:0x)?([0-9a-f]{1,16}) (.{1,1024})", re.MULTILINE | re.IGNORECASE)
"""A line; the end of a longer name is cut off."""
_INNER_PID = re.compile(rb"^NSpid:.*?(\d+)$", re.MULTILINE)
_USERS = re.compile(rb"^Uid:\s+(\d+)\s+(\d+)\s", re.MULTILINE)


class PerfMapEntry(NamedTuple):
    """A function of the file."""

    start: int
    number: int
    """Place in the file."""
    end: int
    name: str


class PerfMap:
    """Names of code of one process. A file that is not its user's is ignored: its names would be anybody's."""

    def __init__(self, process: ProcDir) -> None:
        self._process = process
        self._may_read = True
        self._inode = 0
        self._forget()

    def begin_tick(self) -> None:
        """Allow one more look at the file."""
        self._may_read = True

    def find(self, address: int) -> PerfMapEntry | None:
        """Return the function at an address, the latest one if there were several."""
        found = self._find(address)
        if found is None and self._may_read:
            self._may_read = False
            self._read_more()
            found = self._find(address)
        return found

    def _forget(self) -> None:
        self._entries: list[PerfMapEntry] = []
        self._read_bytes = 0

    def _find(self, address: int) -> PerfMapEntry | None:
        behind = bisect_right(self._entries, address, key=lambda entry: entry.start)
        near = self._entries[max(0, behind - _MAX_OVERLAPPING) : behind]
        return max((entry for entry in near if address < entry.end), key=lambda entry: entry.number, default=None)

    def _read_more(self) -> None:
        """Read what was added to the file."""
        try:
            status = self._process.read("status")
        except OSError:
            return  # it has ended
        pid, users = _INNER_PID.search(status), _USERS.search(status)
        if pid is None or users is None:
            return
        owners = {int(user) for user in users.groups()}
        way = f"root/tmp/perf-{int(pid[1])}.map"
        fd = open_regular(self._process, way, lambda file: file.st_uid in owners, os.O_NOFOLLOW)
        if fd is None:
            return
        try:
            self._read(fd)
        except OSError:
            pass
        finally:
            os.close(fd)

    def _read(self, fd: int) -> None:
        """Read more whole lines of the open file."""
        status = os.fstat(fd)
        if status.st_ino != self._inode or status.st_size < self._read_bytes:
            self._forget()  # it was written again
        self._inode = status.st_ino
        left = min(MAX_BYTES_PER_TICK, MAX_FILE_BYTES - self._read_bytes)
        content = os.pread(fd, left, self._read_bytes)
        content = content[: content.rfind(b"\n") + 1]
        self._read_bytes += len(content)
        self.add_lines(content)

    def add_lines(self, lines: bytes) -> None:
        """Add the functions in some lines of the file; skip invalid lines."""
        for start, size, name in _LINE.findall(lines):
            if len(self._entries) >= MAX_ENTRIES:
                break
            begin = int(start, 16)
            text = name.decode("utf-8", "backslashreplace")
            self._entries.append(PerfMapEntry(begin, len(self._entries), begin + int(size, 16), text))
        self._entries.sort()
