"""Label unnamed memory with its likely purpose: thread stacks, malloc arenas, .bss of a file.

The kernel does not know these. Names that it prints, `[anon:NAME]`, are taken as they are, and a stack pointer in a
mapping identifies the thread; the rest is inferred from size, alignment and neighbours, and is a guess.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from smapstop.model.kinds import classify_texts
from smapstop.model.tick import ThreadStack
from smapstop.proc.columns import Mappings, StringIds

_ARENA_BYTES = np.uint64(64 << 20)
"""glibc's HEAP_MAX_SIZE on 64 bits: the size and alignment of the heaps of all arenas but the main one."""
_MAX_GUARD_BYTES = np.uint64(64 << 10)
"""An inaccessible mapping of at most this size before a writable one is a stack guard."""
_MIN_STACK_BYTES = np.uint64(16 << 10)
_WRITABLE, _INACCESSIBLE = 1, 2


class Purpose(IntEnum):
    """Likely purpose of unnamed memory, by its shape."""

    UNKNOWN = 0
    ARENA = 1
    RESERVE = 2
    """Reserved address space that an arena can grow into."""
    STACK = 3
    GUARD = 4
    BSS = 5
    """Zero-initialized data of a file."""


PURPOSE_TEXTS = {
    Purpose.ARENA: "malloc arena",
    Purpose.RESERVE: "malloc reserve",
    Purpose.STACK: "stack of a thread",
    Purpose.GUARD: "guard of a stack",
    Purpose.BSS: ".bss",
}
"""Texts of the labels; `.bss` follows the name of the file."""


@dataclass(frozen=True, slots=True)
class Label:
    """Purpose of a mapping, as text."""

    text: str
    guess: bool
    """Whether it is inferred from the shape alone; shown as `?`."""

    def __str__(self) -> str:
        return self.text + "?" * self.guess

    @property
    def may_be_bss(self) -> bool:
        """Whether it looks like the .bss of a file, whose symbols may name the variables there."""
        return self.guess and self.text.endswith(PURPOSE_TEXTS[Purpose.BSS])


@dataclass(frozen=True, slots=True, eq=False)
class Purposes:
    """Likely purposes of n mappings, by their shape; unknown for those that have a name."""

    purpose: NDArray[np.int8]
    """`Purpose` of each mapping, shape (n,)."""
    owner: StringIds
    """Name of the file for `Purpose.BSS`, else the empty string, shape (n,)."""

    def with_rows(self, others: "Purposes", rows: NDArray[np.intp]) -> "Purposes":
        """Append some rows of `others`, which must have the same string table."""
        return Purposes(
            np.concatenate([self.purpose, others.purpose[rows]]), np.concatenate([self.owner, others.owner[rows]])
        )


def unknown_purposes(n: int) -> Purposes:
    """Purposes of n rows of which nothing is known."""
    return Purposes(np.zeros(n, np.int8), np.zeros(n, np.int32))


@lru_cache(2)  # a view of one snapshot asks several times about the same mappings
def purposes_of(mappings: Mappings) -> Purposes:
    """Infer the purpose of each unnamed mapping from its shape and its neighbours.

    Args:
        mappings: In address order.
    """
    unnamed = mappings.name == 0
    perms = classify_texts(
        mappings.strings, mappings.perms, lambda text: {"rw-p": _WRITABLE, "---p": _INACCESSIBLE}.get(text, 0)
    )
    code = classify_texts(mappings.strings, mappings.perms, lambda text: text[2:3] == "x") > 0
    program = np.isin(mappings.name, mappings.name[~unnamed & code])
    """Mappings of files that have code; others, such as `/anon_hugepage`, have no .bss."""
    start, end = mappings.start, mappings.end
    size = end - start
    writable, inaccessible = unnamed & (perms == _WRITABLE), unnamed & (perms == _INACCESSIBLE)
    adjacent = np.zeros(len(mappings), np.bool_)
    """Mappings that begin where the one before ends."""
    adjacent[1:] = start[1:] == end[:-1]

    guarded = (
        writable & adjacent & _shift_down(inaccessible & (size <= _MAX_GUARD_BYTES)) & (size >= _MIN_STACK_BYTES)
    )
    reserve = inaccessible & adjacent & _shift_down(writable)
    limit = end.copy()
    limit[:-1][reserve[1:]] = end[1:][reserve[1:]]
    arena = writable & (start % _ARENA_BYTES == 0) & (size <= _ARENA_BYTES) & (limit - start >= _ARENA_BYTES)
    stack = guarded & ~arena
    bss = writable & adjacent & _shift_down(program & (perms == _WRITABLE)) & ~arena & ~stack

    purpose = np.zeros(len(mappings), np.int8)
    purpose[:-1][stack[1:]] = Purpose.GUARD
    purpose[reserve & _shift_down(arena)] = Purpose.RESERVE
    purpose[bss], purpose[stack], purpose[arena] = Purpose.BSS, Purpose.STACK, Purpose.ARENA
    owner = np.where(bss, np.concatenate([mappings.name[:1], mappings.name[:-1]]), 0)
    return Purposes(purpose, owner.astype(np.int32))


def _shift_down(rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Shift a mask by one row: the value of each row is that of the row before."""
    return np.concatenate([np.zeros(min(1, len(rows)), np.bool_), rows[:-1]])


def purpose_label(purpose: int, owner: str, stack: ThreadStack | None) -> Label | None:
    """Label of unnamed memory; None when nothing is known.

    Args:
        purpose: A `Purpose`.
        owner: For `Purpose.BSS` the name of the file.
        stack: The thread stack in it, if the thread is known.
    """
    if stack is not None:
        return Label(f"stack of {stack.name} {stack.tid}", guess=False)
    if not purpose:
        return None
    return Label(f"{owner.rpartition('/')[2]} {PURPOSE_TEXTS[Purpose(purpose)]}".lstrip(), guess=True)


def labels_of(mappings: Mappings, stacks: Mapping[int, ThreadStack]) -> list[Label | None]:
    """Label of each mapping; None where its name is enough, or nothing is known.

    Args:
        mappings: In address order.
        stacks: The known thread stacks, by row of the mapping.
    """
    purposes, strings = purposes_of(mappings), mappings.strings
    columns = zip(mappings.name.tolist(), purposes.purpose.tolist(), purposes.owner.tolist(), strict=True)
    return [
        given_label(strings[name]) if name else purpose_label(purpose, strings[owner], stacks.get(row))
        for row, (name, purpose, owner) in enumerate(columns)
    ]


def given_label(name: str) -> Label | None:
    """Label that the program itself gave to anonymous memory (prctl(2), PR_SET_VMA_ANON_NAME), or None."""
    for prefix in ("[anon:", "[anon_shmem:"):
        if name.startswith(prefix):
            return Label(name.removeprefix(prefix).removesuffix("]").strip(), guess=False)
    return None
