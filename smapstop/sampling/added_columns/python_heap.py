"""Where CPython has its small objects: by the headers of its allocator's pools, alike in all versions."""

import struct
from bisect import bisect_right
from collections.abc import Set
from contextlib import suppress
from itertools import islice, takewhile

from smapstop.lazy_dataclass import dataclass
from smapstop.model.kinds import classify_texts
from smapstop.proc.columns import Mappings
from smapstop.proc.process import ProcDir
from smapstop.proc.resident_memory import ResidentMemory
from smapstop.sampling.added_columns.unnamed_memory import unnamed_memory

_POOL = struct.Struct("<I4xQ16x4xIII")
"""pool_header: blocks in use, first free block, two pools, an arena, size class, next and last offset of a block
(Include/internal/pycore_obmalloc.h, before Python 3.11 Objects/obmalloc.c)."""
_POOL_BYTES = (16 << 10, 4 << 10)
"""Size and alignment of pools: since Python 3.10, and before."""
_BLOCK_UNITS = (16, 8)
"""Blocks are a multiple of this long, up to 512 bytes: since Python 3.7, and before."""
_MAX_BLOCK_BYTES = 512
_MIN_BYTES = 256 << 10
"""Size of an arena, which has many pools; 1 MiB since Python 3.10."""
_PLACES = 16
"""Places in a mapping to look at."""


@dataclass(frozen=True, slots=True)
class _LookedInto:
    """What a range of addresses was found to be."""

    start: int
    end: int
    is_heap: bool


class PythonHeap:
    """Memory that is mostly pools of small objects.

    A mapping is looked into when it is new, and again when it is twice as large.

    Args:
        process: Any process.
    """

    def __init__(self, process: ProcDir) -> None:
        self._process = process
        self._findings: list[_LookedInto] = []
        """Of the last mappings, in address order."""

    def rows_in(self, mappings: Mappings, but: Set[int]) -> list[int]:
        """Rows of the heap; none in another program, or where its memory may not be read.

        Args:
            mappings: Of the process.
            but: Rows of something else; what takes their place is looked into.
        """
        if not classify_texts(mappings.strings, mappings.name, _is_python).any():
            self._findings = []
            return []
        ranges = {row: (start, end) for row, start, end in unnamed_memory(mappings, _MIN_BYTES) if row not in but}
        found = {row: self._known(*place) for row, place in ranges.items()}
        new = [row for row, known in found.items() if known is None]
        if new:
            with suppress(OSError), ResidentMemory(self._process) as memory:
                found |= {row: _look_into(memory, *ranges[row]) for row in new}
        self._findings = [finding for finding in found.values() if finding is not None]
        return [row for row, finding in found.items() if finding is not None and finding.is_heap]

    def _known(self, start: int, end: int) -> _LookedInto | None:
        """What is known of at least half of a range."""
        first_at = bisect_right(self._findings, start, key=lambda each: each.end)
        for finding in takewhile(lambda each: each.start < end, islice(self._findings, first_at, None)):
            first, last = max(start, finding.start), min(end, finding.end)
            if (last - first) * 2 >= end - start:
                return _LookedInto(first, last, finding.is_heap)
        return None


def _is_python(name: str) -> int:
    """Whether a file is of CPython: the program, its library, or a module of its own or of others."""
    base = name.rpartition("/")[2]
    return base.startswith(("python", "libpython")) or ".cpython-" in base


def _look_into(memory: ResidentMemory, start: int, end: int) -> _LookedInto | None:
    """Look at some places of a range; None if none of them is in memory."""
    unit = _POOL_BYTES[0]
    first = -(-start // unit) * unit
    step = max(unit, (end - first) // _PLACES // unit * unit)
    texts = dict[int, bytes]()
    for address in range(first, end - unit + 1, step):
        with suppress(OSError):  # unmapped meanwhile
            texts[address] = memory.read(address, _POOL.size)
    resident = {address: raw for address, raw in texts.items() if len(raw) == _POOL.size}
    if not resident:
        return None
    pools = sum(is_pool(raw, address) for address, raw in resident.items())
    return _LookedInto(start, end, pools * 2 >= len(resident))


def is_pool(raw: bytes, address: int) -> bool:
    """Whether what lies at an address is the header of a pool.

    Its offsets follow from the size of its blocks, and its first free block is in it.
    """
    used, free, size_class, next_offset, last_offset = _POOL.unpack(raw)
    for pool_bytes in _POOL_BYTES:
        for unit in _BLOCK_UNITS:
            block_bytes = (size_class + 1) * unit
            if (
                block_bytes <= _MAX_BLOCK_BYTES
                and last_offset == pool_bytes - block_bytes
                and _POOL.size <= next_offset <= pool_bytes
                and (next_offset - _POOL.size) % block_bytes == 0
                and used <= (pool_bytes - _POOL.size) // block_bytes
                and (free == 0 or address < free < address + pool_bytes)
            ):
                return True
    return False
