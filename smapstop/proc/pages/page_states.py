"""The states of pages in words: what a page in a mapping is, from its flags and from what is behind the mapping."""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from smapstop.proc.pages.page_runs import Page


class State(StrEnum):
    """What a page is; it may be huge (`Page.HUGE`) beside that."""

    NOT_PRESENT = "not-present"
    FILE = "file"
    COPIED = "copied-on-write"
    ANONYMOUS = "anonymous"
    SHARED_MEMORY = "shared-memory"
    ZERO = "zero-page"
    SWAPPED = "swapped"
    GUARD = "guard"
    SPECIAL = "special"


STATE_HELP = {
    State.NOT_PRESENT: "Nothing is there yet, or any more: the next access is a page fault.",
    State.FILE: "The page cache's own page of the file, shared with everybody who maps it.",
    State.COPIED: "Written in a private file mapping: a copy took the place of the file's page.",
    State.ANONYMOUS: "Memory without a file: this process's, and its children's until they write.",
    State.SHARED_MEMORY: "Shared memory (memfd, shm, tmpfs), the same for everybody who maps it.",
    State.ZERO: "Read and never written: the kernel's one page of zeros, which costs nothing.",
    State.SWAPPED: "In swap, or being moved in memory: the next access brings it back.",
    State.GUARD: "Made inaccessible (MADV_GUARD_INSTALL): an access ends in SIGSEGV.",
    State.SPECIAL: "The kernel's ([vdso], [vvar]) or a device's: in no page cache, in no swap.",
}
"""Each state in one sentence, which fits a terminal of 80 cells."""
HUGE_HELP = "Mapped as part of a huge page, by one entry of the page table for 512 pages or more."


class Backing(StrEnum):
    """What is behind a mapping, as far as the states of its pages depend on it."""

    NOTHING = "nothing"
    PRIVATE_FILE = "private file"
    SHARED_FILE = "shared file"
    PRIVATE_SHARED_MEMORY = "shared memory, mapped privately"
    SHARED_MEMORY = "shared memory"
    SPECIAL = "special"


_PRESENT = {
    Backing.NOTHING: (State.ZERO, State.ANONYMOUS),  # so pagemap says of the huge zero page
    Backing.PRIVATE_FILE: (State.FILE, State.COPIED),
    Backing.SHARED_FILE: (State.FILE, State.SPECIAL),
    Backing.PRIVATE_SHARED_MEMORY: (State.SHARED_MEMORY, State.COPIED),
    Backing.SHARED_MEMORY: (State.SHARED_MEMORY, State.SPECIAL),
    Backing.SPECIAL: (State.SPECIAL, State.SPECIAL),
}
"""What a page is that is present: one with `Page.FILE`, and one without. In a shared mapping no page is anonymous."""

STATES = tuple(State)


def _state(flags: int, backing: Backing) -> State:
    """The state that flags say."""
    if flags & Page.GUARD:
        return State.GUARD
    if flags & Page.SWAPPED:
        return State.SWAPPED
    if flags & Page.ZERO:
        return State.ZERO
    if flags & Page.PRESENT:
        of_object, other = _PRESENT[backing]
        return of_object if flags & Page.FILE else other
    return State.NOT_PRESENT


_CODES = {
    backing: np.array([STATES.index(_state(flags, backing)) for flags in range(256)], np.int8) for backing in Backing
}


def states_of(flags: NDArray[np.uint8], backing: Backing) -> NDArray[np.int8]:
    """The states of pages, as positions in `STATES`; any shape, and the same shape.

    Args:
        flags: A `Page` each, as of `PageRuns.flags` or `PageRuns.flags_at`.
        backing: What is behind the mapping that all of them are in.
    """
    return _CODES[backing][flags]
