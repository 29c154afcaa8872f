"""Where a HotSpot JVM has its heap: by the tables that it has for its debuggers, alike in all versions."""

import os
import struct

import numpy as np

from smapstop.lazy_dataclass import dataclass
from smapstop.proc.columns import Mappings, StringTable, strip_deleted
from smapstop.proc.elf.exported_symbols import find_exported
from smapstop.proc.elf.mapped_files import open_mapped_file
from smapstop.proc.elf.program_headers import ProgramHeaders, read_program_headers
from smapstop.proc.process import ProcDir
from smapstop.proc.resident_memory import ResidentMemory

_LIBRARY = "/libjvm.so"
_TABLE = "gHotSpotVMStructs"
"""Variable of the library that points to its table of fields (hotspot: runtime/vmStructs.cpp)."""
_ENTRY = struct.Struct("<QQQixxxxQQ")
"""VMStructEntry: names of class, field and type, whether it is static, its offset, and its address if it is."""
_MAX_ENTRIES = 5_000
_MAX_NAME_BYTES = 64
_WORD_BYTES = 8
_MAX_ADDRESS = 1 << 63
_HEAP, _RESERVED = ("Universe", "_collectedHeap"), ("CollectedHeap", "_reserved")
_START, _WORDS = ("MemRegion", "_start"), ("MemRegion", "_word_size")
_WANTED = (_HEAP, _RESERVED, _START, _WORDS)


@dataclass(frozen=True, slots=True)
class _Fields:
    """Where the JVM keeps the bounds of its heap."""

    heap: int
    """Address of the pointer to the heap."""
    reserved: int
    """Offset in the heap of the range that is reserved for it."""
    start: int
    """Offset in a range of its first address."""
    words: int
    """Offset in a range of its size, in words."""


class JvmHeap:
    """The heap of a JVM: its range of addresses. ZGC's is not known, but has a name (memfd:java_heap).

    Args:
        process: Any process.
    """

    def __init__(self, process: ProcDir) -> None:
        self._process = process
        self._library: tuple[int, int, int] | None = None
        """Address, device and inode of the library that `_fields` are of."""
        self._fields: _Fields | None = None
        self._strings: StringTable | None = None
        self._searched = 0
        """How many of the strings were searched for the library."""
        self._names: list[int] = []
        """Ids of its names."""

    def range_in(self, mappings: Mappings) -> tuple[int, int] | None:
        """First address of the heap and the one past it; None without one, or if that may not be read."""
        row = self._library_row(mappings)
        if row is None:
            return None
        try:
            with ResidentMemory(self._process) as memory:
                library = int(mappings.start[row]), int(mappings.device[row]), int(mappings.inode[row])
                if library != self._library or self._fields is None:
                    self._library, self._fields = library, self._find_fields(memory, mappings, row)
                return _read_range(memory, self._fields) if self._fields else None
        except OSError:
            return None

    def _library_row(self, mappings: Mappings) -> int | None:
        """Row of the first mapping of the JVM's library: the beginning of its file; None without one."""
        if self._strings is not mappings.strings:
            self._strings, self._searched, self._names = mappings.strings, 0, []
        new = mappings.strings.additions_since(self._searched)
        self._names += [at for at, text in enumerate(new, self._searched) if strip_deleted(text).endswith(_LIBRARY)]
        self._searched += len(new)
        if not self._names:
            return None
        rows = np.flatnonzero(np.isin(mappings.name, self._names) & (mappings.offset == 0))
        return int(rows[0]) if len(rows) else None

    def _find_fields(self, memory: ResidentMemory, mappings: Mappings, row: int) -> _Fields | None:
        """Look the fields up in the table of the library whose first mapping is in a row."""
        start, end = int(mappings.start[row]), int(mappings.end[row])
        device, inode = mappings.string_at(mappings.device, row), int(mappings.inode[row])
        fd = open_mapped_file(self._process, mappings.name_of(row), start, end, device, inode)
        if fd is None:
            return None
        try:
            variable = find_exported(fd, _TABLE)
            table = None if variable is None else memory.read_pointer(start + variable)
            return _parse_table(memory.read(table, _MAX_ENTRIES * _ENTRY.size), fd, start) if table else None
        finally:
            os.close(fd)


def _parse_table(raw: bytes, fd: int, base: int) -> _Fields | None:
    """Find the fields in the table; None if one is missing.

    Names are read from the file: in the process, their pages need not be resident.

    Args:
        raw: The table, and what follows it.
        fd: The library.
        base: Where it is loaded.
    """
    headers, known = read_program_headers(fd), dict[int, str]()

    def name_at(pointer: int) -> str:
        if pointer not in known:
            known[pointer] = _name_in_file(fd, headers, pointer - base)
        return known[pointer]

    wanted_classes, found = {name for name, _ in _WANTED}, dict[tuple[str, str], tuple[int, int]]()
    for of_class, field, _, _, offset, address in _ENTRY.iter_unpack(raw[: len(raw) // _ENTRY.size * _ENTRY.size]):
        if not of_class or len(found) == len(_WANTED):
            break
        if name_at(of_class) in wanted_classes and (key := (name_at(of_class), name_at(field))) in _WANTED:
            found[key] = offset, address
    if len(found) < len(_WANTED):
        return None
    return _Fields(found[_HEAP][1], found[_RESERVED][0], found[_START][0], found[_WORDS][0])


def _name_in_file(fd: int, headers: ProgramHeaders, address: int) -> str:
    """A name in a file, by its address as if the file were loaded at 0; empty if there is none."""
    for segment in headers.segments:
        offset = segment.offset + address - segment.address
        if 0 <= address - segment.address < segment.file_bytes and offset < _MAX_ADDRESS:
            raw = os.pread(fd, _MAX_NAME_BYTES, offset)
            return raw.partition(b"\0")[0].decode("ascii", "replace")
    return ""


def _read_range(memory: ResidentMemory, fields: _Fields) -> tuple[int, int] | None:
    """Read the range of the heap; None before the JVM has made it."""
    heap = memory.read_pointer(fields.heap)
    if not heap:
        return None
    start = memory.read_pointer(heap + fields.reserved + fields.start)
    words = memory.read_pointer(heap + fields.reserved + fields.words)
    if not start or not words or start + words * _WORD_BYTES > _MAX_ADDRESS:
        return None
    return start, start + words * _WORD_BYTES
