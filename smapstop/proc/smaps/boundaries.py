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

    heads: HeaderArray
    """The header in the gap."""
    flags: NDArray[np.int32]
    """Of the record that ends in the gap: a code, or `IRREGULAR`."""
    tails: NDArray[np.int32]
    """How many bytes of the gap are the end of that record."""

    def take(self, rows: NDArray[np.intp]) -> "Boundaries":
        """Some of the gaps."""
        return Boundaries(self.heads[rows], self.flags[rows], self.tails[rows])

    def and_more(self, more: "Boundaries") -> "Boundaries":
        """These gaps, then those."""
        return Boundaries(
            np.concatenate([self.heads, more.heads]),
            np.concatenate([self.flags, more.flags]),
            np.concatenate([self.tails, more.tails]),
        )


def parse_tail(tail: bytes, strings: StringTable) -> int:
    """The code of the flags in what follows a fixed part; no VmFlags line is no flags."""
    match = _TAIL.fullmatch(tail)
    return IRREGULAR if match is None else intern_flags(match[1] or b"", strings)


def parse_boundaries(gaps: list[bytes], strings: StringTable) -> Boundaries | None:
    """What each gap says, from the end of a fixed part to before the end of line that the next one follows.

    Returns:
        None when there is one without a header.
    """
    parts = [gap.rpartition(b"\n") for gap in gaps]
    names = dict[int, int]()
    if b"\nName:" in b"".join(gaps):  # Android's
        for row, (before, _, line) in enumerate(parts):
            if line.startswith(b"Name:"):
                names[row] = intern_name(line[len(b"Name:") :], strings)
                parts[row] = before.rpartition(b"\n")
    heads = HeaderParser(strings).read_all([line for _, _, line in parts])
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
        self._known = Boundaries(np.empty(0, HEADER_DTYPE), np.empty(0, np.int32), np.empty(0, np.int32))
        self._places: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self._places)

    def parse(self, gaps: list[bytes]) -> Boundaries | None:
        """What each gap of a text says, as `parse_boundaries`."""
        new = list(dict.fromkeys(gap for gap in gaps if gap not in self._places))
        if len(self._places) + len(new) > 2 * len(gaps):
            self._keep(list(dict.fromkeys(gap for gap in gaps if gap in self._places)))
        if new:
            parsed = parse_boundaries(new, self._strings)
            if parsed is None:
                return None
            self._places.update(zip(new, range(len(self._places), len(self._places) + len(new)), strict=True))
            self._known = self._known.and_more(parsed)
        return self._known.take(self._find(gaps))

    def _find(self, gaps: list[bytes]) -> NDArray[np.intp]:
        """Where gaps are that are known."""
        return np.fromiter(map(self._places.__getitem__, gaps), np.intp, len(gaps))

    def _keep(self, gaps: list[bytes]) -> None:
        """Forget all but some gaps, which are known."""
        self._known = self._known.take(self._find(gaps))
        self._places = {gap: place for place, gap in enumerate(gaps)}
