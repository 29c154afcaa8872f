"""Cells of pages, against counting them one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smapstop.model.pages.page_grid import (
    ZOOM,
    PageGrid,
    PageSpans,
    count_newly_shared,
    count_states,
    diff_spans,
    page_spans_of,
)
from smapstop.proc.pages.page_runs import PageFlags, PageRuns, merge_runs
from smapstop.proc.pages.page_states import PAGE_STATES, Backing, PageState

ABSENT = PAGE_STATES.index(PageState.NOT_PRESENT)
PAGE = 4096
OWN = [PAGE_STATES.index(state) for state in (PageState.COPIED, PageState.ANONYMOUS)]
SHARED = [PAGE_STATES.index(state) for state in (PageState.COPIED_SHARED, PageState.ANONYMOUS_SHARED)]
maps = st.lists(st.sampled_from([0, 1, 2, *OWN, *SHARED, PAGE_STATES.index(PageState.SWAPPED)]), max_size=120)
"""The state of each page of a mapping."""


def stretches(states: list[int], first: int = 0) -> PageSpans:
    """Runs from the state of each page."""
    pages = np.arange(first, first + len(states), dtype=np.uint64)
    flags = np.array(states, np.uint8)
    runs = merge_runs(pages, pages + np.uint64(1), flags, PageFlags.PRESENT, 1)
    return PageSpans(runs.start.astype(np.int64), runs.end.astype(np.int64), runs.flags.astype(np.int8))


@given(maps, st.integers(0, 200), st.sampled_from([1, 8, 64, 512]), st.data())
def test_each_cell_has_what_its_pages_are(states: list[int], first: int, zoom: int, data: st.DataObject) -> None:
    grid = PageGrid(first, first + len(states) + 1, zoom)
    states = [*states, 0]
    low = data.draw(st.integers(0, len(grid)))
    high = data.draw(st.integers(low, len(grid)))

    counts = count_states(stretches(states, first), grid.edges(low, high))

    expected = []
    for cell in range(low, high):
        start, stop = grid.pages_of(cell)
        within = states[start - first : stop - first]
        expected.append([within.count(code) for code in range(len(PAGE_STATES))])
    assert counts.tolist() == expected
    cells = [grid.cell_of(page) for page in range(first, grid.stop)]
    assert [cell for cell in cells if low <= cell < high] == [
        cell for cell in range(low, high) for _ in range(sum(expected[cell - low]))
    ]


@given(maps, maps, st.integers(0, 50))
def test_changed_pages_are_those_whose_state_is_another_one(was: list[int], now: list[int], first: int) -> None:
    both = max(len(was), len(now))
    was, now = [*was, *[0] * (both - len(was))], [*now, *[0] * (both - len(now))]

    found = diff_spans(stretches(was, first), stretches(now, first))

    reported = [
        (page, code)
        for start, end, code in zip(found.start.tolist(), found.end.tolist(), found.state.tolist(), strict=True)
        for page, code in [(page, code) for page in range(start, end)]
    ]
    changed = [
        at
        for at in range(both)
        if (PAGE_STATES[was[at]].split()[0], was[at] in SHARED and now[at] in OWN)
        != (PAGE_STATES[now[at]].split()[0], False)
    ]
    assert reported == [(first + at, was[at]) for at in changed]
    newly_shared = [at for at in range(both) if was[at] in OWN and now[at] == was[at] + 1]
    assert count_newly_shared(stretches(was, first), stretches(now, first)) == len(newly_shared)


@pytest.mark.parametrize(
    ("was", "now", "changed", "newly_shared"),
    [
        (PageState.ANONYMOUS, PageState.ANONYMOUS_SHARED, 0, 1),  # fork
        (PageState.COPIED, PageState.COPIED_SHARED, 0, 1),
        (PageState.ANONYMOUS_SHARED, PageState.ANONYMOUS, 1, 0),  # a write, or the others ended
        (PageState.COPIED_SHARED, PageState.COPIED, 1, 0),
        (PageState.FILE, PageState.FILE_SHARED, 0, 0),  # others come and go
        (PageState.FILE_SHARED, PageState.FILE, 0, 0),
        (PageState.SHARED_MEMORY_SHARED, PageState.SHARED_MEMORY, 0, 0),
        (PageState.FILE_SHARED, PageState.COPIED, 1, 0),
        (PageState.FILE, PageState.COPIED_SHARED, 1, 0),
        (PageState.ANONYMOUS_SHARED, PageState.NOT_PRESENT, 1, 0),
        (PageState.ANONYMOUS_SHARED_OR_ZERO, PageState.ANONYMOUS, 1, 0),
    ],
)
def test_what_became_the_processs_own_has_changed_and_what_became_shared_has_not(
    was: PageState, now: PageState, changed: int, newly_shared: int
) -> None:
    before, after = stretches([PAGE_STATES.index(was)]), stretches([PAGE_STATES.index(now)])
    assert diff_spans(before, after).pages == changed
    assert count_newly_shared(before, after) == newly_shared


@given(maps, st.integers(0, 50))
def test_places_among_the_pages_of_stretches(states: list[int], first: int) -> None:
    found = stretches(states, first)
    pages = [first + at for at, state in enumerate(states) if state]
    around = range(max(0, first - 2), first + len(states) + 2)

    assert found.pages == len(pages)
    assert found.nth(np.arange(len(pages))).tolist() == pages
    assert found.count_before(np.array(around)).tolist() == [sum(page < at for page in pages) for at in around]
    assert [found.next_page(at) for at in around] == [next((p for p in pages if p >= at), None) for at in around]
    assert [found.last_page_before(at) for at in around] == [
        next((p for p in reversed(pages) if p < at), None) for at in around
    ]
    assert found.states_at(np.array(around)).tolist() == [
        states[at - first] if first <= at < first + len(states) else 0 for at in around
    ]


def test_states_of_runs_depend_on_what_is_behind_the_mapping() -> None:
    start = np.array([2 * PAGE, 5 * PAGE], np.uint64)
    flags = np.array([PageFlags.PRESENT | PageFlags.FILE, PageFlags.PRESENT], np.uint8)
    runs = PageRuns(start, start + np.uint64(2 * PAGE), flags, PageFlags.PRESENT | PageFlags.FILE, PAGE)

    found = page_spans_of(runs, Backing.PRIVATE_FILE)

    assert (found.start.tolist(), found.end.tolist()) == ([2, 5], [4, 7])
    assert [PAGE_STATES[code] for code in found.state.tolist()] == [PageState.FILE, PageState.COPIED]
    assert found.in_states(PageState.COPIED).start.tolist() == [5]


def test_a_mapping_of_16_tib_takes_memory_for_its_runs_and_cells_only() -> None:
    pages = 2**32
    one = PageSpans(np.array([pages // 2]), np.array([pages // 2 + 1]), np.array([1], np.int8))
    grid = PageGrid(0, pages).fit(640)

    counts = count_states(one, grid.edges(0, len(grid)))

    assert grid.zoom == ZOOM**8
    assert len(counts) == len(grid) == 256
    assert counts[:, 1].sum() == 1
    assert counts[128, 1] == 1
    assert counts.sum() == pages


def test_cells_begin_at_multiples_of_their_size() -> None:
    grid = PageGrid(510, 1030, 512)

    assert [grid.pages_of(cell) for cell in range(len(grid))] == [(510, 512), (512, 1024), (1024, 1030)]
    assert [grid.cell_of(page) for page in (0, 510, 511, 512, 1029, 5000)] == [0, 0, 0, 1, 2, 2]


def test_a_grid_is_not_zoomed_out_further_than_to_one_cell() -> None:
    assert PageGrid(0, 7).with_zoom(64).zoom == 8
    assert PageGrid(0, 9).with_zoom(64).zoom == 64
    assert PageGrid(0, 1).with_zoom(8).zoom == 1
    assert PageGrid(0, 100, 8).with_zoom(0).zoom == 1


@given(st.integers(0, 2**40), st.integers(1, 2**35), st.integers(2, 1000))
def test_fitting_cells_fit_and_smaller_ones_would_not(first: int, pages: int, cells: int) -> None:
    grid = PageGrid(first, first + pages).fit(cells)

    assert len(grid) <= cells
    assert grid.zoom == 1 or len(PageGrid(grid.first, grid.stop, grid.zoom // ZOOM)) > cells
