"""The view of pages: which reading it shows at a moment, and when it says that this is a later one."""

from itertools import pairwise

import numpy as np
import pytest
from factories import mappings_of, tick_of, timeline_of

from smapstop.model.history.mapping_history import MappingHistory
from smapstop.model.pages.page_history import PageHistory
from smapstop.model.protocol import PagesReply
from smapstop.model.view.view import derive_view
from smapstop.model.view.view_state import ViewState
from smapstop.proc.columns import Mappings
from smapstop.proc.pages.page_runs import PageFlags, PageRuns
from smapstop.proc.pages.page_states import Backing
from smapstop.ui.pages.page_view import derive_page_view, is_snapshot_due

PAGE = 4096
FIRST, STOP = 16, 20
MAPPING = 7


def pages_read_at(tick: int) -> PageHistory:
    """Pages that were read after a tick."""
    start = np.array([FIRST * PAGE], np.uint64)
    runs = PageRuns(start, start + np.uint64(PAGE), np.array([PageFlags.PRESENT], np.uint8), PageFlags.PRESENT, PAGE)
    pages = PageHistory(MAPPING)
    pages.add(PagesReply(MAPPING, tick, 1_000_000_000, FIRST * PAGE, STOP * PAGE, runs), Backing.NOTHING)
    return pages


def notice_at(at: int | None, read_at: int) -> str:
    """The notice of a view of two ticks at one of them, or live, of pages that were read at a tick."""
    rows = mappings_of((FIRST, STOP, "rw-p", "", 16))
    history = MappingHistory(timeline_of(tick_of(0, rows, [MAPPING]), tick_of(1, rows, [MAPPING])), MAPPING)
    history.update()
    view = derive_page_view(history, pages_read_at(read_at), derive_view(history.timeline, ViewState(at=at)))
    assert view is not None
    return view.notice


def test_pages_that_were_read_later_than_the_moment_shown_are_said_to_be() -> None:
    assert "not read at that time" in notice_at(0, read_at=1)
    assert notice_at(1, read_at=1) == ""


def test_live_pages_are_the_newest_also_before_the_tick_in_which_they_were_read_has_come() -> None:
    assert notice_at(None, read_at=2) == ""


def shared_memory(kb: int) -> Mappings:
    """Shared memory of 16 kB, of which others have mapped some, too."""
    return mappings_of(
        (FIRST, STOP, "rw-s", "/memfd:a", 16),
        private_dirty=[16 - kb],
        shared_dirty=[kb],
        pss=[16 - kb // 2],
        anonymous=[0],
    )


@pytest.mark.parametrize(
    ("shared_kb", "is_due"), [((0, 0, 0), False), ((0, 0, 8), True), ((0, 8, 8), False)], ids=str
)
def test_pages_are_read_again_when_only_others_have_mapped_or_unmapped_them(
    shared_kb: tuple[int, ...], is_due: bool
) -> None:
    ticks = [tick_of(0, shared_memory(shared_kb[0]), [MAPPING])]
    for number, (before, kb) in enumerate(pairwise(shared_kb), 1):
        rows = shared_memory(kb)
        ticks.append(tick_of(number, rows.take(slice(int(kb != before))), [MAPPING] if kb != before else []))
    history = MappingHistory(timeline_of(*ticks), MAPPING)
    pages, view = pages_read_at(1), derive_view(history.timeline, ViewState())
    assert is_snapshot_due(history, pages, view, None) is is_due
