"""Find source file and line of code by .debug_line, decoding no more than the unit that has the address.

To know which one that is, the bytes of the instruction are looked for with which each piece of code begins, since it
sets the address. What looks like it by chance is ruled out by decoding the unit.
"""

import re
from array import array
from bisect import bisect_right
from typing import NamedTuple

import numpy as np

from smapstop.proc.callstack.cursor import Cursor
from smapstop.proc.callstack.debug_sections import DEBUG_SECTIONS
from smapstop.proc.callstack.line_program import LineHeader, LineRows, LineSections, read_header, run_program
from smapstop.proc.callstack.sections import find_sections
from smapstop.proc.elf.elf_file import EXECUTE
from smapstop.proc.elf.program_headers import ProgramHeaders

WORK_PER_TICK = 100_000
"""Work that is done in a tick, about microseconds."""
_SCANNED_BYTES, _RUN_BYTES = 500, 3
"""Bytes that are looked through, and run, with one unit of work."""
_MAX_PIECES = 1_000_000
_MAX_KEPT_ROWS = 2_000_000
"""Rows of decoded units that are kept, 16 bytes each."""
_MAX_CHANCES = 3
"""Pieces of code before an address that are tried."""
_SET_ADDRESS = re.compile(rb"\x00\x09\x02(.{8})", re.DOTALL)


class CodeLine(NamedTuple):
    """Source line of some code."""

    source: str
    """File and line: `src/dict.c:153`."""
    program: int
    """Offset of its line program in .debug_line: each compilation unit has its own."""
    header: LineHeader
    """Header of that program, with the names of the files."""


class WorkBudget:
    """Budget of work until the next tick, so that slow look-ups of lines never delay quick ones."""

    def __init__(self) -> None:
        self._left = WORK_PER_TICK

    def begin_tick(self) -> None:
        """Allow more work; work done in excess is deducted."""
        self._left = min(WORK_PER_TICK, self._left + WORK_PER_TICK)

    def __bool__(self) -> bool:
        """Whether there is any left."""
        return self._left > 0

    def spend(self, amount: int) -> None:
        """Deduct work that was done."""
        self._left -= amount


class SourceLines:
    """The lines of one file of code.

    Args:
        fd: The file or its debug file, which must stay open.
        headers: Program headers of the file of code.
    """

    def __init__(self, fd: int, headers: ProgramHeaders) -> None:
        self.sections = found = find_sections(fd, (".debug_line", *DEBUG_SECTIONS))
        """The sections of debugging information that the file has, to be closed after use."""
        lines = found.get(".debug_line")
        self._sections = LineSections(lines, found.get(".debug_line_str"), found.get(".debug_str")) if lines else None
        self._code = [
            (each.address, each.address + each.file_bytes) for each in headers.segments if each.flags & EXECUTE
        ]
        self._scanned_bytes = 0
        self._starts, self._units = array("Q"), array("Q")
        """Where pieces of code begin, and of which unit they are; in order of addresses once all are found."""
        self._decoded: dict[int, tuple[LineHeader, LineRows] | None] = {}
        self._kept_rows = 0

    def __bool__(self) -> bool:
        """Whether the file has any."""
        return self._sections is not None

    def find(self, address: int, work: WorkBudget) -> CodeLine | None:
        """Return the line of the code at an address; `None` if it is not known.

        Raises:
            BlockingIOError: They may be, in a later tick: there is more to do than is allowed in this one.
        """
        if self._sections is None:
            return None
        try:
            self._scan(self._sections, work)
            behind = bisect_right(self._starts, address)
            for unit in dict.fromkeys(self._units[max(0, behind - _MAX_CHANCES) : behind][::-1]):
                if line := self._find_in(self._sections, unit, address, work):
                    return line
        except BlockingIOError:
            raise
        except (OSError, ValueError, OverflowError):
            self._sections = None  # damaged
        return None

    def _find_in(self, sections: LineSections, unit: int, address: int, work: WorkBudget) -> CodeLine | None:
        """Return the line at an address if a unit has it."""
        if unit not in self._decoded:
            if not work:
                raise BlockingIOError
            self._decode(sections, unit, work)
        decoded = self._decoded[unit]
        if decoded is None:
            return None
        header, rows = decoded
        found = rows.find(address)
        path = header.path(found[0]) if found is not None else None
        return CodeLine(f"{path}:{found[1]}", unit, header) if path and found is not None else None

    def _decode(self, sections: LineSections, unit: int, work: WorkBudget) -> None:
        """Decode a unit."""
        if self._kept_rows > _MAX_KEPT_ROWS:
            self._kept_rows = 0
            self._decoded.clear()
        self._decoded[unit] = None
        content = _read_unit(sections, unit)
        work.spend(1 + len(content) // _RUN_BYTES)
        try:
            header, program = read_header(sections, content)
            rows = run_program(header, program)
        except ValueError:
            return
        self._decoded[unit] = header, rows
        self._kept_rows += len(rows.lines)

    def _scan(self, sections: LineSections, work: WorkBudget) -> None:
        """Look for the code of all units, or of as many as may be now."""
        size = sections.lines.size
        if self._scanned_bytes >= size:
            return
        while self._scanned_bytes < size:
            if not work:
                raise BlockingIOError
            content = _read_unit(sections, self._scanned_bytes)
            work.spend(1 + len(content) // _SCANNED_BYTES)
            for match in _SET_ADDRESS.finditer(content):
                self._add(int.from_bytes(match[1], "little"))
            self._scanned_bytes += len(content)
        self._sort()

    def _add(self, address: int) -> None:
        """Add a piece of code of the unit that is scanned, if it is of code that is in the file."""
        if any(start <= address < end for start, end in self._code) and len(self._starts) < _MAX_PIECES:
            self._starts.append(address)
            self._units.append(self._scanned_bytes)

    def _sort(self) -> None:
        """Bring the pieces into the order of their addresses."""
        order = np.argsort(np.array(self._starts, np.uint64), kind="stable").tolist()
        self._starts = array("Q", [self._starts[row] for row in order])
        self._units = array("Q", [self._units[row] for row in order])


def _read_unit(sections: LineSections, at: int) -> bytes:
    """Read the unit at an offset.

    Raises:
        ValueError: It is malformed.
        OSError: It cannot be read.
    """
    head = Cursor(sections.lines.read(at, 12))
    size = head.unsigned(4)
    size = head.unsigned(8) if size == 0xFFFFFFFF else size
    content = sections.lines.read(at, head.at + size)
    if len(content) < head.at + size:
        raise ValueError("a unit ends early")
    return content
