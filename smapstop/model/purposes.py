"""Infer what memory without a name is for: by proof if there is any, as a guess only where nothing contradicts it.

Proof is what the process's files, threads and memory say: the size of a file's zeroed data (`FILE_BSS`), stack
pointers, the heap of Go (`GO_HEAP`), of a JVM (`JVM_HEAP`) or of Python (`PYTHON_HEAP`), headers of malloc
(`MALLOC_HEAP`, `MALLOC_BLOCKS`). Without proof the shape of a mapping and its neighbours allow a guess.
"""

import re
from collections.abc import Mapping
from enum import IntEnum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.kinds import classify_texts
from smapstop.model.tick import ThreadStack
from smapstop.proc.added_fields import FILE_BSS, GO_HEAP, JVM_HEAP, MALLOC_BLOCKS, MALLOC_HEAP, PYTHON_HEAP
from smapstop.proc.columns import ABSENT, Mappings, StringIds, strip_deleted

_ARENA_BYTES = np.uint64(64 << 20)
"""glibc's HEAP_MAX_SIZE on 64 bits: the size and alignment of the heaps of all arenas but the main one."""
_MAX_GUARD_BYTES = np.uint64(64 << 10)
"""An inaccessible mapping of at most this size before a writable one may be a stack guard."""
_MIN_STACK_BYTES = np.uint64(16 << 10)
_MAX_STACK_BYTES = np.uint64((8 << 20) + (64 << 10))
"""Largest stack without proof: glibc's default is RLIMIT_STACK, which is 8 MiB nearly everywhere."""
_WRITABLE, _INACCESSIBLE, _EXECUTABLE = 1, 2, 3
_V8_PAGE_BYTES = np.uint64(256 << 10)
"""Size and alignment of the pages of V8's heap (src/heap/memory-chunk-layout.h); large objects are aligned alike."""
_V8_FLAGS = frozenset(("dc", "nr"))
"""VmFlags of V8's heap in Node.js: kept from children (MADV_DONTFORK), and without a reservation (MAP_NORESERVE)."""
_RUNTIMES = re.compile(
    r"(?P<glibc>libc\.so\.6|libc-2\.\d+\.so)|(?P<node>node|nodejs|electron|libnode\.so\.\d+)"
    r"|(?P<jemalloc>libjemalloc\.so\.\d+)|(?P<mimalloc>libmimalloc(?:-secure|-debug)?\.so\.[\d.]+)"
)
"""Files whose memory has a shape of its own."""
_GLIBC, _NODE, _JEMALLOC, _MIMALLOC = 1, 2, 3, 4
"""Their groups."""

Mask = NDArray[np.bool_]


class Purpose(IntEnum):
    """Purpose of unnamed memory."""

    UNKNOWN = 0
    ARENA = 1
    RESERVE = 2
    """Reserved address space that an arena can grow into."""
    STACK = 3
    GUARD = 4
    BSS = 5
    """Zero-initialized data of a file."""
    GO_HEAP = 6
    JVM_HEAP = 7
    V8_HEAP = 8
    JEMALLOC = 9
    MIMALLOC = 10
    """These two: memory of an allocator that is a library."""
    JIT_CODE = 11
    """Executable memory without a file: what a compiler wrote at run time."""
    PYTHON_HEAP = 12
    MALLOC_BLOCK = 13
    """Large blocks of malloc, each with a mapping of its own."""


_ALLOCATORS = {_JEMALLOC: Purpose.JEMALLOC, _MIMALLOC: Purpose.MIMALLOC}
"""Libraries that serve malloc of the whole process, from memory without a reservation (MAP_NORESERVE)."""


_PROVEN_BY = {
    Purpose.ARENA: MALLOC_HEAP,
    Purpose.MALLOC_BLOCK: MALLOC_BLOCKS,
    Purpose.GO_HEAP: GO_HEAP,
    Purpose.JVM_HEAP: JVM_HEAP,
    Purpose.PYTHON_HEAP: PYTHON_HEAP,
}
"""Added columns that mark memory of a purpose."""


@dataclass(frozen=True, slots=True, eq=False)
class Purposes:
    """Purposes of n mappings; unknown for those that have a name."""

    purpose: NDArray[np.int8]
    """`Purpose` of each mapping, shape (n,)."""
    proven: Mask
    """Whether it is proven, not a guess, shape (n,)."""
    owner: StringIds
    """Name of the file for `Purpose.BSS`, else the empty string, shape (n,)."""

    def take(self, rows: NDArray[np.intp]) -> "Purposes":
        """Select rows."""
        return Purposes(self.purpose[rows], self.proven[rows], self.owner[rows])

    def with_rows(self, others: "Purposes", rows: NDArray[np.intp]) -> "Purposes":
        """Append some rows of `others`, which must have the same string table."""
        columns = ((getattr(self, name), getattr(others, name)[rows]) for name in ("purpose", "proven", "owner"))
        return Purposes(*map(np.concatenate, columns))


