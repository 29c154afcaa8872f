"""Parse smaps and smaps_rollup. Text in, columns out, without a clock.

There are two parsers with the same result. `parse_smaps` goes line by line and accepts the text of any kernel.
`SmapsParser` parses all records at once, relying on their common layout:

    55d0c4a1e000-55d0c4a3f000 rw-p 00000000 00:00 0      boundary between two fixed parts: the end of one record and
    Size:                132 kB                          the header of the next
    Rss:                   8 kB                          … the fixed part begins with Size: see record_layout
    THPeligible:           0
    VmFlags: rd wr mr mw me ac                           … and here the next boundary
    55d0c4a3f000-55d0c4a40000 r--p 00000000 00:00 0

A record with another layout (an amount above 99,999,999 kB makes its line longer) is parsed line by line; if there
are many of them, the whole text is. If a text is as long as the last one, only the differences are parsed: see
read_buffer and incremental.
"""

from dataclasses import replace

import numpy as np

from smapstop.errors import SmapstopError
from smapstop.proc.columns import Mappings, StringTable
from smapstop.proc.read_buffer import ReadBuffer
from smapstop.proc.smaps.boundaries import IRREGULAR, BoundaryCache, parse_tail
from smapstop.proc.smaps.incremental import ParsedText, parse_changes
from smapstop.proc.smaps.lines import LineParser, mappings_of
from smapstop.proc.smaps.record_layout import RecordLayout, SmapsText, derive_record_layout

_FIRST_RECORD = 16384
"""Bytes that always contain the whole first record, however long its path."""
_FEW = 16
"""Number of irregular records that are always parsed one by one."""
_DUMMY_HEADER = b"0-0 ---p 0 00:00 0 \n"


def parse_smaps(text: SmapsText, strings: StringTable | None = None) -> Mappings:
    """Parse the smaps of any kernel.

    Fields may be in any order, or missing: a field that only some mappings have is `ABSENT` in the others. Unknown
    numeric fields are kept under their `field_name`; other unknown lines are ignored. The text of maps is accepted
    as well; it has no fields.

    Args:
        text: A whole reading; empty for a process without memory.
        strings: Table in which strings are interned; a new one by default.

    Raises:
        SmapstopError: A line cannot be from smaps.
    """
    lines = bytes(text).split(b"\n")  # not splitlines(): \r, \x0b or \x85 may be in a name
    if not lines[-1]:
        lines.pop()
    records = LineParser(StringTable() if strings is None else strings)
    records.parse_lines(lines)
    return records.build_mappings()


def parse_rollup(text: SmapsText) -> dict[str, int]:
    """Parse the totals in smaps_rollup, kB by field name; empty for the empty text of a process without memory.

    Raises:
        SmapstopError: The text is not from smaps_rollup.
    """
    totals = parse_smaps(text)
    if len(totals) > 1:
        raise SmapstopError(
            f"smaps_rollup has {len(totals)} records instead of one", "this is not the text of /proc/PID/smaps_rollup"
        )
    return {name: int(amount) for name, (amount,) in zip(totals.fields, totals.amounts, strict=True)}


def drop_torn(mappings: Mappings) -> Mappings:
    """Drop mappings that a later one overlaps; return the same object if there are none.

    The kernel releases its lock between two read() calls. If mappings it has already printed merge with the next one
    meanwhile, it prints the merged mapping, with the start of the first and a later end, and those prints are stale.
    """
    lowest_after = np.minimum.accumulate(mappings.start[::-1])[::-1][1:]
    torn = lowest_after < mappings.end[:-1]
    return mappings.take(np.append(~torn, True)) if torn.any() else mappings


class SmapsParser:
    """Parser for successive readings of one process; unchanged parts cost little."""

    strings: StringTable
    """String table shared by all readings: a code has the same meaning in each of them."""
    buffer: ReadBuffer
    """Buffer into which a text is read that is to be parsed by `parse_buffer`."""

    def __init__(self, strings: StringTable | None = None) -> None:
        self.strings = StringTable() if strings is None else strings
        self.buffer = ReadBuffer()
        self._boundaries = BoundaryCache(self.strings)
        self._reading: ParsedText | None = None
        """The last text that was parsed, if all but a few records share one layout."""

    def parse(self, text: SmapsText) -> Mappings:
        """Parse a text that was read elsewhere, as `parse_buffer`; a copy of it remains in the buffer."""
        self.buffer.replace(text)
        return self.parse_buffer()

    def parse_buffer(self) -> Mappings:
        """Parse the text in the buffer, with the result of `parse_smaps`.

        Columns unchanged since the previous reading may be the same arrays; if nothing changed, the result may be
        the same object.

        Raises:
            SmapstopError: A line cannot be from smaps.
        """
        text, changes, reading = self.buffer.text, self.buffer.take_changes(), self._reading
        self._reading = None
        if reading is not None and changes is not None:
            self._reading = parse_changes(reading, text, changes)
        if self._reading is None:
            layout = derive_record_layout(bytes(text[:_FIRST_RECORD]))
            self._reading = None if layout is None else self._parse_by_layout(text, layout)
        return parse_smaps(text, self.strings) if self._reading is None else self._reading.mappings

    def carry_fields(self, mappings: Mappings) -> None:
        """Let the next reading have the fields that were added to this one, if it is laid out like this one.

        So they are not added again to a copy of all amounts.

        Args:
            mappings: This reading with added fields.
        """
        if self._reading is not None and mappings.shares_layout(self._reading.mappings):
            self._reading = replace(self._reading, mappings=mappings)

    def _parse_by_layout(self, text: SmapsText, layout: RecordLayout) -> ParsedText | None:
        """Parse a text in which all but a few records have the given layout; `None` if they do not."""
        boundaries = layout.separator.split(text)
        last = boundaries.pop().removesuffix(b"\n")
        if not boundaries:
            return None
        boundaries[0] = b"\n" + boundaries[0]
        parsed = self._boundaries.parse(boundaries)
        if parsed is None:
            return None
        lengths = np.fromiter(map(len, boundaries), np.int64, len(boundaries))
        starts = np.cumsum(lengths) + np.arange(len(boundaries)) * (layout.length + 1)
        amounts, misfits = layout.parse_amounts(text, starts)
        flags = np.append(parsed.flags[1:], np.int32(parse_tail(last, self.strings)))
        mappings = mappings_of(parsed.headers, flags, layout.fields, amounts, self.strings)
        irregular = misfits | (flags == IRREGULAR)
        if np.count_nonzero(irregular) > _FEW + len(boundaries) // 8:
            return None
        ends = np.append(starts[1:] - 1 - lengths[1:] + parsed.tail_bytes[1:], len(text))
        for row in np.flatnonzero(irregular).tolist():
            if not _reparse_record(mappings, row, bytes(text[starts[row] : ends[row]])):
                return None
        return ParsedText(layout, starts, irregular, mappings)


def _reparse_record(mappings: Mappings, row: int, fixed_part_and_tail: bytes) -> bool:
    """Parse one record line by line and store it in its row; False if it does not fit."""
    try:
        record = parse_smaps(_DUMMY_HEADER + fixed_part_and_tail, mappings.strings)
    except SmapstopError:
        return False
    if len(record) != 1 or record.fields != mappings.fields or record.name[0]:
        return False
    mappings.amounts[:, row] = record.amounts[:, 0]
    mappings.flags[row] = record.flags[0]
    return True
