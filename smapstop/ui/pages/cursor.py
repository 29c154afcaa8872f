"""Cursor, zoom and scroll position of the view of pages, as a value. No Textual here."""

from dataclasses import dataclass, replace

import numpy as np

from smapstop.model.pages.page_grid import ZOOM, PageGrid, PageSpans
from smapstop.ui.pages.layout import GridLayout


@dataclass(frozen=True, slots=True)
class PageCursor:
    """Where the user is in the pages of a mapping; every move gives another one.

    Moves are made in what was drawn last: its grid, and the pages that were copied on write, which the list shows.
    """

    page: int = 0
    """The page under the cursor."""
    placed_by_user: bool = False
    """Whether the user has chosen the page; until then the cursor follows the first page that changes."""
    zoom: int | None = None
    """Pages of a cell; None for the smallest cells that show everything at once."""
    top: int = 0
    """The row of the grid that was on the first line."""
    listing: bool = False
    """Whether the copied pages are listed in place of the grid."""

    def place(self, grid: PageGrid, start: int) -> "PageCursor":
        """Stay on the page as long as the mapping has it; on `start` until the user has moved."""
        return replace(self, page=_nearest_page(grid, self.page if self.placed_by_user else start))

    def scroll_to(self, top: int) -> "PageCursor":
        """Remember which row is on the first line."""
        return replace(self, top=top)

    def move_to(self, grid: PageGrid, page: int) -> "PageCursor":
        """Go to a page, or to the nearest one that the mapping has."""
        return replace(self, page=_nearest_page(grid, page), placed_by_user=True)

    def move(self, layout: GridLayout, cow_pages: PageSpans, across: int, down: int) -> "PageCursor":
        """Go by cells and rows, staying where there is no such cell; in the list by lines."""
        if self.listing:
            return _move_in_list(self, layout.grid, cow_pages, across + down)
        cell = layout.grid.cell_of(self.page) + across + down * layout.columns
        return self._move_to_cell(layout.grid, cell) if 0 <= cell < len(layout.grid) else self

    def move_by_screens(
        self, layout: GridLayout, cow_pages: PageSpans, screens: int, list_height: int
    ) -> "PageCursor":
        """Go by screenfuls of rows, as far as there are rows.

        Args:
            layout: The grid on the screen.
            copied: The pages of the list.
            screens: How many screenfuls, negative for backward.
            listed: Lines of a screenful of the list.
        """
        if self.listing:
            return _move_in_list(self, layout.grid, cow_pages, screens * list_height)
        cell = layout.grid.cell_of(self.page)
        row = cell // layout.columns
        rows = max(-row, min(screens * layout.visible_rows, layout.rows - 1 - row))
        return self._move_to_cell(layout.grid, min(len(layout.grid) - 1, cell + rows * layout.columns))

    def go_to_end(self, grid: PageGrid, cow_pages: PageSpans, *, last: bool) -> "PageCursor":
        """Go to the first page, or to the last one; of the list when that is shown."""
        end = self.move_to(grid, grid.stop - 1 if last else grid.first)
        return _move_in_list(end, grid, cow_pages, 0) if self.listing else end

    def go_to_change(
        self, grid: PageGrid, changes: PageSpans, cursor: tuple[int, int], *, forward: bool
    ) -> "PageCursor":
        """Go to the nearest page that changed outside the cell under the cursor; from one end round to the other.

        Args:
            grid: The mapping.
            changes: The pages that changed.
            cursor: The first page of the cell under the cursor, and the one after its last.
            forward: Whether to go to the next one, else to the last one.
        """
        start, end = cursor
        page = changes.next_page(end) if forward else changes.last_page_before(start)
        if page is None:
            page = changes.next_page(grid.first) if forward else changes.last_page_before(grid.stop)
        return self if page is None else self.move_to(grid, page)

    def zoom_by(self, grid: PageGrid, steps: int) -> "PageCursor":
        """Make the cells larger for positive steps, else smaller, and stay on the page; the list has no zoom."""
        if self.listing:
            return self
        zoom = grid.zoom * ZOOM if steps > 0 else grid.zoom // ZOOM
        return replace(self, zoom=grid.with_zoom(zoom).zoom, placed_by_user=True)

    def toggle_list(self, grid: PageGrid, cow_pages: PageSpans) -> "PageCursor":
        """List the copied pages, beginning with the nearest one from the cursor on, or show the grid again."""
        cursor = replace(self, listing=not self.listing, placed_by_user=True)
        return _move_in_list(cursor, grid, cow_pages, 0) if cursor.listing else cursor

    def _move_to_cell(self, grid: PageGrid, cell: int) -> "PageCursor":
        """Go to the first page of a cell."""
        return self.move_to(grid, grid.pages_of(cell)[0])


def _move_in_list(cursor: PageCursor, grid: PageGrid, cow_pages: PageSpans, lines: int) -> PageCursor:
    """Go by so many copied pages, as far as there are any."""
    if not cow_pages.pages:
        return cursor
    place = int(cow_pages.count_before(np.array([cursor.page]))[0]) + lines
    return cursor.move_to(grid, int(cow_pages.nth(np.array([max(0, min(place, cow_pages.pages - 1))]))[0]))


def _nearest_page(grid: PageGrid, page: int) -> int:
    """The page itself, or the nearest one that the mapping has."""
    return max(grid.first, min(page, grid.stop - 1))
