"""Executable mappings of a process, from its maps file (proc_pid_maps(5))."""

import re
from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

_EXECUTABLE = re.compile(
    rb"^([0-9a-f]{1,16})-([0-9a-f]{1,16}) [r-][w-]x[sp] ([0-9a-f]{1,16}) ([0-9a-f]+:[0-9a-f]+) ([0-9]{1,20}) *(.*)$",
    re.MULTILINE,
)
"""A line of a mapping with code. A name may hold any bytes but a newline."""


class CodeMapping(NamedTuple):
    """An executable mapping; columns as in `Mappings`."""

    start: int
    end: int
    offset: int
    device: str
    inode: int
    name: str


class CodeMap:
    """The executable mappings of one reading, by address."""

    def __init__(self, mappings: tuple[CodeMapping, ...] = ()) -> None:
        self.mappings = mappings
        """In address order."""
        self._starts = [mapping.start for mapping in self.mappings]

    def with_added(self, added: Iterable[CodeMapping]) -> "CodeMap":
        """Return the map with further mappings, each in place of those that it covers."""
        kept = list(self.mappings)
        for new in added:
            kept = [old for old in kept if old.end <= new.start or old.start >= new.end]
            kept.append(new)
        return CodeMap(tuple(sorted(kept)))

    def find(self, address: int) -> CodeMapping | None:
        """Return the mapping that has code at an address."""
        place = bisect_right(self._starts, address) - 1
        if place < 0 or address >= self.mappings[place].end:
            return None
        return self.mappings[place]


def parse_code_map(maps: bytes) -> CodeMap:
    """Parse the executable mappings of a maps file."""
    return CodeMap(tuple(_parse(match) for match in _EXECUTABLE.findall(maps)))


def _parse(parts: tuple[bytes, ...]) -> CodeMapping:
    """Parse the parts of a line."""
    start, end, offset = (int(part, 16) for part in parts[:3])
    device, inode, name = parts[3:]
    return CodeMapping(start, end, offset, device.decode(), int(inode), name.decode("utf-8", "surrogateescape"))
