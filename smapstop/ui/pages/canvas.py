"""Draw the view of pages by its layout, from facts to legend."""

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from smapstop.lazy_dataclass import dataclass
from smapstop.model.pages.page_grid import PageGrid, PageNumbers, PageSpans
from smapstop.text import format as fmt
from smapstop.text import pages as words
from smapstop.text.pages import frames_text
from smapstop.text.symbols import join_symbols
from smapstop.ui.drawing.style import DrawStyle
from smapstop.ui.pages import sections as sections
from smapstop.ui.pages.canvas_layout import GAP, PageContent, PageLayout
from smapstop.ui.pages.cells import CellPainter
from smapstop.ui.pages.cursor import PageCursor
from smapstop.ui.pages.frame_requests import PageFrames
from smapstop.ui.pages.layout import GUTTER
from smapstop.ui.pages.name_requests import PageNames
from smapstop.ui.pages.page_view import PageView

_NAMES_FROM_HEIGHT = 3
"""Minimum lines of a cell for a name in it."""


@dataclass(frozen=True, slots=True, eq=False)
class PageCanvasModel:
    """Data of the view of pages: page view, names, frames and cursor."""

    view: PageView
    names: PageNames
    frames: PageFrames | None
    """None in the past and after the end of the process, where frames cannot be read."""
    cursor: PageCursor
    compact: bool = False
    """Whether there is no legend; see `PageContent`."""


