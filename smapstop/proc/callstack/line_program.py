"""Decode line number programs: which source line the code at an address is of (DWARF 5, 6.2; versions 2 to 5).

pyelftools makes an object of each row of the line table: the 96,000 rows of a unit take it 550 ms of CPU, here 90 ms.
"""

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.proc.callstack.cursor import Cursor
from smapstop.proc.callstack.sections import SectionPart

_MAX_FILES = 20_000
_MAX_FORMATS = 16
_MAX_PATH_BYTES = 4096
_PATH, _DIRECTORY = 1, 2
"""DW_LNCT_path, DW_LNCT_directory_index."""
_FIXED_BYTES = {0x0B: 1, 0x05: 2, 0x06: 4, 0x07: 8, 0x1E: 16}
"""DW_FORM_data1 …"""
_SET_COLUMN = 5
"""DW_LNS_set_column, which has one operand in all versions."""
_END_SEQUENCE, _SET_ADDRESS = 1, 2
"""DW_LNE_*."""
_STRING, _BLOCK, _UDATA, _STRP, _LINE_STRP = 0x08, 0x09, 0x0F, 0x0E, 0x1F


@dataclass(frozen=True, slots=True)
class LineSections:
    """The sections that line number programs need."""

    lines: SectionPart
    line_texts: SectionPart | None
    """.debug_line_str."""
    texts: SectionPart | None
    """.debug_str."""


@dataclass(frozen=True, slots=True)
class LineHeader:
    """Header of the programs of a compilation unit."""

    least_advance: int
    """Bytes of the shortest instruction."""
    line_base: int
    line_range: int
    operand_counts: bytes
    """Number of operands of each standard opcode, from opcode 1 on."""
    directories: tuple[bytes, ...]
    files: tuple[tuple[bytes, int], ...]
    """Name and directory of each file."""
    is_numbered_from_0: bool
    """Whether files are; else from 1, and directory 0 is the one in which the compiler ran."""

    def path(self, number: int) -> str | None:
        """Return the path of a file; `None` if there is none of this number."""
        row = number if self.is_numbered_from_0 else number - 1
        if not 0 <= row < len(self.files):
            return None
        name, directory = self.files[row]
        folders = [self.directories[at] for at in self._parents(directory)] if not name.startswith(b"/") else []
        return b"/".join((*folders, name)).decode("utf-8", "backslashreplace")

    def _parents(self, directory: int) -> tuple[int, ...]:
        """Directories in which a file of one of them is."""
        row = directory if self.is_numbered_from_0 else directory - 1
        if not 0 <= row < len(self.directories):
            return ()
        is_relative = self.is_numbered_from_0 and row and not self.directories[row].startswith(b"/")
        return (0, row) if is_relative else (row,)


@dataclass(frozen=True, slots=True, eq=False)
class LineRows:
    """The lines of a unit's code, in the order of addresses."""

    addresses: NDArray[np.uint64]
    """Where the code of each row begins, shape (n,)."""
    files: NDArray[np.uint32]
    lines: NDArray[np.uint32]
    """0 where the line is not known, and at the end of contiguous code."""

    def find(self, address: int) -> tuple[int, int] | None:
        """Return file and line at an address; `None` if they are not known."""
        row = int(np.searchsorted(self.addresses, np.uint64(address), "right")) - 1
        if row < 0 or not self.lines[row]:
            return None
        return int(self.files[row]), int(self.lines[row])


def read_header(sections: LineSections, unit: bytes) -> tuple[LineHeader, bytes]:
    """Read the header at the start of a unit; return it and the program that follows.

    Raises:
        ValueError: It is malformed, or of an unknown version.
        OSError: Its texts cannot be read.
    """
    at = Cursor(unit)
    offset_bytes = 4
    if at.unsigned(4) == 0xFFFFFFFF:
        offset_bytes = 8
        at.take(8)
    version = at.unsigned(2)
    if not 2 <= version <= 5:
        raise ValueError("an unknown version")
    if version == 5:
        at.take(2)
    header_bytes = at.unsigned(offset_bytes)
    program = Cursor(unit, at.at + header_bytes).rest()
    least_advance = at.byte()
    if version >= 4:
        at.byte()
    at.byte()
    line_base, line_range, opcode_base = at.signed(1), at.byte(), at.byte()
    if not line_range or not opcode_base:
        raise ValueError("no opcodes")
    counts = at.take(opcode_base - 1)
    if version == 5:
        directories = tuple(path for path, _ in _read_entries(at, sections, offset_bytes))
        files = tuple(_read_entries(at, sections, offset_bytes))
    else:
        directories, files = _read_old_entries(at)
    return LineHeader(least_advance, line_base, line_range, counts, directories, files, version == 5), program


