"""Cursor, zoom and scroll position of the view of pages, as an immutable value. Independent of Textual."""

from dataclasses import replace

import numpy as np

from smapstop.lazy_dataclass import dataclass
from smapstop.model.pages.page_grid import ZOOM, PageGrid, PageSpans
from smapstop.ui.pages.layout import GridLayout


@dataclass(frozen=True, slots=True)
class PageCursor:
    """The user's position in the pages of a mapping; every move returns a new cursor.

    Moves refer to what was drawn last: its grid, and the pages copied on write, which the list shows.
    """

    page: int = 0
    """Page under the cursor."""
    placed_by_user: bool = False
    """Whether the user moved the cursor; until then it is on what changed: see `initial_page`."""
    zoom: int | None = None
    """Pages per cell; None for the smallest cells with which the whole mapping fits."""
    top: int = 0
    """First visible row of the grid."""
    listing: bool = False
    """Whether the list of copied pages is shown in place of the grid."""

    def place(self, grid: PageGrid, start: int) -> "PageCursor":
        """Stay on the page, or the nearest one that is left; on `start` until the user has moved."""
        return replace(self, page=_nearest_page(grid, self.page if self.placed_by_user else start))

    def scroll_to(self, top: int) -> "PageCursor":
        """Set the first visible row."""
        return replace(self, top=top)

    def move_to(self, grid: PageGrid, page: int) -> "PageCursor":
        """Move to a page, or to the nearest one of the mapping."""
        return replace(self, page=_nearest_page(grid, page), placed_by_user=True)

    def move(self, layout: GridLayout, cow_pages: PageSpans, across: int, down: int) -> "PageCursor":
        """Move by cells and rows, if there is such a cell; in the list by lines."""
        if self.listing:
            return _move_in_list(self, layout.grid, cow_pages, across + down)
        cell = layout.grid.cell_of(self.page) + across + down * layout.columns
        return self._move_to_cell(layout.grid, cell) if 0 <= cell < len(layout.grid) else self

    def move_by_screens(
        self, layout: GridLayout, cow_pages: PageSpans, screens: int, list_height: int
    ) -> "PageCursor":
        """Move by screenfuls of rows, up to the first or last row.

        Args:
            layout: Layout of the grid.
            cow_pages: Pages of the list.
            screens: Number of screenfuls, negative for backward.
            list_height: Lines of a screenful of the list.
        """
        if self.listing:
            return _move_in_list(self, layout.grid, cow_pages, screens * list_height)
        cell = layout.grid.cell_of(self.page)
        row = cell // layout.columns
        rows = max(-row, min(screens * layout.visible_rows, layout.rows - 1 - row))
        return self._move_to_cell(layout.grid, min(len(layout.grid) - 1, cell + rows * layout.columns))

    def go_to_end(self, grid: PageGrid, cow_pages: PageSpans, *, last: bool) -> "PageCursor":
        """Move to the first or last page, of the list if it is shown."""
        end = self.move_to(grid, grid.stop - 1 if last else grid.first)
        return _move_in_list(end, grid, cow_pages, 0) if self.listing else end

    def go_to_change(
        self, grid: PageGrid, changes: PageSpans, cursor: tuple[int, int], *, forward: bool
    ) -> "PageCursor":
        """Move to the nearest changed page outside the cell under the cursor, wrapping around at the ends.

        Args:
            grid: The mapping.
            changes: Pages that changed.
            cursor: First page of the cell under the cursor, and the page after its last.
            forward: Move to the next changed page, else to the previous one.
        """
        start, end = cursor
        page = changes.next_page(end) if forward else changes.last_page_before(start)
        if page is None:
            page = changes.next_page(grid.first) if forward else changes.last_page_before(grid.stop)
        return self if page is None else self.move_to(grid, page)

    def zoom_by(self, grid: PageGrid, steps: int) -> "PageCursor":
        """Make the cells larger (positive `steps`) or smaller, staying on the page; the list has no zoom."""
        if self.listing:
            return self
        zoom = grid.zoom * ZOOM if steps > 0 else grid.zoom // ZOOM
        return replace(self, zoom=grid.with_zoom(zoom).zoom, placed_by_user=True)

    def toggle_list(self, grid: PageGrid, cow_pages: PageSpans) -> "PageCursor":
        """Show the list of copied pages, with the cursor on the next one, or the grid again."""
        cursor = replace(self, listing=not self.listing, placed_by_user=True)
        return _move_in_list(cursor, grid, cow_pages, 0) if cursor.listing else cursor

    def _move_to_cell(self, grid: PageGrid, cell: int) -> "PageCursor":
        """Move to the first page of a cell."""
        return self.move_to(grid, grid.pages_of(cell)[0])


def _move_in_list(cursor: PageCursor, grid: PageGrid, cow_pages: PageSpans, lines: int) -> PageCursor:
    """Move by `lines` copied pages, up to the first or last one."""
    if not cow_pages.pages:
        return cursor
    place = int(cow_pages.count_before(np.array([cursor.page]))[0]) + lines
    return cursor.move_to(grid, int(cow_pages.nth(np.array([max(0, min(place, cow_pages.pages - 1))]))[0]))


def _nearest_page(grid: PageGrid, page: int) -> int:
    """Clamp a page to the mapping."""
    return max(grid.first, min(page, grid.stop - 1))
