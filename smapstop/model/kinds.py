"""Classify mappings by kind of memory (file, heap, stack, shared memory, …) and by likely section of the file."""

import re
from collections.abc import Callable
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from smapstop.proc.columns import Mappings, StringIds, StringTable
from smapstop.proc.pages.page_states import Backing


class Kind(StrEnum):
    """Kind of memory, for colours and groups."""

    FILE = "file"
    ANONYMOUS = "anonymous"
    HEAP = "heap"
    STACK = "stack"
    SHARED = "shared"
    """Shared memory: memfd, System V, POSIX, tmpfs, MAP_SHARED | MAP_ANONYMOUS. Not shared file mappings."""
    SPECIAL = "special"
    """Mapped by the kernel: vdso, vvar, vsyscall, uprobes."""


_SHARED = re.compile(
    r"/memfd:|/dev/shm/|/dev/zero \(deleted\)$|/SYSV[0-9a-f]{8}|\[anon_shmem:|/anon_hugepage|/drm mm object"
)
_ANONYMOUS = re.compile(r"$|\[anon:|/dev/zero$")
_POSITIONS = {kind: at for at, kind in enumerate(Kind)}


def kind_of(name: str) -> Kind:
    """Kind of a mapping by the name that the kernel prints; other names in brackets are `SPECIAL`."""
    if _ANONYMOUS.match(name):
        return Kind.ANONYMOUS
    if name == "[heap]":
        return Kind.HEAP
    if name.startswith("[stack"):
        return Kind.STACK
    if _SHARED.match(name):
        return Kind.SHARED
    return Kind.SPECIAL if name.startswith("[") else Kind.FILE


def kinds_of(mappings: Mappings) -> list[Kind]:
    """Kind of each mapping; each distinct name is classified once."""
    by_code = {code: kind_of(mappings.strings[code]) for code in np.unique(mappings.name).tolist()}
    return [by_code[code] for code in mappings.name.tolist()]


def kind_codes(mappings: Mappings) -> NDArray[np.int8]:
    """Kinds as positions in `list(Kind)`, shape (n,)."""
    return classify_texts(mappings.strings, mappings.name, lambda name: _POSITIONS[kind_of(name)])


def classify_texts(texts: StringTable, codes: StringIds, classify: Callable[[str], int]) -> NDArray[np.int8]:
    """Classify each coded string as a small number, shape (len(codes),); each distinct string once."""
    used = np.zeros(len(texts), bool)
    used[codes] = True
    classes = np.zeros(len(texts), np.int8)
    for code in np.flatnonzero(used).tolist():
        classes[code] = classify(texts[code])
    return classes[codes]


def backing_of(name: str, perms: str) -> Backing:
    """Backing of a mapping, for the states of its pages.

    Args:
        name: As printed by the kernel.
        perms: As printed by the kernel.
    """
    private = perms.endswith("p")
    if private and name.startswith("/anon_hugepage"):
        return Backing.NOTHING
    match kind_of(name):
        case Kind.FILE:
            return Backing.PRIVATE_FILE if private else Backing.SHARED_FILE
        case Kind.SHARED:
            return Backing.PRIVATE_SHARED_MEMORY if private else Backing.SHARED_MEMORY
        case Kind.SPECIAL:
            return Backing.SPECIAL
        case _:
            return Backing.NOTHING


def likely_section(perms: str) -> str:
    """Section that a file mapping usually holds (`.text`, `.data`, `.rodata`), guessed from its permissions."""
    if "x" in perms:
        return ".text"
    if "w" in perms:
        return ".data"
    return ".rodata" if "r" in perms else ""
