"""Puts the view of pages together, and tells which page is where on the screen."""

from dataclasses import dataclass

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from smapstop.text import format as fmt
from smapstop.text import pages as words
from smapstop.text.pages import frames_text
from smapstop.text.symbols import listed
from smapstop.ui.drawing.style import Look
from smapstop.ui.pages import sections as sections
from smapstop.ui.pages.cells import Brush
from smapstop.ui.pages.cursor import PageCursor
from smapstop.ui.pages.frame_requests import PageFrames
from smapstop.ui.pages.layout import GUTTER, GridLayout, layout_of, room_for_cells
from smapstop.ui.pages.name_requests import PageNames
from smapstop.ui.pages.page_view import PageView

_PANEL = 34
"""Cells that the legend and the list need beside the grid."""
_NAMED_FROM = 3
"""Lines of a cell that has room for a name."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """What is drawn, and how the user looks at it."""

    view: PageView
    names: PageNames
    frames: PageFrames | None
    """None where the frames of that time are not known any more."""
    cursor: PageCursor


class PageScreen:
    """The lines of the view, and what is where on them.

    Args:
        picture: What to draw.
        look: What to draw it with.
        width: Cells.
        height: Lines.
    """

    def __init__(self, picture: Picture, look: Look, width: int, height: int) -> None:
        self._picture, self._look = picture, look
        self._brush = Brush(look.palette, look.base)
        self.width, self.height = width, height
        self.listed: dict[int, int] = {}
        """The copied pages that are listed, by their lines."""
        self.map_y: int | None = None
        """The line of the map of the whole; None while all of it is in the grid."""
        view = picture.view
        head = [sections.title(view.entry, view.label, look, width)]
        if height >= 9:
            head += sections.facts(view.facts, look, width, 2)
        if view.notice:
            head.append(sections.notice(view.notice, look, width))
        cells = room_for_cells(width - _PANEL - 2)
        self.panel = 0 if picture.cursor.listing or width < GUTTER + 64 + _PANEL else width - GUTTER - cells - 2
        self.room = width - self.panel - 2 if self.panel else width
        self.grid_y = len(head)
        below = 4 if height >= 14 else 3 if height >= 12 else 2 if height >= 7 else 1
        tail = [] if self.panel or height < 6 else [sections.legend(view.totals, self._brush, look, width)]
        self.middle = max(1, height - len(head) - below - len(tail))
        self.layout = self._lay_out(self.middle)
        if not self.layout.all_visible and self.middle >= 5 and not picture.cursor.listing:
            self.map_y, self.grid_y = self.grid_y, self.grid_y + 1
            self.layout = self._lay_out(self.middle - 1)
        self.cell = self.layout.grid.cell_of(picture.cursor.page)
        body = self._list(width, self.grid_y, self.middle) if picture.cursor.listing else self._body()
        lines = [*head, *body, *self._box(below), *tail]
        self.lines = [line.adjust_cell_length(width, look.base) for line in lines[:height]]

    def _lay_out(self, height: int) -> GridLayout:
        """The grid on so many lines."""
        picture = self._picture
        grid = picture.view.grid()
        cells = room_for_cells(self.room) * max(1, height)
        grid = grid.fitting(cells) if picture.cursor.zoom is None else grid.zoomed(picture.cursor.zoom)
        return layout_of(grid, grid.cell_of(picture.cursor.page), self.room, height, picture.cursor.top)

    # the parts in the middle

    def _body(self) -> list[Strip]:
        """The grid with its map, and what is beside it."""
        left = [self._map()] if self.map_y is not None else []
        left += self._grid()
        base = self._look.base
        left = [line.adjust_cell_length(self.room, base) for line in left[: self.middle]]
        left += [Strip.blank(self.room, base)] * (self.middle - len(left))
        if not self.panel:
            return left
        gap = Strip([Segment("  ", base)], 2)
        return [Strip.join([a, gap, b]) for a, b in zip(left, self._beside(), strict=True)]

    def _grid(self) -> list[Strip]:
        """The rows, each behind its address."""
        view, layout, brush = self._picture.view, self.layout, self._brush
        cells = view.cells(layout.grid.edges(layout.first, layout.stop))
        if layout.down > 1:
            rows = brush.large(layout, cells, self.cell, self._named_cells())
        else:
            rows = brush.small(cells, layout.columns, layout.across, self.cell - layout.first)
        lines = []
        for line, row in enumerate(rows):
            first = layout.first + line // layout.down * layout.columns
            start, _ = layout.grid.pages_of(first)
            here = first <= self.cell < first + layout.columns
            text = f" {start * view.look.page_bytes:012x}  " if line % layout.down == 0 else ""
            style = self._look.bold if here else self._look.quiet
            lines.append(Strip.join([Strip([Segment(text.ljust(GUTTER)[:GUTTER], style)], GUTTER), row]))
        return lines

    def _named_cells(self) -> dict[int, str]:
        """The names in the cells on the screen that are one page."""
        layout, view, known = self.layout, self._picture.view, self._picture.names.known
        pages = {cell: layout.grid.pages_of(cell) for cell in range(layout.first, layout.stop)}
        return {cell: listed(known.get(view.range_of(*pages), ())) for cell, pages in pages.items()}

    def _map(self) -> Strip:
        """The whole mapping on one line; what is in the grid is bright."""
        view, layout = self._picture.view, self.layout
        width, grid = layout.width, layout.grid
        edges = grid.first + grid.pages * np.arange(width + 1) // width
        row = self._brush.small(view.cells(edges), width, 1, None)[0]
        low, high = grid.pages_of(layout.first)[0], grid.pages_of(layout.stop - 1)[1]
        left = int(np.searchsorted(edges, low, "right")) - 1
        right = max(left + 1, int(np.searchsorted(edges, high, "left")))
        around = [row.crop(0, left), row.crop(left, right), row.crop(right, width)]
        dim, bright = Style(dim=True), Style(bold=True, underline=True)
        parts = [part.apply_style(style) for part, style in zip(around, (dim, bright, dim), strict=True)]
        head = Strip([Segment(" all of it".ljust(GUTTER), self._look.quiet)], GUTTER)
        return Strip.join([head, *parts])

    def page_at(self, x: int, y: int) -> int | None:
        """The page at a place of the screen: of a line of the list, of the map, or the first one of a cell."""
        if y in self.listed and x >= self.list_x:
            return self.listed[y]
        grid, width = self.layout.grid, self.layout.width
        if y == self.map_y:
            return grid.first + grid.pages * max(0, min(x - GUTTER, width - 1)) // width
        cell = None if self._picture.cursor.listing else self.layout.cell_at(x - GUTTER, y - self.grid_y)
        return None if cell is None else grid.pages_of(cell)[0]

    # the list

    @property
    def list_x(self) -> int:
        """Where the list begins."""
        return self.room + 2 if self.panel else 0

    def _beside(self) -> list[Strip]:
        """How much there is of each state, and the pages that were copied."""
        view, look, width = self._picture.view, self._look, self.panel
        lines = sections.tall_legend(view.totals, self._brush, look, width)[: self.middle]
        left = self.middle - len(lines) - 1
        if view.copied.pages and left >= 2:
            at = self.grid_y - (self.map_y is not None) + len(lines) + 1
            lines += [Strip.blank(width, look.base), *self._list(width, at, left)]
        return lines + [Strip.blank(width, look.base)] * (self.middle - len(lines))

    def _list(self, width: int, y: int, height: int) -> list[Strip]:
        """The copied pages, from this line of the screen on."""
        picture = self._picture
        lines, pages = sections.copied_list(
            picture.view, picture.names.known, picture.cursor.page, self._look, width, height, wide=width >= 70
        )
        self.listed = {y + 1 + line: page for line, page in enumerate(pages)}
        return lines + [Strip.blank(width, self._look.base)] * (height - len(lines))

    # what is under the cursor

    def _box(self, height: int) -> list[Strip]:
        """Where the cell under the cursor is, what is in it, what lies on it, and what that means."""
        view, names, look = self._picture.view, self._picture.names, self._look
        start, stop = self.cursor_pages
        cells = view.cells(np.array([start, stop]))
        now, was, changed = cells.now[0], cells.was[0], cells.changed[0]
        place = [(f"{words.place_text(view.look, start, stop)}  ", True)]
        if view.has_file:
            place.append((f"{words.offset_text(view.look, start, view.offset)}  ", False))
        state = [(words.mixture_text(now), True)]
        if changed:
            state.append((f"; {'it was' if stop - start == 1 else 'before:'} {words.states_text(was)}", True))
        huge = self._huge(start, stop)
        some = "in a huge page" if stop - start == 1 else f"{huge:,} in huge pages"
        state += [(f"; {some}", False)] if huge else []
        found = names.known.get(view.range_of(start, stop), ())
        if found:
            named = [("on it: ", False), (listed(found), True)]
        elif names.lacking and view.may_have_names:
            named = [(f"no names: the file {names.lacking}", False)]
        else:
            named = []
        meaning = words.meaning_of(now)
        told = sum(fmt.cells(text) for text, _ in state) + 2 + fmt.cells(meaning)
        alone = np.count_nonzero(now) == 1
        state += [(f"  {meaning}", False)] if named and alone and height > 2 and told <= self.width - 3 else []
        last = named or [(meaning, False)]
        zoom = [(words.zoom_text(self.layout.grid), False)] if self.layout.grid.zoom > 1 else []
        lines = [[*place, *zoom], state, last] if height > 2 else [[place[0], *state], last]
        if height > 3:
            seen = self._picture.frames.of(view.range_of(start, stop)) if self._picture.frames else None
            lines.append([(frames_text(seen, stop - start), False)] if seen else [])
        return sections.box(lines[:height], look, self.width)

    @property
    def cursor_pages(self) -> tuple[int, int]:
        """The pages under the cursor."""
        page = self._picture.cursor.page
        return (page, page + 1) if self._picture.cursor.listing else self.layout.grid.pages_of(self.cell)

    def _huge(self, start: int, stop: int) -> int:
        """How many of some pages are mapped as parts of huge ones."""
        huge = self._picture.view.look.huge
        return int(np.diff(huge.before(np.array([start, stop])))[0])

    @property
    def ranges(self) -> tuple[tuple[int, int], ...]:
        """The pages whose names are on the screen, by address, those under the cursor first."""
        layout, of = self.layout, self._picture.view.range_of
        cells = (
            range(layout.first, layout.stop)
            if layout.down >= _NAMED_FROM and not self._picture.cursor.listing
            else ()
        )
        return (
            of(*self.cursor_pages),
            *(of(*layout.grid.pages_of(cell)) for cell in cells),
            *(of(page, page + 1) for page in self.listed.values()),
        )


def waiting(entry_title: Strip, why: str, look: Look, width: int, height: int) -> list[Strip]:
    """The lines while no pages were seen."""
    lines = [entry_title, Strip.blank(width, look.base), sections.notice(why, look, width)]
    return (lines + [Strip.blank(width, look.base)] * height)[:height]


def first_page(view: PageView) -> int:
    """Where the cursor begins: on what changed, was copied, or is there."""
    of = (view.changes, view.copied, view.look.stretches)
    return next((page for pages in of if (page := pages.next(view.look.first)) is not None), view.look.first)
