"""Where each part of the view of pages is on the screen. No Textual here.

From top to bottom: the title, facts, a notice, the body, a box about what is under the cursor, a legend. The body is
the grid, below a map of the whole when not all of it is on the screen, and beside a panel when there is room for it;
or it is the list of the copied pages. The smaller the screen, the less there is around the body.
"""

from dataclasses import dataclass

import numpy as np

from smapstop.model.pages.page_grid import PageGrid, PageSpans
from smapstop.ui.pages.cursor import PageCursor
from smapstop.ui.pages.layout import GUTTER, GridLayout, lay_out_grid, room_for_cells

MOST_FACTS = 2
"""Lines of facts below the title, at most."""
FACTS_FROM_HEIGHT = 9
LEGEND_FROM_HEIGHT = 6
BOX_LINES = ((14, 4), (12, 3), (7, 2), (0, 1))
"""From which height on the box has how many lines."""
MAP_FROM_BODY = 5
"""Lines of the body from which on the first one is a map of the whole."""
LIST_FROM_LINES = 2
"""Lines from which on copied pages are listed below the legend: a title and a page."""
PANEL_WIDTH = 34
"""Columns that the legend and the list need beside the grid; what the grid leaves is theirs, too."""
PANEL_FROM_CELLS = 64
"""Columns that the cells of the grid must have left to them beside a panel."""
OFFSETS_FROM_WIDTH = 70
"""Columns of the list from which on it says where in the file a page is."""
GAP = 2
"""Columns between the grid and the panel."""


@dataclass(frozen=True, slots=True, eq=False)
class PageContent:
    """What room is needed for."""

    grid: PageGrid
    """The mapping, in cells of one page."""
    cow_pages: PageSpans
    """The pages that the list has."""
    states: int
    """How many states the pages are in: each has a line in the panel."""
    facts: int
    """Lines of facts."""
    notice: bool


