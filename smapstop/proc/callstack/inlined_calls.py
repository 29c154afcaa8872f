"""Find the functions that the compiler inlined where an address is, by .debug_info.

No more is read than the unit that has the address, and of that only where its functions are, and the entries of one.
"""

from bisect import bisect_right
from collections.abc import Sized
from typing import NamedTuple

from smapstop.lazy_dataclass import dataclass
from smapstop.proc.callstack.cursor import Cursor
from smapstop.proc.callstack.debug_entries import Shape, Value, read_values, skip_entry
from smapstop.proc.callstack.debug_sections import OF_RANGES, RELATIVE_REFERENCES, DebugSections, Unit
from smapstop.proc.callstack.debug_units import DebugUnits
from smapstop.proc.callstack.source_lines import CodeLine, WorkBudget

_SUBPROGRAM, _INLINED_SUBROUTINE = 0x2E, 0x1D
_SCOPES = frozenset((0x11, 0x3C, 0x4A, 0x39, 0x1E))
"""DW_TAG_compile_unit, partial_unit, skeleton_unit, namespace, module: they have functions."""
_SIBLING, _ORIGIN, _SPECIFICATION, _CALL_FILE, _CALL_LINE = 0x01, 0x31, 0x47, 0x58, 0x59
_LINKAGE_NAMES, _NAME = (0x6E, 0x2007), 0x03
_OF_NAMES = frozenset((*_LINKAGE_NAMES, _NAME, _ORIGIN, _SPECIFICATION))
_OF_CALLS = OF_RANGES | {_ORIGIN, _CALL_FILE, _CALL_LINE}
_ENTRY_BYTES = 4096
"""More than the entry of a function has."""
_ENTRY_WORK = 2
"""Microseconds to read an entry, about."""
_MAX_HOPS = 8
"""From the entry of an inlined call to the one that has the name."""
_MAX_KEPT_CALLS, _MAX_KEPT_NAMES = 200_000, 50_000


class InlinedCall(NamedTuple):
    """A call that was replaced by the code of the function."""

    name: str
    """The function, not demangled."""
    source: str | None
    """File and line of the call."""


