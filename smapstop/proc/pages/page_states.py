"""Page states, derived from a page's flags and the backing of its mapping."""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from smapstop.proc.pages.page_runs import PageFlags


class PageState(StrEnum):
    """State of a page. Whether it is huge (`PageFlags.HUGE`) is independent of it."""

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
    PageState.NOT_PRESENT: "No page yet, or no longer: the next access is a page fault.",
    PageState.FILE: "The page cache's page of the file, shared by all processes that map it.",
    PageState.COPIED: "Written in a private file mapping: a copy replaced the file's page.",
    PageState.ANONYMOUS: "Memory without a file: private, or shared with children until one writes.",
    PageState.SHARED_MEMORY: "Shared memory (memfd, shm, tmpfs), the same page for all who map it.",
    PageState.ZERO: "Read but never written: the kernel's one page of zeros, which costs nothing.",
    PageState.SWAPPED: "In swap, or being migrated: the next access brings it back.",
    PageState.GUARD: "Made inaccessible (MADV_GUARD_INSTALL): an access raises SIGSEGV.",
    PageState.SPECIAL: "Memory of the kernel ([vdso], [vvar]) or a device: never cached or swapped.",
}
"""Help on each state: one sentence that fits a terminal of 80 cells."""
HUGE_HELP = "Mapped as part of a huge page: one page-table entry for 512 pages or more."


class Backing(StrEnum):
    """Backing of a mapping, as far as the states of its pages depend on it."""

    NOTHING = "nothing"
    PRIVATE_FILE = "private file"
    SHARED_FILE = "shared file"
    PRIVATE_SHARED_MEMORY = "shared memory, mapped privately"
    SHARED_MEMORY = "shared memory"
    SPECIAL = "special"


_STATE_OF_PRESENT = {
    Backing.NOTHING: (PageState.ZERO, PageState.ANONYMOUS),  # pagemap reports the huge zero page this way
    Backing.PRIVATE_FILE: (PageState.FILE, PageState.COPIED),
    Backing.SHARED_FILE: (PageState.FILE, PageState.SPECIAL),
    Backing.PRIVATE_SHARED_MEMORY: (PageState.SHARED_MEMORY, PageState.COPIED),
    Backing.SHARED_MEMORY: (PageState.SHARED_MEMORY, PageState.SPECIAL),
    Backing.SPECIAL: (PageState.SPECIAL, PageState.SPECIAL),
}
"""States of present pages: with and without `PageFlags.FILE`. Shared mappings have no anonymous pages."""

PAGE_STATES = tuple(PageState)


def _state_of(flags: int, backing: Backing) -> PageState:
    """Return the state for `PageFlags`."""
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
    """Return the states of pages as indices into `PAGE_STATES`, in the shape of `flags`.

    Args:
        flags: `PageFlags` from `PageRuns.flags` or `PageRuns.flags_at`, any shape.
        backing: Backing of the mapping that contains all of them.
    """
    return _STATE_TABLE[backing][flags]
