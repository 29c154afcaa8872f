"""Text of the page view: page states, counts, addresses, page frames."""

from collections.abc import Mapping
from types import MappingProxyType

from smapstop.model.pages.page_grid import PageGrid, PageNumbers
from smapstop.model.pages.page_history import PageSnapshot
from smapstop.model.protocol import FramesReply
from smapstop.proc.pages.page_states import BASE_STATES, PAGE_STATES, SHARED_STATES, STATE_HELP, PageState
from smapstop.text import format as fmt

_LETTERS = {
    PageState.NOT_PRESENT: "·",
    PageState.FILE: "F",
    PageState.COPIED: "C",
    PageState.ANONYMOUS: "A",
    PageState.SHARED_MEMORY: "M",
    PageState.ZERO: "Z",
    PageState.SWAPPED: "S",
    PageState.GUARD: "G",
    PageState.SPECIAL: "V",
}
LETTERS: Mapping[PageState, str] = MappingProxyType(
    _LETTERS | {state: _LETTERS[base].lower() for state, base in BASE_STATES.items()}
)
"""Letter of each state, next to its colour; lower case for pages that are mapped elsewhere, too."""


StateNames = Mapping[PageState, str]
"""Names of all states in plain words."""


def state_name(state: PageState) -> str:
    """Name of a state in plain words."""
    return str(state) if BASE_STATES.get(state, state) is PageState.COPIED else str(state).replace("-", " ")


def state_names(counts: PageNumbers, *, huge: bool = False) -> StateNames:
    """Names for states that are shown together: if pages are shared, the others of that kind are "own".

    Args:
        counts: Number of pages in each state, shape (len(PAGE_STATES),).
        huge: Whether pages of huge pages are among them, whose sharing is not certain.
    """
    found = {state for state, count in zip(PAGE_STATES, counts.tolist(), strict=True) if count}
    shared = {state: " own" for state, shared in SHARED_STATES.items() if shared in found} | dict.fromkeys(
        BASE_STATES, ""
    )
    doubt = "?" if huge else ""
    return {state: state_name(state) + (shared[state] + doubt if state in shared else "") for state in PAGE_STATES}


def state_counts_text(counts: PageNumbers, names: StateNames) -> str:
    """Number of pages and their states: "1 page: file", "8 pages: file", "8 pages: 5 file, 3 copied-on-write".

    Args:
        counts: Number of pages in each state, shape (len(PAGE_STATES),).
        names: From `state_names`.
    """
    return f"{fmt.pages_text(int(counts.sum()))}: {states_text(counts, names)}"


def states_text(counts: PageNumbers, names: StateNames) -> str:
    """States with their page counts, most frequent first: "file", "5 file, 3 copied-on-write"."""
    found = states_by_count(counts)
    if len(found) == 1:
        return names[found[0][0]]
    return ", ".join(f"{count:,} {names[state]}" for state, count in found)


StateCount = tuple[PageState, str, int]
"""A state with its name, and how many pages have it."""


def states_by_count(counts: PageNumbers) -> list[tuple[PageState, int]]:
    """States that occur, with their page counts, most frequent first; not present comes last."""
    found = [(state, int(count)) for state, count in zip(PAGE_STATES, counts.tolist(), strict=True) if count]
    return sorted(found, key=lambda pair: (pair[0] is PageState.NOT_PRESENT, -pair[1]))


def address_range_text(snapshot: PageSnapshot, start: int, stop: int) -> str:
    """Addresses of pages, formatted as in the kernel's maps."""
    return f"{start * snapshot.page_bytes:08x}-{stop * snapshot.page_bytes:08x}"


def offset_text(snapshot: PageSnapshot, page: int, offset: int) -> str:
    """File offset of a page."""
    return f"file offset 0x{offset + (page - snapshot.first) * snapshot.page_bytes:x}"


def changes_text(snapshot: PageSnapshot, before: PageSnapshot, changed: int, newly_shared: int) -> str:
    """Number of pages that changed since the baseline snapshot, and of those that a fork made shared."""
    if before is snapshot:
        return "baseline taken; changes will be marked"
    shared = f", {newly_shared:,} became shared" if newly_shared else ""
    return f"{fmt.pages_text(changed)} changed since {fmt.clock(before.reply.wall_ns)}{shared}"


def zoom_text(grid: PageGrid) -> str:
    """Number of pages in a cell."""
    return f"{fmt.pages_text(grid.zoom)} a cell"


def states_meaning(counts: PageNumbers) -> str:
    """Explanation of the most frequent state, not counting pages that are not present."""
    return STATE_HELP[states_by_count(counts)[0][0]]


def frames_text(reply: FramesReply, pages: int) -> str:
    """Facts about the page frames of some pages: "page frame: map count 12, referenced"."""
    noun = "page frame" if pages == 1 else "page frames"
    if reply.missing_reason:
        return f"{noun}: {reply.missing_reason} (map count, dirty, referenced, KSM)"
    if not reply.pages:
        return f"{noun}: not in memory" if pages == 1 else f"{noun}: none in memory"
    marks = {"dirty": reply.dirty, "referenced": reply.referenced}
    marks |= {"of a large folio" if pages == 1 else "of large folios": reply.huge, "merged by KSM": reply.ksm}
    if pages == 1:
        facts = [_map_count_text(reply.highest_map_count), *(mark for mark, count in marks.items() if count)]
        return f"{noun}: {', '.join(facts)}"
    facts = [_map_counts_text(reply), *(f"{count:,} {mark}" for mark, count in marks.items() if count)]
    return f"{noun}: {reply.pages:,} in memory, {', '.join(facts)}"


def _map_count_text(count: int) -> str:
    """Map count of one frame; the kernel keeps none for the zero page."""
    return {0: "map count not kept", 1: "map count 1 (exclusive)"}.get(count, f"map count {count:,}")


def _map_counts_text(reply: FramesReply) -> str:
    """Map counts of several frames."""
    if reply.mapped_once == reply.pages:
        return "map count 1 (exclusive)"
    if reply.highest_map_count <= 1:
        return f"{reply.mapped_once:,} exclusive, others without a map count"
    others = f"map count ≤ {reply.highest_map_count:,}"
    return f"{reply.mapped_once:,} exclusive, others {others}" if reply.mapped_once else others