class _Function(NamedTuple):
    """A contiguous piece of a function's code."""

    start: int
    end: int
    entry: int
    """Offset of its entry in .debug_info."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """A contiguous piece of the code of an inlined call."""

    start: int
    end: int
    depth: int
    """How many entries it is in."""
    origin: int | None
    """Offset of the entry of the function."""
    file: int
    line: int


class InlinedCalls:
    """The inlined calls of one file of code.

    Args:
        sections: The sections of the file, or of its debug file.
    """

    def __init__(self, sections: DebugSections) -> None:
        self._sections = sections
        self._units = DebugUnits(self._sections)
        self._functions = dict[int, list[_Function]]()
        """By the start of their unit, in the order of addresses."""
        self._pieces = dict[int, list[_Piece]]()
        """By the entry of the function that they are in."""
        self._kept_pieces = 0
        self._names = dict[int, str | None]()

    def find(self, address: int, line: CodeLine, work: WorkBudget) -> tuple[InlinedCall, ...]:
        """Return the inlined calls at an address, innermost first; none if they, or their names, are not known.

        Args:
            address: The address, as if the file were loaded at 0.
            line: Its line.
            work: What is left of this tick's budget.

        Raises:
            BlockingIOError: There is more to do than is allowed in this tick.
        """
        try:
            for unit in self._units.with_line_program(line.program, work):
                function = self._function_at(unit, address, work)
                if function is not None:
                    return self._calls_at(unit, function, address, line, work)
        except BlockingIOError:
            raise
        except (OSError, ValueError, OverflowError):
            pass  # damaged, or there are none
        return ()

    def _function_at(self, unit: Unit, address: int, work: WorkBudget) -> _Function | None:
        """Return the function of a unit that has an address."""
        if unit.start not in self._functions:
            if not work:
                raise BlockingIOError
            self._functions[unit.start] = []  # if it is damaged, it is not tried again
            self._functions[unit.start] = sorted(self._find_functions(unit, work))
        functions = self._functions[unit.start]
        row = bisect_right(functions, (address, 2**64)) - 1
        return functions[row] if row >= 0 and address < functions[row].end else None

    def _find_functions(self, unit: Unit, work: WorkBudget) -> list[_Function]:
        """Find the code of all functions of a unit."""
        found, shapes, entries = list[_Function](), self._units.shapes(unit, work), 0
        content = self._sections.part(".debug_info").read(unit.start, unit.end - unit.start)
        at = Cursor(content, unit.entries - unit.start)
        while at:
            entry = unit.start + at.at
            if not (code := at.uleb()):
                continue
            entries += 1
            shape = _shape_of(code, shapes)
            if shape.tag == _SUBPROGRAM:
                values = read_values(at, shape, unit.encoding, OF_RANGES | {_SIBLING})
                found += (_Function(start, end, entry) for start, end in self._sections.ranges(unit, values))
                _skip_children(at, values)
            elif shape.has_children and shape.tag not in _SCOPES:
                _skip_children(at, read_values(at, shape, unit.encoding, frozenset((_SIBLING,))))
            else:
                skip_entry(at, shape, unit.encoding)
            _require_not_too_many(found)
        work.spend(entries * _ENTRY_WORK)
        return found

    def _calls_at(
        self, unit: Unit, function: _Function, address: int, line: CodeLine, work: WorkBudget
    ) -> tuple[InlinedCall, ...]:
        """Return the inlined calls at an address of a function."""
        if function.entry not in self._pieces:
            if not work:
                raise BlockingIOError
            if self._kept_pieces > _MAX_KEPT_CALLS:
                self._kept_pieces = 0
                self._pieces.clear()
            self._pieces[function.entry] = []
            self._pieces[function.entry] = self._find_pieces(unit, function.entry, work)
            self._kept_pieces += len(self._pieces[function.entry])
        pieces = [each for each in self._pieces[function.entry] if each.start <= address < each.end]
        calls = list[InlinedCall]()
        for piece in sorted(pieces, key=lambda each: -each.depth):
            name = self._name(piece.origin, work)
            if name is None:
                return ()
            path = line.header.path(piece.file)
            calls.append(InlinedCall(name, f"{path}:{piece.line}" if path and piece.line else None))
        return tuple(calls)

    def _find_pieces(self, unit: Unit, entry: int, work: WorkBudget) -> list[_Piece]:
        """Find the code of all calls that are inlined into a function."""
        found, shapes, entries, depth = list[_Piece](), self._units.shapes(unit, work), 0, 0
        at = Cursor(self._sections.part(".debug_info").read(entry, unit.end - entry))
        while True:
            code = at.uleb()
            if not code:
                depth -= 1
            else:
                entries += 1
                shape = _shape_of(code, shapes)
                if shape.tag == _INLINED_SUBROUTINE:
                    found += self._pieces_of(unit, read_values(at, shape, unit.encoding, _OF_CALLS), depth)
                    _require_not_too_many(found)
                else:
                    skip_entry(at, shape, unit.encoding)
                depth += shape.has_children
            if depth <= 0:
                break
        work.spend(entries * _ENTRY_WORK)
        return found

    def _pieces_of(self, unit: Unit, values: dict[int, Value], depth: int) -> list[_Piece]:
        """The pieces of one call."""
        origin = self._sections.reference(unit, values[_ORIGIN]) if _ORIGIN in values else None
        file, line = (values[name].number if name in values else 0 for name in (_CALL_FILE, _CALL_LINE))
        return [_Piece(start, end, depth, origin, file, line) for start, end in self._sections.ranges(unit, values)]

    def _name(self, entry: int | None, work: WorkBudget) -> str | None:
        """Name of a function, by the offset of its entry; `None` if it has none."""
        if entry is None:
            return None
        if entry not in self._names:
            if len(self._names) >= _MAX_KEPT_NAMES:
                self._names.clear()
            self._names[entry] = self._read_name(entry, work)
        return self._names[entry]

    def _read_name(self, entry: int | None, work: WorkBudget) -> str | None:
        """Read the name of a function, or of the one that it is an instance or the definition of."""
        for _ in range(_MAX_HOPS):
            if entry is None:
                break
            unit = self._units.at(entry, work)
            at = Cursor(self._sections.part(".debug_info").read(entry, min(_ENTRY_BYTES, unit.end - entry)))
            shape = _shape_of(at.uleb(), self._units.shapes(unit, work))
            values = read_values(at, shape, unit.encoding, _OF_NAMES)
            for attribute in (*_LINKAGE_NAMES, _NAME):
                if attribute in values and (text := self._sections.text(unit, values[attribute])):
                    return text.decode("utf-8", "backslashreplace")
            further = values.get(_ORIGIN) or values.get(_SPECIFICATION)
            entry = self._sections.reference(unit, further) if further else None
        return None


def _shape_of(code: int, shapes: dict[int, Shape]) -> Shape:
    """The shape of an entry by its code."""
    try:
        return shapes[code]
    except KeyError as error:
        raise ValueError("an entry of an unknown shape") from error


def _require_not_too_many(found: Sized) -> None:
    """Refuse a file that says that there is more code than any program has.

    Raises:
        ValueError: It does.
    """
    if len(found) > _MAX_KEPT_CALLS:
        raise ValueError("too many pieces of code")


def _skip_children(at: Cursor, values: dict[int, Value]) -> None:
    """Go past the entries in the last one, if the compiler says where that is."""
    sibling = values.get(_SIBLING)
    if sibling is None or sibling.form not in RELATIVE_REFERENCES:
        return
    if not at.at <= sibling.number <= at.end:
        raise ValueError("an entry leads back, or beyond its unit")
    at.at = sibling.number
