"""Read the table that Go's linker writes for its runtime: frame sizes, names and lines of all functions.

It is in every Go program, stripped or not, and has what frame pointers lack: functions without a frame, of which
the frame pointer would skip the caller. Go's internal/abi and runtime/symtab.go describe it; versions since Go 1.16.
"""

import struct
from bisect import bisect_right
from typing import NamedTuple

from smapstop.proc.callstack.cursor import Cursor
from smapstop.proc.callstack.frame_rules import UNKNOWN_CALLER, FrameRule
from smapstop.proc.callstack.registers import X86_64, Architecture
from smapstop.proc.callstack.sections import SectionPart

SECTIONS = (".gopclntab", ".data.rel.ro.gopclntab")
_GO_1_16, _GO_1_18, _GO_1_20 = 0xFFFFFFFA, 0xFFFFFFF0, 0xFFFFFFF1
"""The version is in the first word."""
_HEAD = struct.Struct("<IHBB")
_MAX_TABLE_BYTES = 1 << 16
"""Bytes of the frame sizes, or lines, of one function that are read."""
_MAX_NAME_BYTES = 1024
_MAX_FUNCTIONS = 10_000_000
_OUTERMOST, _SWITCHES_STACK = 1, 2
"""Flags of a function: TOPFRAME, SPWRITE."""


class GoFunction(NamedTuple):
    """A function, and where its tables are."""

    start: int
    name: str
    flags: int
    frame_sizes: int
    files: int
    lines: int
    unit: int
    """First of the files of its compilation unit."""


class GoTable:
    """The functions of one Go program. Addresses are as if it were loaded at 0.

    Args:
        section: The table.
        text: Address of .text, for programs whose table does not say it, since it can be loaded anywhere.
        architecture: Of the program.

    Raises:
        ValueError: It is not such a table, or of another version.
        OSError: It cannot be read.
    """

    def __init__(self, section: SectionPart, text: int, architecture: Architecture) -> None:
        self._section = section
        self._architecture = architecture
        head = Cursor(section.read(0, 128))
        self._version, zeros, self._quantum, pointer_bytes = _HEAD.unpack(head.take(_HEAD.size))
        if self._version not in (_GO_1_16, _GO_1_18, _GO_1_20) or zeros or pointer_bytes != 8:
            raise ValueError("another version")
        self._count, _ = head.unsigned(8), head.unsigned(8)
        if self._count > _MAX_FUNCTIONS:
            raise ValueError("too many functions")
        self._text = 0 if self._version == _GO_1_16 else head.unsigned(8) or text
        self._entry = struct.Struct("<QQ" if self._version == _GO_1_16 else "<II")
        self._names, self._units, self._files, self._tables, self._functions = (head.unsigned(8) for _ in range(5))

    def find(self, address: int) -> GoFunction | None:
        """Return the function at an address; `None` if there is none, or if what stands there is damaged."""
        try:
            row = bisect_right(range(self._count + 1), address, key=lambda row: self._row(row)[0]) - 1
            return self._read(*self._row(row)) if 0 <= row < self._count else None
        except (OSError, ValueError, OverflowError, struct.error):
            return None

    def rule_at(self, function: GoFunction, address: int) -> FrameRule | None:
        """Return the frame rule at an address of a function; `None` if its table is damaged."""
        size = self._value(function.frame_sizes, function.start, address)
        if size is None or size < 0:
            return None
        if function.flags & _SWITCHES_STACK and not function.flags & _OUTERMOST:
            return UNKNOWN_CALLER
        stack, back = self._architecture.stack_pointer, self._architecture.return_register
        is_outermost = bool(function.flags & _OUTERMOST)
        if self._architecture != X86_64:  # the return address is in its register, or at the lower end of the frame
            return FrameRule(stack, size, ((back, -size),) if size else (), back, is_outermost=is_outermost)
        saved = ((back, -8), (self._architecture.frame_pointer, -16)) if size else ((back, -8),)
        return FrameRule(stack, size + 8, saved, back, is_outermost=is_outermost)

    def source_at(self, function: GoFunction, address: int) -> str | None:
        """Return file and line at an address of a function, as in `/src/main.go:12`."""
        file, line = (self._value(table, function.start, address) for table in (function.files, function.lines))
        if file is None or line is None or min(file, line) < 0:
            return None
        try:
            place = self._section.read(self._units + 4 * (function.unit + file), 4)
            return f"{self._text_at(self._files + int.from_bytes(place, 'little'))}:{line}"
        except (OSError, ValueError, OverflowError):
            return None

    def _row(self, row: int) -> tuple[int, int]:
        """Return start and place of a function; those of the last row are of the end."""
        start, place = self._entry.unpack(
            self._section.read(self._functions + row * self._entry.size, self._entry.size).ljust(
                self._entry.size, b"\0"
            )
        )
        return start + self._text, place

    def _read(self, start: int, place: int) -> GoFunction:
        """Read the description of a function."""
        at = Cursor(self._section.read(self._functions + place, 64))
        at.take(8 if self._version == _GO_1_16 else 4)
        name, _, _, sizes, files, lines, _, unit = (at.unsigned(4) for _ in range(8))
        if self._version == _GO_1_20:
            at.take(4)
        at.byte()
        return GoFunction(start, self._text_at(self._names + name), at.byte(), sizes, files, lines, unit)

    def _text_at(self, place: int) -> str:
        return self._section.read(place, _MAX_NAME_BYTES).partition(b"\0")[0].decode("utf-8", "backslashreplace")

    def _value(self, table: int, start: int, address: int) -> int | None:
        """Return the value of a table of a function at an address."""
        try:
            at = Cursor(self._section.read(self._tables + table, _MAX_TABLE_BYTES))
            value, end, is_first = -1, start, True
            while (step := at.uleb()) or is_first:
                value += step >> 1 ^ -(step & 1)
                end += at.uleb() * self._quantum
                if address < end:
                    return value
                is_first = False
        except (OSError, ValueError, OverflowError):
            pass
        return None
