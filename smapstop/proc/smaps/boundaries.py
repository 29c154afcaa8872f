"""Parse the boundary between two fixed parts: the end of one record and the header of the next."""

import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from smapstop.proc.columns import StringTable
from smapstop.proc.smaps.headers import HEADER_DTYPE, HeaderArray, HeaderParser, intern_name
from smapstop.proc.smaps.lines import intern_flags

IRREGULAR = -1
"""In place of a flags code: the record does not end with its fixed part and, optionally, a VmFlags line."""
_TAIL = re.compile(rb"(?:\nVmFlags:(.*))?")


class Boundaries(NamedTuple):
    """Parsed boundaries, one row each."""

    headers: HeaderArray
    """Header in the boundary."""
    flags: NDArray[np.int32]
    """Flags code of the record that ends in the boundary, or `IRREGULAR`."""
    tail_bytes: NDArray[np.int32]
    """Bytes of the boundary that belong to that record."""

    def take(self, rows: NDArray[np.intp]) -> "Boundaries":
        """Return the given rows."""
        return Boundaries(self.headers[rows], self.flags[rows], self.tail_bytes[rows])

    def concat(self, more: "Boundaries") -> "Boundaries":
        """Append more boundaries."""
        return Boundaries(
            np.concatenate([self.headers, more.headers]),
            np.concatenate([self.flags, more.flags]),
            np.concatenate([self.tail_bytes, more.tail_bytes]),
        )


def parse_tail(tail: bytes, strings: StringTable) -> int:
    """Return the flags code of what follows a fixed part; without a VmFlags line there are no flags."""
    match = _TAIL.fullmatch(tail)
    return IRREGULAR if match is None else intern_flags(match[1] or b"", strings)


def parse_boundaries(boundaries: list[bytes], strings: StringTable) -> Boundaries | None:
    """Parse boundaries, each from the end of a fixed part up to the newline before the next one.

    Returns:
        `None` if one has no header.
    """
    cuts = [boundary.rfind(b"\n") for boundary in boundaries]
    lines = [boundary[cut + 1 :] for boundary, cut in zip(boundaries, cuts, strict=True)]
    names = dict[int, int]()
    for row in [row for row, line in enumerate(lines) if line.startswith(b"Name:")]:  # Android
        names[row] = intern_name(lines[row][len(b"Name:") :], strings)
        before = boundaries[row][: max(cuts[row], 0)]
        cuts[row] = before.rfind(b"\n")
        lines[row] = before[cuts[row] + 1 :]
    headers = HeaderParser(strings).parse_all(lines)
    if headers is None or min(cuts, default=0) < 0:
        return None
    headers["name"][list(names)] = list(names.values())
    tails = [boundary[:cut] for boundary, cut in zip(boundaries, cuts, strict=True)]
    codes = {tail: parse_tail(tail, strings) for tail in dict.fromkeys(tails)}
    flags = np.fromiter(map(codes.__getitem__, tails), np.int32, len(tails))
    return Boundaries(headers, flags, np.array(cuts, np.int32) + np.int32(1))


class BoundaryCache:
    """Cache of parsed boundaries by their bytes, so that unchanged ones are parsed once."""

    def __init__(self, strings: StringTable) -> None:
        self._strings = strings
        self._parsed = Boundaries(np.empty(0, HEADER_DTYPE), np.empty(0, np.int32), np.empty(0, np.int32))
        self._rows: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def parse(self, boundaries: list[bytes]) -> Boundaries | None:
        """Parse the boundaries of a text, as `parse_boundaries`."""
        rows = self._rows
        new = list(
            dict.fromkeys([boundary for boundary in boundaries if boundary not in rows] if rows else boundaries)
        )
        if len(self._rows) + len(new) > 2 * len(boundaries):
            self._retain(list(dict.fromkeys(boundary for boundary in boundaries if boundary in self._rows)))
        if new:
            parsed = parse_boundaries(new, self._strings)
            if parsed is None:
                return None
            self._rows.update(zip(new, range(len(self._rows), len(self._rows) + len(new)), strict=True))
            self._parsed = self._parsed.concat(parsed)
        return self._parsed.take(self._rows_of(boundaries))

    def _rows_of(self, boundaries: list[bytes]) -> NDArray[np.intp]:
        """Return the rows of cached boundaries."""
        return np.fromiter(map(self._rows.__getitem__, boundaries), np.intp, len(boundaries))

    def _retain(self, boundaries: list[bytes]) -> None:
        """Drop all but the given boundaries, which must be cached."""
        self._parsed = self._parsed.take(self._rows_of(boundaries))
        self._rows = {boundary: row for row, boundary in enumerate(boundaries)}
