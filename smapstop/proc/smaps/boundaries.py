"""What stands between two fixed parts: the end of one record and the header of the next."""

import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from smapstop.proc.columns import StringTable
from smapstop.proc.smaps.headers import HEADER_DTYPE, HeaderArray, HeaderParser, intern_name
from smapstop.proc.smaps.lines import intern_flags

IRREGULAR = -1
"""Instead of a code of flags: the record does not end with its fixed part and, perhaps, a VmFlags line."""
_TAIL = re.compile(rb"(?:\nVmFlags:(.*))?")


class Boundaries(NamedTuple):
    """What some gaps say, one row each."""

    headers: HeaderArray
    """The header in the gap."""
    flags: NDArray[np.int32]
    """Of the record that ends in the gap: a code, or `IRREGULAR`."""
    tail_bytes: NDArray[np.int32]
    """How many bytes of the gap are the end of that record."""

    def take(self, rows: NDArray[np.intp]) -> "Boundaries":
        """Some of the gaps."""
        return Boundaries(self.headers[rows], self.flags[rows], self.tail_bytes[rows])

    def concat(self, more: "Boundaries") -> "Boundaries":
        """These gaps, then those."""
        return Boundaries(
            np.concatenate([self.headers, more.headers]),
            np.concatenate([self.flags, more.flags]),
            np.concatenate([self.tail_bytes, more.tail_bytes]),
        )


def parse_tail(tail: bytes, strings: StringTable) -> int:
    """The code of the flags in what follows a fixed part; no VmFlags line is no flags."""
    match = _TAIL.fullmatch(tail)
    return IRREGULAR if match is None else intern_flags(match[1] or b"", strings)


def parse_boundaries(boundaries: list[bytes], strings: StringTable) -> Boundaries | None:
    """What each gap says, from the end of a fixed part to before the end of line that the next one follows.

    Returns:
        None when there is one without a header.
    """
    parts = [gap.rpartition(b"\n") for gap in boundaries]
    names = dict[int, int]()
    if b"\nName:" in b"".join(boundaries):  # Android's
        for row, (before, _, line) in enumerate(parts):
            if line.startswith(b"Name:"):
                names[row] = intern_name(line[len(b"Name:") :], strings)
                parts[row] = before.rpartition(b"\n")
    heads = HeaderParser(strings).parse_all([line for _, _, line in parts])
    if heads is None or not all(line_end for _, line_end, _ in parts):
        return None
    heads["name"][list(names)] = list(names.values())
    tails = [tail for tail, _, _ in parts]
    codes = {tail: parse_tail(tail, strings) for tail in dict.fromkeys(tails)}
    flags = np.fromiter(map(codes.__getitem__, tails), np.int32, len(tails))
    return Boundaries(heads, flags, np.fromiter(map(len, tails), np.int32, len(tails)) + np.int32(1))


class BoundaryCache:
    """Gaps remembered by their bytes: parsed once, while they stay the same."""

    def __init__(self, strings: StringTable) -> None:
        self._strings = strings
        self._parsed = Boundaries(np.empty(0, HEADER_DTYPE), np.empty(0, np.int32), np.empty(0, np.int32))
        self._rows: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def parse(self, boundaries: list[bytes]) -> Boundaries | None:
        """What each gap of a text says, as `parse_boundaries`."""
        new = list(dict.fromkeys(gap for gap in boundaries if gap not in self._rows))
        if len(self._rows) + len(new) > 2 * len(boundaries):
            self._retain(list(dict.fromkeys(gap for gap in boundaries if gap in self._rows)))
        if new:
            parsed = parse_boundaries(new, self._strings)
            if parsed is None:
                return None
            self._rows.update(zip(new, range(len(self._rows), len(self._rows) + len(new)), strict=True))
            self._parsed = self._parsed.concat(parsed)
        return self._parsed.take(self._rows_of(boundaries))

    def _rows_of(self, gaps: list[bytes]) -> NDArray[np.intp]:
        """Where gaps are that are known."""
        return np.fromiter(map(self._rows.__getitem__, gaps), np.intp, len(gaps))

    def _retain(self, gaps: list[bytes]) -> None:
        """Forget all but some gaps, which are known."""
        self._parsed = self._parsed.take(self._rows_of(gaps))
        self._rows = {gap: place for place, gap in enumerate(gaps)}
