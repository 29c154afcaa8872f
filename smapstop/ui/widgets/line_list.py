"""Scrolling list of lines with a header and a cursor: base of the table and of the events."""

from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Region
from textual.scroll_view import ScrollView
from textual.strip import Strip

from smapstop.text import format as fmt
from smapstop.ui.drawing.cursor_css import cursor_css
from smapstop.ui.keys.bindings import bindings
from smapstop.ui.theme.app_theme import palette_of
from smapstop.ui.widgets.plain_lines import plain_lines
from smapstop.ui.widgets.scrolling import set_scroll_height

Identity = TypeVar("Identity")
"""Identity of an item, stable while items are added, removed and reordered."""
Line = TypeVar("Line")
"""Content of a line, compared to decide what to redraw; includes whether it has the cursor."""


class LineList(ScrollView, Generic[Identity, Line], can_focus=True, inherit_bindings=False):
    """Items, one per line, below a header; the cursor stays on its item when that moves.

    Only lines in view are built, and only those that differ from the screen are drawn again. Subclasses define the
    items and their lines by the methods that raise NotImplementedError here.
    """

    COMPONENT_CLASSES = {"lines--header", "lines--cursor"}  # noqa: RUF012  (as Textual declares it)
    DEFAULT_CSS = """
    LineList { background: $background; color: $foreground; overflow-x: hidden; scrollbar-size-vertical: 1;
      & > .lines--header { background: $panel; color: $foreground; text-style: bold; }
    }
    """ + cursor_css("LineList", "lines--cursor")
    # ScrollView's keys for scrolling sideways, home and end are not inherited: here they move in time
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("list")]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.cursor_id: Identity | None = None
        """The item under the cursor; None, which means the first one, until the user moves it."""
        self._head = Strip([])
        self._lines: Sequence[Line] = ()
        self._drawn: list[Strip | None] = []
        """Lines as last drawn, None where outdated; the same Strip is returned again, as Textual caches in it."""
        self._style: Style | None = None

    # defined by subclasses

    @property
    def count(self) -> int:
        """Number of items."""
        raise NotImplementedError

    def identity_of(self, index: int) -> Identity:
        """Identity of an item."""
        raise NotImplementedError

    def index_of(self, identity: Identity) -> int | None:
        """Index of an item; None when it is no longer in the list."""
        raise NotImplementedError

    def row_fixed_at_top(self) -> Identity | None:
        """The item to keep on the first line when the cursor is out of view; None to keep none."""
        return None

    def draw_header(self, width: int) -> Strip:
        """Draw the header."""
        raise NotImplementedError

    def build_lines(self, first: int, stop: int) -> Sequence[Line]:
        """Build the lines of the items from `first` up to `stop`."""
        raise NotImplementedError

    def draw_line(self, line: Line, width: int) -> Strip:
        """Draw a line."""
        raise NotImplementedError

    def empty_text(self) -> str:
        """Text shown without items: the reason."""
        raise NotImplementedError

    def action_open(self) -> None:
        """Open the item under the cursor; a double click does so, too."""
        raise NotImplementedError

    def handle_header_click(self, x: int) -> None:
        """Handle a click on a cell of the header."""

    # position

    @property
    def cursor_index(self) -> int:
        """Index of the item under the cursor."""
        return 0 if self.cursor_id is None else self.index_of(self.cursor_id) or 0

    @property
    def top(self) -> int:
        """Index of the item on the first line."""
        return int(self.scroll_offset.y)

    @property
    def page_height(self) -> int:
        """Number of items that fit below the header."""
        return max(1, self.size.height - 1)

    def fixed_row(self) -> tuple[Identity | None, int]:
        """The item to keep on its line while others change, and that line: the cursor's item if it is in view."""
        line = self.cursor_index - self.top
        return (self.cursor_id, line) if 0 <= line < self.page_height else (self.row_fixed_at_top(), 0)

    def restore_fixed_row(self, identity: Identity | None, line: int) -> None:
        """Scroll so that an item is on a line again; from the top, only as far as needed to keep it in view."""
        set_scroll_height(self, self.count + 1)
        index, top = None if identity is None else self.index_of(identity), self.top
        if index is not None:
            top = index - line if top else max(0, index - self.page_height + 1)
        self._scroll(max(0, min(top, self.count - self.page_height)))

    def reveal(self, index: int) -> None:
        """Scroll as far as needed to bring an item into view."""
        self._scroll(min(index, max(self.top, index - self.page_height + 1)))

    def _scroll(self, top: int) -> None:
        if top != self.top:
            self.scroll_to(y=top, animate=False, force=True)

    # how it is drawn

    def redraw(self, *, everything: bool = False) -> None:
        """Build the lines in view, and draw those that differ from the screen."""
        width = self.size.width
        if not width:
            return
        old = (self._head, *self._lines)
        self._lines = self.build_lines(self.top, min(self.top + self.page_height, self.count))
        self._head = self.draw_header(width)
        new = (self._head, *self._lines)
        if everything or len(old) != len(new):
            self._drawn = [None] * len(self._lines)
            self.refresh()
            return
        changed = [y for y, (a, b) in enumerate(zip(old, new, strict=True)) if a != b]
        for y in changed:
            if y:
                self._drawn[y - 1] = None
        dirty = [Region(0, y, width, 1) for y in changed]
        if dirty:
            self.refresh(*dirty)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw lines of the widget."""
        return plain_lines(self, crop)

    def render_line(self, y: int) -> Strip:
        """Draw one line of the widget: the header, an item, or the reason why there are none."""
        if 0 < y <= len(self._lines) and (drawn := self._drawn[y - 1]) is not None:
            return drawn
        width, base = self.size.width, self.rich_style
        if y == 0:
            return self._head.adjust_cell_length(width, base)
        if y <= len(self._lines):
            strip = self._drawn[y - 1] = self.draw_line(self._lines[y - 1], width)
            return strip
        text = "" if self.count or y > 1 else fmt.clip(f"  {self.empty_text()}", width)
        return Strip([Segment(fmt.pad(text, width), base + Style(color=palette_of(self.app).quiet))], width)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Draw the lines that came into view."""
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = new_value
        if round(old_value) != round(new_value):
            self.redraw(everything=True)

    def on_resize(self, _: events.Resize) -> None:
        """Redraw for the new size; the fixed row stays."""
        self.restore_fixed_row(*self.fixed_row())
        self.redraw(everything=True)

    def watch_show_vertical_scrollbar(self) -> None:
        """Redraw with a cell less or more: the scrollbar covers the last one."""
        self.redraw(everything=True)

    @property
    def rich_style(self) -> Style:
        """Style of the list, cached: Textual would compute it again for every line."""
        if self._style is None:
            self._style = super().rich_style
        return self._style

    def notify_style_update(self) -> None:
        """Redraw in the colours of the new theme."""
        super().notify_style_update()
        self._style = None
        self.redraw(everything=True)

    # what the user does

    def move_to(self, index: int) -> None:
        """Put the cursor on an item."""
        if self.count:
            index = max(0, min(self.count - 1, index))
            self.cursor_id = self.identity_of(index)
            self.reveal(index)
            self.redraw()

    def action_move(self, lines: int) -> None:
        """Move the cursor by lines."""
        self.move_to(self.cursor_index + lines)

    def action_page(self, pages: int) -> None:
        """Move the cursor by screenfuls."""
        self.move_to(self.cursor_index + pages * self.page_height)

    def action_go(self, index: int) -> None:
        """Move the cursor to an item; -1 is the last."""
        self.move_to(index if index >= 0 else self.count - 1)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the item clicked; open it on a double click."""
        index = self.top + event.y - 1
        if event.button == 3:
            return
        if event.y == 0:
            self.handle_header_click(event.x)
        elif index < self.count:
            self.move_to(index)
            if event.chain == 2:
                self.action_open()
