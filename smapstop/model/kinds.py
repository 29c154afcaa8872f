"""Classify mappings by kind of memory (file, heap, stack, shared memory, …) and by likely section of the file."""

import re
from collections.abc import Callable
from enum import IntEnum, StrEnum
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from smapstop.proc.added_fields import DATA_FILE, MEMORY_FILESYSTEM
from smapstop.proc.columns import ABSENT, Amounts, Mappings, StringIds, StringTable
from smapstop.proc.pages.page_states import Backing


class Kind(StrEnum):
    """Kind of memory, for colours and groups."""

    FILE = "file"
    ANONYMOUS = "anonymous"
    HEAP = "heap"
    STACK = "stack"
    SHARED = "shared"
    """Shared memory: memfd, System V, POSIX, tmpfs, MAP_SHARED | MAP_ANONYMOUS. Not shared file mappings."""
    DEVICE = "device"
    """Memory of a device or of a kernel object: GPU buffers, io_uring, perf and packet rings. No pages of a file."""
    SPECIAL = "special"
    """Mapped by the kernel: vdso, vvar, vsyscall, uprobes."""


class _Name(IntEnum):
    """What a name says about the memory; where that is not enough, permissions and VmFlags decide."""

    FILE = 0
    ANONYMOUS = 1
    HEAP = 2
    STACK = 3
    SPECIAL = 4
    SHARED = 5
    DEVICE = 6
    NODE = 7
    """In /dev: a device, unless its file system says that it is an ordinary file there."""
    ZEROED = 8
    """Shared memory if it is mapped shared; mapped privately it is anonymous: /dev/zero, MAP_HUGETLB, ashmem."""


class _Pages(IntEnum):
    """What VmFlags say about the pages."""

    ORDINARY = 0
    HUGETLB = 1
    BARE = 2
    """Bare page frames or I/O memory (VM_PFNMAP, VM_IO): never pages of a file."""


SHARED_ANONYMOUS = "/dev/zero (deleted)"
"""What the kernel prints for MAP_SHARED | MAP_ANONYMOUS (mm/shmem.c: shmem_zero_setup): no file was deleted."""
SHARED_ANONYMOUS_TEXT = "shared anonymous"
"""What people call it."""

_SHARED_NAMES = (
    r"\[anon_shmem:|anon_inode:\[secretmem\]|/(memfd:|SYSV[0-9a-f]{8}|(dev|run|var/run)/shm/|dev/hugepages[^/]*/"
    r"|(dev/zero|secretmem) \(deleted\)$|secretmem$)"
)
_NAMES = (
    (_Name.ANONYMOUS, r"$|\[anon:"),
    (_Name.ZEROED, r"/dev/zero$|/anon_hugepage|/dev/ashmem(/|$)"),
    (_Name.HEAP, r"\[heap\]$"),
    (_Name.STACK, r"\[stack"),
    (_Name.SHARED, _SHARED_NAMES),
    (_Name.SPECIAL, r"\["),
    (
        _Name.DEVICE,
        r"anon_inode:|[\w-]+:\[|/\[aio\]|/dmabuf:|/(drm mm object|i915)( \(deleted\))?$|/(sys|proc)/",
    ),
    (_Name.NODE, r"/dev/"),
)
"""What names mean, the first that matches. Names without a path are those of anonymous inodes and sockets (d_dname);
/sys and /proc have no files that could be mapped but those of devices and of the kernel."""
_NAME_PATTERNS = tuple((meaning, re.compile(pattern)) for meaning, pattern in _NAMES)
_POSITIONS = {kind: at for at, kind in enumerate(Kind)}
_TEXTS = 4_096
"""Distinct texts of which the meaning is cached: the same ones come with each reading."""


@lru_cache(_TEXTS)
def _name_meaning(name: str) -> _Name:
    """What a name says."""
    return next((meaning for meaning, pattern in _NAME_PATTERNS if pattern.match(name)), _Name.FILE)


@lru_cache(_TEXTS)
def _pages_meaning(flags: str) -> _Pages:
    """What a VmFlags line says.

    A mixed map (mm) says nothing: files on DAX file systems have it, too (fs/fuse/dax.c).
    """
    codes = flags.split()
    if "pf" in codes or "io" in codes:
        return _Pages.BARE
    return _Pages.HUGETLB if "ht" in codes else _Pages.ORDINARY


def _derive_kind(name: _Name, pages: _Pages, *, shared: bool, in_memory: bool) -> Kind:
    """Derive the kind from all evidence; `in_memory`: the file is known to lie on a memory file system."""
    match name:
        case _Name.HEAP:
            return Kind.HEAP
        case _Name.STACK:
            return Kind.STACK
        case _Name.SPECIAL:
            return Kind.SPECIAL
        case _Name.SHARED:
            return Kind.SHARED
        case _Name.ZEROED:
            return Kind.SHARED if shared else Kind.ANONYMOUS
        case _Name.ANONYMOUS:
            return Kind.DEVICE if pages is _Pages.BARE else Kind.ANONYMOUS
        case _Name.DEVICE:
            return Kind.DEVICE
        case _Name.NODE:
            return Kind.SHARED if in_memory and pages is not _Pages.BARE else Kind.DEVICE
    if pages is _Pages.BARE:
        return Kind.DEVICE
    return Kind.SHARED if in_memory or pages is _Pages.HUGETLB else Kind.FILE


_KIND_TABLE = np.zeros((len(_Name), len(_Pages), 2, 2), np.int8)
for _name, _pages, _shared, _in_memory in product(_Name, _Pages, (0, 1), (0, 1)):
    _KIND_TABLE[_name, _pages, _shared, _in_memory] = _POSITIONS[
        _derive_kind(_name, _pages, shared=bool(_shared), in_memory=bool(_in_memory))
    ]
