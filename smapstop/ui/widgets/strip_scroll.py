"""Lines that scroll: drawn beforehand, and only those in view that differ are painted again."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.content import Content
from textual.geometry import Region
from textual.scroll_view import ScrollView
from textual.strip import Strip

from smapstop.ui.drawing.cursor_css import cursor_css
from smapstop.ui.drawing.style import DrawStyle
from smapstop.ui.keys.bindings import bindings
from smapstop.ui.theme.app_theme import palette_of
from smapstop.ui.widgets.plain_lines import plain_lines
from smapstop.ui.widgets.scrolling import scroll_lines, set_scroll_height


class StripScroll(ScrollView, can_focus=True, inherit_bindings=False):
    """Base of what shows lines that scroll; subclasses lay them out in `redraw`, and say what is in view."""

    COMPONENT_CLASSES = {"strips--header", "strips--cursor"}  # noqa: RUF012  (as Textual declares it)
    DEFAULT_CSS = """
    StripScroll { height: 1fr; background: $background; color: $foreground;
      overflow-x: hidden; scrollbar-size-vertical: 1;
      & > .strips--header { background: $panel; color: $foreground; text-style: bold; }
    }
    """ + cursor_css("StripScroll", "strips--cursor")
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("list")]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._painted: list[Strip] = []
        self._style: Style | None = None

    # defined by subclasses

    def redraw(self) -> None:
        """Lay out all lines, and paint those in view that differ."""
        raise NotImplementedError

    def lines_in_view(self) -> list[Strip]:
        """The lines in view, from the top."""
        raise NotImplementedError

    # how it is drawn

    @property
    def rich_style(self) -> Style:
        """Style of the lines, cached: Textual would compute it again for every line."""
        if self._style is None:
            self._style = super().rich_style
        return self._style

    @property
    def draw_style(self) -> DrawStyle:
        """Palette and styles to draw with."""
        return DrawStyle(
            palette_of(self.app),
            self.rich_style,
            self.get_component_rich_style("strips--header"),
            self.get_component_rich_style("strips--cursor"),
        )

    def paint(self) -> None:
        """Refresh the lines in view that differ; the others stay the same objects, with Textual's caches in them."""
        width, style = self.size.width, self.rich_style
        old, new = self._painted, [strip.adjust_cell_length(width, style) for strip in self.lines_in_view()]
        if len(old) != len(new):
            self._painted = new
            self.refresh()
            return
        self._painted = [a if a == b else b for a, b in zip(old, new, strict=True)]
        pairs = zip(old, self._painted, strict=True)
        dirty = [Region(0, y, width, 1) for y, (a, b) in enumerate(pairs) if a is not b]
        if dirty:
            self.refresh(*dirty)

    def fill(self, lines: Sequence[Strip], height: int) -> list[Strip]:
        """These lines, and blank ones below, up to a height."""
        blank = Strip([Segment(" " * self.size.width, self.rich_style)], self.size.width)
        return [*lines, *[blank] * (height - len(lines))]

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw lines of the widget."""
        return plain_lines(self, crop)

    def render_line(self, y: int) -> Strip:
        """Draw one line of the widget."""
        return self._painted[y] if y < len(self._painted) else Strip.blank(self.size.width, self.rich_style)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Draw the lines that came into view."""
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = new_value
        if round(old_value) != round(new_value):
            self.paint()

    def on_resize(self, _: events.Resize) -> None:
        """Redraw for the new size."""
        self.redraw()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Say what the term under the pointer means."""
        from smapstop.ui.help.terms import term_help

        text = self._painted[event.y].text if 0 <= event.y < len(self._painted) else ""
        self.tooltip = Content(term_help(text, event.x)) or None

    def notify_style_update(self) -> None:
        """Redraw in the colours of the new theme."""
        super().notify_style_update()
        self._style = None
        self.redraw()


DrawLines = Callable[[DrawStyle, int, int], Sequence[Strip]]
"""Draws lines of a width, in cells; given the height of the widget, in lines, which they may exceed."""


class DrawnLines(StripScroll):
    """Shows the lines that a function draws."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._subject: object = None
        self._draw: DrawLines | None = None
        self._lines: Sequence[Strip] = ()

    def show(self, draw: DrawLines, subject: object) -> None:
        """Show what a function draws; from the top if it is about another subject than before."""
        if subject != self._subject:
            self.scroll_to(y=0, animate=False, force=True)
        self._draw, self._subject = draw, subject
        self.redraw()

    def redraw(self) -> None:
        """Draw all lines, and paint those in view that differ."""
        if self._draw is None or not self.size.width:
            return
        self._lines = self._draw(self.draw_style, self.size.width - 1, self.size.height)  # a cell for the scrollbar
        set_scroll_height(self, len(self._lines))
        self.paint()

    @property
    def _top_line(self) -> int:
        """Index of the first line in view."""
        return max(0, min(int(self.scroll_offset.y), len(self._lines) - self.size.height))

    def lines_in_view(self) -> list[Strip]:
        """The lines in view, from the top."""
        return self.fill(self._lines[self._top_line : self._top_line + self.size.height], self.size.height)

    def action_move(self, lines: int) -> None:
        """Scroll by lines."""
        scroll_lines(self, lines)

    def action_page(self, pages: int) -> None:
        """Scroll by screenfuls."""
        self.action_move(pages * max(1, self.size.height - 1))

    def action_go(self, where: int) -> None:
        """Go to the first line; with -1, to the last."""
        self.scroll_to(y=0 if where == 0 else len(self._lines), animate=False, force=True)
