"""Page states, derived from a page's flags and the backing of its mapping."""

from enum import StrEnum
from functools import cache

import numpy as np
from numpy.typing import NDArray

from smapstop.proc.pages.page_runs import PageFlags, PageRuns


class PageState(StrEnum):
    """State of a page. Whether it is huge (`PageFlags.HUGE`) is independent of it.

    Pages that are mapped elsewhere, too (`PageFlags.SHARED`), have states of their own, in `SHARED_STATES`.
    """

    NOT_PRESENT = "not-present"
    FILE = "file"
    FILE_SHARED = "file shared"
    COPIED = "copied-on-write"
    COPIED_SHARED = "copied-on-write shared"
    ANONYMOUS = "anonymous"
    ANONYMOUS_SHARED = "anonymous shared"
    ANONYMOUS_SHARED_OR_ZERO = "anonymous shared or zero"
    SHARED_MEMORY = "shared-memory"
    SHARED_MEMORY_SHARED = "shared-memory shared"
    ZERO = "zero-page"
    SWAPPED = "swapped"
    GUARD = "guard"
    SPECIAL = "special"


STATE_HELP = {
    PageState.NOT_PRESENT: "No page yet, or no longer: the next access is a page fault.",
    PageState.FILE: "The page cache's page of the file, the same for all who map it.",
    PageState.FILE_SHARED: "The page cache's page of the file, mapped elsewhere, too.",
    PageState.COPIED: "Written in a private file mapping: a copy replaced the file's page.",
    PageState.COPIED_SHARED: "A copy mapped elsewhere, too, since a fork or by KSM: a write copies it.",
    PageState.ANONYMOUS: "Memory without a file, as of malloc, stacks and mmap.",
    PageState.ANONYMOUS_SHARED: "Mapped elsewhere, too, since a fork or by KSM: a write copies it.",
    PageState.ANONYMOUS_SHARED_OR_ZERO: "Shared since a fork, or the page of zeros, which Linux < 6.7 hides.",
    PageState.SHARED_MEMORY: "Shared memory (memfd, shm, tmpfs), the same page for all who map it.",
    PageState.SHARED_MEMORY_SHARED: "A page of shared memory that is mapped elsewhere, too.",
    PageState.ZERO: "Never written, or of a split THP: the one page of zeros, which costs nothing.",
    PageState.SWAPPED: "In swap, being migrated, or only marked by userfaultfd (VmFlags `uw`).",
    PageState.GUARD: "Made inaccessible (MADV_GUARD_INSTALL): an access raises SIGSEGV.",
    PageState.SPECIAL: "Memory of the kernel ([vdso], [vvar]) or a device: never cached or swapped.",
}
"""Help on each state: one sentence that fits a terminal of 80 cells."""
HUGE_HELP = (
    "Mapped as part of a huge page: one page-table entry for 512 pages or more. "
    "Whether all of them are shared is judged by the first, hence `shared?` and `own?`."
)

SHARED_STATES = {
    PageState.FILE: PageState.FILE_SHARED,
    PageState.COPIED: PageState.COPIED_SHARED,
    PageState.ANONYMOUS: PageState.ANONYMOUS_SHARED,
    PageState.SHARED_MEMORY: PageState.SHARED_MEMORY_SHARED,
}
"""States of pages that are mapped elsewhere, too, by the state that they have otherwise."""
BASE_STATES = {shared: base for base, shared in SHARED_STATES.items()} | {
    PageState.ANONYMOUS_SHARED_OR_ZERO: PageState.ANONYMOUS
}
"""The states by those of pages that are mapped elsewhere, too."""


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
_SHARED_OR_ZERO = PAGE_STATES.index(PageState.ANONYMOUS_SHARED_OR_ZERO)


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
        state = of_object if flags & PageFlags.FILE else other
        return SHARED_STATES.get(state, state) if flags & PageFlags.SHARED else state
    return PageState.NOT_PRESENT


@cache
def _states_by_flags(backing: Backing) -> NDArray[np.int8]:
    """State of each combination of flags, as an index into `PAGE_STATES`; shape (256,)."""
    return np.array([PAGE_STATES.index(_state_of(flags, backing)) for flags in range(256)], np.int8)


def states_of(flags: NDArray[np.uint8], backing: Backing) -> NDArray[np.int8]:
    """Return the states of pages as indices into `PAGE_STATES`, in the shape of `flags`.

    Args:
        flags: `PageFlags` from `PageRuns.flags` or `PageRuns.flags_at`, any shape.
        backing: Backing of the mapping that contains all of them.
    """
    return _states_by_flags(backing)[flags]


def states_of_runs(runs: PageRuns, backing: Backing) -> NDArray[np.int8]:
    """Return the states of runs as indices into `PAGE_STATES`, shape (len(runs),).

    Args:
        runs: Runs of pages.
        backing: Backing of the mapping that contains all of them.
    """
    states = states_of(runs.flags, backing)
    if not runs.known_flags & PageFlags.ZERO:
        states[states == PAGE_STATES.index(PageState.ANONYMOUS_SHARED)] = _SHARED_OR_ZERO
    return states
