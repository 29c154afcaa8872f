"""The text of smaps and smaps_rollup as columns. Bytes in, columns out: no file and no clock is touched here.

There are two ways through a text, with the same result. `parse_smaps` reads line by line what any kernel prints.
`SmapsParser` reads all records at once, which rests on their being laid out alike:

    55d0c4a1e000-55d0c4a3f000 rw-p 00000000 00:00 0      the gap between two fixed parts: the end of one record and
    Size:                132 kB                          the header of the next, remembered from reading to reading
    Rss:                   8 kB                          … the fixed part begins with Size: see smaps_layout
    THPeligible:           0
    VmFlags: rd wr mr mw me ac                           … and here the next gap
    55d0c4a3f000-55d0c4a40000 r--p 00000000 00:00 0

Where a record is laid out otherwise (an amount above 99,999,999 kB makes its line longer), that record is read line
by line; where many of them are, the whole text is.
"""

import re

import numpy as np
from numpy.typing import NDArray

from smapstop.errors import SmapstopError
from smapstop.proc.columns import Mappings, Texts
from smapstop.proc.smaps_layout import Layout, Text, layout_of
from smapstop.proc.smaps_lines import HEADS, Head, Headers, Records, code_of_flags, code_of_name, mappings_of

_FIRST_RECORD = 16384
"""Bytes in which the first record ends, whatever its path."""
_FEW = 16
"""So many records are always read one by one."""
_ODD = -1
"""Instead of a code of flags: the record does not end with its fixed part and, perhaps, a VmFlags line."""
_ANY_HEADER = b"0-0 ---p 0 00:00 0 \n"
_TAIL = re.compile(rb"(?:\nVmFlags:(.*))?")


def parse_smaps(text: Text, texts: Texts | None = None) -> Mappings:
    """The mappings in the smaps of any kernel.

    Fields may come in any order, and be missing: a field that only some mappings have is `ABSENT` in the others.
    Unknown numbers are kept by their `field_name`, unknown lines of another kind are passed over. The text of maps is
    understood as well; it has no fields.

    Args:
        text: A whole reading; empty for a process without memory.
        texts: Where the texts are interned; a new one by default.

    Raises:
        SmapstopError: A line is none that smaps could have.
    """
    lines = bytes(text).split(b"\n")  # and nothing else: \r, \x0b or \x85 may be in a name
    if not lines[-1]:
        lines.pop()
    records = Records(Texts() if texts is None else texts)
    records.read(lines)
    return records.mappings()


def parse_rollup(text: Text) -> dict[str, int]:
    """The totals in smaps_rollup, kB by field name; empty for the empty text of a process without memory.

    Raises:
        SmapstopError: It is not the text of smaps_rollup.
    """
    totals = parse_smaps(text)
    if len(totals) > 1:
        raise SmapstopError(
            f"smaps_rollup has {len(totals)} records instead of one", "this is not the text of /proc/PID/smaps_rollup"
        )
    return {name: int(amount) for name, (amount,) in zip(totals.fields, totals.amounts, strict=True)}


def without_torn(mappings: Mappings) -> Mappings:
    """The mappings without those that reach into the next one; the same object when there are none.

    The kernel lets the lock go between two read() calls. If a mapping that it has printed merges with the next one
    meanwhile, it prints both again as one, with the same start and a later end, and the first print is void.
    """
    torn = mappings.start[1:] < mappings.end[:-1]
    return mappings.take(np.append(~torn, True)) if torn.any() else mappings


class SmapsParser:
    """Parses reading after reading of one process; what did not change since an earlier one costs little."""

    texts: Texts
    """The texts of all readings: a code means the same in each of them."""

    def __init__(self, texts: Texts | None = None) -> None:
        self.texts = Texts() if texts is None else texts
        self._gaps = _Gaps(self.texts)

    def parse(self, text: Text) -> Mappings:
        """The mappings of one reading, as `parse_smaps` would give them. The text's memory may be reused afterwards.

        Raises:
            SmapstopError: A line is none that smaps could have.
        """
        layout = layout_of(bytes(text[:_FIRST_RECORD]))
        mappings = None if layout is None else self._parse_alike(text, layout)
        return parse_smaps(text, self.texts) if mappings is None else mappings

    def _parse_alike(self, text: Text, layout: Layout) -> Mappings | None:
        """The mappings of a text whose records, but for a few, are laid out alike; None when they are not."""
        gaps = layout.separator.split(text)
        last = gaps.pop().removesuffix(b"\n")
        if not gaps:
            return None
        gaps[0] = b"\n" + gaps[0]
        found = self._gaps.find(gaps)
        if found is None:
            return None
        lengths = np.fromiter(map(len, gaps), np.int64, len(gaps))
        starts = np.cumsum(lengths) + np.arange(len(gaps)) * (layout.length + 1)
        amounts, otherwise = layout.amounts(text, starts)
        flags = np.append(self._gaps.flags[found[1:]], np.int32(_flags_in(last, self.texts)))
        mappings = mappings_of(self._gaps.heads[found], flags, layout.fields, amounts, self.texts)
        odd = np.flatnonzero(otherwise | (flags == _ODD))
        if len(odd) > _FEW + len(gaps) // 8:
            return None
        ends = np.append(starts[1:] - 1 - lengths[1:] + self._gaps.tails[found[1:]], len(text))
        for row in odd.tolist():
            if not _read_again(mappings, row, bytes(text[starts[row] : ends[row]])):
                return None
        return mappings


