"""The layout of the view of pages: what has room on which size, and that the cursor is always in view."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smapstop.model.pages.page_grid import PageGrid, PageSpans
from smapstop.ui.pages.canvas_layout import PageContent, PageLayout
from smapstop.ui.pages.cursor import PageCursor
from smapstop.ui.pages.layout import GUTTER

FIRST = 1000
SIZES = [
    (20, 5),
    (31, 5),
    (40, 8),
    (63, 9),
    (80, 24),
    (100, 7),
    (112, 20),
    (113, 12),
    (118, 40),
    (160, 50),
    (240, 70),
]


def pages_of(*pages: int) -> PageSpans:
    """Each page a stretch of its own."""
    start = np.array(sorted(set(pages)), np.int64)
    return PageSpans(start, start + 1, np.ones(len(start), np.int8))


def content(pages: int = 3000, copied: PageSpans | None = None, notice: bool = False) -> PageContent:
    return PageContent(
        PageGrid(FIRST, FIRST + pages), pages_of() if copied is None else copied, states=3, facts=4, notice=notice
    )


def laid_out(
    width: int, height: int, what: PageContent | None = None, cursor: PageCursor | None = None
) -> PageLayout:
    return PageLayout.for_size(width, height, what or content(), cursor or PageCursor(FIRST))


def place_of_cursor(layout: PageLayout) -> tuple[int, int]:
    """The first column and line of the cell under the cursor."""
    cells = layout.grid_layout
    row, column = divmod(layout.cursor_cell, cells.columns)
    return GUTTER + column * cells.cell_columns, layout.grid_y + (row - cells.top) * cells.cell_lines


@pytest.mark.parametrize(
    ("size", "facts", "box", "footer", "panel"),
    [
        ((80, 5), 0, 1, 0, 0),
        ((80, 6), 0, 1, 1, 0),
        ((80, 7), 0, 2, 1, 0),
        ((80, 8), 2, 2, 1, 0),
        ((80, 12), 2, 3, 1, 0),
        ((80, 14), 2, 4, 1, 0),
        ((114, 40), 2, 4, 1, 0),
        ((115, 40), 2, 4, 0, 34),
        ((240, 40), 2, 4, 0, 95),
    ],
)
def test_a_larger_screen_has_room_for_more_around_the_body(
    size: tuple[int, int], facts: int, box: int, footer: int, panel: int
) -> None:
    layout = laid_out(*size)
    assert (layout.facts, layout.box, layout.footer, layout.panel) == (facts, box, footer, panel)


def test_the_parts_are_one_below_the_other() -> None:
    layout = laid_out(80, 24, content(notice=True))
    assert (layout.body_y, layout.map_y, layout.grid_y, layout.body) == (3, None, 3, 16)
    layout = laid_out(80, 24, content(notice=True), PageCursor(FIRST, zoom=1))
    assert (layout.body_y, layout.map_y, layout.grid_y, layout.body) == (3, 3, 4, 16)
    assert layout.grid_layout.visible_rows == 15, "the map takes a line of the grid's"


def test_the_map_is_missing_where_the_grid_needs_the_lines() -> None:
    assert laid_out(80, 10, cursor=PageCursor(FIRST, zoom=1)).map_y == 2
    assert laid_out(80, 9, cursor=PageCursor(FIRST, zoom=1)).map_y is None


def test_at_the_right_of_the_grid_are_a_legend_and_as_many_pages_as_fit() -> None:
    layout = laid_out(118, 20, content(copied=pages_of(*range(FIRST + 10, FIRST + 90))), PageCursor(FIRST + 50))
    area = layout.cow_list
    assert area is not None
    assert (area.x, area.y, area.width, area.height) == (81, 2 + 4 + 1, 37, 9)
    assert area.pages == tuple(range(FIRST + 46, FIRST + 54))
    assert not area.has_offsets
    assert laid_out(118, 20).cow_list is None, "nothing was copied"
    assert laid_out(118, 12, content(copied=pages_of(FIRST))).cow_list is not None
    assert laid_out(118, 10, content(copied=pages_of(FIRST))).cow_list is None, "no room for a title and a page"


def test_the_list_in_place_of_the_grid_has_the_whole_body() -> None:
    layout = laid_out(118, 20, content(copied=pages_of(FIRST + 7, FIRST + 9)), PageCursor(FIRST + 9, listing=True))
    area = layout.cow_list
    assert area is not None
    assert (area.x, area.y, area.width, area.height) == (0, layout.body_y, 118, layout.body)
    assert area.has_offsets
    assert layout.cursor_pages == (FIRST + 9, FIRST + 10)
    assert [layout.page_at(50, area.y + line) for line in range(4)] == [None, FIRST + 7, FIRST + 9, None]


def test_a_place_on_the_screen_is_a_page() -> None:
    layout = laid_out(118, 20, content(copied=pages_of(FIRST + 7)), PageCursor(FIRST, zoom=1))
    assert layout.map_y is not None
    assert layout.cow_list is not None
    assert layout.page_at(GUTTER, layout.grid_y) == FIRST
    assert layout.page_at(GUTTER + 5, layout.grid_y + 1) == FIRST + 64 + 5
    assert layout.page_at(GUTTER - 1, layout.grid_y) is None, "an address"
    assert layout.page_at(GUTTER + 32, layout.map_y) == FIRST + 1500
    assert layout.page_at(0, layout.map_y) == FIRST
    assert layout.page_at(117, layout.map_y) == FIRST + 3000 * 63 // 64
    assert layout.page_at(90, layout.cow_list.y + 1) == FIRST + 7
    assert layout.page_at(90, layout.cow_list.y + 2) is None


@given(
    st.sampled_from(SIZES) | st.tuples(st.integers(20, 240), st.integers(5, 70)),
    st.integers(1, 40) | st.integers(1, 2**34),
    st.lists(st.integers(0, 2**34), max_size=40),
    st.integers(0, 2**34),
    st.sampled_from([None, 1, 8, 64, 8**9]),
    st.integers(0, 2**30),
    st.booleans(),
    st.booleans(),
)
def test_the_cursor_is_in_view_on_every_size(
    size: tuple[int, int],
    pages: int,
    marked: list[int],
    page: int,
    zoom: int | None,
    top: int,
    listing: bool,
    notice: bool,
) -> None:
    width, height = size
    copied = pages_of(*(FIRST + each % pages for each in marked))
    what = content(pages, copied, notice)
    cursor = PageCursor(FIRST + page % pages, placed_by_user=True, zoom=zoom, top=top)
    if listing and copied.pages:
        cursor = cursor.toggle_list(what.grid, copied)

    layout = PageLayout.for_size(width, height, what, cursor)

    assert layout.body_y + layout.body + layout.box + layout.footer == height
    start, stop = layout.cursor_pages
    assert FIRST <= start <= cursor.page < stop <= FIRST + pages
    if cursor.listing:
        assert layout.cow_list is not None
        line = layout.cow_list.y + 1 + layout.listed_pages.index(cursor.page)
        assert layout.body_y <= line < layout.body_y + layout.body
    else:
        x, y = place_of_cursor(layout)
        assert layout.grid_y <= y < layout.body_y + layout.body
        assert x >= GUTTER
        assert x + layout.grid_layout.cell_columns <= layout.grid_width
        assert layout.page_at(x, y) == start
    for area in [layout.cow_list] if layout.cow_list and layout.panel else []:
        assert area.x >= layout.grid_width
        assert area.x + area.width == width
        assert area.y + area.height == layout.body_y + layout.body
        assert set(area.pages) <= set(copied.start.tolist())