@dataclass(frozen=True, slots=True)
class CowListLayout:
    """The list of the copied pages on the screen: a title, and a line for each page that has room."""

    x: int
    y: int
    """The line of the title."""
    width: int
    height: int
    pages: tuple[int, ...]
    """The pages on the lines after the title."""

    @classmethod
    def centre_on(cls, page: int, cow_pages: PageSpans, x: int, y: int, width: int, height: int) -> "CowListLayout":
        """List as many of the copied pages as have room, with a page in the middle as far as there are others."""
        total, rows = cow_pages.pages, max(1, height - 1)
        place = int(cow_pages.count_before(np.array([page]))[0])
        first = max(0, min(place - rows // 2, total - rows))
        pages = cow_pages.nth(np.arange(first, min(first + rows, total))).tolist() if total else []
        return cls(x, y, width, height, tuple(pages))

    @property
    def has_offsets(self) -> bool:
        """Whether there is room for the place in the file."""
        return self.width >= OFFSETS_FROM_WIDTH

    def page_at(self, x: int, y: int) -> int | None:
        """The page on a line of the screen; None where is none."""
        line = y - self.y - 1
        return self.pages[line] if x >= self.x and 0 <= line < len(self.pages) else None


@dataclass(frozen=True, slots=True)
class PageLayout:
    """The view of pages on a screen of some size."""

    width: int
    height: int
    cursor: PageCursor
    facts: int
    """Lines of facts, after the title."""
    body_y: int
    """The first line of the body."""
    body: int
    """Lines of the body."""
    box: int
    """Lines of the box."""
    footer: int
    """Lines of the legend at the end; 0 where it is in the panel."""
    panel: int
    """Columns of the panel; 0 for none."""
    legend: int
    """Lines of the legend in the panel, its title included."""
    grid_layout: GridLayout
    has_map: bool
    """Whether the first line of the body is a map of the whole."""
    cow_list: CowListLayout | None
    """None where there is no room for a list, or nothing to be listed beside the grid."""

    @classmethod
    def for_size(cls, width: int, height: int, content: PageContent, cursor: PageCursor) -> "PageLayout":
        """Lay out the view so that the page under the cursor is on the screen.

        Args:
            width: Columns of the screen.
            height: Lines of the screen.
            content: What room is needed for.
            cursor: On a page that the mapping has.
        """
        panel = 0 if cursor.listing else _panel_width(width)
        room = _grid_width(panel, width)
        facts = min(content.facts, MOST_FACTS) if height >= FACTS_FROM_HEIGHT else 0
        body_y = 1 + facts + content.notice
        box = next(lines for least, lines in BOX_LINES if height >= least)
        footer = int(not panel and height >= LEGEND_FROM_HEIGHT)
        body = max(1, height - body_y - box - footer)
        cells = _fit_grid(content.grid, cursor, room, body)
        has_map = not cells.all_visible and body >= MAP_FROM_BODY and not cursor.listing
        if has_map:
            cells = _fit_grid(content.grid, cursor, room, body - 1)
        legend = min(1 + content.states, body) if panel else 0
        copied_list: CowListLayout | None = None
        if cursor.listing:
            copied_list = CowListLayout.centre_on(cursor.page, content.cow_pages, 0, body_y, width, body)
        elif panel:
            copied_list = _lay_out_list(legend, content.cow_pages, cursor.page, room + GAP, body_y, panel, body)
        return cls(
            width=width,
            height=height,
            cursor=cursor,
            facts=facts,
            body_y=body_y,
            body=body,
            box=box,
            footer=footer,
            panel=panel,
            legend=legend,
            grid_layout=cells,
            has_map=has_map,
            cow_list=copied_list,
        )

    @property
    def grid_width(self) -> int:
        """Columns for the grid, its gutter included."""
        return _grid_width(self.panel, self.width)

    @property
    def map_y(self) -> int | None:
        """The line of the map; None while all pages are in the grid."""
        return self.body_y if self.has_map else None

    @property
    def grid_y(self) -> int:
        """The first line of the grid."""
        return self.body_y + self.has_map

    @property
    def list_step(self) -> int:
        """Lines of a screenful of the list; the last one of each is in view on the next one, too."""
        return max(1, self.body - 2)

    @property
    def cursor_cell(self) -> int:
        """The cell of the grid that is under the cursor."""
        return self.grid_layout.grid.cell_of(self.cursor.page)

    @property
    def cursor_pages(self) -> tuple[int, int]:
        """The first page under the cursor, and the one after its last."""
        page = self.cursor.page
        return (page, page + 1) if self.cursor.listing else self.grid_layout.grid.pages_of(self.cursor_cell)

    @property
    def listed_pages(self) -> tuple[int, ...]:
        """The pages that are listed."""
        return self.cow_list.pages if self.cow_list is not None else ()

    def page_at(self, x: int, y: int) -> int | None:
        """The page at a place of the screen: of a line of the list, of the map, or the first one of a cell."""
        listed = self.cow_list.page_at(x, y) if self.cow_list is not None else None
        if listed is not None or self.cursor.listing:
            return listed
        grid, width = self.grid_layout.grid, self.grid_layout.width
        if y == self.map_y:
            return grid.first + grid.pages * max(0, min(x - GUTTER, width - 1)) // width
        cell = self.grid_layout.cell_at(x - GUTTER, y - self.grid_y)
        return None if cell is None else grid.pages_of(cell)[0]


def _panel_width(width: int) -> int:
    """Columns that the grid leaves for the panel; 0 where they are too few."""
    if width < GUTTER + PANEL_FROM_CELLS + GAP + PANEL_WIDTH:
        return 0
    return width - GAP - GUTTER - room_for_cells(width - GAP - PANEL_WIDTH)


def _grid_width(panel: int, width: int) -> int:
    """Columns that a panel leaves for the grid."""
    return width - panel - GAP if panel else width


def _lay_out_list(
    legend: int, cow_pages: PageSpans, page: int, x: int, y: int, width: int, height: int
) -> CowListLayout | None:
    """The list in a panel, a line below its legend; None where nothing was copied, or too few lines are left."""
    used = legend + 1
    if not cow_pages.pages or height - used < LIST_FROM_LINES:
        return None
    return CowListLayout.centre_on(page, cow_pages, x, y + used, width, height - used)


def _fit_grid(grid: PageGrid, cursor: PageCursor, width: int, height: int) -> GridLayout:
    """The grid on so many columns and lines, in the cells that the user has chosen or in the smallest that fit."""
    cells = room_for_cells(width) * max(1, height)
    grid = grid.fit(cells) if cursor.zoom is None else grid.with_zoom(cursor.zoom)
    return lay_out_grid(grid, grid.cell_of(cursor.page), width, height, cursor.top)