def _read_again(mappings: Mappings, row: int, fixed_part_and_tail: bytes) -> bool:
    """Read one record line by line and put it into its row; False when it does not fit in there."""
    try:
        record = parse_smaps(_ANY_HEADER + fixed_part_and_tail, mappings.texts)
    except SmapstopError:
        return False
    if len(record) != 1 or record.fields != mappings.fields or record.name[0]:
        return False
    mappings.amounts[:, row] = record.amounts[:, 0]
    mappings.flags[row] = record.flags[0]
    return True


def _flags_in(tail: bytes, texts: Texts) -> int:
    """The code of the flags in what follows a fixed part; no VmFlags line is no flags."""
    match = _TAIL.fullmatch(tail)
    return _ODD if match is None else code_of_flags(match[1] or b"", texts)


class _Gaps:
    """What stands between two fixed parts, remembered by its bytes: parsed once, while it stays the same."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self.heads = np.empty(0, HEADS)
        """The header in each gap."""
        self.flags = np.empty(0, np.int32)
        """Of the record that ends in the gap: a code, or `_ODD`."""
        self.tails = np.empty(0, np.int32)
        """How many bytes of the gap are the end of that record."""
        self._places: dict[bytes, int] = {}
        self._latest: list[bytes] = []
        self._latest_found = np.empty(0, np.intp)

    def find(self, gaps: list[bytes]) -> NDArray[np.intp] | None:
        """Where each gap of a text is in `heads`, `flags` and `tails`; None when there is one without a header."""
        if gaps != self._latest:
            new = [gap for gap in gaps if gap not in self._places]
            if len(self.heads) + len(new) > 2 * len(gaps):
                self._forget_others(gaps)
            if not self._learn(new):
                return None
            self._latest, self._latest_found = gaps, self._find(gaps)
        return self._latest_found

    def _find(self, gaps: list[bytes]) -> NDArray[np.intp]:
        """Where gaps are that are known."""
        return np.fromiter(map(self._places.__getitem__, gaps), np.intp, len(gaps))

    def _forget_others(self, gaps: list[bytes]) -> None:
        """Keep only gaps of this text."""
        kept = [gap for gap in gaps if gap in self._places]
        found = self._find(kept)
        self.heads, self.flags, self.tails = self.heads[found], self.flags[found], self.tails[found]
        self._places = {gap: place for place, gap in enumerate(kept)}
        self._latest = []

    def _learn(self, gaps: list[bytes]) -> bool:
        """Parse gaps and remember them; False when one of them has no header."""
        headers, known_tails = Headers(self._texts), dict[bytes, int]()
        heads, flags, tails = list[Head](), list[int](), list[int]()
        for gap in gaps:
            tail, line_end, header = gap.rpartition(b"\n")
            name = None
            if header.startswith(b"Name:"):
                name = code_of_name(header[len(b"Name:") :], self._texts)
                tail, line_end, header = tail.rpartition(b"\n")
            head = headers.read(header)
            if head is None or not line_end:
                return False
            if tail not in known_tails:
                known_tails[tail] = _flags_in(tail, self._texts)
            heads.append(head if name is None else (*head[:-1], name))
            flags.append(known_tails[tail])
            tails.append(len(tail) + 1)
        self._places.update(zip(gaps, range(len(self.heads), len(self.heads) + len(gaps)), strict=True))
        self.heads = np.concatenate([self.heads, np.array(heads, HEADS)])
        self.flags = np.concatenate([self.flags, np.array(flags, np.int32)])
        self.tails = np.concatenate([self.tails, np.array(tails, np.int32)])
        return True
