"""The compilation units of .debug_info: a header each, and a first entry that says which line program it has."""

from bisect import bisect_right
from contextlib import suppress
from dataclasses import replace

from smapstop.proc.callstack.cursor import Cursor
from smapstop.proc.callstack.debug_entries import Encoding, Shape, read_shapes, read_values
from smapstop.proc.callstack.debug_sections import DebugSections, Unit
from smapstop.proc.callstack.source_lines import WorkBudget

_HEAD_BYTES = 4096
"""More than the header and the first entry of a unit have."""
_LENGTH_BYTES = 12
_SHAPES_BYTES = 1 << 18
_MAX_KEPT = 10_000
"""Units, and shapes of units, that are kept."""
_MAX_UNITS = 200_000
_SCAN_WORK, _UNIT_WORK, _SHAPES_WORK = 5, 500, 1_000
"""Microseconds to find where a unit is, to read its first entry, and its shapes, about."""
_ADDRESS_BYTES = 8
_LOW_PC = 0x11
_REFERENCES = (0x10, 0x72, 0x73, 0x74)
"""DW_AT_stmt_list, str_offsets_base, addr_base, rnglists_base."""
_WANTED = frozenset((_LOW_PC, *_REFERENCES))
_TYPE_UNITS = (2, 6)
_ID_BYTES = {4: 8, 5: 8}
"""Of units DW_UT_skeleton and split_compile."""


class DebugUnits:
    """The units of a file. Whatever is malformed is a ValueError, or an OSError."""

    def __init__(self, sections: DebugSections) -> None:
        self._sections = sections
        self._scanned_bytes = 0
        self._starts = list[int]()
        """Offsets of all units."""
        self._units = dict[int, Unit | None]()
        """Those that were read, by their numbers."""
        self._shapes = dict[int, dict[int, Shape]]()
        """Shapes by code, by the start of the unit."""

    def with_line_program(self, at: int, work: WorkBudget) -> list[Unit]:
        """Return the units with a line program.

        Linkers put both in the order of the files that they link, so that a few units have to be read.

        Args:
            at: Its offset in .debug_line.
            work: What is left of this tick's budget.

        Raises:
            BlockingIOError: There is more to do than is allowed in this tick.
        """
        self._scan(work)
        low, high = 0, len(self._starts)
        while low < high:
            middle = (low + high) // 2
            number, program = self._next_program(middle, high, work)
            low, high = (number + 1, high) if program is not None and program < at else (low, middle)
        found = list[Unit]()
        while True:
            number, program = self._next_program(low, len(self._starts), work)
            unit = self._unit(number, work) if program == at else None
            if unit is None:
                return found
            found.append(unit)
            low = number + 1

    def at(self, offset: int, work: WorkBudget) -> Unit:
        """Return the unit that has an offset of .debug_info."""
        unit = self._unit(bisect_right(self._starts, offset) - 1, work)
        if unit is None or not unit.entries <= offset < unit.end:
            raise ValueError("not in a unit")
        return unit

    def shapes(self, unit: Unit, work: WorkBudget) -> dict[int, Shape]:
        """Return the shapes of a unit's entries, by their codes."""
        if unit.start not in self._shapes:
            if len(self._shapes) >= _MAX_KEPT:
                self._shapes.clear()
            work.spend(_SHAPES_WORK)
            content = self._sections.part(".debug_abbrev").read(unit.shapes, _SHAPES_BYTES)
            self._shapes[unit.start] = dict(read_shapes(content, unit.encoding))
        return self._shapes[unit.start]

    def _scan(self, work: WorkBudget) -> None:
        """Find where all units are."""
        info = self._sections.part(".debug_info")
        while self._scanned_bytes < info.size and len(self._starts) < _MAX_UNITS:
            if not work:
                raise BlockingIOError
            work.spend(_SCAN_WORK)
            at = Cursor(info.read(self._scanned_bytes, _LENGTH_BYTES))
            size, _ = _read_length(at)
            self._starts.append(self._scanned_bytes)
            self._scanned_bytes += at.at + size

    def _next_program(self, number: int, end: int, work: WorkBudget) -> tuple[int, int | None]:
        """Return the next unit with a line program before `end`, and the program."""
        while number < end:
            unit = self._unit(number, work)
            if unit is not None and unit.line_program is not None:
                return number, unit.line_program
            number += 1
        return end, None

    def _unit(self, number: int, work: WorkBudget) -> Unit | None:
        """Return a unit by its number; `None` if it is none, or has no code of this machine."""
        if not 0 <= number < len(self._starts):
            return None
        if number not in self._units:
            if not work:
                raise BlockingIOError
            if len(self._units) >= _MAX_KEPT:
                self._units.clear()
            work.spend(_UNIT_WORK)
            self._units[number] = None  # if it is damaged, too
            with suppress(OSError, ValueError, OverflowError):
                self._units[number] = self._read_unit(self._starts[number])
        return self._units[number]

    def _read_unit(self, start: int) -> Unit | None:
        """Read header and first entry of a unit."""
        info = self._sections.part(".debug_info")
        at = Cursor(info.read(start, _HEAD_BYTES))
        size, offset_bytes = _read_length(at)
        end, encoding, kind = start + at.at + size, Encoding(at.unsigned(2), offset_bytes), 0
        if not 2 <= encoding.version <= 5 or end > info.size:
            raise ValueError("an unknown version, or a unit that ends early")
        if encoding.version == 5:
            kind, address_bytes, shapes = at.byte(), at.byte(), at.unsigned(encoding.offset_bytes)
        else:
            shapes, address_bytes = at.unsigned(encoding.offset_bytes), at.byte()
        if address_bytes != _ADDRESS_BYTES or kind in _TYPE_UNITS:
            return None
        at.take(_ID_BYTES.get(kind, 0))
        entries, code = start + at.at, at.uleb()
        content = self._sections.part(".debug_abbrev").read(shapes, _SHAPES_BYTES)
        shape = next((shape for number, shape in read_shapes(content, encoding) if number == code), None)
        if shape is None:
            return None
        values = read_values(at, shape, encoding, _WANTED)
        program, *bases = (values[name].number if name in values else None for name in _REFERENCES)
        unit = Unit(start, end, entries, encoding, shapes, program, *(base or 0 for base in bases))
        low = values.get(_LOW_PC)
        return unit if low is None else replace(unit, base_address=self._sections.address(unit, low))


def _read_length(at: Cursor) -> tuple[int, int]:
    """Read the bytes that follow in a unit, and the bytes of an offset."""
    size = at.unsigned(4)
    return (at.unsigned(8), 8) if size == 0xFFFFFFFF else (size, 4)
