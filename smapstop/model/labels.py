"""What memory without a name is probably for: thread stacks, arenas of malloc, zeroed data of a file.

The kernel knows no such things. What it prints, `[anon:NAME]`, is taken as it is, and a stack pointer in a mapping
shows whose stack it is; the rest is told by its shape, and is a guess.
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
"""glibc's HEAP_MAX_SIZE on 64 bits: the heaps of all arenas but the main one are so large, and begin at multiples."""
_MAX_GUARD_BYTES = np.uint64(64 << 10)
"""An inaccessible mapping of at most this size, before a writable one, guards a stack."""
_MIN_STACK_BYTES = np.uint64(16 << 10)
_WRITABLE, _INACCESSIBLE = 1, 2


class Purpose(IntEnum):
    """What nameless memory is for by its shape."""

    UNKNOWN = 0
    ARENA = 1
    RESERVE = 2
    """What an arena can grow into."""
    STACK = 3
    GUARD = 4
    BSS = 5
    """The zeroed data of a file."""


PURPOSE_TEXTS = {
    Purpose.ARENA: "malloc arena",
    Purpose.RESERVE: "malloc reserve",
    Purpose.STACK: "stack of a thread",
    Purpose.GUARD: "guard of a stack",
    Purpose.BSS: ".bss",
}
"""What is said of them; of the last one after the name of the file."""


@dataclass(frozen=True, slots=True)
class Label:
    """What a mapping is for."""

    text: str
    guess: bool
    """Whether it is told by its shape alone."""

    def __str__(self) -> str:
        return self.text + "?" * self.guess

    @property
    def may_be_bss(self) -> bool:
        """Whether it looks like the zeroed data of a file, which may have names for what lies there."""
        return self.guess and self.text.endswith(PURPOSE_TEXTS[Purpose.BSS])


@dataclass(frozen=True, slots=True, eq=False)
class Purposes:
    """What each of n mappings is for by its shape, as far as it has no name."""

    purpose: NDArray[np.int8]
    """A `Purpose` each, shape (n,)."""
    owner: StringIds
    """Of `Use.BSS` the name of the file, of others the empty text, shape (n,)."""

    def with_rows(self, others: "Purposes", rows: NDArray[np.intp]) -> "Purposes":
        """With some rows of others, whose texts have the same codes, after them."""
        return Purposes(
            np.concatenate([self.purpose, others.purpose[rows]]), np.concatenate([self.owner, others.owner[rows]])
        )


def unknown_purposes(n: int) -> Purposes:
    """Nothing known of n rows."""
    return Purposes(np.zeros(n, np.int8), np.zeros(n, np.int32))


@lru_cache(2)  # whoever looks at a moment asks about the same mappings
def purposes_of(mappings: Mappings) -> Purposes:
    """What mappings are for, each told by its shape and by its neighbours'.

    Args:
        mappings: In address order.
    """
    nameless = mappings.name == 0
    perms = classify_texts(
        mappings.strings, mappings.perms, lambda text: {"rw-p": _WRITABLE, "---p": _INACCESSIBLE}.get(text, 0)
    )
    code = classify_texts(mappings.strings, mappings.perms, lambda text: text[2:3] == "x") > 0
    program = np.isin(mappings.name, mappings.name[~nameless & code])
    """Whether a mapping is of a file that has code; others, such as `/anon_hugepage`, have no zeroed data."""
    start, end = mappings.start, mappings.end
    size = end - start
    writable, closed = nameless & (perms == _WRITABLE), nameless & (perms == _INACCESSIBLE)
    behind = np.zeros(len(mappings), np.bool_)
    """Whether a mapping begins where the one before it ends."""
    behind[1:] = start[1:] == end[:-1]

    guarded = writable & behind & _shift_down(closed & (size <= _MAX_GUARD_BYTES)) & (size >= _MIN_STACK_BYTES)
    more = closed & behind & _shift_down(writable)
    room = end.copy()
    room[:-1][more[1:]] = end[1:][more[1:]]
    arena = writable & (start % _ARENA_BYTES == 0) & (size <= _ARENA_BYTES) & (room - start >= _ARENA_BYTES)
    stack = guarded & ~arena
    bss = writable & behind & _shift_down(program & (perms == _WRITABLE)) & ~arena & ~stack

    use = np.zeros(len(mappings), np.int8)
    use[:-1][stack[1:]] = Purpose.GUARD
    use[more & _shift_down(arena)] = Purpose.RESERVE
    use[bss], use[stack], use[arena] = Purpose.BSS, Purpose.STACK, Purpose.ARENA
    owner = np.where(bss, np.concatenate([mappings.name[:1], mappings.name[:-1]]), 0)
    return Purposes(use, owner.astype(np.int32))


def _shift_down(rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """For each row what is true of the one before it."""
    return np.concatenate([np.zeros(min(1, len(rows)), np.bool_), rows[:-1]])


def purpose_label(purpose: int, owner: str, stack: ThreadStack | None) -> Label | None:
    """What is said of nameless memory; None when nothing is known.

    Args:
        use: A `Purpose`.
        owner: The name of the file whose zeroed data it is.
        stack: The stack that is in it, if it is known whose.
    """
    if stack is not None:
        return Label(f"stack of {stack.name} {stack.tid}", guess=False)
    if not purpose:
        return None
    return Label(f"{owner.rpartition('/')[2]} {PURPOSE_TEXTS[Purpose(purpose)]}".lstrip(), guess=True)


def labels_of(mappings: Mappings, stacks: Mapping[int, ThreadStack]) -> list[Label | None]:
    """What each mapping is for, None where its name says it, or nothing is known.

    Args:
        mappings: In address order.
        stacks: The stacks of threads, as far as they are known, by the row of the mapping.
    """
    uses, texts = purposes_of(mappings), mappings.strings
    told = zip(mappings.name.tolist(), uses.purpose.tolist(), uses.owner.tolist(), strict=True)
    return [
        given_label(texts[name]) if name else purpose_label(use, texts[owner], stacks.get(row))
        for row, (name, use, owner) in enumerate(told)
    ]


def given_label(name: str) -> Label | None:
    """What the program itself calls anonymous memory (prctl(2), PR_SET_VMA_ANON_NAME)."""
    for prefix in ("[anon:", "[anon_shmem:"):
        if name.startswith(prefix):
            return Label(name.removeprefix(prefix).removesuffix("]").strip(), guess=False)
    return None
