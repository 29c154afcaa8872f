"""Detail of one mapping: draws its sections as scrolling lines, with a cursor on one of its fields."""

from dataclasses import replace
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from smapstop.model.history.mapping_history import MappingHistory
from smapstop.model.protocol import SharersReply, SharersRequest
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.view import View
from smapstop.text.shared_memory import has_object
from smapstop.ui.drawing import tabs
from smapstop.ui.drawing.cursor_css import cursor_css
from smapstop.ui.drawing.detail_layout import DetailChoice, RenderedDetail, lay_out
from smapstop.ui.drawing.style import DrawStyle
from smapstop.ui.keys.bindings import bindings
from smapstop.ui.keys.key_app import key_of
from smapstop.ui.messages import SourceRequested
from smapstop.ui.pages.sharer_requests import ObjectSharers
from smapstop.ui.theme.app_theme import palette_of


class MappingDetail(ScrollView, can_focus=True, inherit_bindings=False):
    """Shows all fields of one mapping compared, their meaning, and its history; empty without a mapping."""

    COMPONENT_CLASSES = {"detail--header", "detail--cursor"}  # noqa: RUF012  (as Textual declares it)
    DEFAULT_CSS = """
    MappingDetail { height: 1fr; background: $background; color: $foreground;
      overflow-x: hidden; scrollbar-size-vertical: 1;
      & > .detail--header { background: $panel; color: $foreground; text-style: bold; }
    }
    """ + cursor_css("MappingDetail", "detail--cursor")
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("list", "detail")]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._choice = DetailChoice()
        self._history: MappingHistory | None = None
        self._view: View | None = None
        self._rendered = RenderedDetail()
        self._painted: list[Strip] = []
        self._sharers = ObjectSharers()

    @property
    def mapping(self) -> int | None:
        """The mapping shown; None before the first."""
        return self._history.mapping if self._history else None

    @property
    def field(self) -> str:
        """The field under the cursor: Rss, or the first field that changes, until the user moves it."""
        return self._choice.field

    # what is shown

    def show(self, timeline: Timeline, view: View, mapping: int) -> None:
        """Show a mapping as it is in a view; its nearest state if it is not mapped then."""
        self._view = view
        if self._history is None or (self._history.timeline, self._history.mapping) != (timeline, mapping):
            self._history = MappingHistory(timeline, mapping)
            self._choice = DetailChoice(folded=self._choice.folded)
            self._sharers = ObjectSharers()
            self.scroll_to(y=0, animate=False, force=True)
        self._history.update()
        if (self._history.states and has_object(self._history.states[-1])) and self._sharers.is_due(len(timeline)):
            self.post_message(SourceRequested(SharersRequest(mapping)))
        self._redraw()

    def handle_reply(self, reply: SharersReply) -> None:
        """Store who else maps the object of the mapping, and redraw."""
        if reply.mapping == self.mapping:
            self._sharers.store_reply(reply)
            self._redraw()

    def _redraw(self) -> None:
        """Lay out all lines, and refresh those in view that differ."""
        if self._history is None or self._view is None or not self.size.width or not self._history.states:
            return
        follow = not self.field or self._is_cursor_in_view
        style = DrawStyle(
            palette_of(self.app),
            self.rich_style,
            self.get_component_rich_style("detail--header"),
            self.get_component_rich_style("detail--cursor"),
        )
        width, height = self.size.width - 1, self.size.height  # one cell for the scrollbar
        key = key_of(self.app, "zeros")
        self._rendered = lay_out(
            self._history, self._view, style, width, height, self._choice, key, self._sharers.reply
        )
        self._choice = replace(self._choice, field=self._rendered.cursor_field)
        self.virtual_size = Size(self.size.width, self._rendered.height)
        if follow:
            self._scroll_to_cursor()
        self._paint()

    def _paint(self) -> None:
        """Refresh the lines in view that differ."""
        old, self._painted = self._painted, self._lines_in_view()
        if len(old) != len(self._painted):
            self.refresh()
            return
        pairs = zip(old, self._painted, strict=True)
        dirty = [Region(0, y, self.size.width, 1) for y, (a, b) in enumerate(pairs) if a != b]
        if dirty:
            self.refresh(*dirty)

    def _lines_in_view(self) -> list[Strip]:
        """The lines in view, from the top."""
        middle = self._rendered.visible_body(self._top_line, self._body_height)
        blank = Strip([Segment(" " * self.size.width, self.rich_style)], self.size.width)
        middle += [blank] * (self._body_height - len(middle))
        return [*self._rendered.top, *middle, *self._rendered.bottom]

    @property
    def _body_height(self) -> int:
        """Height of the body, lines."""
        return max(1, self.size.height - len(self._rendered.top) - len(self._rendered.bottom))

    @property
    def _top_line(self) -> int:
        """Index of the first line of the body in view."""
        return max(0, min(int(self.scroll_offset.y), len(self._rendered.body) - self._body_height))

    def render_line(self, y: int) -> Strip:
        """Draw one line of the widget."""
        width = self.size.width
        if y >= len(self._painted):
            return Strip.blank(width, self.rich_style)
        return self._painted[y].adjust_cell_length(width, self.rich_style)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Draw the lines that came into view."""
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = new_value
        if round(old_value) != round(new_value):
            self._paint()

    def on_resize(self, _: events.Resize) -> None:
        """Redraw for the new size."""
        self._redraw()

    def notify_style_update(self) -> None:
        """Redraw in the colours of the new theme."""
        super().notify_style_update()
        self._redraw()

    # what the user does

    @property
    def _is_cursor_in_view(self) -> bool:
        """Whether the line of the cursor is in view."""
        return self._top_line < self._rendered.cursor_line < self._top_line + self._body_height

    def _scroll_to_cursor(self) -> None:
        """Scroll until the line of the cursor is in view."""
        line, at = self._rendered.cursor_line, self._top_line
        first = 0 if line == 1 else line - 1
        if first < at:
            self.scroll_to(y=first, animate=False, force=True)
        elif line >= at + self._body_height:
            self.scroll_to(y=line - self._body_height + 1, animate=False, force=True)

    def move_to(self, field: str) -> None:
        """Put the cursor on a field."""
        self._choice = replace(self._choice, field=field, placed_by_user=True)
        self._redraw()
        self._scroll_to_cursor()

    def action_move(self, lines: int) -> None:
        """Move the cursor by fields; scroll when it is out of view or there is no field."""
        line = self._rendered.cursor_line
        if self._is_cursor_in_view and 1 <= line + lines <= len(self._rendered.fields):
            self.move_to(self._rendered.fields[line + lines - 1])
        else:
            self.scroll_to(y=self._top_line + lines, animate=False, force=True)

    def action_page(self, pages: int) -> None:
        """Move by screenfuls."""
        for _ in range(max(1, self._body_height - 1)):
            self.action_move(pages)

    def action_go(self, where: int) -> None:
        """Go to the first field; with -1, to the last line."""
        if where == 0 and self._rendered.fields:
            self.move_to(self._rendered.fields[0])
        self.scroll_to(y=0 if where == 0 else len(self._rendered.body), animate=False, force=True)

    def action_fold(self) -> None:
        """Show or fold the fields that are 0."""
        self._choice = replace(self._choice, folded=not self._rendered.hidden_count)
        self._redraw()
        self._scroll_to_cursor()

    async def on_click(self, event: events.Click) -> None:
        """Put the cursor on the field clicked, unfold the fields that are 0, or go to the other tab."""
        if event.y == 0 and tabs.tab_at(event.x, self.size.width - 1) == "pages":
            await self.run_action("screen.pages")
            return
        line = self._top_line + event.y - len(self._rendered.top)
        if not 0 <= event.y - len(self._rendered.top) < self._body_height or event.x >= self._rendered.table_width:
            return
        if 1 <= line <= len(self._rendered.fields):
            self.move_to(self._rendered.fields[line - 1])
        elif line == len(self._rendered.fields) + 1 and self._rendered.hidden_count:
            self.action_fold()
