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

from smapstop.model.kinds import coded
from smapstop.model.tick import ThreadStack
from smapstop.proc.columns import Mappings, StringIds

_ARENA_BYTES = np.uint64(64 << 20)
"""glibc's HEAP_MAX_SIZE on 64 bits: the heaps of all arenas but the main one are so large, and begin at multiples."""
_MOST_GUARD_BYTES = np.uint64(64 << 10)
"""An inaccessible mapping of at most this size, before a writable one, guards a stack."""
_LEAST_STACK_BYTES = np.uint64(16 << 10)
_WRITABLE, _CLOSED = 1, 2


class Use(IntEnum):
    """What nameless memory is for by its shape."""

    UNKNOWN = 0
    ARENA = 1
    RESERVE = 2
    """What an arena can grow into."""
    STACK = 3
    GUARD = 4
    BSS = 5
    """The zeroed data of a file."""


USES = {
    Use.ARENA: "malloc arena",
    Use.RESERVE: "malloc reserve",
    Use.STACK: "stack of a thread",
    Use.GUARD: "guard of a stack",
    Use.BSS: ".bss",
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
    def may_be_of_file(self) -> bool:
        """Whether it looks like the zeroed data of a file, which may have names for what lies there."""
        return self.guess and self.text.endswith(USES[Use.BSS])


@dataclass(frozen=True, slots=True, eq=False)
class Uses:
    """What each of n mappings is for by its shape, as far as it has no name."""

    use: NDArray[np.int8]
    """A `Use` each, shape (n,)."""
    owner: StringIds
    """Of `Use.BSS` the name of the file, of others the empty text, shape (n,)."""

    def beside(self, others: "Uses", rows: NDArray[np.intp]) -> "Uses":
        """With some rows of others, whose texts have the same codes, after them."""
        return Uses(np.concatenate([self.use, others.use[rows]]), np.concatenate([self.owner, others.owner[rows]]))


def unknown_uses(n: int) -> Uses:
    """Nothing known of n rows."""
    return Uses(np.zeros(n, np.int8), np.zeros(n, np.int32))


@lru_cache(2)  # whoever looks at a moment asks about the same mappings
def uses_of(mappings: Mappings) -> Uses:
    """What mappings are for, each told by its shape and by its neighbours'.

    Args:
        mappings: In address order.
    """
    nameless = mappings.name == 0
    perms = coded(mappings.strings, mappings.perms, lambda text: {"rw-p": _WRITABLE, "---p": _CLOSED}.get(text, 0))
    code = coded(mappings.strings, mappings.perms, lambda text: text[2:3] == "x") > 0
    program = np.isin(mappings.name, mappings.name[~nameless & code])
    """Whether a mapping is of a file that has code; others, such as `/anon_hugepage`, have no zeroed data."""
    start, end = mappings.start, mappings.end
    size = end - start
    writable, closed = nameless & (perms == _WRITABLE), nameless & (perms == _CLOSED)
    behind = np.zeros(len(mappings), np.bool_)
    """Whether a mapping begins where the one before it ends."""
    behind[1:] = start[1:] == end[:-1]

    guarded = writable & behind & _shifted(closed & (size <= _MOST_GUARD_BYTES)) & (size >= _LEAST_STACK_BYTES)
    more = closed & behind & _shifted(writable)
    room = end.copy()
    room[:-1][more[1:]] = end[1:][more[1:]]
    arena = writable & (start % _ARENA_BYTES == 0) & (size <= _ARENA_BYTES) & (room - start >= _ARENA_BYTES)
    stack = guarded & ~arena
    bss = writable & behind & _shifted(program & (perms == _WRITABLE)) & ~arena & ~stack

    use = np.zeros(len(mappings), np.int8)
    use[:-1][stack[1:]] = Use.GUARD
    use[more & _shifted(arena)] = Use.RESERVE
    use[bss], use[stack], use[arena] = Use.BSS, Use.STACK, Use.ARENA
    owner = np.where(bss, np.concatenate([mappings.name[:1], mappings.name[:-1]]), 0)
    return Uses(use, owner.astype(np.int32))


def _shifted(rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """For each row what is true of the one before it."""
    return np.concatenate([np.zeros(min(1, len(rows)), np.bool_), rows[:-1]])


def label(use: int, owner: str, stack: ThreadStack | None) -> Label | None:
    """What is said of nameless memory; None when nothing is known.

    Args:
        use: A `Use`.
        owner: The name of the file whose zeroed data it is.
        stack: The stack that is in it, if it is known whose.
    """
    if stack is not None:
        return Label(f"stack of {stack.name} {stack.tid}", guess=False)
    if not use:
        return None
    return Label(f"{owner.rpartition('/')[2]} {USES[Use(use)]}".lstrip(), guess=True)


def labels_of(mappings: Mappings, stacks: Mapping[int, ThreadStack]) -> list[Label | None]:
    """What each mapping is for, None where its name says it, or nothing is known.

    Args:
        mappings: In address order.
        stacks: The stacks of threads, as far as they are known, by the row of the mapping.
    """
    uses, texts = uses_of(mappings), mappings.strings
    told = zip(mappings.name.tolist(), uses.use.tolist(), uses.owner.tolist(), strict=True)
    return [
        given(texts[name]) if name else label(use, texts[owner], stacks.get(row))
        for row, (name, use, owner) in enumerate(told)
    ]


def given(name: str) -> Label | None:
    """What the program itself calls anonymous memory (prctl(2), PR_SET_VMA_ANON_NAME)."""
    for prefix in ("[anon:", "[anon_shmem:"):
        if name.startswith(prefix):
            return Label(name.removeprefix(prefix).removesuffix("]").strip(), guess=False)
    return None