"""Positions of kinds by name, pages, sharing and file system."""


def kind_of(name: str, perms: str = "", flags: str = "", memory_filesystem: int = ABSENT) -> Kind:
    """Kind of a mapping.

    Args:
        name: As printed by the kernel.
        perms: As printed by the kernel; the last letter distinguishes shared from private.
        flags: VmFlags, as printed.
        memory_filesystem: As in the column `MEMORY_FILESYSTEM`.
    """
    shared, in_memory = perms.endswith("s"), memory_filesystem == 1
    return _derive_kind(_name_meaning(name), _pages_meaning(flags), shared=shared, in_memory=in_memory)


def kind_at(mappings: Mappings, row: int) -> Kind:
    """Kind of the mapping in a row."""
    in_memory = mappings.get(MEMORY_FILESYSTEM)
    flags = mappings.string_at(mappings.flags, row)
    return kind_of(
        mappings.name_of(row), mappings.perms_of(row), flags, ABSENT if in_memory is None else int(in_memory[row])
    )


@lru_cache(2)  # the views of one snapshot ask again and again
def all_kind_codes(mappings: Mappings) -> NDArray[np.int8]:
    """Kinds of all rows, see `kind_codes`."""
    codes = kind_codes(mappings)
    codes.flags.writeable = False
    return codes


def kind_codes(mappings: Mappings, rows: NDArray[np.intp] | slice = slice(None)) -> NDArray[np.int8]:
    """Kinds of some rows as positions in `list(Kind)`, shape (n,); each distinct text is classified once."""
    strings, in_memory = mappings.strings, mappings.get(MEMORY_FILESYSTEM)
    names = classify_texts(strings, mappings.name[rows], _name_meaning)
    pages = classify_texts(strings, mappings.flags[rows], _pages_meaning)
    shared = classify_texts(strings, mappings.perms[rows], lambda perms: perms.endswith("s"))
    codes: NDArray[np.int8] = _KIND_TABLE[
        names, pages, shared, 0 if in_memory is None else (in_memory[rows] == 1).astype(np.int8)
    ]
    return codes


def kinds_of(mappings: Mappings) -> list[Kind]:
    """Kind of each mapping."""
    kinds = list(Kind)
    return [kinds[code] for code in kind_codes(mappings).tolist()]


def classify_texts(texts: StringTable, codes: StringIds, classify: Callable[[str], int]) -> NDArray[np.int8]:
    """Classify each coded string as a small number, shape (len(codes),); each distinct string once."""
    used = np.zeros(len(texts), bool)
    used[codes] = True
    classes = np.zeros(len(texts), np.int8)
    for code in np.flatnonzero(used).tolist():
        classes[code] = classify(texts[code])
    return classes[codes]


def is_private(mappings: Mappings, rows: NDArray[np.intp] | slice = slice(None)) -> NDArray[np.bool_]:
    """Which of some rows are MAP_PRIVATE, shape (n,): what is written is copied. No call turns one into the other."""
    private: NDArray[np.bool_] = classify_texts(mappings.strings, mappings.perms[rows], lambda p: p.endswith("p")) > 0
    return private


def backing_of(kind: Kind, perms: str) -> Backing:
    """Backing of a mapping, for the states of its pages.

    Args:
        kind: Its kind.
        perms: As printed by the kernel.
    """
    private = perms.endswith("p")
    match kind:
        case Kind.FILE:
            return Backing.PRIVATE_FILE if private else Backing.SHARED_FILE
        case Kind.SHARED:
            return Backing.PRIVATE_SHARED_MEMORY if private else Backing.SHARED_MEMORY
        case Kind.SPECIAL | Kind.DEVICE:
            return Backing.SPECIAL
        case _:
            return Backing.NOTHING


def data_file_column(mappings: Mappings) -> Amounts:
    """Column `DATA_FILE` of a whole map, shape (n,)."""
    executable = classify_texts(mappings.strings, mappings.perms, lambda perms: "x" in perms) > 0
    is_data = is_private(mappings) & (mappings.inode > 0) & ~np.isin(mappings.name, mappings.name[executable])
    return np.where(is_data, 1, ABSENT)


def with_data_files(mappings: Mappings) -> Mappings:
    """Add the column `DATA_FILE` to a whole map, if it has such a file."""
    column = data_file_column(mappings)
    return mappings.with_fields({DATA_FILE: column}) if (column == 1).any() else mappings


def is_data_file(mappings: Mappings, row: int) -> bool:
    """Whether the file in a row is known to be neither a program nor a library."""
    column = mappings.get(DATA_FILE)
    return column is not None and bool(column[row] == 1)


def section_of(kind: Kind, name: str, perms: str, *, is_data: bool = False) -> str:
    """Section that a mapping usually holds (`.text`, `.data`, `.rodata`), guessed from its permissions; else empty.

    Only files mapped privately have sections, as programs are: also on a memory file system, where they are shared
    memory. What is mapped shared is data.

    Args:
        kind: Its kind.
        name: As printed by the kernel.
        perms: As printed by the kernel.
        is_data: Whether the file is known to be neither a program nor a library, see `DATA_FILE`: it has no sections.
    """
    in_memory = kind is Kind.SHARED and _name_meaning(name) in (_Name.FILE, _Name.NODE)
    if is_data or not perms.endswith("p") or (kind is not Kind.FILE and not in_memory):
        return ""
    if "x" in perms:
        return ".text"
    if "w" in perms:
        return ".data"
    return ".rodata" if "r" in perms else ""
