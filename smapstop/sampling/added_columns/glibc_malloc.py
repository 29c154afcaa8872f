"""Where glibc's malloc has large blocks, and the heaps of its arenas: by the headers at their beginnings."""

import struct
from contextlib import suppress
from enum import IntEnum

from smapstop.lazy_dataclass import dataclass
from smapstop.proc.columns import Mappings
from smapstop.proc.process import ProcDir
from smapstop.proc.resident_memory import ResidentMemory
from smapstop.sampling.added_columns.unnamed_memory import unnamed_memory

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
_MAX_BLOCKS = 1_000
"""Blocks of a mapping to look at."""
_FEW_BLOCKS = 64
"""So many in a row are hardly followed by something else."""
_MAX_HEADERS = 4_000
"""Headers to look at in one reading."""


class MallocMemory(IntEnum):
    """What a mapping has of malloc."""

    SOME = 0
    """Large blocks, in at least half of it, or as far as it was looked at."""
    BLOCKS = 1
    """Large blocks, and at most an eighth is something else."""
    HEAPS = 2
    """Heaps of an arena."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What was found in a mapping; nothing if it has no memory of malloc."""

    start: int
    rss_kb: int
    has: MallocMemory | None
    blocks_bytes: int
    """How much of it is large blocks, as far as it was looked at."""
    is_seen: bool
    """Whether it was looked at until something else came."""


class GlibcMalloc:
    """Memory of glibc's malloc.

    A header is read once, since that makes its page a referenced one. Where addresses or Rss have changed, the first
    is read again, for something else may be there; then what has been added below, which is where the kernel adds.

    Args:
        process: Any process.
    """

    def __init__(self, process: ProcDir) -> None:
        self._process = process
        self._findings: dict[int, _Found] = {}
        """By the end of the mapping."""

    def find_in(self, mappings: Mappings) -> dict[int, MallocMemory]:
        """What malloc has, by row, as far as memory may be read and headers are in memory."""
        rss, findings, found = mappings.get("rss"), dict[int, _Found](), dict[int, MallocMemory]()
        places = unnamed_memory(mappings, _MIN_BYTES)
        if not places:
            return found
        with suppress(OSError), ResidentMemory(self._process) as memory:
            headers = _Headers(memory)
            for row, start, end in places:
                kb, finding = 0 if rss is None else int(rss[row]), self._findings.get(end)
                if finding is None or (finding.start, finding.rss_kb) != (start, kb):
                    finding = _look_into(headers, start, end, kb, finding)
                if finding is not None:
                    findings[end] = finding
                    if finding.has is not None:
                        found[row] = finding.has
        self._findings = findings
        return found


class _Headers:
    """Headers in the memory of a process, of which no more than `_MAX_HEADERS` are read."""

    def __init__(self, memory: ResidentMemory) -> None:
        self.memory, self._left = memory, _MAX_HEADERS

    def read(self, layout: struct.Struct, address: int) -> tuple[int, ...] | None:
        """The words of a header; None if it is not in memory, or too many have been read.

        Raises:
            OSError: Nothing is mapped there any more.
        """
        if not self._left:
            return None
        self._left -= 1
        raw = self.memory.read(address, layout.size)
        return layout.unpack(raw) if len(raw) == layout.size else None


def _look_into(headers: _Headers, start: int, end: int, rss_kb: int, before: _Found | None) -> _Found | None:
    """Look at the headers in a mapping; None if the first one cannot be read, and never was.

    Args:
        headers: Those of the process.
        start: Its first address.
        end: The address past it.
        rss_kb: Its Rss.
        before: What was found in the mapping that had this end: it stands while the first header is in swap.
    """
    with suppress(OSError):  # unmapped meanwhile
        first = headers.read(_HEAP, start)
        if first is None:
            is_kept = before is not None and before.start == start and headers.memory.is_swapped(start)
            return before if is_kept else None
        if _are_heaps(headers, start, end, _heap_bytes(first, start)):
            return _Found(start, rss_kb, MallocMemory.HEAPS, 0, is_seen=True)
        found, is_seen = _measure_blocks(headers, start, end, _block_bytes(first[:2]), before)
        has = MallocMemory.SOME if found * 2 >= end - start or not is_seen else None
        if found * 8 >= (end - start) * 7:
            has = MallocMemory.BLOCKS
        return _Found(start, rss_kb, has, found, is_seen)
    return None


def _are_heaps(headers: _Headers, start: int, end: int, first: int) -> bool:
    """Whether a mapping is heaps of an arena, one after the other; the last one may have grown since it was read.

    Args:
        headers: Those of the process.
        start: The first address of the mapping.
        end: The address past it.
        first: Size of the first heap; 0 if it is none.
    """
    at, size = start + first, first
    while size and at < end:
        words = headers.read(_HEAP, at)
        size = 0 if words is None else _heap_bytes(words, at)
        at += size
    return size > 0


def _measure_blocks(headers: _Headers, start: int, end: int, first: int, before: _Found | None) -> tuple[int, bool]:
    """Bytes from a start on that are large blocks, one after the other, and whether something else follows.

    Args:
        headers: Those of the process.
        start: The first address of the mapping.
        end: The address past it.
        first: Size of the first block; 0 if it is none.
        before: What was found before: other blocks that were there then are counted as then.
    """
    at, size, count = start, first, 1
    while size and at + size <= end:
        at += size
        if before is not None and before.blocks_bytes and before.start in (start, at):
            return before.start - start + before.blocks_bytes, before.is_seen
        words = headers.read(_BLOCK, at) if at < end and count < _MAX_BLOCKS else None
        if words is None:
            return at - start, at == end or count < _FEW_BLOCKS
        size, count = _block_bytes(words), count + 1
    return at - start, True


def _block_bytes(words: tuple[int, ...]) -> int:
    """Size of the block with a header; 0 if it is none."""
    before, size = words
    is_block = before == 0 and size & _ALL_FLAGS == _IS_MMAPPED and (size - _IS_MMAPPED) % _PAGE_BYTES == 0
    return size - _IS_MMAPPED if is_block else 0


def _heap_bytes(words: tuple[int, ...], address: int) -> int:
    """Accessible size of the heap with a header, of its arena the first or a further one; 0 if it is none."""
    arena, before, used, accessible = words
    first = address if before == 0 else arena - arena % _HEAP_BYTES
    is_heap = address % _HEAP_BYTES == before % _HEAP_BYTES == 0 and 0 < arena - first <= _MAX_HEAP_INFO_BYTES
    return accessible if is_heap and used <= accessible <= _HEAP_BYTES else 0
