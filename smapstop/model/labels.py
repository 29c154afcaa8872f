"""Label unnamed memory with its purpose: thread stacks, malloc arenas, .bss of a file, the heap of a runtime.

The kernel does not know these. Names that it prints, `[anon:NAME]`, are taken as they are; the rest is what
`purposes` proves or guesses.
"""

from collections.abc import Mapping

from smapstop.lazy_dataclass import dataclass
from smapstop.model.purposes import Purpose, purposes_of
from smapstop.model.tick import ThreadStack
from smapstop.proc.columns import Mappings

PURPOSE_TEXTS = {
    Purpose.ARENA: "malloc arena",
    Purpose.RESERVE: "malloc reserve",
    Purpose.STACK: "stack of a thread",
    Purpose.GUARD: "guard of a stack",
    Purpose.BSS: ".bss",
    Purpose.GO_HEAP: "Go heap",
    Purpose.JVM_HEAP: "JVM heap",
    Purpose.V8_HEAP: "V8 heap",
    Purpose.JEMALLOC: "jemalloc",
    Purpose.MIMALLOC: "mimalloc",
    Purpose.JIT_CODE: "JIT code",
    Purpose.PYTHON_HEAP: "Python heap",
    Purpose.MALLOC_BLOCK: "malloc block",
}
"""Texts of the labels; `.bss` follows the name of the file."""


@dataclass(frozen=True, slots=True)
class Label:
    """Purpose of a mapping, as text."""

    text: str
    guess: bool
    """Whether it is not proven; shown as `?`."""

    def __str__(self) -> str:
        return self.text + "?" * self.guess

    @property
    def may_be_bss(self) -> bool:
        """Whether it is, or may be, the .bss of a file, whose symbols may name the variables there."""
        return self.text.endswith(PURPOSE_TEXTS[Purpose.BSS])


def purpose_label(
    purpose: int, owner: str, stack: ThreadStack | None = None, *, proven: bool = False
) -> Label | None:
    """Label of unnamed memory; None when nothing is known.

    Args:
        purpose: A `Purpose`.
        owner: For `Purpose.BSS` the name of the file.
        stack: The stack pointer in it, if one is known.
        proven: Whether the purpose is no guess.
    """
    if not purpose:
        return None
    text = PURPOSE_TEXTS[Purpose(purpose)]
    if purpose == Purpose.STACK and stack is not None:
        text = f"stack of {stack.name} {stack.tid}" if stack.threads == 1 else f"stacks of {stack.threads} threads"
    return Label(f"{owner.rpartition('/')[2]} {text}".lstrip(), guess=not proven)


def labels_of(
    mappings: Mappings, stacks: Mapping[int, ThreadStack], threads: int | None = None
) -> list[Label | None]:
    """Label of each mapping; None where its name is enough, or nothing is known.

    Args:
        mappings: In address order.
        stacks: The known stack pointers, by row of the mapping.
        threads: Number of threads of the process; None when it is unknown.
    """
    purposes, strings = purposes_of(mappings, stacks, threads), mappings.strings
    columns = (mappings.name, purposes.purpose, purposes.owner, purposes.proven)
    return [
        given_label(strings[name]) if name else purpose_label(purpose, strings[owner], stacks.get(row), proven=proven)
        for row, (name, purpose, owner, proven) in enumerate(zip(*(each.tolist() for each in columns), strict=True))
    ]


def given_label(name: str) -> Label | None:
    """Label that the program itself gave to anonymous memory (prctl(2), PR_SET_VMA_ANON_NAME), or None."""
    for prefix in ("[anon:", "[anon_shmem:"):
        if name.startswith(prefix):
            return Label(name.removeprefix(prefix).removesuffix("]").strip(), guess=False)
    return None
