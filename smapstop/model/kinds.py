"""What kind of memory a mapping is, and its short name."""

import re
from collections.abc import Callable
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from smapstop.proc.columns import Mappings, StringIds, StringTable
from smapstop.proc.pages.page_states import Backing


class Kind(StrEnum):
    """The kinds that colours and groups speak of."""

    FILE = "file"
    ANONYMOUS = "anonymous"
    HEAP = "heap"
    STACK = "stack"
    SHARED = "shared"
    """Shared memory: memfd, System V, POSIX, tmpfs, MAP_SHARED | MAP_ANONYMOUS. Not shared file mappings."""
    SPECIAL = "special"
    """What the kernel put there: vdso, vvar, vsyscall, uprobes."""


_SHARED = re.compile(
    r"/memfd:|/dev/shm/|/dev/zero \(deleted\)$|/SYSV[0-9a-f]{8}|\[anon_shmem:|/anon_hugepage|/drm mm object"
)
_ANONYMOUS = re.compile(r"$|\[anon:|/dev/zero$")
_POSITIONS = {kind: at for at, kind in enumerate(Kind)}


def kind_of(name: str) -> Kind:
    """The kind of a mapping by the name that the kernel prints (kernel-specific names stay `SPECIAL`)."""
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
    """The kind of each mapping; one look-up per distinct name."""
    of_code = {code: kind_of(mappings.strings[code]) for code in np.unique(mappings.name).tolist()}
    return [of_code[code] for code in mappings.name.tolist()]


def kind_codes(mappings: Mappings) -> NDArray[np.int8]:
    """The kinds as positions in `list(Kind)`, shape (n,)."""
    return classify_texts(mappings.strings, mappings.name, lambda name: _POSITIONS[kind_of(name)])


def classify_texts(texts: StringTable, codes: StringIds, classify: Callable[[str], int]) -> NDArray[np.int8]:
    """A small number for each coded text, shape (len(codes),); each text is asked about once."""
    used = np.zeros(len(texts), bool)
    used[codes] = True
    answers = np.zeros(len(texts), np.int8)
    for code in np.flatnonzero(used).tolist():
        answers[code] = classify(texts[code])
    return answers[codes]


def backing_of(name: str, perms: str) -> Backing:
    """What is behind a mapping, for the states of its pages.

    Args:
        name: As the kernel prints it.
        perms: As the kernel prints them.
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
    """What a file mapping usually holds, in the linker's words (`.text`, `.data`); a guess from its permissions."""
    if "x" in perms:
        return ".text"
    if "w" in perms:
        return ".data"
    return ".rodata" if "r" in perms else ""
