"""The drawing of the view of pages: it fills its screen on every size, and drawing it changes nothing."""

from dataclasses import replace

import numpy as np
import pytest
from factories import mappings_of
from rich.style import Style

from smapstop.model.history.mapping_history import MappingState
from smapstop.model.pages.page_history import PageHistory, diff_pages
from smapstop.model.protocol import PagesReply
from smapstop.proc.pages.page_runs import PageFlags, PageRuns
from smapstop.proc.pages.page_states import Backing
from smapstop.proc.pages.page_states import PageState as PageState
from smapstop.ui.drawing.style import DrawStyle
from smapstop.ui.pages.canvas import PageCanvas, PageCanvasModel, initial_page
from smapstop.ui.pages.cursor import PageCursor
from smapstop.ui.pages.name_requests import PageNames
from smapstop.ui.pages.page_view import PageView
from smapstop.ui.theme.palette import build_palette

PAGE = 4096
FIRST, PAGES = 0x1000, 3000
LOOK = DrawStyle(build_palette(dark=True, depth="256"), Style(), Style(bold=True), Style(reverse=True))
COPIED = PageFlags.PRESENT
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


def seen(tick: int, *copied: int) -> PagesReply:
    """A look at a file of which these pages were copied and nothing else is in memory."""
    start = (FIRST + np.array(copied, np.uint64)) * np.uint64(PAGE)
    flags = np.full(len(copied), COPIED, np.uint8)
    runs = PageRuns(start, start + np.uint64(PAGE), flags, COPIED | PageFlags.FILE, PAGE)
    return PagesReply(0, tick, tick * 1_000_000_000, FIRST * PAGE, (FIRST + PAGES) * PAGE, runs)


@pytest.fixture(scope="module")
def view() -> PageView:
    """Page 1,234 was copied since the look before."""
    snapshots = PageHistory(0)
    snapshots.add(seen(0, 7, 8, 2999), Backing.PRIVATE_FILE)
    snapshots.add(seen(1, 7, 8, 1234, 2999), Backing.PRIVATE_FILE)
    before, snapshot = snapshots.at(0), snapshots.at(1)
    assert before is not None
    assert snapshot is not None
    entry = MappingState(mappings_of((FIRST, FIRST + PAGES, "rw-p", "/bin/program", 16)), 0)
    copied = snapshot.spans.in_states(PageState.COPIED)
    return PageView(entry, None, snapshot, before, diff_pages(before, snapshot), copied, "")


def canvas(view: PageView, cursor: PageCursor, width: int, height: int) -> PageCanvas:
    return PageCanvas.fit(PageCanvasModel(view, PageNames(0), None, cursor), LOOK, width, height)


def test_the_cursor_begins_on_the_first_page_that_changed(view: PageView) -> None:
    assert initial_page(view, PageNames(0)) == FIRST + 1234


def test_without_a_change_it_begins_on_the_page_of_the_variable_that_was_copied_last(view: PageView) -> None:
    names = PageNames(0)
    names.known = {
        ((FIRST + page) * PAGE, (FIRST + page + 1) * PAGE): text
        for page, text in {7: (".got",), 9: ("page1",), 2999: ("page0", "page1")}.items()
    }
    still = replace(view, baseline=view.snapshot, changes=view.changes.in_states())
    assert initial_page(still, names) == FIRST + 7
    assert initial_page(replace(still, names_copied_last=("page1",)), names) == FIRST + 2999, "9 is not a copy"
    assert initial_page(replace(still, names_copied_last=("page1",)), PageNames(0)) == FIRST + 7


@pytest.mark.parametrize("listing", [False, True])
@pytest.mark.parametrize("size", SIZES)
def test_it_fills_the_screen_and_is_the_same_when_drawn_again(
    view: PageView, size: tuple[int, int], listing: bool
) -> None:
    shown = canvas(view, PageCursor(FIRST + 1234, placed_by_user=True, listing=listing), *size)
    lines = shown.draw()
    assert [line.cell_length for line in lines] == [size[0]] * size[1]
    assert shown.draw() == lines


@pytest.mark.parametrize("size", SIZES)
def test_each_part_is_where_the_layout_says(view: PageView, size: tuple[int, int]) -> None:
    shown = canvas(view, PageCursor(FIRST + 1234, placed_by_user=True, zoom=1), *size)
    layout, text = shown.layout, [line.text for line in shown.draw()]
    row = shown.grid.pages_of(layout.cursor_cell // layout.grid_layout.columns * layout.grid_layout.columns)[0]
    (y,) = [y for y, line in enumerate(text) if line.startswith(f" {row * PAGE:012x} ")]
    assert (
        y
        == layout.grid_y
        + (layout.cursor_cell // layout.grid_layout.columns - layout.grid_layout.top) * layout.grid_layout.cell_lines
    )
    assert [y for y, line in enumerate(text) if line.startswith(" whole mapping")] == [layout.map_y] * layout.has_map
    box = [y for y, line in enumerate(text) if line.startswith(" ▏")]
    assert box == list(range(layout.body_y + layout.body, size[1] - layout.footer))
    if layout.cow_list is not None:
        assert "Copied" in text[layout.cow_list.y]
        for line, page in enumerate(layout.listed_pages, start=layout.cow_list.y + 1):
            assert f"{page * PAGE:012x}" in text[line][layout.cow_list.x :]


def test_the_names_of_what_is_on_the_screen_are_asked_for_the_cursor_first(view: PageView) -> None:
    shown = canvas(view, PageCursor(FIRST + 8, placed_by_user=True, listing=True), 118, 40)
    assert shown.named_ranges == tuple(
        ((FIRST + page) * PAGE, (FIRST + page + 1) * PAGE) for page in (8, 7, 8, 1234, 2999)
    )