def _read_old_entries(at: Cursor) -> tuple[tuple[bytes, ...], tuple[tuple[bytes, int], ...]]:
    """Read directories and files of versions 2 to 4."""
    directories, files = list[bytes](), list[tuple[bytes, int]]()
    while name := at.text():
        directories.append(name)
    while name := at.text():
        files.append((name, at.uleb()))
        at.skip_uleb()
        at.skip_uleb()
        if len(files) > _MAX_FILES:
            raise ValueError("too many files")
    return tuple(directories), tuple(files)


def _read_entries(at: Cursor, sections: LineSections, offset_bytes: int) -> list[tuple[bytes, int]]:
    """Read the directories or the files of version 5: name and directory."""
    formats = [(at.uleb(), at.uleb()) for _ in range(min(at.byte(), _MAX_FORMATS))]
    entries, count = list[tuple[bytes, int]](), at.uleb()
    if count > _MAX_FILES or (count and not formats):
        raise ValueError("too many files")
    for _ in range(count):
        path, directory = b"", 0
        for content, form in formats:
            value = _read_form(at, form, sections, offset_bytes)
            if content == _PATH and isinstance(value, bytes):
                path = value
            elif content == _DIRECTORY and isinstance(value, int):
                directory = value
        entries.append((path, directory))
    return entries


def _read_form(at: Cursor, form: int, sections: LineSections, offset_bytes: int) -> int | bytes:
    """Read a value of version 5."""
    if form == _STRING:
        return at.text()
    if form in (_LINE_STRP, _STRP):
        texts = sections.line_texts if form == _LINE_STRP else sections.texts
        place = at.unsigned(offset_bytes)
        return texts.read(place, _MAX_PATH_BYTES).partition(b"\0")[0] if texts is not None else b""
    if form == _UDATA:
        return at.uleb()
    if form == _BLOCK:
        return at.take(at.uleb())
    if form in _FIXED_BYTES:
        return at.unsigned(_FIXED_BYTES[form])
    raise ValueError("a value of an unknown form")


def run_program(header: LineHeader, program: bytes) -> LineRows:
    """Run the program of a unit.

    Raises:
        ValueError: It is malformed.
    """
    run = _Run(header, Cursor(program))
    first_special = len(header.operand_counts) + 1
    steps, at, end = run.steps, run.at, run.at.end
    while at.at < end:
        code = program[at.at]
        at.at += 1
        if code >= first_special:
            by, down = steps[code - first_special]
            run.address += by
            run.line += down
            run.add_row()
        elif code == _SET_COLUMN:  # here, since it is every third instruction
            at.skip_uleb()
        elif code:
            run.run_standard(code)
        else:
            run.run_extended()
    return run.rows()


class _Run:
    """The registers of the machine that runs a program, as far as they determine lines, and the rows so far."""

    __slots__ = ("_rows", "address", "at", "file", "header", "line", "steps")

    def __init__(self, header: LineHeader, at: Cursor) -> None:
        self.header = header
        self.at = at
        self._rows = list[tuple[int, int, int]]()
        self.address, self.file, self.line = 0, 1, 1
        length, base = header.line_range, header.line_base
        self.steps = [
            (number // length * header.least_advance, base + number % length)
            for number in range(255 - len(header.operand_counts))
        ]
        """By how much each special opcode advances address and line."""

    def add_row(self) -> None:
        """The code from here on is of this line."""
        self._rows.append((self.address, self.file, self.line))

    def run_standard(self, code: int) -> None:
        """Run a standard opcode."""
        match code:
            case 1:  # copy
                self.add_row()
            case 2:  # advance_pc
                self.address += self.at.uleb() * self.header.least_advance
            case 3:  # advance_line
                self.line += self.at.sleb()
            case 4:  # set_file
                self.file = self.at.uleb()
            case 8:  # const_add_pc
                self.address += self.steps[-1][0] if self.steps else 0
            case 9:  # fixed_advance_pc
                self.address += self.at.unsigned(2)
            case _:
                for _ in range(self.header.operand_counts[code - 1]):
                    self.at.skip_uleb()

    def run_extended(self) -> None:
        """Run an extended opcode."""
        operands = Cursor(self.at.take(self.at.uleb()))
        code = operands.byte()
        if code == _SET_ADDRESS:
            self.address = operands.unsigned(operands.end - 1)
        elif code == _END_SEQUENCE:
            while self._rows and self._rows[-1][0] >= self.address and self._rows[-1][2]:
                self._rows.pop()  # it has no code: it would reach over what follows
            self._rows.append((self.address, 0, 0))
            self.address, self.file, self.line = 0, 1, 1

    def rows(self) -> LineRows:
        """Return the rows; at the same address the end of code comes before the code that follows it."""
        addresses = np.array([address & 2**64 - 1 for address, _, _ in self._rows], np.uint64)
        files = np.array([file & 2**32 - 1 for _, file, _ in self._rows], np.uint32)
        lines = np.array([line & 2**32 - 1 for _, _, line in self._rows], np.uint32)
        order = np.lexsort((lines > 0, addresses))
        return LineRows(addresses[order], files[order], lines[order])
