"""The pages of one mapping: a grid in address order, with a cursor that stays on its address."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from smapstop.model.history.mapping_history import Life, label_at
from smapstop.model.kinds import backing_of
from smapstop.model.pages.page_grid import ZOOM
from smapstop.model.pages.page_history import Looks
from smapstop.model.protocol import Answer, FramesSeen, PagesOf, PagesSeen, Request, SymbolsSeen
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.view import Scene
from smapstop.text.mapping_detail import view_of
from smapstop.ui.drawing import tabs
from smapstop.ui.drawing.style import Look
from smapstop.ui.keys.bindings import bindings
from smapstop.ui.pages import sections
from smapstop.ui.pages.canvas import PageScreen, Picture, first_page, waiting
from smapstop.ui.pages.frame_requests import PageFrames
from smapstop.ui.pages.layout import GUTTER
from smapstop.ui.pages.name_requests import PageNames
from smapstop.ui.pages.page_view import PageView, due, view_at
from smapstop.ui.theme.app_theme import palette_of

MOST_REMEMBERED = 8
"""So many mappings keep their looks after others were opened."""


class MappingPages(Widget, can_focus=True):
    """The pages of a mapping: it asks for them while it is shown, when the mapping changed since the last look."""

    COMPONENT_CLASSES = {"pages--box", "pages--cursor"}  # noqa: RUF012  (as Textual declares it)
    DEFAULT_CSS = """
    MappingPages { height: 1fr; background: $background; color: $foreground;
      & > .pages--box { background: $panel; color: $foreground; }
      & > .pages--cursor { background: $primary 60%; color: $text; text-style: bold; }
      &:ansi > .pages--cursor { background: ansi_default; color: ansi_default; text-style: bold reverse; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("pages")]

    @dataclass
    class Asked(Message):
        """Something is to be asked of the source."""

        request: Request

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._looks: dict[int, Looks] = {}
        self._life: Life | None = None
        self._scene: Scene | None = None
        self._names = PageNames(-1)
        self._frames = PageFrames(-1)
        self._view: PageView | None = None
        self._refused: PagesSeen | None = None
        """The answer that the pages cannot be seen."""
        self._asked = -1
        """The newest tick when pages were asked for."""
        self._page: int | None = None
        """The page under the cursor; until the user moves it, the first one that changes takes it."""
        self._touched = False
        self._zoom: int | None = None
        self._top = 0
        self._listing = False
        self._screen: PageScreen | None = None
        self._lines: list[Strip] = []

    @property
    def mapping(self) -> int | None:
        """The mapping that is shown; None before the first."""
        return self._life.mapping if self._life else None

    # what is shown

    def show(self, timeline: Timeline, scene: Scene, mapping: int) -> None:
        """Show the pages of a mapping as they were in a scene, and look at them if they may have changed."""
        self._scene = scene
        if self._life is None or (self._life.timeline, self._life.mapping) != (timeline, mapping):
            if self._life is not None and self._life.timeline is not timeline:
                self._looks = {}
            self._life, self._names, self._frames = Life(timeline, mapping), PageNames(mapping), PageFrames(mapping)
            self._view = self._refused = self._page = self._zoom = None
            self._touched, self._asked, self._top, self._listing = False, -1, 0, False
        self._life.follow()
        newest = len(timeline) - 1
        if self._asked != newest and due(self._life, self._of_mapping(mapping), scene, self._refused):
            self._asked = newest
            self.post_message(self.Asked(PagesOf(mapping)))
        self.redraw()

    def _of_mapping(self, mapping: int) -> Looks:
        """The looks at a mapping; those used last are kept."""
        looks = self._looks.pop(mapping, None) or Looks(mapping)
        self._looks[mapping] = looks
        while len(self._looks) > MOST_REMEMBERED:
            del self._looks[next(iter(self._looks))]
        return looks

    def hear(self, news: Answer) -> None:
        """Take in an answer."""
        if self._life is None or news.mapping != self._life.mapping or self._scene is None:
            return
        if isinstance(news, SymbolsSeen):
            self._names.hear(news)
        elif isinstance(news, FramesSeen):
            self._frames.hear(news)
        elif news.runs is None:
            self._refused = news
        else:
            entry = self._life.states[-1]
            backing = backing_of(entry.name, entry.perms)
            self._refused = None
            self._of_mapping(news.mapping).add(news, backing, self._scene.lens.mark)
        self.redraw()

    def redraw(self) -> None:
        """Draw everything, and ask for the names of what is seen."""
        if self._life is None or self._scene is None or not self.size.width or not self._life.states:
            return
        life, scene = self._life, self._scene
        look = Look(
            palette_of(self.app),
            self.rich_style,
            self.get_component_rich_style("pages--box"),
            self.get_component_rich_style("pages--cursor"),
        )
        width, height = self.size
        self._view = view = view_at(life, self._of_mapping(life.mapping), scene)
        if view is None:
            self._screen = None
            number = view_of(life, scene).number
            label = label_at(life.timeline, number, life.mapping)
            title = sections.title(life.states[life.step(number)], label, look, width)
            self._lines = waiting(title, self._why_nothing(life), look, width, height)
        else:
            page = self._place_cursor(view)
            ended = life.gone is not None or life.timeline.ending is not None
            frames = None if ended or scene.lens.at is not None else self._frames
            picture = Picture(view, self._names, frames, page, self._zoom, self._top, self._listing)
            self._screen = screen = PageScreen(picture, look, width, height)
            self._lines, self._top = screen.lines, screen.layout.top
            names = self._names.request(screen.ranges) if view.may_have_names and not ended else None
            cursor = view.range_of(*screen.cursor_pages)
            for request in (names, None if frames is None else frames.request(cursor, len(life.timeline))):
                if request is not None:
                    self.post_message(self.Asked(request))
        self.refresh()

    def _why_nothing(self, life: Life) -> str:
        """Why no pages are shown."""
        if self._refused is not None:
            return self._refused.why
        if life.gone is not None or life.timeline.ending is not None:
            return "the pages were not looked at before it was gone"
        return "looking at the pages …"

    def _place_cursor(self, view: PageView) -> int:
        """The page under the cursor: where it was, as long as the mapping has it."""
        if self._page is None or not self._touched:
            self._page = first_page(view)
        self._page = max(view.look.first, min(self._page, view.look.stop - 1))
        return self._page

    def render_line(self, y: int) -> Strip:
        """One line of the widget."""
        width = self.size.width
        if y >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        return self._lines[y].adjust_cell_length(width, self.rich_style)

    def on_resize(self, _: events.Resize) -> None:
        """Draw for the new size."""
        self.redraw()

    def notify_style_update(self) -> None:
        """Draw in the new theme's colours."""
        super().notify_style_update()
        self.redraw()

    # what the user does

    def _move_to(self, page: int) -> None:
        """Put the cursor on a page."""
        if self._view is not None:
            self._page, self._touched = max(self._view.look.first, min(page, self._view.look.stop - 1)), True
            self.redraw()

    def action_move(self, across: int, down: int) -> None:
        """Move the cursor by cells and rows; in the list, by lines."""
        screen = self._screen
        if screen is None or self._view is None or self._page is None:
            return
        if self._listing:
            self._move_in_list(across + down)
            return
        grid = screen.layout.grid
        cell = grid.cell_of(self._page) + across + down * screen.layout.columns
        if 0 <= cell < len(grid):
            self._move_to(grid.pages_of(cell)[0])

    def _move_in_list(self, lines: int) -> None:
        """Move the cursor by so many copied pages."""
        assert self._view is not None
        copied = self._view.copied
        if copied.pages:
            place = int(copied.before(np.array([self._page]))[0]) + lines
            self._move_to(int(copied.nth(np.array([max(0, min(place, copied.pages - 1))]))[0]))

    def action_page(self, pages: int) -> None:
        """Move the cursor by a screenful."""
        screen = self._screen
        if screen is None or self._page is None:
            return
        if self._listing:
            self._move_in_list(pages * max(1, screen.middle - 2))
            return
        layout, grid = screen.layout, screen.layout.grid
        rows = grid.cell_of(self._page) // layout.columns
        rows = max(-rows, min(pages * layout.visible_rows, layout.rows - 1 - rows))
        cell = min(len(grid) - 1, grid.cell_of(self._page) + rows * layout.columns)
        self._move_to(grid.pages_of(cell)[0])

    def action_go(self, end: int) -> None:
        """Go to the first page, or to the last one."""
        if self._view is not None:
            self._move_to(self._view.look.stop - 1 if end else self._view.look.first)
            if self._listing:
                self._move_in_list(0)

    def action_zoom(self, steps: int) -> None:
        """Show smaller cells, or larger ones; the cursor stays on its page."""
        if self._screen is not None and not self._listing:
            grid = self._screen.layout.grid
            self._zoom = grid.zoomed(grid.zoom * ZOOM if steps > 0 else grid.zoom // ZOOM).zoom
            self._touched = True
            self.redraw()

    def action_changed(self, direction: int) -> None:
        """Go to the next cell, or the last one, in which a page changed; from the end on to the start."""
        if self._screen is None or self._view is None or self._page is None:
            return
        changes, first, stop = self._view.changes, self._view.look.first, self._view.look.stop
        start, end = self._screen.cursor_pages
        page = changes.next(end) if direction > 0 else changes.last(start)
        if page is None:
            page = changes.next(first) if direction > 0 else changes.last(stop)
        if page is None:
            self.notify("no page has changed since the compared look")
        else:
            self._move_to(page)

    def action_list(self) -> None:
        """List the pages that were copied on write, or show the grid."""
        if self._view is None or not (self._view.copied.pages or self._listing):
            self.notify("no page of this mapping was copied on write")
            return
        self._listing = not self._listing
        self._touched = True
        if self._listing:
            self._move_in_list(0)
        self.redraw()

    async def on_click(self, event: events.Click) -> None:
        """A click puts the cursor there, on the map and in the list, too; on a tab it changes the view."""
        if event.y == 0:
            if tabs.tab_at(event.x, self.size.width) == "detail":
                await self.run_action("screen.pages")
            return
        screen = self._screen
        if screen is None:
            return
        if event.y in screen.listed and event.x >= screen.list_x:
            self._move_to(screen.listed[event.y])
        elif event.y == screen.map_y:
            self._move_to(screen.page_on_map(event.x))
        elif not self._listing:
            cell = screen.layout.cell_at(event.x - GUTTER, event.y - screen.grid_y)
            if cell is not None:
                self._move_to(screen.layout.grid.pages_of(cell)[0])

    def _wheel(self, event: events.MouseEvent, down: int) -> None:
        """The wheel moves the cursor by rows; with ctrl it zooms."""
        event.stop()
        if event.ctrl:
            self.action_zoom(down)
        else:
            self.action_move(0, down)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """See `_wheel`."""
        self._wheel(event, -1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """See `_wheel`."""
        self._wheel(event, 1)
