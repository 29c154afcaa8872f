"""Group all mappings by what they are for: stacks, heaps, code, data, files, shared memory, devices."""

import re
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from smapstop.model.kinds import Kind, classify_texts, kind_codes
from smapstop.model.purposes import Purpose, Purposes
from smapstop.proc.columns import Mappings


class PurposeGroup(StrEnum):
    """What mappings are for."""

    CODE = "code"
    """Executable pages of programs and libraries."""
    READ_ONLY_DATA = "constants"
    """Constants, headers and tables of programs and libraries."""
    DATA = "program data"
    """Their writable, relocated and zeroed data."""
    FILES = "mapped files"
    """Files that are no programs."""
    HEAP = "main heap"
    MALLOC = "malloc"
    """Its arenas and large blocks, and memory of other allocators."""
    STACKS = "stacks"
    PYTHON_HEAP = "Python heap"
    GO_HEAP = "Go heap"
    JVM_HEAP = "JVM heap"
    V8_HEAP = "V8 heap"
    JIT_CODE = "JIT code"
    """Executable memory that is of no program: what a compiler wrote at run time."""
    ANONYMOUS = "other"
    RESERVED = "reserved"
    """Inaccessible address space, which takes no memory."""
    SHARED = "shared memory"
    DEVICE = "device"
    KERNEL = "kernel"
    """Mapped by the kernel: vdso, vvar."""


PURPOSE_GROUPS: tuple[PurposeGroup, ...] = tuple(PurposeGroup)
"""Groups in the order of their codes."""
_CODES = {group: code for code, group in enumerate(PURPOSE_GROUPS)}
_UNNAMED = {
    Purpose.ARENA: PurposeGroup.MALLOC,
    Purpose.RESERVE: PurposeGroup.MALLOC,
    Purpose.STACK: PurposeGroup.STACKS,
    Purpose.GUARD: PurposeGroup.STACKS,
    Purpose.BSS: PurposeGroup.DATA,
    Purpose.GO_HEAP: PurposeGroup.GO_HEAP,
    Purpose.JVM_HEAP: PurposeGroup.JVM_HEAP,
    Purpose.V8_HEAP: PurposeGroup.V8_HEAP,
    Purpose.JEMALLOC: PurposeGroup.MALLOC,
    Purpose.MIMALLOC: PurposeGroup.MALLOC,
    Purpose.JIT_CODE: PurposeGroup.JIT_CODE,
    Purpose.PYTHON_HEAP: PurposeGroup.PYTHON_HEAP,
    Purpose.MALLOC_BLOCK: PurposeGroup.MALLOC,
}
KIND_OF_GROUP = {
    **dict.fromkeys(
        (PurposeGroup.CODE, PurposeGroup.READ_ONLY_DATA, PurposeGroup.DATA, PurposeGroup.FILES), Kind.FILE
    ),
    PurposeGroup.HEAP: Kind.HEAP,
    PurposeGroup.STACKS: Kind.STACK,
    PurposeGroup.SHARED: Kind.SHARED,
    PurposeGroup.DEVICE: Kind.DEVICE,
    PurposeGroup.KERNEL: Kind.SPECIAL,
}
"""Kind whose letter and colour a group has; the others are anonymous."""
_GIVEN_NAMES = (
    (PurposeGroup.MALLOC, r"glibc: malloc|scudo|jemalloc|tcmalloc|mimalloc|libc_malloc"),
    (PurposeGroup.STACKS, r"(glibc: pthread )?stack|thread stack|stack_and_tls|Go: .*stack"),
    (PurposeGroup.DATA, r"\.bss"),
    (PurposeGroup.GO_HEAP, r"Go: heap"),
    (PurposeGroup.PYTHON_HEAP, r"(c?python|pymalloc)"),
    (PurposeGroup.V8_HEAP, r"v8"),
    (PurposeGroup.JVM_HEAP, r"(java heap|dalvik-(main|large object|zygote|non moving|free list|region))"),
    (PurposeGroup.JIT_CODE, r".*(jit|code cache)"),
)
"""Names that runtimes give their memory (prctl(2), PR_SET_VMA_ANON_NAME), and older Android with ashmem."""
_GIVEN_PATTERNS = (
    *(
        (group, re.compile(rf"(\[anon:|/dev/ashmem/) ?({pattern})\b", re.IGNORECASE))
        for group, pattern in _GIVEN_NAMES
    ),
    (PurposeGroup.JVM_HEAP, re.compile(r"/memfd:java_heap\b")),  # of the collector ZGC
)
_OF_KIND = {
    Kind.FILE: PurposeGroup.FILES,
    Kind.ANONYMOUS: PurposeGroup.ANONYMOUS,
    Kind.HEAP: PurposeGroup.HEAP,
    Kind.STACK: PurposeGroup.STACKS,
    Kind.SHARED: PurposeGroup.SHARED,
    Kind.DEVICE: PurposeGroup.DEVICE,
    Kind.SPECIAL: PurposeGroup.KERNEL,
}


def purpose_groups(mappings: Mappings, purposes: Purposes) -> NDArray[np.int8]:
    """Group of each mapping, as positions in `PURPOSE_GROUPS`, shape (n,).

    Args:
        mappings: In address order.
        purposes: What their unnamed memory is for.
    """
    strings, kinds = mappings.strings, list(Kind)
    kind = kind_codes(mappings)
    groups = np.array([_CODES[_OF_KIND[each]] for each in kinds], np.int8)[kind]

    def has(letter: str) -> NDArray[np.bool_]:
        return classify_texts(strings, mappings.perms, lambda perms: letter in perms) > 0

    readable, writable, executable, private = map(has, "rwxp")
    anonymous = np.isin(kind, [kinds.index(each) for each in (Kind.ANONYMOUS, Kind.HEAP, Kind.STACK)])
    shared_memory = kind == kinds.index(Kind.SHARED)
    groups[anonymous & ~(readable | writable | executable)] = _CODES[PurposeGroup.RESERVED]
    groups[anonymous & executable] = _CODES[PurposeGroup.JIT_CODE]
    groups[shared_memory & executable & ~private] = _CODES[PurposeGroup.JIT_CODE]

    given = classify_texts(strings, mappings.name, _given_group)
    groups[given > 0] = given[given > 0] - 1
    for purpose, group in _UNNAMED.items():
        groups[purposes.purpose == purpose] = _CODES[group]

    file = private & (mappings.name > 0) & ((kind == kinds.index(Kind.FILE)) | shared_memory)
    program = file & np.isin(mappings.name, mappings.name[file & executable])
    relocated = mappings.get("anonymous")
    written = writable if relocated is None else writable | (relocated > 0)
    groups[program] = _CODES[PurposeGroup.READ_ONLY_DATA]
    groups[program & ~(readable | writable | executable)] = _CODES[PurposeGroup.RESERVED]
    groups[program & written] = _CODES[PurposeGroup.DATA]
    groups[program & executable] = _CODES[PurposeGroup.CODE]
    return groups


def _given_group(name: str) -> int:
    """One more than the code of the group that a name given by a runtime stands for; 0 for other names."""
    return next((_CODES[group] + 1 for group, pattern in _GIVEN_PATTERNS if pattern.match(name)), 0)
