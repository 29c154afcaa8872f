"""Parse smaps line by line, from any kernel: fields in any order, missing or unknown."""

import re

import numpy as np
from numpy.typing import NDArray

from smapstop.errors import SmapstopError
from smapstop.proc.columns import ABSENT, Amounts, Mappings, StringTable
from smapstop.proc.field import field_name
from smapstop.proc.fields import FIELD_BY_NAME
from smapstop.proc.smaps.headers import (
    HEADER_COLUMNS,
    HEADER_DTYPE,
    HeaderColumns,
    HeaderParser,
    HeaderRow,
    intern_bytes,
    intern_name,
)

FIELD_LINE = re.compile(rb"(?!VmFlags:|Name:)([A-Za-z][\w()-]*):[ \t]*([0-9]{1,18})(?: kB)?[ \t]*")
"""Matches a label and its amount."""
_OTHER_LINE = re.compile(rb"([A-Za-z][\w()-]*):(.*)")


def intern_flags(raw: bytes, strings: StringTable) -> int:
    """Return the code of the value of `VmFlags:`."""
    return intern_bytes(b" ".join(raw.split()), strings)


def mappings_of(
    heads: HeaderColumns, flags: NDArray[np.int32], fields: tuple[str, ...], amounts: Amounts, strings: StringTable
) -> Mappings:
    """Build `Mappings` from the parsed parts of a reading."""
    start, end, offset, inode, perms, device, name = (heads[part] for part in HEADER_COLUMNS)
    return Mappings(start, end, offset, inode, perms, device, name, flags, fields, amounts, strings)


class LineParser:
    """Line-by-line parser of records."""

    def __init__(self, strings: StringTable) -> None:
        self._strings = strings
        self._header_parser = HeaderParser(strings)
        self._header_rows: list[HeaderRow] = []
        self._flags: list[int] = []
        self._columns: dict[str, tuple[list[int], list[int]]] = {}
        """Rows in which each field occurs, and its amounts there."""
        self._cells: dict[bytes, tuple[list[int], list[int], int]] = {}
        """Column and amount by line, since most lines are repeated many times."""

    def parse_lines(self, lines: list[bytes]) -> None:
        """Parse the lines of a whole text.

        Raises:
            SmapstopError: A line cannot be from smaps.
        """
        for number, line in enumerate(lines, 1):
            cell = self._cells.get(line)
            if cell is None:
                self._parse_new_line(number, line)
            else:
                rows, amounts, amount = cell
                rows.append(len(self._header_rows) - 1)
                amounts.append(amount)

    def _parse_new_line(self, number: int, line: bytes) -> None:
        """Parse a line that is not a field, or a field line not seen before."""
        if header := self._header_parser.parse(line):
            self._header_rows.append(header)
            self._flags.append(0)
        elif not self._header_rows:
            raise _malformed(number, line, "a mapping's header")
        elif field := FIELD_LINE.fullmatch(line):
            rows, amounts = self._columns.setdefault(field_name(field[1].decode()), ([], []))
            self._cells[line] = rows, amounts, int(field[2])
            rows.append(len(self._header_rows) - 1)
            amounts.append(int(field[2]))
        elif other := _OTHER_LINE.fullmatch(line):
            self._parse_text_line(number, line, other[1].decode(), other[2])
        else:
            raise _malformed(number, line, "a mapping's header or a field")

    def _parse_text_line(self, number: int, line: bytes, label: str, value: bytes) -> None:
        """Parse a label that is not followed by a number."""
        if label == "VmFlags":
            self._flags[-1] = intern_flags(value, self._strings)
        elif label == "Name":
            self._header_rows[-1] = *self._header_rows[-1][:-1], intern_name(value, self._strings)
        elif field_name(label) in FIELD_BY_NAME:
            raise _malformed(number, line, f"a number after {label}")

    def build_mappings(self) -> Mappings:
        """Return the parsed records as columns."""
        headers = np.array(self._header_rows, HEADER_DTYPE)
        amounts = np.full((len(self._columns), len(headers)), ABSENT, np.int64)
        for column, (rows, values) in zip(amounts, self._columns.values(), strict=True):
            column[rows] = values
        columns = {part: np.ascontiguousarray(headers[part]) for part in HEADER_COLUMNS}
        return mappings_of(columns, np.array(self._flags, np.int32), tuple(self._columns), amounts, self._strings)


def _malformed(number: int, line: bytes, expected: str) -> SmapstopError:
    shown = (line if len(line) <= 60 else line[:57] + b"...").decode("utf-8", "surrogateescape")
    return SmapstopError(
        f"smaps line {number}: expected {expected}, found {shown!r}", "this is not the text of /proc/PID/smaps"
    )
