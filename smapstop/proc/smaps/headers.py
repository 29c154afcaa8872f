"""The header line of a record: where the mapping lies and what backs it.

55d0c4a1e000-55d0c4a3f000 rw-p 00000000 00:00 0                          [heap]
addresses                 backing: permissions, offset, device, inode, name
"""

import re

import numpy as np
from numpy.typing import NDArray

from smapstop.proc.columns import Addresses, StringTable

_ADDRESSES = re.compile(rb"([0-9a-f]{1,16})-([0-9a-f]{1,16}) (.*)")
_BACKING = re.compile(rb"([r-][w-][x-][sp]) ([0-9a-f]{1,16}) ([0-9a-f]+:[0-9a-f]+) ([0-9]{1,20})(?: +(.*))?")

BackingRow = tuple[int, int, int, int, int]
"""What a header line says behind the addresses; the texts as codes."""
HeaderRow = tuple[int, int, int, int, int, int, int]
"""What a header line says."""
HEADER_COLUMNS = ("start", "end", "offset", "inode", "perms", "device", "name")
"""The columns of `Mappings` that come from a header line."""
HEADER_DTYPE = np.dtype([(part, np.uint64 if part in HEADER_COLUMNS[:4] else np.int32) for part in HEADER_COLUMNS])
"""An array of `HeaderRow`."""
BACKING_DTYPE = np.dtype([(part, HEADER_DTYPE[part]) for part in HEADER_COLUMNS[2:]])
"""An array of `BackingRow`."""
HeaderArray = NDArray[np.void]
"""Array of `HEADER_DTYPE`."""

_DIGITS, _USUAL_PREFIX_BYTES = 12, 26
"""The addresses of a program on a usual machine of 64 bits have so many digits, and end with a blank after so many
characters."""
_HEX_VALUES = np.full(256, 0xFF, np.uint8)
"""What a letter is worth as a digit; 0xff when it is none."""
_HEX_VALUES[np.frombuffer(b"0123456789abcdef", np.uint8)] = np.arange(16)


class HeaderParser:
    """Reads the header lines of a text. What stands behind the addresses is often the same, and then read once."""

    def __init__(self, strings: StringTable) -> None:
        self._strings = strings
        self._backings: dict[bytes, BackingRow] = {}

    def parse(self, line: bytes) -> HeaderRow | None:
        """The header in a line; None when it is none."""
        match = _ADDRESSES.fullmatch(line)
        if match is None:
            return None
        start, end, backing = match.groups()
        parts = self._backings.get(backing) or self._parse_backing(backing)
        if parts is None:
            return None
        self._backings[backing] = parts
        return int(start, 16), int(end, 16), *parts

    def parse_all(self, lines: list[bytes]) -> HeaderArray | None:
        """The headers in some lines; None when one of them is none. Quick where the addresses are usual ones."""
        heads = np.empty(len(lines), HEADER_DTYPE)
        heads["start"], heads["end"], usual = _parse_usual_addresses(lines)
        rows = np.flatnonzero(usual)
        backings = [lines[row][_USUAL_PREFIX_BYTES:] for row in rows.tolist()]
        places = {backing: place for place, backing in enumerate(dict.fromkeys(backings))}
        parts = [self._parse_backing(backing) for backing in places]
        others = [(row, self.parse(lines[row])) for row in np.flatnonzero(~usual).tolist()]
        if None in parts or any(head is None for _, head in others):
            return None
        known = np.array(parts, BACKING_DTYPE)[np.fromiter(map(places.__getitem__, backings), np.intp, len(backings))]
        for part in HEADER_COLUMNS[2:]:
            heads[part][rows] = known[part]
        for row, head in others:
            heads[row] = head
        return heads

    def _parse_backing(self, line: bytes) -> BackingRow | None:
        """What stands behind the addresses; None when it is something else."""
        match = _BACKING.fullmatch(line)
        if match is None or (inode := int(match[4])) >= 2**64:
            return None
        perms, offset, device, _, name = match.groups(b"")
        perms_code, device_code, name_code = (intern_bytes(text, self._strings) for text in (perms, device, name))
        return int(offset, 16), inode, perms_code, device_code, name_code


def intern_bytes(raw: bytes, strings: StringTable) -> int:
    """The code of a name: any byte but a newline may be in it, and `surrogateescape` brings them all back."""
    return strings.intern(raw.decode("utf-8", "surrogateescape"))


def intern_name(raw: bytes, strings: StringTable) -> int:
    """The code of what stands after `Name:`, a line that Android adds."""
    return intern_bytes(raw.lstrip(b" \t"), strings)


def _parse_usual_addresses(lines: list[bytes]) -> tuple[Addresses, Addresses, NDArray[np.bool_]]:
    """The addresses that lines begin with, and in which lines they have the usual length; else they mean nothing."""
    letters = (
        np.array([line[:_USUAL_PREFIX_BYTES] for line in lines], f"S{_USUAL_PREFIX_BYTES}")
        .view(np.uint8)
        .reshape(-1, _USUAL_PREFIX_BYTES)
    )
    values = _HEX_VALUES[letters]
    usual = (letters[:, _DIGITS] == ord("-")) & (letters[:, -1] == ord(" "))
    found = []
    for first in (0, _DIGITS + 1):
        address = np.zeros(len(lines), np.uint64)
        for digit in values[:, first : first + _DIGITS].T:
            usual &= digit < 16
            address = address << np.uint64(4) | digit
        found.append(address)
    return *found, usual