def unknown_purposes(n: int) -> Purposes:
    """Purposes of n rows of which nothing is known."""
    return Purposes(np.zeros(n, np.int8), np.zeros(n, np.bool_), np.zeros(n, np.int32))


@dataclass(frozen=True, slots=True, eq=False)
class _Shapes:
    """What the shapes of n mappings and their files say, before threads are considered."""

    base: Purposes
    """Purposes other than stacks and their guards."""
    firm: Mask
    """Mappings whose purpose a stack pointer in it does not change: program stacks may lie in a heap."""
    writable: Mask
    guarded: Mask
    """Writable mappings behind a small inaccessible one."""
    guarded_inside: Mask
    """Mappings with guard regions inside, as glibc has them since 2.42 (MADV_GUARD_INSTALL, VmFlags gu)."""
    stack_sized: Mask
    default_like: Mask
    """Guarded mappings that look like the stack of a thread whose stack pointer is not known."""


def purposes_of(
    mappings: Mappings, stacks: Mapping[int, ThreadStack] | None = None, threads: int | None = None
) -> Purposes:
    """Infer the purpose of each unnamed mapping.

    Args:
        mappings: In address order.
        stacks: Known stack pointers, by row of the mapping.
        threads: Number of threads of the process; None when it is unknown, as in a saved text.
    """
    shapes = _shapes_of(mappings)
    candidates = shapes.default_like
    if not stacks and (threads == 1 or not candidates.any()):
        return shapes.base
    pointed, alone = np.zeros(len(mappings), np.bool_), np.zeros(len(mappings), np.bool_)
    if stacks:
        rows = np.fromiter(stacks, np.intp, len(stacks))
        pointed[rows] = True
        alone[rows] = [stack.threads == 1 for stack in stacks.values()]
    pointed &= shapes.writable & ~shapes.firm
    proven = pointed & (shapes.guarded | (shapes.guarded_inside & shapes.stack_sized) | ~alone)
    guessed = pointed & ~proven & shapes.stack_sized
    unfound = candidates & ~pointed
    if threads is not None:
        unlocated = threads - 1 - sum(stack.threads for stack in (stacks or {}).values())
        if np.count_nonzero(unfound) > unlocated:
            unfound = np.zeros_like(unfound)  # most of them, or all, are something else
    stack = proven | guessed | unfound
    purpose, certain, owner = shapes.base.purpose.copy(), shapes.base.proven.copy(), shapes.base.owner.copy()
    purpose[stack], certain[stack], owner[stack] = Purpose.STACK, proven[stack], 0
    guards = np.flatnonzero(stack & shapes.guarded) - 1
    free = guards[purpose[guards] == Purpose.UNKNOWN]
    purpose[free], certain[free] = Purpose.GUARD, proven[free + 1]
    return Purposes(purpose, certain, owner)


@lru_cache(2)  # a view of one snapshot asks several times about the same mappings
def _shapes_of(mappings: Mappings) -> _Shapes:
    """Derive what does not depend on threads."""
    strings, n = mappings.strings, len(mappings)
    unnamed = mappings.name == 0
    perms = classify_texts(strings, mappings.perms, _access_of)
    size = mappings.end - mappings.start
    writable, inaccessible = unnamed & (perms == _WRITABLE), unnamed & (perms == _INACCESSIBLE)
    adjacent = np.zeros(n, np.bool_)
    """Mappings that begin where the one before ends."""
    adjacent[1:] = mappings.start[1:] == mappings.end[:-1]
    # 1: MAP_NORESERVE, as heaps of arenas have and stacks have not; 0: this kernel prints no flags
    reserved = classify_texts(strings, mappings.flags, lambda text: (1 if "nr" in text.split() else -1) * bool(text))

    bss, bss_proven = _bss(mappings, writable & adjacent)
    reserve = inaccessible & adjacent & _shift_down(writable)
    nothing, runtimes = np.zeros(n, np.bool_), _runtimes_in(mappings)
    v8 = _v8_heap(mappings, unnamed) if _NODE in runtimes else nothing
    proven = _marked_purposes(mappings, unnamed)
    known = (proven > 0) | v8
    blocks = _marked(mappings, MALLOC_BLOCKS, 0) & unnamed & ~known
    allocator = next((_ALLOCATORS[each] for each in runtimes if each in _ALLOCATORS), None)
    allocated = nothing if allocator is None else writable & (reserved > 0) & ~known
    free = writable & (reserved >= 0) & ~known & ~allocated
    arena = (proven == Purpose.ARENA) | (_arenas(mappings, free, reserve) if _GLIBC in runtimes else nothing)
    guarded = writable & adjacent & _shift_down(inaccessible & (size <= _MAX_GUARD_BYTES))
    guarded &= size >= _MIN_STACK_BYTES
    firm = arena | blocks | (proven > 0) | bss_proven

    purpose = np.where(unnamed & (perms == _EXECUTABLE), np.int8(Purpose.JIT_CODE), np.int8(0))
    purpose[reserve & _shift_down(arena)] = Purpose.RESERVE
    proven_reserve = reserve & _shift_down(proven == Purpose.ARENA)
    purpose[bss], purpose[blocks & ~bss_proven], purpose[arena] = Purpose.BSS, Purpose.MALLOC_BLOCK, Purpose.ARENA
    purpose[v8], purpose[allocated] = Purpose.V8_HEAP, allocator or Purpose.UNKNOWN
    purpose[proven > 0] = proven[proven > 0]
    owner = np.where(purpose == Purpose.BSS, np.concatenate([mappings.name[:1], mappings.name[:-1]]), 0)
    stack_sized = size <= _MAX_STACK_BYTES
    return _Shapes(
        base=Purposes(purpose, bss_proven | (proven > 0) | proven_reserve, owner.astype(np.int32)),
        firm=firm,
        writable=writable,
        guarded=guarded,
        guarded_inside=classify_texts(strings, mappings.flags, lambda text: "gu" in text.split()) > 0,
        stack_sized=stack_sized,
        default_like=guarded & ~firm & stack_sized & (reserved <= 0),
    )


