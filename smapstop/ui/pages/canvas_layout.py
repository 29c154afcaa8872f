"""Layout of the view of pages on the screen. Independent of Textual.

From top to bottom: facts, a notice, the body, a box about the cell under the cursor, a legend. The body is the
grid, below a map of the whole mapping if the grid does not show all of it, and next to a panel if there is room; or
it is the list of copied pages. The smaller the screen, the less is shown around the body.
"""

import numpy as np

from smapstop.lazy_dataclass import dataclass
from smapstop.model.pages.page_grid import PageGrid, PageSpans
from smapstop.ui.pages.cursor import PageCursor
from smapstop.ui.pages.layout import GUTTER, GridLayout, lay_out_grid, room_for_cells

MOST_FACTS = 2
"""Most lines of facts."""
FACTS_FROM_HEIGHT = 8
LEGEND_FROM_HEIGHT = 6
BOX_LINES = ((14, 4), (12, 3), (7, 2), (0, 1))
"""Minimum height of the screen, and lines of the box from there on."""
MAP_FROM_BODY = 5
"""Minimum lines of the body for a map of the whole mapping on its first line."""
LIST_FROM_LINES = 2
"""Minimum lines for a list of copied pages below the legend: a title and a page."""
PANEL_WIDTH = 34
"""Minimum columns of the panel with legend and list; it also gets the columns that the grid cannot use."""
PANEL_FROM_CELLS = 64
"""Minimum columns for the cells of the grid next to a panel."""
OFFSETS_FROM_WIDTH = 70
"""Minimum columns of the list for file offsets."""
GAP = 2
"""Columns between the grid and the panel."""


@dataclass(frozen=True, slots=True, eq=False)
class PageContent:
    """Contents of the view that need room."""

    grid: PageGrid
    """The mapping, in cells of one page."""
    cow_pages: PageSpans
    """Pages copied on write, which the list shows."""
    states: int
    """Number of different page states; each takes a line in the panel."""
    facts: int
    """Lines of facts."""
    notice: bool
    compact: bool = False
    """Whether what shows the view says the numbers of pages itself: there is no legend, and no panel with it."""


