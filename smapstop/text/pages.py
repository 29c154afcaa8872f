"""What the view of pages says, as text: the states, a cell, where it is. No Textual here."""

from collections.abc import Mapping
from types import MappingProxyType

from smapstop.model.pages.page_grid import PageGrid, PageNumbers
from smapstop.model.pages.page_history import PageSnapshot
from smapstop.model.protocol import FramesReply
from smapstop.proc.pages.page_states import PAGE_STATES, STATE_HELP, PageState
from smapstop.text import format as fmt

LETTERS: Mapping[PageState, str] = MappingProxyType(
    {
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
)
"""The letter that repeats what the colour of a state says; a small one where a cell has other states, too."""


def state_name(state: PageState) -> str:
    """A state in words."""
    return str(state) if state is PageState.COPIED else str(state).replace("-", " ")


def pages_text(count: int) -> str:
    """A number of pages."""
    return f"{count:,} page{'s' * (count != 1)}"


def state_counts_text(counts: PageNumbers) -> str:
    """What pages are: "1 page: file", "8 pages: file", "8 pages: 5 file, 3 copied-on-write".

    Args:
        counts: How many are in each state, shape (len(STATES),).
    """
    return f"{pages_text(int(counts.sum()))}: {states_text(counts)}"


def states_text(counts: PageNumbers) -> str:
    """The states alone: "file", "5 file, 3 copied-on-write", the most first."""
    some = states_by_count(counts)
    if len(some) == 1:
        return state_name(some[0][0])
    return ", ".join(f"{count:,} {state_name(state)}" for state, count in some)


def states_by_count(counts: PageNumbers) -> list[tuple[PageState, int]]:
    """The states that there are with their pages, the most first; not present comes last."""
    some = [(state, int(count)) for state, count in zip(PAGE_STATES, counts.tolist(), strict=True) if count]
    return sorted(some, key=lambda each: (each[0] is PageState.NOT_PRESENT, -each[1]))


def address_range_text(snapshot: PageSnapshot, start: int, stop: int) -> str:
    """The addresses of pages, as the kernel prints them."""
    return f"{start * snapshot.page_bytes:08x}-{stop * snapshot.page_bytes:08x}"


def offset_text(snapshot: PageSnapshot, page: int, offset: int) -> str:
    """Where a page lies in the file."""
    return f"file offset 0x{offset + (page - snapshot.first) * snapshot.page_bytes:x}"


def changes_text(snapshot: PageSnapshot, before: PageSnapshot, changed: int) -> str:
    """How many pages are not what they were at the compared look."""
    if before is snapshot:
        return "baseline taken; changes will be marked"
    return f"{pages_text(changed)} changed since {fmt.clock(before.reply.wall_ns)}"


def zoom_text(grid: PageGrid) -> str:
    """How large the cells are."""
    return f"{pages_text(grid.zoom)} a cell"


def states_meaning(counts: PageNumbers) -> str:
    """What the state of most pages means, of those that are there."""
    return STATE_HELP[states_by_count(counts)[0][0]]


def frames_text(reply: FramesReply, pages: int) -> str:
    """What is known of the frames behind so many pages: "page frame: map count 12, referenced"."""
    noun = "page frame" if pages == 1 else "page frames"
    if reply.missing_reason:
        return f"{noun}: {reply.missing_reason} (map count, dirty, referenced, KSM)"
    if not reply.pages:
        return f"{noun}: not in memory" if pages == 1 else f"{noun}: none in memory"
    marks = {"dirty": reply.dirty, "referenced": reply.referenced}
    marks |= {"of a large folio" if pages == 1 else "of large folios": reply.huge, "merged by KSM": reply.ksm}
    if pages == 1:
        known = [_times(reply.highest_map_count), *(mark for mark, count in marks.items() if count)]
        return f"{noun}: {', '.join(known)}"
    told = [_maps(reply), *(f"{count:,} {mark}" for mark, count in marks.items() if count)]
    return f"{noun}: {reply.pages:,} in memory, {', '.join(told)}"


def _times(count: int) -> str:
    """How often a frame is mapped; the kernel does not count it of the zero page."""
    return {0: "map count not kept", 1: "map count 1 (exclusive)"}.get(count, f"map count {count:,}")


def _maps(seen: FramesReply) -> str:
    """How often several frames are mapped."""
    if seen.mapped_once == seen.pages:
        return "map count 1 (exclusive)"
    if seen.highest_map_count <= 1:
        return f"{seen.mapped_once:,} exclusive, others without a map count"
    others = f"map count ≤ {seen.highest_map_count:,}"
    return f"{seen.mapped_once:,} exclusive, others {others}" if seen.mapped_once else others