@dataclass(frozen=True, slots=True, eq=False)
class PageCanvas:
    """View of pages laid out for a screen size; draws it."""

    model: PageCanvasModel
    style: DrawStyle
    layout: PageLayout
    facts: list[Strip]
    totals: PageNumbers
    """Pages by state, shape (len(PAGE_STATES),)."""

    @classmethod
    def fit(cls, model: PageCanvasModel, style: DrawStyle, width: int, height: int) -> "PageCanvas":
        """Lay out the view for a width and a height."""
        view = model.view
        facts, totals = sections.draw_facts(view.facts, style, width), view.totals
        content = PageContent(
            view.grid(),
            view.cow_pages,
            int(np.count_nonzero(totals)),
            len(facts),
            bool(view.notice),
            model.compact,
        )
        return cls(model, style, PageLayout.for_size(width, height, content, model.cursor), facts, totals)

    @property
    def grid(self) -> PageGrid:
        """Grid of cells that the mapping is divided into."""
        return self.layout.grid_layout.grid

    @property
    def cow_pages(self) -> PageSpans:
        """Pages copied on write, which the list shows."""
        return self.model.view.cow_pages

    def draw(self) -> list[Strip]:
        """Draw the lines of the screen."""
        view, style, layout = self.model.view, self.style, self.layout
        width = layout.width
        lines = [*self.facts[: layout.facts]]
        if view.notice:
            lines.append(sections.draw_notice(view.notice, style, width))
        lines += self._list() if layout.cursor.listing else self._body()
        lines += self._box()
        if layout.footer:
            lines.append(sections.draw_legend(self.totals, self.state_names, self._painter, style, width))
        return [line.adjust_cell_length(width, style.base) for line in lines[: layout.height]]

    @property
    def _painter(self) -> CellPainter:
        """Painter of the cells."""
        return CellPainter(self.style.palette, self.style.base)

    @property
    def state_names(self) -> words.StateNames:
        """Names of the states in the whole mapping."""
        return words.state_names(self.totals, huge=len(self.model.view.snapshot.huge_spans) > 0)

    @property
    def state_counts(self) -> list[words.StateCount]:
        """States of the pages of the whole mapping, the most frequent first, with names and numbers."""
        names = self.state_names
        return [(state, names[state], count) for state, count in words.states_by_count(self.totals)]

    # the parts in the middle

    def _body(self) -> list[Strip]:
        """Draw the map, the grid and the panel."""
        layout, base = self.layout, self.style.base
        left = [self._map()] if layout.has_map else []
        left += self._grid()
        left = [line.adjust_cell_length(layout.grid_width, base) for line in left[: layout.body]]
        left += [Strip.blank(layout.grid_width, base)] * (layout.body - len(left))
        if not layout.panel:
            return left
        gap = Strip([Segment(" " * GAP, base)], GAP)
        return [Strip.join([a, gap, b]) for a, b in zip(left, self._panel(), strict=True)]

    def _grid(self) -> list[Strip]:
        """Draw the rows of the grid, each after its address."""
        view, layout, cursor = self.model.view, self.layout.grid_layout, self.layout.cursor_cell
        cells = view.cells(layout.grid.edges(layout.first, layout.stop))
        if layout.cell_lines > 1:
            rows = self._painter.draw_large(layout, cells, cursor, self._cell_names())
        else:
            rows = self._painter.draw_small(cells, layout.columns, layout.cell_columns, cursor - layout.first)
        lines = []
        for line, row in enumerate(rows):
            first = layout.first + line // layout.cell_lines * layout.columns
            start, _ = layout.grid.pages_of(first)
            has_cursor = first <= cursor < first + layout.columns
            text = f" {start * view.snapshot.page_bytes:012x}  " if line % layout.cell_lines == 0 else ""
            style = self.style.bold if has_cursor else self.style.quiet
            lines.append(Strip.join([Strip([Segment(text.ljust(GUTTER)[:GUTTER], style)], GUTTER), row]))
        return lines

    def _cell_names(self) -> dict[int, str]:
        """Names on the pages of each visible cell, by cell; empty where they are not known."""
        layout, view, known = self.layout.grid_layout, self.model.view, self.model.names.known
        pages = {cell: layout.grid.pages_of(cell) for cell in range(layout.first, layout.stop)}
        return {cell: join_symbols(known.get(view.range_of(*pages), ())) for cell, pages in pages.items()}

    def _map(self) -> Strip:
        """Draw the whole mapping on one line, with the part visible in the grid highlighted."""
        view, layout = self.model.view, self.layout.grid_layout
        width, grid = layout.width, layout.grid
        edges = grid.first + grid.pages * np.arange(width + 1) // width
        row = self._painter.draw_small(view.cells(edges), width, 1, None)[0]
        low, high = grid.pages_of(layout.first)[0], grid.pages_of(layout.stop - 1)[1]
        left = int(np.searchsorted(edges, low, "right")) - 1
        right = max(left + 1, int(np.searchsorted(edges, high, "left")))
        around = [row.crop(0, left), row.crop(left, right), row.crop(right, width)]
        dim, bright = Style(dim=True), Style(bold=True, underline=True)
        parts = [part.apply_style(style) for part, style in zip(around, (dim, bright, dim), strict=True)]
        head = Strip([Segment(" whole mapping".ljust(GUTTER), self.style.quiet)], GUTTER)
        return Strip.join([head, *parts])

    def _panel(self) -> list[Strip]:
        """Draw the legend with the pages in each state, and the list of copied pages."""
        layout, style = self.layout, self.style
        blank = Strip.blank(layout.panel, style.base)
        lines = sections.draw_tall_legend(self.totals, self.state_names, self._painter, style, layout.panel)[
            : layout.legend
        ]
        if layout.cow_list is not None:
            lines += [blank, *self._list()]
        return lines + [blank] * (layout.body - len(lines))

    def _list(self) -> list[Strip]:
        """Draw the list of copied pages, in the panel or in place of the grid."""
        area, model, style = self.layout.cow_list, self.model, self.style
        assert area is not None
        lines = sections.draw_cow_list(model.view, model.names.known, model.cursor.page, style, area)
        return lines + [Strip.blank(area.width, style.base)] * (area.height - len(lines))

    # the box about the cell under the cursor

    def _box(self) -> list[Strip]:
        """Draw the box about the cell under the cursor: address, states, names, meaning, frames."""
        view, names, style = self.model.view, self.model.names, self.style
        height, width = self.layout.box, self.layout.width
        start, stop = self.layout.cursor_pages
        cells = view.cells(np.array([start, stop]))
        now, was, huge = cells.now[0], cells.was[0], self._count_huge(start, stop)
        place = [(f"{words.address_range_text(view.snapshot, start, stop)}  ", True)]
        if view.has_file:
            place.append((f"{words.offset_text(view.snapshot, start, view.offset)}  ", False))
        state_names = words.state_names(now + was, huge=huge > 0)
        state = [(words.state_counts_text(now, state_names), True)]
        if cells.changed[0] or (was != now).any():
            state.append(
                (f"; {'it was' if stop - start == 1 else 'before:'} {words.states_text(was, state_names)}", True)
            )
        some = "in a huge page" if stop - start == 1 else f"{huge:,} in huge pages"
        state += [(f"; {some}", False)] if huge else []
        symbols = names.known.get(view.range_of(start, stop), ())
        if symbols:
            contents = [("contains: ", False), (join_symbols(symbols), True)]
        elif names.missing_reason and view.may_have_names:
            contents = [(f"no names: the file {names.missing_reason}", False)]
        else:
            contents = []
        meaning = words.states_meaning(now)
        used = sum(fmt.cell_width(text) for text, _ in state) + 2 + fmt.cell_width(meaning)
        alone = np.count_nonzero(now) == 1
        state += [(f"  {meaning}", False)] if contents and alone and height > 2 and used <= width - 3 else []
        last = contents or [(meaning, False)]
        grid = self.layout.grid_layout.grid
        zoom = [(words.zoom_text(grid), False)] if grid.zoom > 1 else []
        lines = [[*place, *zoom], state, last] if height > 2 else [[place[0], *state], last]
        if height > 3:
            reply = self.model.frames.find(view.range_of(start, stop)) if self.model.frames else None
            lines.append([(frames_text(reply, stop - start), False)] if reply else [])
        return sections.draw_box(lines[:height], style, width)

    def _count_huge(self, start: int, stop: int) -> int:
        """Count the pages of a range that are mapped as parts of huge pages."""
        huge = self.model.view.snapshot.huge_spans
        return int(np.diff(huge.count_before(np.array([start, stop])))[0])

    @property
    def named_ranges(self) -> tuple[tuple[int, int], ...]:
        """Address ranges of pages whose names are on the screen, those under the cursor first."""
        layout, cells, of = self.layout, self.layout.grid_layout, self.model.view.range_of
        has_names = cells.cell_lines >= _NAMES_FROM_HEIGHT and not layout.cursor.listing
        return (
            of(*layout.cursor_pages),
            *(of(*cells.grid.pages_of(cell)) for cell in (range(cells.first, cells.stop) if has_names else ())),
            *(of(page, page + 1) for page in layout.listed_pages),
        )


def draw_placeholder(why: str, style: DrawStyle, width: int, height: int) -> list[Strip]:
    """Draw a reason while the pages have not been read."""
    lines = [sections.draw_notice(why, style, width)]
    return (lines + [Strip.blank(width, style.base)] * height)[:height]


def initial_page(view: PageView, names: PageNames) -> int:
    """Initial page of the cursor: the first that changed, else that was copied last, or ever, or is in memory."""
    first, named = view.snapshot.first, _named_pages(view, names)
    candidates = (
        view.changes.next_page(first),
        next((page for page in named if view.cow_pages.next_page(page) == page), None),
        view.cow_pages.next_page(first),
        view.snapshot.spans.next_page(first),
    )
    return next((page for page in candidates if page is not None), first)


def _named_pages(view: PageView, names: PageNames) -> list[int]:
    """Pages with a name that was copied last, as far as their names are known."""
    copied = set(view.names_copied_last)
    ranges = [range_ for range_, some in names.known.items() if copied.intersection(some)] if copied else []
    return sorted(start // view.snapshot.page_bytes for start, _ in ranges)
