"""Facts that a process proves: which unnamed memory is .bss or the heap of a runtime, and which file is data."""

import os

import numpy as np
from numpy.typing import NDArray

from smapstop.model.kinds import data_file_column
from smapstop.proc.added_fields import (
    DATA_FILE,
    FILE_BSS,
    GO_HEAP,
    JVM_HEAP,
    MALLOC_BLOCKS,
    MALLOC_HEAP,
    PYTHON_HEAP,
)
from smapstop.proc.columns import ABSENT, Amounts, Mappings
from smapstop.proc.elf.mapped_files import open_mapped_file
from smapstop.proc.elf.program_headers import ProgramHeaders, read_program_headers
from smapstop.proc.process import ProcDir
from smapstop.sampling.added_columns.glibc_malloc import GlibcMalloc, MallocMemory
from smapstop.sampling.added_columns.jvm_heap import JvmHeap
from smapstop.sampling.added_columns.python_heap import PythonHeap

_GO_ARENA_HINTS = (0xC0 << 32, 0x40 << 32)
"""Addresses modulo 2**40 of the first heap arenas of the Go runtime: on arm64 the second, elsewhere the first
(runtime/malloc.go: mallocinit)."""
_MAX_FILES = 4096

_FilePart = tuple[int, int, int, int]
"""Device, inode, offset and size of a mapping of a file."""


class ProgramFacts:
    """Add columns to readings, each from the first that has such memory.

    They are `FILE_BSS`, `GO_HEAP`, `JVM_HEAP`, `MALLOC_HEAP`, `MALLOC_BLOCKS`, `PYTHON_HEAP` and `DATA_FILE`. Each
    part of a file is read once.
    """

    def __init__(self, process: ProcDir) -> None:
        self._process = process
        self._bss_kb: dict[_FilePart, int] = {}
        self._executable: tuple[int, int] | None = None
        self._is_go = False
        self._jvm_heap, self._malloc, self._python_heap = JvmHeap(process), GlibcMalloc(process), PythonHeap(process)
        self._columns: set[str] = set()
        self._added: dict[str, Amounts] = {}
        """Columns of the last reading."""
        self._last: Mappings | None = None

    def add_to(self, mappings: Mappings) -> Mappings:
        """Return the mappings with the columns."""
        if self._last is None or not mappings.shares_layout(self._last):
            columns = {
                FILE_BSS: self._bss_column(mappings),
                GO_HEAP: self._go_column(mappings),
                JVM_HEAP: self._jvm_column(mappings),
                **self._allocator_columns(mappings),
                DATA_FILE: data_file_column(mappings),
            }
            self._columns |= {name for name, column in columns.items() if (column != ABSENT).any()}
            self._added = {name: column for name, column in columns.items() if name in self._columns}
        self._last = mappings
        return mappings.with_fields(self._added)

    def _bss_column(self, mappings: Mappings) -> Amounts:
        """How much of each unnamed mapping behind a file's is zeroed data of the file, kB."""
        column = np.full(len(mappings), ABSENT, np.int64)
        for row in _rows_behind_files(mappings).tolist():
            before = row - 1
            size = int(mappings.end[before] - mappings.start[before])
            key = int(mappings.device[before]), int(mappings.inode[before]), int(mappings.offset[before]), size
            if key not in self._bss_kb:
                if len(self._bss_kb) >= _MAX_FILES:
                    self._bss_kb.clear()
                self._bss_kb[key] = self._read_bss_kb(mappings, before, size)
            column[row] = self._bss_kb[key]
        return column

    def _read_bss_kb(self, mappings: Mappings, row: int, size: int) -> int:
        """Zeroed data behind the mapping in a row, by its file, kB; `ABSENT` if that cannot be read."""
        fd = open_mapped_file(
            self._process,
            mappings.name_of(row),
            int(mappings.start[row]),
            int(mappings.end[row]),
            mappings.string_at(mappings.device, row),
            int(mappings.inode[row]),
        )
        headers = None if fd is None else _read_and_close(fd)
        return ABSENT if headers is None else headers.bss_kb_behind(int(mappings.offset[row]), size)

    def _go_column(self, mappings: Mappings) -> Amounts:
        """1 for the heap of a Go program: unnamed mappings without a gap from the address of its first arena on."""
        column = np.full(len(mappings), ABSENT, np.int64)
        unnamed = mappings.name == 0
        first = np.flatnonzero(unnamed & np.isin(mappings.start % np.uint64(1 << 40), _GO_ARENA_HINTS))
        if len(first) and self._is_go_program():
            for row in first.tolist():
                stop = row + 1
                while stop < len(mappings) and unnamed[stop] and mappings.start[stop] == mappings.end[stop - 1]:
                    stop += 1
                column[row:stop] = 1
        return column

    def _jvm_column(self, mappings: Mappings) -> Amounts:
        """1 for the heap of a JVM: unnamed mappings in the range that it has reserved for it."""
        start, end = self._jvm_heap.range_in(mappings) or (0, 0)
        within = (mappings.start >= np.uint64(start)) & (mappings.end <= np.uint64(end)) & (mappings.name == 0)
        return np.where(within, 1, ABSENT)

    def _allocator_columns(self, mappings: Mappings) -> dict[str, Amounts]:
        """What glibc's malloc has, heaps of arenas and large blocks; of what it has not, what CPython has."""
        heap, blocks, python = (np.full(len(mappings), ABSENT, np.int64) for _ in range(3))
        found = self._malloc.find_in(mappings)
        for row, has in found.items():
            if has is MallocMemory.HEAPS:
                heap[row] = 1
            else:
                blocks[row] = int(has is MallocMemory.BLOCKS)
        of_malloc = {row for row, has in found.items() if has is not MallocMemory.SOME}
        python[self._python_heap.rows_in(mappings, of_malloc)] = 1
        return {MALLOC_HEAP: heap, MALLOC_BLOCKS: blocks, PYTHON_HEAP: python}

    def _is_go_program(self) -> bool:
        """Whether Go's linker made the program that runs; read again only after an exec."""
        try:
            fd = self._process.open("exe")
        except OSError:
            return False
        status = os.fstat(fd)
        if (status.st_dev, status.st_ino) == self._executable:
            os.close(fd)
        else:
            self._executable = status.st_dev, status.st_ino
            headers = _read_and_close(fd)
            self._is_go = headers is not None and headers.is_go
        return self._is_go


def _rows_behind_files(mappings: Mappings) -> NDArray[np.intp]:
    """Rows of unnamed, private, writable memory that begins where a private mapping of a file ends."""
    rows = 1 + np.flatnonzero(
        (mappings.name[1:] == 0) & (mappings.inode[:-1] > 0) & (mappings.start[1:] == mappings.end[:-1])
    )
    perms = [(mappings.perms_of(row), mappings.perms_of(row - 1)) for row in rows.tolist()]
    fits = [after[:2] == "rw" and after.endswith("p") and before.endswith("p") for after, before in perms]
    return rows[np.array(fits, bool)] if len(rows) else rows


def _read_and_close(fd: int) -> ProgramHeaders | None:
    """Read the program headers of a file, and close it; None if it cannot be read."""
    try:
        return read_program_headers(fd)
    except OSError:
        return None
    finally:
        os.close(fd)
