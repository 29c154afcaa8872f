"""The view of pages: which reading it shows at a moment, and when it says that this is a later one."""

import numpy as np
from factories import mappings_of, tick_of, timeline_of

from smapstop.model.history.mapping_history import MappingHistory
from smapstop.model.pages.page_history import PageHistory
from smapstop.model.protocol import PagesReply
from smapstop.model.view.view import derive_view
from smapstop.model.view.view_state import ViewState
from smapstop.proc.pages.page_runs import PageFlags, PageRuns
from smapstop.proc.pages.page_states import Backing
from smapstop.ui.pages.page_view import derive_page_view

PAGE = 4096
FIRST, STOP = 16, 20
MAPPING = 7


def notice_at(at: int | None, read_at: int) -> str:
    """The notice of a view of two ticks at one of them, or live, of pages that were read at a tick."""
    rows = mappings_of((FIRST, STOP, "rw-p", "", 16))
    history = MappingHistory(timeline_of(tick_of(0, rows, [MAPPING]), tick_of(1, rows, [MAPPING])), MAPPING)
    history.update()
    start = np.array([FIRST * PAGE], np.uint64)
    runs = PageRuns(start, start + np.uint64(PAGE), np.array([PageFlags.PRESENT], np.uint8), PageFlags.PRESENT, PAGE)
    pages = PageHistory(MAPPING)
    pages.add(PagesReply(MAPPING, read_at, 1_000_000_000, FIRST * PAGE, STOP * PAGE, runs), Backing.NOTHING)
    view = derive_page_view(history, pages, derive_view(history.timeline, ViewState(at=at)))
    assert view is not None
    return view.notice


def test_pages_that_were_read_later_than_the_moment_shown_are_said_to_be() -> None:
    assert "not read at that time" in notice_at(0, read_at=1)
    assert notice_at(1, read_at=1) == ""


def test_live_pages_are_the_newest_also_before_the_tick_in_which_they_were_read_has_come() -> None:
    assert notice_at(None, read_at=2) == ""
