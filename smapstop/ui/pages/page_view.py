"""What the view of pages shows of one mapping at one moment: its look, the compared one, and what changed between."""

from dataclasses import dataclass

import numpy as np

from smapstop.model.history.mapping_history import MappingHistory, MappingState, label_at
from smapstop.model.kinds import Kind, backing_of, kind_of
from smapstop.model.labels import Label
from smapstop.model.pages.page_grid import PageCells, PageGrid, PageNumbers, PageSpans, count_states
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
    """The pages of a mapping, compared."""

    mapping_state: MappingState
    """The mapping as its tick printed it."""
    label: Label | None
    """What it is for, if it has no name."""
    snapshot: PageSnapshot
    baseline: PageSnapshot
    changes: PageSpans
    """The pages that changed, with the states that they had."""
    cow_pages: PageSpans
    """The pages of a private file mapping that were copied on write."""
    notice: str
    """Why this is not how the pages are at the moment that is shown; empty when it is."""

    def grid(self, zoom: int = 1) -> PageGrid:
        """The pages as cells."""
        return PageGrid(self.snapshot.first, self.snapshot.stop, zoom)

    @property
    def offset(self) -> int:
        """The offset of the mapping in its file."""
        return int(self.mapping_state.rows.offset[self.mapping_state.row])

    @property
    def has_file(self) -> bool:
        """Whether the pages are of a file."""
        return (
            kind_of(self.mapping_state.name) is Kind.FILE
            and int(self.mapping_state.rows.inode[self.mapping_state.row]) != 0
        )

    @property
    def may_have_names(self) -> bool:
        """Whether a file may have names for what lies on the pages: also for its zeroed data, which is in no file."""
        return self.has_file or (self.label is not None and self.label.may_be_bss)

    @property
    def totals(self) -> PageNumbers:
        """How many pages are in each state."""
        totals: PageNumbers = count_states(self.snapshot.spans, np.array([self.snapshot.first, self.snapshot.stop]))[
            0
        ]
        return totals

    def cells(self, edges: PageNumbers) -> PageCells:
        """What lies between neighbouring edges."""
        return PageCells(
            now=count_states(self.snapshot.spans, edges),
            was=count_states(self.baseline_spans, edges),
            changed=np.diff(self.changes.count_before(edges)),
        )

    @property
    def baseline_spans(self) -> PageSpans:
        """The pages as they were at the compared look."""
        apart = self.snapshot.first >= self.baseline.stop or self.snapshot.stop <= self.baseline.first
        moved = self.snapshot.first - self.baseline.first if apart else 0
        return self.baseline.spans.shift(moved)

    @property
    def facts(self) -> list[str]:
        """What is said of the mapping, and of the look."""
        perms, place, size, *_ = facts_of(self.mapping_state)
        return [
            f"{perms[:4]} {place}",
            size,
            f"read at {fmt.clock(self.snapshot.reply.wall_ns)}",
            words.changes_text(self.snapshot, self.baseline, self.changes.pages),
        ]

    def range_of(self, start: int, stop: int) -> tuple[int, int]:
        """The addresses of pages."""
        return start * self.snapshot.page_bytes, stop * self.snapshot.page_bytes


def derive_page_view(history: MappingHistory, page_history: PageHistory, view: View) -> PageView | None:
    """What to show for a scene; None when the pages were never seen."""
    shown = compared_ticks(history, view)
    look = page_history.at(shown.number)
    if look is None:
        return None
    before = page_history.baseline_of(look, view.state)
    entry = history.states[history.step_at(shown.number)]
    copied = look.spans.in_states(PageState.COPIED, PageState.SWAPPED)
    if backing_of(entry.name, entry.perms) not in (Backing.PRIVATE_FILE, Backing.PRIVATE_SHARED_MEMORY):
        copied = copied.in_states()
    notice = shown.notice
    if not notice and look.reply.tick > shown.number:
        notice = "not read at that moment: this view was not open; below is the first reading after it"
    label = label_at(history.timeline, shown.number, history.mapping)
    return PageView(entry, label, look, before, diff_pages(before, look), copied, notice)


def is_snapshot_due(
    history: MappingHistory, page_history: PageHistory, view: View, refusal: PagesReply | None
) -> bool:
    """Whether the pages are to be looked at now: the first time, and when the mapping changed since the last look."""
    timeline = history.timeline
    if timeline.ending is not None or history.gone_tick is not None or timeline.last is None:
        return False
    seen = max(
        (each.tick for each in (page_history.newest and page_history.newest.reply, refusal) if each), default=None
    )
    if seen is None:
        return True
    row = timeline.last.row_of(history.mapping)
    return view.state.at is None and row is not None and int(timeline.last.last_changed[row]) > seen
