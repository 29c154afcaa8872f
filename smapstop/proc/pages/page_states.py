"""The states of pages in words: what a page in a mapping is, from its flags and from what is behind the mapping."""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from smapstop.proc.pages.page_runs import PageFlags


class PageState(StrEnum):
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
    PageState.NOT_PRESENT: "Nothing is there yet, or any more: the next access is a page fault.",
    PageState.FILE: "The page cache's own page of the file, shared with everybody who maps it.",
    PageState.COPIED: "Written in a private file mapping: a copy took the place of the file's page.",
    PageState.ANONYMOUS: "Memory without a file: this process's, and its children's until they write.",
    PageState.SHARED_MEMORY: "Shared memory (memfd, shm, tmpfs), the same for everybody who maps it.",
    PageState.ZERO: "Read and never written: the kernel's one page of zeros, which costs nothing.",
    PageState.SWAPPED: "In swap, or being moved in memory: the next access brings it back.",
    PageState.GUARD: "Made inaccessible (MADV_GUARD_INSTALL): an access ends in SIGSEGV.",
    PageState.SPECIAL: "The kernel's ([vdso], [vvar]) or a device's: in no page cache, in no swap.",
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


_STATE_OF_PRESENT = {
    Backing.NOTHING: (PageState.ZERO, PageState.ANONYMOUS),  # so pagemap says of the huge zero page
    Backing.PRIVATE_FILE: (PageState.FILE, PageState.COPIED),
    Backing.SHARED_FILE: (PageState.FILE, PageState.SPECIAL),
    Backing.PRIVATE_SHARED_MEMORY: (PageState.SHARED_MEMORY, PageState.COPIED),
    Backing.SHARED_MEMORY: (PageState.SHARED_MEMORY, PageState.SPECIAL),
    Backing.SPECIAL: (PageState.SPECIAL, PageState.SPECIAL),
}
"""What a page is that is present: one with `Page.FILE`, and one without. In a shared mapping no page is anonymous."""

PAGE_STATES = tuple(PageState)


def _state_of(flags: int, backing: Backing) -> PageState:
    """The state that flags say."""
    if flags & PageFlags.GUARD:
        return PageState.GUARD
    if flags & PageFlags.SWAPPED:
        return PageState.SWAPPED
    if flags & PageFlags.ZERO:
        return PageState.ZERO
    if flags & PageFlags.PRESENT:
        of_object, other = _STATE_OF_PRESENT[backing]
        return of_object if flags & PageFlags.FILE else other
    return PageState.NOT_PRESENT


_STATE_TABLE = {
    backing: np.array([PAGE_STATES.index(_state_of(flags, backing)) for flags in range(256)], np.int8)
    for backing in Backing
}


def states_of(flags: NDArray[np.uint8], backing: Backing) -> NDArray[np.int8]:
    """The states of pages, as positions in `PAGE_STATES`; any shape, and the same shape.

    Args:
        flags: A `PageFlags` each, as of `PageRuns.flags` or `PageRuns.flags_at`.
        backing: What is behind the mapping that all of them are in.
    """
    return _STATE_TABLE[backing][flags]
