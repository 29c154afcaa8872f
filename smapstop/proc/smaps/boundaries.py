"""Parse the boundary between two fixed parts: the end of one record and the header of the next."""

import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from smapstop.proc.columns import StringTable
from smapstop.proc.read_buffer import Offsets
from smapstop.proc.smaps.headers import HeaderColumns, HeaderParser, index_lines, intern_name
from smapstop.proc.smaps.lines import intern_flags

IRREGULAR = -1
"""In place of a flags code: the record does not end with its fixed part and, optionally, a VmFlags line."""
_TAIL = re.compile(rb"(?:\nVmFlags:(.*))?")
_NAME_LABEL = b"Name:"
"""Label of a line between the header and the fixed part (Android)."""


class Boundaries(NamedTuple):
    """Parsed boundaries, one row each."""

    headers: HeaderColumns
    """Headers in the boundaries."""
    flags: NDArray[np.int32]
    """Flags code of the record that ends in the boundary, or `IRREGULAR`."""
    tail_bytes: Offsets
    """Bytes of the boundary that belong to that record."""

    def take(self, rows: NDArray[np.intp]) -> "Boundaries":
        """Return the given rows."""
        headers = {part: column[rows] for part, column in self.headers.items()}
        return Boundaries(headers, self.flags[rows], self.tail_bytes[rows])

    def concat(self, more: "Boundaries") -> "Boundaries":
        """Append more boundaries."""
        return Boundaries(
            {part: np.concatenate([column, more.headers[part]]) for part, column in self.headers.items()},
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
    text = b"\n".join([*boundaries, b""])
    sizes = np.fromiter(map(len, boundaries), np.int64, len(boundaries)) + 1
    ends = np.cumsum(sizes) - 1
    begins = ends + 1 - sizes
    newlines = np.append(-1, np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n")))
    last = np.searchsorted(newlines, ends) - 1  # of the newlines before the end of each boundary
    names, header_ends = dict[int, int](), ends.copy()
    for row in _find_names(text, newlines[last] + 1).tolist():
        names[row] = intern_name(text[newlines[last[row]] + 1 + len(_NAME_LABEL) : ends[row]], strings)
        header_ends[row] = newlines[last[row]]
        last[row] -= 1
    cuts = newlines[last]
    if (cuts < begins).any():
        return None
    headers = HeaderParser(strings).parse_all(text, cuts + 1, header_ends)
    if headers is None:
        return None
    headers["name"][list(names)] = list(names.values())
    tails, index = index_lines(text, begins, cuts)
    codes = np.array([parse_tail(tail, strings) for tail in tails], np.int32)
    return Boundaries(headers, codes[index], cuts + 1 - begins)


def _find_names(text: bytes, begins: Offsets) -> NDArray[np.intp]:
    """Return which of the lines at the given offsets are `Name:` lines."""
    letters = np.frombuffer(text, np.uint8)
    rows = np.flatnonzero(letters[begins] == _NAME_LABEL[0])
    return rows[[text.startswith(_NAME_LABEL, begin) for begin in begins[rows].tolist()]]


class BoundaryCache:
    """Cache of the boundaries of the last text, which are parsed once while mappings come and go.

    It begins with the second text, as most processes have their text parsed as a whole only once.
    """

    def __init__(self, strings: StringTable) -> None:
        self._strings = strings
        self._parsed: Boundaries | None = None
        self._rows: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def parse(self, boundaries: list[bytes]) -> Boundaries | None:
        """Parse the boundaries of a text, as `parse_boundaries`."""
        known, rows = self._parsed, self._rows
        index = np.fromiter((rows.get(boundary, -1) for boundary in boundaries), np.intp, len(boundaries))
        new = np.flatnonzero(index < 0)
        parsed = parse_boundaries([boundaries[row] for row in new.tolist()], self._strings)
        if parsed is None:
            return None
        if known is not None:
            index[new] = len(known.flags) + np.arange(len(new))
            parsed = known.concat(parsed).take(index)
            self._rows = dict(zip(boundaries, range(len(boundaries)), strict=True))
        self._parsed = parsed
        return parsed
