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
by line; where many of them are, the whole text is. Of a text as long as the last one only what differs is read: see
smaps_last.
"""

import numpy as np

from smapstop.errors import SmapstopError
from smapstop.proc.columns import Mappings, StringTable
from smapstop.proc.smaps.boundaries import IRREGULAR, BoundaryCache, parse_tail
from smapstop.proc.smaps.incremental import IncrementalParser, ParsedText
from smapstop.proc.smaps.lines import LineParser, mappings_of
from smapstop.proc.smaps.record_layout import RecordLayout, SmapsText, derive_record_layout

_FIRST_RECORD = 16384
"""Bytes in which the first record ends, whatever its path."""
_FEW = 16
"""So many records are always read one by one."""
_DUMMY_HEADER = b"0-0 ---p 0 00:00 0 \n"


def parse_smaps(text: SmapsText, strings: StringTable | None = None) -> Mappings:
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
    records = LineParser(StringTable() if strings is None else strings)
    records.parse_lines(lines)
    return records.build_mappings()


def parse_rollup(text: SmapsText) -> dict[str, int]:
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


def drop_torn(mappings: Mappings) -> Mappings:
    """The mappings without those that reach into the next one; the same object when there are none.

    The kernel lets the lock go between two read() calls. If a mapping that it has printed merges with the next one
    meanwhile, it prints both again as one, with the same start and a later end, and the first print is void.
    """
    torn = mappings.start[1:] < mappings.end[:-1]
    return mappings.take(np.append(~torn, True)) if torn.any() else mappings


class SmapsParser:
    """Parses reading after reading of one process; what did not change since an earlier one costs little."""

    strings: StringTable
    """The texts of all readings: a code means the same in each of them."""

    def __init__(self, strings: StringTable | None = None) -> None:
        self.strings = StringTable() if strings is None else strings
        self._boundaries = BoundaryCache(self.strings)
        self._incremental = IncrementalParser()

    def parse(self, text: SmapsText) -> Mappings:
        """The mappings of one reading, as `parse_smaps` would give them. The text's memory may be reused afterwards.

        What is as it was in the reading before may be the same array, and when all is, the same object.

        Raises:
            SmapstopError: A line is none that smaps could have.
        """
        mappings = self._incremental.parse_next(text)
        if mappings is not None:
            return mappings
        layout = derive_record_layout(bytes(text[:_FIRST_RECORD]))
        mappings = None if layout is None else self._parse_by_layout(text, layout)
        return parse_smaps(text, self.strings) if mappings is None else mappings

    def _parse_by_layout(self, text: SmapsText, layout: RecordLayout) -> Mappings | None:
        """The mappings of a text whose records, but for a few, are laid out alike; None when they are not."""
        gaps = layout.separator.split(text)
        last = gaps.pop().removesuffix(b"\n")
        if not gaps:
            return None
        gaps[0] = b"\n" + gaps[0]
        parsed = self._boundaries.parse(gaps)
        if parsed is None:
            return None
        lengths = np.fromiter(map(len, gaps), np.int64, len(gaps))
        starts = np.cumsum(lengths) + np.arange(len(gaps)) * (layout.length + 1)
        amounts, otherwise = layout.parse_amounts(text, starts)
        flags = np.append(parsed.flags[1:], np.int32(parse_tail(last, self.strings)))
        mappings = mappings_of(parsed.headers, flags, layout.fields, amounts, self.strings)
        odd = otherwise | (flags == IRREGULAR)
        if np.count_nonzero(odd) > _FEW + len(gaps) // 8:
            return None
        ends = np.append(starts[1:] - 1 - lengths[1:] + parsed.tail_bytes[1:], len(text))
        for row in np.flatnonzero(odd).tolist():
            if not _reparse_record(mappings, row, bytes(text[starts[row] : ends[row]])):
                return None
        self._incremental.store(text, ParsedText(layout, starts, odd, mappings))
        return mappings


def _reparse_record(mappings: Mappings, row: int, fixed_part_and_tail: bytes) -> bool:
    """Read one record line by line and put it into its row; False when it does not fit in there."""
    try:
        record = parse_smaps(_DUMMY_HEADER + fixed_part_and_tail, mappings.strings)
    except SmapstopError:
        return False
    if len(record) != 1 or record.fields != mappings.fields or record.name[0]:
        return False
    mappings.amounts[:, row] = record.amounts[:, 0]
    mappings.flags[row] = record.flags[0]
    return True
