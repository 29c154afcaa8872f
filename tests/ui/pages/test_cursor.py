"""The cursor of the view of pages: where each move leads, and that it never leaves the pages that there are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smapstop.model.pages.page_grid import PageGrid, PageSpans
from smapstop.ui.pages.cursor import PageCursor
from smapstop.ui.pages.layout import GridLayout, lay_out_grid

GRID = PageGrid(100, 400)


def pages_of(*pages: int) -> PageSpans:
    """Each page a stretch of its own."""
    start = np.array(sorted(set(pages)), np.int64)
    return PageSpans(start, start + 1, np.ones(len(start), np.int8))


NONE = pages_of()
COPIED = pages_of(103, 110, 250)


def laid_out(grid: PageGrid = GRID, page: int = 100, width: int = 31, height: int = 6) -> GridLayout:
    """16 cells of one glyph in a row unless there is room for more, and six rows on the screen."""
    return lay_out_grid(grid, grid.cell_of(page), width, height, 0)


def at(page: int, *, listing: bool = False) -> PageCursor:
    return PageCursor(page, placed_by_user=True, listing=listing)


@pytest.mark.parametrize(
    ("page", "across", "down", "there"),
    [
        (100, 1, 0, 101),
        (116, -1, 0, 115),
        (100, 0, 1, 116),
        (120, 0, -1, 104),
        (100, -1, 0, 100),
        (105, 0, -1, 105),
        (399, 1, 0, 399),
        (399, 0, 1, 399),
    ],
)
def test_it_moves_by_cells_and_rows_and_stays_where_there_is_none(
    page: int, across: int, down: int, there: int
) -> None:
    assert at(page).move(laid_out(page=page), COPIED, across, down) == at(there)


def test_a_cell_of_many_pages_is_one_step_and_leads_to_its_first_page() -> None:
    layout = laid_out(PageGrid(100, 400, 8))
    assert at(101).move(layout, NONE, 1, 0).page == 104
    assert at(107).move(layout, NONE, -1, 0).page == 100
    assert at(101).move(layout, NONE, -1, 0).page == 101, "already in the first cell"


@pytest.mark.parametrize(
    ("page", "screens", "there"), [(100, 1, 196), (196, -1, 100), (110, -1, 110), (350, 1, 398), (399, 1, 399)]
)
def test_a_screenful_keeps_the_column_and_ends_at_the_last_row(page: int, screens: int, there: int) -> None:
    assert at(page).move_by_screens(laid_out(page=page), NONE, screens, list_height=4).page == there


def test_the_last_row_may_be_too_short_for_the_column() -> None:
    assert at(110 + 16 * 17).move_by_screens(laid_out(PageGrid(100, 395)), NONE, 1, list_height=4).page == 394


@pytest.mark.parametrize(
    ("page", "lines", "there"), [(103, 1, 110), (110, -1, 103), (103, -1, 103), (250, 1, 250), (104, 0, 110)]
)
def test_in_the_list_it_goes_from_copied_page_to_copied_page(page: int, lines: int, there: int) -> None:
    assert at(page, listing=True).move(laid_out(), COPIED, lines, 0).page == there
    assert at(page, listing=True).move(laid_out(), COPIED, 0, lines).page == there


def test_in_the_list_a_screenful_is_so_many_lines() -> None:
    copied = pages_of(*range(200, 260))
    assert at(210, listing=True).move_by_screens(laid_out(), copied, 1, list_height=20).page == 230
    assert at(210, listing=True).move_by_screens(laid_out(), copied, -1, list_height=20).page == 200


def test_it_goes_to_both_ends_of_the_mapping_or_of_the_list() -> None:
    assert [at(200).go_to_end(GRID, COPIED, last=last).page for last in (False, True)] == [100, 399]
    assert [at(200, listing=True).go_to_end(GRID, COPIED, last=last).page for last in (False, True)] == [103, 250]


def test_it_goes_from_change_to_change_past_the_cell_under_it_and_round() -> None:
    changes = pages_of(150, 151, 300)
    cell = (144, 152)
    assert at(145).go_to_change(GRID, changes, cell, forward=True).page == 300
    assert at(145).go_to_change(GRID, changes, cell, forward=False).page == 300, "round by the start"
    assert at(300).go_to_change(GRID, changes, (296, 304), forward=True).page == 150, "round by the end"
    assert at(300).go_to_change(GRID, changes, (296, 304), forward=False).page == 151
    assert at(300).go_to_change(GRID, NONE, (296, 304), forward=True) == at(300)


def test_zoom_changes_the_cells_and_not_the_page() -> None:
    larger = at(333).zoom_by(GRID, 1)
    assert (larger.page, larger.zoom) == (333, 8)
    assert at(333).zoom_by(PageGrid(100, 400, 8), -1).zoom == 1
    assert at(333).zoom_by(GRID, -1).zoom == 1, "no cell is smaller than a page"
    assert at(333).zoom_by(PageGrid(100, 400, 512), 1).zoom == 512, "none is larger than one that holds all"
    assert at(333, listing=True).zoom_by(GRID, 1) == at(333, listing=True)


def test_the_list_begins_at_the_nearest_copied_page_and_leaves_the_cursor_there() -> None:
    listing = at(104).toggle_list(GRID, COPIED)
    assert listing == at(110, listing=True)
    assert listing.toggle_list(GRID, COPIED) == at(110)


def test_until_the_user_moves_it_follows_where_the_view_begins() -> None:
    cursor = PageCursor().place(GRID, 120)
    assert cursor == PageCursor(120)
    assert cursor.place(GRID, 200) == PageCursor(200)
    assert cursor.zoom_by(GRID, 1).place(GRID, 200).page == 120


def test_it_keeps_its_page_when_the_mapping_grows_downward_and_goes_to_the_nearest_when_it_shrinks() -> None:
    assert at(120).place(PageGrid(50, 400), 50) == at(120)
    assert at(399).place(PageGrid(100, 200), 100) == at(199)
    assert at(100).place(PageGrid(300, 400), 300) == at(300)


@given(
    st.integers(0, 2000),
    st.integers(1, 2**34),
    st.sampled_from([1, 8, 64, 8**8]),
    st.lists(st.integers(0, 2**34), max_size=5),
    st.lists(st.sampled_from("↑↓←→ud01+-nNl"), max_size=30),
    st.sampled_from([(20, 5), (31, 6), (80, 24), (240, 70)]),
)
def test_whatever_the_user_does_it_is_on_a_page_of_the_mapping(
    first: int, pages: int, zoom: int, marked: list[int], keys: list[str], size: tuple[int, int]
) -> None:
    grid = PageGrid(first, first + pages)
    copied = pages_of(*(first + page % pages for page in marked))
    cursor = PageCursor(zoom=zoom).place(grid, first)
    arrows = {"↑": (0, -1), "↓": (0, 1), "←": (-1, 0), "→": (1, 0)}
    for key in keys:
        cells = grid.with_zoom(cursor.zoom or 1)
        layout = lay_out_grid(cells, cells.cell_of(cursor.page), *size, cursor.top)
        here = cells.pages_of(cells.cell_of(cursor.page))
        assert here[0] <= cursor.page < here[1]
        cursor = cursor.scroll_to(layout.top)
        if key in arrows:
            cursor = cursor.move(layout, copied, *arrows[key])
        elif key in "ud":
            cursor = cursor.move_by_screens(layout, copied, -1 if key == "u" else 1, list_height=3)
        elif key in "01":
            cursor = cursor.go_to_end(cells, copied, last=key == "1")
        elif key in "+-":
            cursor = cursor.zoom_by(cells, -1 if key == "+" else 1)
        elif key in "nN":
            cursor = cursor.go_to_change(cells, copied, here, forward=key == "n")
        elif copied.pages:
            cursor = cursor.toggle_list(cells, copied)
        assert first <= cursor.page < first + pages
        assert cursor.placed_by_user or cursor.page == first
        if cursor.listing:
            assert cursor.page in copied.start
