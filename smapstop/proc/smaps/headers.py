"""Parse the header line of a record: the mapping's addresses and backing.

55d0c4a1e000-55d0c4a3f000 rw-p 00000000 00:00 0                          [heap]
addresses                 backing: permissions, offset, device, inode, name
"""

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smapstop.proc.columns import Addresses, StringTable
from smapstop.proc.read_buffer import Offsets

_ADDRESSES = re.compile(rb"([0-9a-f]{1,16})-([0-9a-f]{1,16}) (.*)")
_BACKING = re.compile(rb"([r-][w-][x-][sp]) ([0-9a-f]{1,16}) ([0-9a-f]+:[0-9a-f]+) ([0-9]{1,20})(?: +(.*))?")

BackingRow = tuple[int, int, int, int, int]
"""Values of a header line after the addresses; strings as codes."""
HeaderRow = tuple[int, int, int, int, int, int, int]
"""Values of a header line."""
HEADER_COLUMNS = ("start", "end", "offset", "inode", "perms", "device", "name")
"""Columns of `Mappings` that come from a header line."""
HEADER_DTYPE = np.dtype([(part, np.uint64 if part in HEADER_COLUMNS[:4] else np.int32) for part in HEADER_COLUMNS])
"""Structured dtype of `HeaderRow`."""
BACKING_DTYPE = np.dtype([(part, HEADER_DTYPE[part]) for part in HEADER_COLUMNS[2:]])
"""Structured dtype of `BackingRow`."""
HeaderColumns = dict[str, NDArray[Any]]
"""Columns of headers, by the names of `HEADER_COLUMNS`."""

_DIGITS, _USUAL_PREFIX_BYTES = 12, 26
"""Number of digits of a user-space address on a usual 64-bit machine, and length of both addresses with the space
after them."""
_HEX_VALUES = bytes(b"0123456789abcdef".find(character) & 0xFF for character in range(256))
"""Value of a character as a hexadecimal digit; 0xff if it is not one."""


class HeaderParser:
    """Parser of header lines. Repeated backings (the part after the addresses) are parsed once."""

    def __init__(self, strings: StringTable) -> None:
        self._strings = strings
        self._backings: dict[bytes, BackingRow] = {}

    def parse(self, line: bytes) -> HeaderRow | None:
        """Parse a line; `None` if it is not a header."""
        match = _ADDRESSES.fullmatch(line)
        if match is None:
            return None
        start, end, backing = match.groups()
        parts = self._backings.get(backing) or self._parse_backing(backing)
        if parts is None:
            return None
        self._backings[backing] = parts
        return int(start, 16), int(end, 16), *parts

    def parse_all(self, text: bytes, begins: Offsets, ends: Offsets) -> HeaderColumns | None:
        """Parse lines of a text; `None` if one is not a header. Fast for addresses of the usual length.

        Args:
            text: A text.
            begins: Offsets of the lines, shape (n,).
            ends: Offsets of their newlines.
        """
        headers = {part: np.empty(len(begins), HEADER_DTYPE[part]) for part in HEADER_COLUMNS}
        headers["start"], headers["end"], usual = _parse_usual_addresses(text, begins)
        usual &= begins + _USUAL_PREFIX_BYTES <= ends
        rows = np.flatnonzero(usual)
        backings, index = index_lines(text, begins[rows] + _USUAL_PREFIX_BYTES, ends[rows])
        parts = [self._parse_backing(backing) for backing in backings]
        others = [(row, self.parse(text[begins[row] : ends[row]])) for row in np.flatnonzero(~usual).tolist()]
        if None in parts or any(header is None for _, header in others):
            return None
        known = np.array(parts, BACKING_DTYPE)
        for part in HEADER_COLUMNS[2:]:
            headers[part][rows] = known[part][index]
        for row, header in others:
            for part, value in zip(HEADER_COLUMNS, header or (), strict=True):
                headers[part][row] = value
        return headers

    def _parse_backing(self, line: bytes) -> BackingRow | None:
        """Parse the part after the addresses; `None` if it is malformed."""
        match = _BACKING.fullmatch(line)
        if match is None or (inode := int(match[4])) >= 2**64:
            return None
        perms, offset, device, _, name = match.groups(b"")
        perms_code, device_code, name_code = (intern_bytes(text, self._strings) for text in (perms, device, name))
        return int(offset, 16), inode, perms_code, device_code, name_code


def intern_bytes(raw: bytes, strings: StringTable) -> int:
    """Return the code of a name, which may contain any byte but a newline; `surrogateescape` preserves them."""
    return strings.intern(raw.decode("utf-8", "surrogateescape"))


def intern_name(raw: bytes, strings: StringTable) -> int:
    """Return the code of the value of `Name:`, a line that Android adds."""
    return intern_bytes(raw.lstrip(b" \t"), strings)


def index_lines(text: bytes, begins: Offsets, ends: Offsets) -> tuple[list[bytes], NDArray[np.intp]]:
    """Return the distinct lines of some lines of a text, without newlines, and which of them each line is.

    Args:
        text: A text.
        begins: Offsets of the lines, shape (n,).
        ends: Offsets of their newlines.
    """
    distinct, index, sizes = list[bytes](), np.empty(len(begins), np.intp), ends + 1 - begins
    for size in np.flatnonzero(np.bincount(sizes)).tolist():
        rows = np.flatnonzero(sizes == size)
        lines = slices_at(text, begins[rows], size).tolist()
        positions = {line: position for position, line in enumerate(dict.fromkeys(lines), len(distinct))}
        index[rows] = np.fromiter(map(positions.__getitem__, lines), np.intp, len(lines))
        distinct += (line[:-1] for line in positions)
    return distinct, index


def slices_at(text: bytes, begins: Offsets, size: int) -> NDArray[np.bytes_]:
    """Return the slices of a size at the given offsets of a text."""
    slices: NDArray[np.bytes_] = np.ndarray((len(text) - size + 1,), f"S{size}", text, strides=(1,))[begins]
    return slices


def _parse_usual_addresses(text: bytes, begins: Offsets) -> tuple[Addresses, Addresses, NDArray[np.bool_]]:
    """Parse the addresses of lines; also return where they have the usual length and so are valid."""
    prefixes = slices_at(text + bytes(_USUAL_PREFIX_BYTES), begins, _USUAL_PREFIX_BYTES).tobytes()
    letters, digits = (
        np.ascontiguousarray(np.frombuffer(characters, np.uint8).reshape(-1, _USUAL_PREFIX_BYTES).T)
        for characters in (prefixes, prefixes.translate(_HEX_VALUES))
    )
    usual = (letters[_DIGITS] == ord("-")) & (letters[-1] == ord(" "))
    addresses = []
    for first in (0, _DIGITS + 1):
        values = digits[first : first + _DIGITS]
        usual &= values.max(axis=0) <= 0xF
        pairs = np.zeros((len(begins), 8), np.uint8)
        pairs[:, -(_DIGITS // 2) :] = (values[::2] << 4 | values[1::2]).T
        addresses.append(pairs.view(">u8")[:, 0].astype(np.uint64))
    return *addresses, usual
