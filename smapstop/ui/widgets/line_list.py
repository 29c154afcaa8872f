"""Lines that scroll under a header, one of them with the cursor: what the table and the events have in common."""

from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from smapstop.text import format as fmt
from smapstop.ui.drawing.cursor_css import cursor_css
from smapstop.ui.keys.bindings import bindings
from smapstop.ui.theme.app_theme import palette_of

Identity = TypeVar("Identity")
"""What an item is known by while items come, go and change places."""
Line = TypeVar("Line")
"""What a line shows, to be compared; the line of the cursor is told from the others."""


class LineList(ScrollView, Generic[Identity, Line], can_focus=True, inherit_bindings=False):
    """Items, a line each, under a header; the cursor stays on its item, wherever that goes.

    Only lines in view are ever made, and only those that differ from what is on the screen are drawn again. What the
    items are, and what their lines show, is a subclass's: the methods that raise here.
    """

    COMPONENT_CLASSES = {"lines--header", "lines--cursor"}  # noqa: RUF012  (as Textual declares it)
    DEFAULT_CSS = """
    LineList { background: $background; color: $foreground; overflow-x: hidden; scrollbar-size-vertical: 1;
      & > .lines--header { background: $panel; color: $foreground; text-style: bold; }
    }
    """ + cursor_css("LineList", "lines--cursor")
    # the keys that scroll sideways, home and end are not inherited: with them the app moves in time
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("list")]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.cursor_id: Identity | None = None
        """The item under the cursor; None until the user moves it: then the first one is as good as any."""
        self._head = Strip([])
        self._lines: Sequence[Line] = ()
        self._drawn: list[Strip | None] = []
        """The lines as they were drawn last; None when they have to be drawn anew. Textual keeps more in each."""
        self._style: Style | None = None

    # what a subclass has

    @property
    def count(self) -> int:
        """How many items there are."""
        raise NotImplementedError

    def identity_of(self, index: int) -> Identity:
        """What an item is known by."""
        raise NotImplementedError

    def index_of(self, identity: Identity) -> int | None:
        """The place of an item; None when it is not among them any more."""
        raise NotImplementedError

    def row_fixed_at_top(self) -> Identity | None:
        """The item that shall stay on top when the cursor is out of view; None when any may be there."""
        return None

    def draw_header(self, width: int) -> Strip:
        """The header."""
        raise NotImplementedError

    def build_lines(self, first: int, stop: int) -> Sequence[Line]:
        """What the lines of some items show."""
        raise NotImplementedError

    def draw_line(self, line: Line, width: int) -> Strip:
        """A line, drawn."""
        raise NotImplementedError

    def empty_text(self) -> str:
        """Why there are no items."""
        raise NotImplementedError

    def action_open(self) -> None:
        """Do what a double click does with the item under the cursor."""
        raise NotImplementedError

    def handle_header_click(self, x: int) -> None:
        """The user clicked on a cell of the header."""

    # where it is

    @property
    def cursor_index(self) -> int:
        """The place of the cursor."""
        return 0 if self.cursor_id is None else self.index_of(self.cursor_id) or 0

    @property
    def top(self) -> int:
        """The item on the first line."""
        return int(self.scroll_offset.y)

    @property
    def page_height(self) -> int:
        """How many items fit under the header."""
        return max(1, self.size.height - 1)

    def fixed_row(self) -> tuple[Identity | None, int]:
        """The item that shall stay on its line while others come and go, and that line: the cursor's, if in view."""
        line = self.cursor_index - self.top
        return (self.cursor_id, line) if 0 <= line < self.page_height else (self.row_fixed_at_top(), 0)

    def restore_fixed_row(self, identity: Identity | None, line: int) -> None:
        """Scroll so that an item is on a line again; from the very top only as far as keeps it in view."""
        self.virtual_size = Size(self.size.width, self.count + 1)
        index, top = None if identity is None else self.index_of(identity), self.top
        if index is not None:
            top = index - line if top else max(0, index - self.page_height + 1)
        self._scroll(max(0, min(top, self.count - self.page_height)))

    def reveal(self, index: int) -> None:
        """Scroll as far as brings an item into view."""
        self._scroll(min(index, max(self.top, index - self.page_height + 1)))

    def _scroll(self, top: int) -> None:
        if top != self.top:
            self.scroll_to(y=top, animate=False, force=True)

    # how it is drawn

    def redraw(self, *, everything: bool = False) -> None:
        """Make the lines in view, and draw those that differ from what is on the screen."""
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

    def render_line(self, y: int) -> Strip:
        """One line of the widget: the header, an item, or why there is none."""
        width, base = self.size.width, self.rich_style
        if y == 0:
            return self._head.adjust_cell_length(width, base)
        if y <= len(self._lines):
            strip = self._drawn[y - 1]
            if strip is None:
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
        """Fit the columns anew."""
        self.restore_fixed_row(*self.fixed_row())
        self.redraw(everything=True)

    @property
    def rich_style(self) -> Style:
        """The style of the list: Textual would put it together anew for every line."""
        if self._style is None:
            self._style = super().rich_style
        return self._style

    def notify_style_update(self) -> None:
        """Draw in the new theme's colours."""
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
        """Move the cursor by so many lines."""
        self.move_to(self.cursor_index + lines)

    def action_page(self, pages: int) -> None:
        """Move the cursor by so many pages."""
        self.move_to(self.cursor_index + pages * self.page_height)

    def action_go(self, index: int) -> None:
        """Move the cursor to an item; -1 is the last."""
        self.move_to(index if index >= 0 else self.count - 1)

    def on_click(self, event: events.Click) -> None:
        """A click puts the cursor there, a second one opens the item."""
        index = self.top + event.y - 1
        if event.y == 0:
            self.handle_header_click(event.x)
        elif index < self.count:
            self.move_to(index)
            if event.chain == 2:
                self.action_open()
