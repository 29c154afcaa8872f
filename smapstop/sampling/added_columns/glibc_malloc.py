"""Where glibc's malloc has large blocks, and the heaps of its arenas: by the headers at their beginnings."""

import struct
from collections.abc import Callable
from contextlib import suppress
from enum import IntEnum

import numpy as np

from smapstop.model.kinds import classify_texts
from smapstop.proc.columns import Mappings
from smapstop.proc.process import ProcDir
from smapstop.proc.resident_memory import ResidentMemory

_BLOCK = struct.Struct("<QQ")
"""malloc_chunk of a block that has a mapping of its own: nothing, and its size with a flag (malloc/malloc.c)."""
_IS_MMAPPED, _ALL_FLAGS = 2, 7
_HEAP = struct.Struct("<QQQQ")
"""heap_info: its arena, the heap before, its size, and how much of it is accessible (malloc/arena.c)."""
_HEAP_BYTES = 64 << 20
"""Alignment of heaps (HEAP_MAX_SIZE)."""
_MAX_HEAP_INFO_BYTES = 128
_MIN_BYTES = 128 << 10
"""Smaller blocks come from a heap (DEFAULT_MMAP_THRESHOLD_MIN)."""
_PAGE_BYTES = 4096
_MAX_BLOCKS = 64
"""Blocks of a mapping to look at."""
_MAX_MAPPINGS = 500
"""Mappings to look into at one reading, the largest."""


class MallocMemory(IntEnum):
    """What a mapping has of malloc."""

    SOME = 0
    """Large blocks, in at least half of it."""
    BLOCKS = 1
    """Large blocks, and at most an eighth is something else."""
    HEAPS = 2
    """Heaps of an arena."""


class GlibcMalloc:
    """Memory of glibc's malloc.

    All mappings are looked into each time, because what is unmapped may be replaced by something else of that size.

    Args:
        process: Any process.
    """

    def __init__(self, process: ProcDir) -> None:
        self._process = process
        self._found: dict[tuple[int, int], MallocMemory] = {}
        """By the addresses of the mappings."""

    def find_in(self, mappings: Mappings) -> dict[int, MallocMemory]:
        """What malloc has, by row; nothing where memory may not be read, or no header is in memory."""
        writable = classify_texts(mappings.strings, mappings.perms, lambda perms: perms == "rw-p") > 0
        size = mappings.end - mappings.start
        rows = np.flatnonzero(writable & (size >= np.uint64(_MIN_BYTES)) & (mappings.name == 0))
        rows = np.sort(rows[np.argsort(size[rows], kind="stable")[::-1][:_MAX_MAPPINGS]])
        found, by_row = dict[tuple[int, int], MallocMemory](), dict[int, MallocMemory]()
        if not len(rows):
            return by_row
        with suppress(OSError), ResidentMemory(self._process) as memory:
            for row in rows.tolist():
                place = int(mappings.start[row]), int(mappings.end[row])
                has = _look_into(memory, *place, self._found.get(place))
                if has is not None:
                    found[place] = by_row[row] = has
        self._found = found
        return by_row


def _look_into(memory: ResidentMemory, start: int, end: int, before: MallocMemory | None) -> MallocMemory | None:
    """Look at the headers in a mapping.

    Args:
        memory: That of the process.
        start: Its first address.
        end: The address past it.
        before: What was found there before, which stands while the first header is not in memory, or just changed.
    """
    size = end - start
    with suppress(OSError):  # unmapped meanwhile
        first = memory.read(start, _HEAP.size)
        if len(first) < _HEAP.size:
            return before
        if _measure(memory, start, end, _HEAP.size, _heap_bytes) >= size:
            return MallocMemory.HEAPS
        blocks = _measure(memory, start, end, _BLOCK.size, _block_bytes)
        if blocks > size:
            return before
        if blocks * 2 >= size:
            return MallocMemory.BLOCKS if blocks * 8 >= size * 7 else MallocMemory.SOME
    return None


def _measure(
    memory: ResidentMemory, start: int, end: int, header_bytes: int, size_of: Callable[[bytes, int], int]
) -> int:
    """Bytes from a start on that are blocks or heaps, one after the other; all if there are many of them.

    It is more than there are if the last one has grown since.

    Args:
        memory: That of the process.
        start: Where the first one may be.
        end: The address past the last one.
        header_bytes: Length of a header.
        size_of: Returns the size of what begins with a header at an address; 0 if it is none.
    """
    at = start
    for _ in range(_MAX_BLOCKS):
        raw = memory.read(at, header_bytes)
        size = size_of(raw, at) if len(raw) == header_bytes else 0
        at += size
        if not size or at >= end:
            return at - start
    return end - start


def _block_bytes(raw: bytes, _: int) -> int:
    """Size of the block with a header; 0 if it is none."""
    before, size = _BLOCK.unpack(raw)
    is_block = before == 0 and size & _ALL_FLAGS == _IS_MMAPPED and (size - _IS_MMAPPED) % _PAGE_BYTES == 0
    return int(size) - _IS_MMAPPED if is_block else 0


def _heap_bytes(raw: bytes, address: int) -> int:
    """Accessible size of the heap with a header, of its arena the first or a further one; 0 if it is none."""
    arena, before, used, accessible = _HEAP.unpack(raw)
    first = address if before == 0 else arena - arena % _HEAP_BYTES
    is_heap = address % _HEAP_BYTES == before % _HEAP_BYTES == 0 and 0 < arena - first <= _MAX_HEAP_INFO_BYTES
    return int(accessible) if is_heap and used <= accessible <= _HEAP_BYTES else 0
