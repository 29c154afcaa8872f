"""Which look shows a moment, and what it is compared with."""

import numpy as np
import pytest

from smapstop.model.pages import page_history
from smapstop.model.pages.page_history import PageHistory, PageSnapshot, diff_pages
from smapstop.model.protocol import PagesReply
from smapstop.model.view.view_state import ViewState
from smapstop.proc.pages.page_runs import PageFlags, PageRuns
from smapstop.proc.pages.page_states import PAGE_STATES, Backing

PAGE = 4096


def seen(tick: int, *pages: int, first: int = 0, stop: int = 8) -> PagesReply:
    """A look that saw these pages, one by one."""
    start = np.array(pages, np.uint64) * np.uint64(PAGE)
    flags = np.full(len(pages), PageFlags.PRESENT, np.uint8)
    runs = PageRuns(start, start + np.uint64(PAGE), flags, PageFlags.PRESENT, PAGE)
    return PagesReply(7, tick, tick * 1_000_000_000, first * PAGE, stop * PAGE, runs)


def snapshots(*several: PagesReply) -> PageHistory:
    found = PageHistory(7)
    for each in several:
        found.add(each, Backing.NOTHING)
    return found


def tick_of(snapshot: PageSnapshot | None) -> int:
    assert snapshot is not None
    return snapshot.reply.tick


def test_a_moment_is_shown_by_the_last_snapshot_up_to_it_or_else_by_the_first() -> None:
    found = snapshots(seen(3), seen(5), seen(9))
    assert [tick_of(found.at(tick)) for tick in (0, 3, 4, 5, 8, 9, 100)] == [3, 3, 3, 5, 5, 9, 9]
    assert PageHistory(7).at(3) is None


def test_what_a_snapshot_is_compared_with() -> None:
    found = snapshots(seen(3), seen(5), seen(9), seen(12))
    last, first = found.at(12), found.at(3)
    assert last is not None
    assert first is not None
    assert tick_of(found.baseline_of(last, ViewState())) == 9
    assert tick_of(found.baseline_of(last, ViewState(baseline="start"))) == 3
    assert tick_of(found.baseline_of(last, ViewState(baseline="mark", mark=7))) == 5
    assert tick_of(found.baseline_of(last, ViewState(baseline="mark"))) == 9
    assert tick_of(found.baseline_of(first, ViewState())) == 3
    assert tick_of(found.baseline_of(first, ViewState(baseline="mark", mark=7))) == 3


def test_the_oldest_snapshots_are_forgotten_but_for_the_first_and_the_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_history, "MAX_SNAPSHOTS", 4)
    found = PageHistory(7)
    for tick in range(10):
        found.add(seen(tick), Backing.NOTHING, mark=3 if tick > 3 else None)
    assert [tick_of(found.at(tick)) for tick in range(10)] == [0, 0, 0, 3, 3, 3, 3, 3, 8, 9]


def test_snapshots_with_many_runs_are_fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_history, "MAX_PAGE_RUNS", 10)
    found = snapshots(*(seen(tick, 0, 2, 4, 6) for tick in range(9)))
    assert [tick_of(found.at(tick)) for tick in range(9)] == [0, 0, 0, 0, 0, 0, 0, 0, 8]


def between(before: PagesReply, after: PagesReply) -> list[tuple[int, str]]:
    """The pages that changed, and what they were."""
    found = snapshots(before, after)
    a, b = found.at(before.tick), found.newest
    assert a is not None
    assert b is not None
    reported = diff_pages(a, b)
    assert (reported.end - reported.start == 1).all()
    return list(
        zip(reported.start.tolist(), (str(PAGE_STATES[code]) for code in reported.state.tolist()), strict=True)
    )


def test_pages_that_came_and_went_changed() -> None:
    assert between(seen(1, 1, 3), seen(2, 3, 6)) == [(1, "anonymous"), (6, "not-present")]


def test_pages_of_a_stack_that_grew_downward_are_the_same_pages() -> None:
    assert between(seen(1, 11, first=10, stop=12), seen(2, 9, 11, first=8, stop=12)) == [(9, "not-present")]


def test_pages_that_a_mapping_lost_are_not_changed_pages_of_it() -> None:
    assert between(seen(1, 1, 2, 3, stop=4), seen(2, 1, stop=2)) == []


def test_pages_move_with_a_mapping_that_moved() -> None:
    moved = between(seen(1, 1, 3), seen(2, 101, 102, first=100, stop=108))
    assert moved == [
        (102, "not-present"),
        (103, "anonymous"),
    ]