def _access_of(perms: str) -> int:
    """What private memory is for, by its permissions; 0 for another one."""
    access = {"rw-p": _WRITABLE, "---p": _INACCESSIBLE}.get(perms, 0)
    return _EXECUTABLE if "x" in perms and perms.endswith("p") else access


def _marked_purposes(mappings: Mappings, unnamed: Mask) -> NDArray[np.int8]:
    """Purposes that added columns prove, shape (n,); 0 for others."""
    purpose = np.zeros(len(mappings), np.int8)
    for of_column, column in _PROVEN_BY.items():
        purpose[unnamed & _marked(mappings, column)] = of_column
    return purpose


def _marked(mappings: Mappings, column: str, mark: int = 1) -> Mask:
    """Mappings that an added column marks; none without the column."""
    marks = mappings.get(column)
    return np.zeros(len(mappings), np.bool_) if marks is None else marks == mark


def _runtimes_in(mappings: Mappings) -> frozenset[int]:
    """Which of `_RUNTIMES` the process maps."""
    return frozenset(np.unique(classify_texts(mappings.strings, mappings.name, _runtime_of)).tolist())


@lru_cache(4_096)
def _runtime_of(name: str) -> int:
    """Group of `_RUNTIMES` of a file; 0 for others."""
    found = _RUNTIMES.fullmatch(strip_deleted(name).rpartition("/")[2])
    return found.lastindex or 0 if found else 0


def _v8_heap(mappings: Mappings, unnamed: Mask) -> Mask:
    """Mappings of Node.js that may be of V8's heap: readable, aligned as its pages, and with its flags."""
    aligned: Mask = unnamed & (mappings.start % _V8_PAGE_BYTES == 0)
    flagged = classify_texts(mappings.strings, mappings.flags, lambda text: set(text.split()) >= _V8_FLAGS) > 0
    data = classify_texts(mappings.strings, mappings.perms, lambda perms: perms in ("rw-p", "r--p")) > 0
    return aligned & flagged & data


def _arenas(mappings: Mappings, writable: Mask, reserve: Mask) -> Mask:
    """Mappings of a process with glibc that may be heaps of malloc arenas: aligned, reserving all of a heap."""
    start, end = mappings.start, mappings.end
    limit = end.copy()
    limit[:-1][reserve[1:]] = end[1:][reserve[1:]]
    aligned: Mask = (start % _ARENA_BYTES == 0) & (limit - start >= _ARENA_BYTES) & (end - start <= _ARENA_BYTES)
    return writable & aligned


def _bss(mappings: Mappings, follows: Mask) -> tuple[Mask, Mask]:
    """Mappings that are zeroed data of the file before them, and those of which this is proven.

    Where the file could not be read, a mapping as large as the file is none: it has grown by something else.

    Args:
        mappings: In address order.
        follows: Writable unnamed mappings that begin where the one before ends.
    """
    n, strings = len(mappings), mappings.strings
    size = mappings.end - mappings.start
    known = mappings.get(FILE_BSS)
    kb = np.full(n, ABSENT, np.int64) if known is None else known
    proven: Mask = follows & (kb >= (size >> np.uint64(10)).astype(np.int64))
    rest = np.flatnonzero(follows & (kb == ABSENT))
    rest = rest[mappings.inode[rest - 1] > 0]
    if not len(rest):
        return proven, proven
    executable = classify_texts(strings, mappings.perms, lambda text: text[2:3] == "x") > 0
    rest = rest[np.isin(mappings.name[rest - 1], mappings.name[executable & (mappings.name > 0)])]
    rest = rest[mappings.perms[rest - 1] == mappings.perms[rest]]
    mapped = np.bincount(mappings.name, weights=size)
    guessed = proven.copy()
    guessed[rest] = size[rest] <= mapped[mappings.name[rest - 1]]
    return guessed, proven


def _shift_down(rows: Mask) -> Mask:
    """Shift a mask by one row: the value of each row is that of the row before."""
    return np.concatenate([np.zeros(min(1, len(rows)), np.bool_), rows[:-1]])
