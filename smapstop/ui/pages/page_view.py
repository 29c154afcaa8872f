"""View of the pages of one mapping at a tick: page snapshot, baseline, and the changes between them."""

import numpy as np

from smapstop.lazy_dataclass import dataclass
from smapstop.model.events import SymbolNames
from smapstop.model.history.mapping_history import MappingHistory, MappingState, label_at
from smapstop.model.kinds import Kind, backing_of
from smapstop.model.labels import Label
from smapstop.model.pages.page_grid import (
    PageCells,
    PageGrid,
    PageNumbers,
    PageSpans,
    count_newly_shared,
    count_states,
)
from smapstop.model.pages.page_history import PageHistory, PageSnapshot, diff_pages
from smapstop.model.protocol import PagesReply
from smapstop.model.view.view import View
from smapstop.proc.pages.page_states import Backing
from smapstop.proc.pages.page_states import PageState as PageState
from smapstop.text import format as fmt
from smapstop.text import pages as words
from smapstop.text.mapping_detail import compared_ticks, facts_of


@dataclass(frozen=True, slots=True, eq=False)
class PageView:
    """Pages of a mapping, compared with a baseline."""

    mapping_state: MappingState
    """The mapping at its tick."""
    label: Label | None
    """Purpose of a mapping without a name; None if unknown."""
    snapshot: PageSnapshot
    baseline: PageSnapshot
    changes: PageSpans
    """Pages that changed, with their previous states."""
    cow_pages: PageSpans
    """Pages copied on write: of private mappings of files or shared memory only."""
    notice: str
    """Why these are not the pages at the tick shown; empty if they are."""
    names_copied_last: SymbolNames = ()
    """Names on the pages that the last change copied on write; empty if it copied none, or they have no names."""

    def grid(self, zoom: int = 1) -> PageGrid:
        """Divide the pages into cells of `zoom` pages."""
        return PageGrid(self.snapshot.first, self.snapshot.stop, zoom)

    @property
    def offset(self) -> int:
        """Offset of the mapping in its file, bytes."""
        return int(self.mapping_state.rows.offset[self.mapping_state.row])

    @property
    def has_file(self) -> bool:
        """Whether a file backs the pages."""
        return (self.mapping_state.kind is Kind.FILE or bool(self.mapping_state.section)) and int(
            self.mapping_state.rows.inode[self.mapping_state.row]
        ) != 0

    @property
    def may_have_names(self) -> bool:
        """Whether an ELF file may have symbols on the pages: also in its bss, which is not file-backed."""
        return self.has_file or (self.label is not None and self.label.may_be_bss)

    @property
    def totals(self) -> PageNumbers:
        """Pages by state, shape (len(PAGE_STATES),)."""
        totals: PageNumbers = count_states(self.snapshot.spans, np.array([self.snapshot.first, self.snapshot.stop]))[
            0
        ]
        return totals

    def cells(self, edges: PageNumbers) -> PageCells:
        """Count states and changes between adjacent edges (page numbers)."""
        return PageCells(
            now=count_states(self.snapshot.spans, edges),
            was=count_states(self.baseline_spans, edges),
            changed=np.diff(self.changes.count_before(edges)),
        )

    @property
    def baseline_spans(self) -> PageSpans:
        """Pages of the baseline, shifted to the current addresses if the mapping has moved."""
        apart = self.snapshot.first >= self.baseline.stop or self.snapshot.stop <= self.baseline.first
        moved = self.snapshot.first - self.baseline.first if apart else 0
        return self.baseline.spans.shift(moved)

    @property
    def newly_shared(self) -> int:
        """Number of private pages that became shared since the baseline."""
        return count_newly_shared(self.baseline_spans, self.snapshot.spans)

    @property
    def facts(self) -> list[str]:
        """Facts about the mapping and the page snapshot, as texts."""
        perms, place, size, *_ = facts_of(self.mapping_state)
        return [
            f"{perms[:4]} {place}",
            size,
            f"read at {fmt.clock(self.snapshot.reply.wall_ns)}",
            words.changes_text(self.snapshot, self.baseline, self.changes.pages, self.newly_shared),
        ]

    def range_of(self, start: int, stop: int) -> tuple[int, int]:
        """Convert a range of page numbers to addresses."""
        return start * self.snapshot.page_bytes, stop * self.snapshot.page_bytes


def derive_page_view(history: MappingHistory, page_history: PageHistory, view: View) -> PageView | None:
    """Derive the view of pages for a view; None if the pages were never read."""
    shown = compared_ticks(history, view)
    snapshot = page_history.at(shown.number)
    if snapshot is None:
        return None
    baseline = page_history.baseline_of(snapshot, view.state)
    state = history.states[history.step_at(shown.number)]
    cow_pages = snapshot.spans.in_states(PageState.COPIED, PageState.COPIED_SHARED, PageState.SWAPPED)
    if backing_of(state.kind, state.perms) not in (Backing.PRIVATE_FILE, Backing.PRIVATE_SHARED_MEMORY):
        cow_pages = cow_pages.in_states()
    notice = shown.notice
    if not notice and view.state.at is not None and snapshot.reply.tick > shown.number:
        notice = "not read at that time: this view was closed; showing the next reading"
    label = label_at(history.timeline, shown.number, history.mapping)
    changes, names = diff_pages(baseline, snapshot), _names_copied_last(history, shown.number)
    return PageView(state, label, snapshot, baseline, changes, cow_pages, notice, names)


def _names_copied_last(history: MappingHistory, number: int) -> SymbolNames:
    """Names on the pages that the last change up to a tick copied on write."""
    tick = history.tick_of(history.last_visible_change(history.step_at(number)))
    return tuple(name for event in tick.events.of_mapping(history.mapping) for name in event.names)


def is_snapshot_due(
    history: MappingHistory, page_history: PageHistory, view: View, refusal: PagesReply | None
) -> bool:
    """Whether to read the pages now: the first time, and when the mapping changed since they were last read.

    Who else has its pages is shown, too; so they are also read when only that has changed.
    """
    timeline = history.timeline
    if timeline.ending is not None or history.gone_tick is not None or timeline.last is None:
        return False
    last_read = max(
        (each.tick for each in (page_history.newest and page_history.newest.reply, refusal) if each), default=None
    )
    if last_read is None:
        return True
    if view.state.at is not None or not history.states:
        return False
    read, latest = history.states[history.step_at(last_read)], history.states[-1]
    return read is not latest and read.printed_values != latest.printed_values