@dataclass(frozen=True, slots=True)
class CowListLayout:
    """List of copied pages on the screen: a title, and one line for each page that fits."""

    x: int
    y: int
    """Line of the title."""
    width: int
    height: int
    pages: tuple[int, ...]
    """Pages on the lines after the title."""

    @classmethod
    def centre_on(cls, page: int, cow_pages: PageSpans, x: int, y: int, width: int, height: int) -> "CowListLayout":
        """List as many copied pages as fit, with `page` in the middle if possible."""
        total, rows = cow_pages.pages, max(1, height - 1)
        place = int(cow_pages.count_before(np.array([page]))[0])
        first = max(0, min(place - rows // 2, total - rows))
        pages = cow_pages.nth(np.arange(first, min(first + rows, total))).tolist() if total else []
        return cls(x, y, width, height, tuple(pages))

    @property
    def has_offsets(self) -> bool:
        """Whether there is room for file offsets."""
        return self.width >= OFFSETS_FROM_WIDTH

    def page_at(self, x: int, y: int) -> int | None:
        """Return the page at a position on the screen; None where there is none."""
        line = y - self.y - 1
        return self.pages[line] if x >= self.x and 0 <= line < len(self.pages) else None


@dataclass(frozen=True, slots=True)
class PageLayout:
    """Layout of the view of pages for a screen size."""

    width: int
    height: int
    cursor: PageCursor
    facts: int
    """Lines of facts."""
    body_y: int
    """First line of the body."""
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
    """Whether the first line of the body is a map of the whole mapping."""
    cow_list: CowListLayout | None
    """None where there is no room for a list, or nothing to list next to the grid."""

    @classmethod
    def for_size(cls, width: int, height: int, content: PageContent, cursor: PageCursor) -> "PageLayout":
        """Lay out the view so that the page under the cursor is visible.

        Args:
            width: Columns of the screen.
            height: Lines of the screen.
            content: Contents that need room.
            cursor: Cursor on a page of the mapping.
        """
        panel = 0 if cursor.listing or content.compact else _panel_width(width)
        room = _grid_width(panel, width)
        facts = min(content.facts, MOST_FACTS) if height >= FACTS_FROM_HEIGHT else 0
        body_y = facts + content.notice
        box = next(lines for least, lines in BOX_LINES if height >= least)
        footer = int(not panel and not content.compact and height >= LEGEND_FROM_HEIGHT)
        body = max(1, height - body_y - box - footer)
        cells = _fit_grid(content.grid, cursor, room, body)
        has_map = not cells.all_visible and body >= MAP_FROM_BODY and not cursor.listing
        if has_map:
            cells = _fit_grid(content.grid, cursor, room, body - 1)
        legend = min(1 + content.states, body) if panel else 0
        cow_list: CowListLayout | None = None
        if cursor.listing:
            cow_list = CowListLayout.centre_on(cursor.page, content.cow_pages, 0, body_y, width, body)
        elif panel:
            cow_list = _lay_out_list(legend, content.cow_pages, cursor.page, room + GAP, body_y, panel, body)
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
            cow_list=cow_list,
        )

    @property
    def grid_width(self) -> int:
        """Columns of the grid, gutter included."""
        return _grid_width(self.panel, self.width)

    @property
    def map_y(self) -> int | None:
        """Line of the map; None if there is none."""
        return self.body_y if self.has_map else None

    @property
    def grid_y(self) -> int:
        """First line of the grid."""
        return self.body_y + self.has_map

    @property
    def list_step(self) -> int:
        """Lines to scroll the list by a screenful; the last line stays visible on the next screen."""
        return max(1, self.body - 2)

    @property
    def cursor_cell(self) -> int:
        """Cell of the grid under the cursor."""
        return self.grid_layout.grid.cell_of(self.cursor.page)

    @property
    def cursor_pages(self) -> tuple[int, int]:
        """First page under the cursor, and the page after its last."""
        page = self.cursor.page
        return (page, page + 1) if self.cursor.listing else self.grid_layout.grid.pages_of(self.cursor_cell)

    @property
    def listed_pages(self) -> tuple[int, ...]:
        """Pages in the visible part of the list."""
        return self.cow_list.pages if self.cow_list is not None else ()

    def page_at(self, x: int, y: int) -> int | None:
        """Return the page at a position on the screen: in the list, on the map, or the first page of a cell."""
        page = self.cow_list.page_at(x, y) if self.cow_list is not None else None
        if page is not None or self.cursor.listing:
            return page
        grid, width = self.grid_layout.grid, self.grid_layout.width
        if y == self.map_y:
            return grid.first + grid.pages * max(0, min(x - GUTTER, width - 1)) // width
        cell = self.grid_layout.cell_at(x - GUTTER, y - self.grid_y)
        return None if cell is None else grid.pages_of(cell)[0]


def _panel_width(width: int) -> int:
    """Columns that the grid leaves for the panel; 0 if too few."""
    if width < GUTTER + PANEL_FROM_CELLS + GAP + PANEL_WIDTH:
        return 0
    return width - GAP - GUTTER - room_for_cells(width - GAP - PANEL_WIDTH)


def _grid_width(panel: int, width: int) -> int:
    """Columns that a panel leaves for the grid."""
    return width - panel - GAP if panel else width


def _lay_out_list(
    legend: int, cow_pages: PageSpans, page: int, x: int, y: int, width: int, height: int
) -> CowListLayout | None:
    """Lay out the list in the panel, one line below the legend; None if nothing was copied, or there is no room."""
    used = legend + 1
    if not cow_pages.pages or height - used < LIST_FROM_LINES:
        return None
    return CowListLayout.centre_on(page, cow_pages, x, y + used, width, height - used)


def _fit_grid(grid: PageGrid, cursor: PageCursor, width: int, height: int) -> GridLayout:
    """Lay out the grid for a width and a height, at the user's zoom or with the smallest cells that all fit."""
    cells = room_for_cells(width) * max(1, height)
    grid = grid.fit(cells) if cursor.zoom is None else grid.with_zoom(cursor.zoom)
    return lay_out_grid(grid, grid.cell_of(cursor.page), width, height, cursor.top)
