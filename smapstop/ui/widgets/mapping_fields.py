"""Fields of one mapping: draws their table and charts as scrolling lines, with a cursor on one of the fields."""

from dataclasses import replace
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.strip import Strip

from smapstop.model.history.mapping_history import MappingHistory
from smapstop.model.protocol import SharersReply, SharersRequest
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.view import View
from smapstop.text.shared_memory import has_object
from smapstop.ui.drawing.detail_layout import DetailChoice, RenderedDetail, lay_out
from smapstop.ui.keys.bindings import bindings
from smapstop.ui.keys.key_app import key_of
from smapstop.ui.messages import SourceRequested
from smapstop.ui.pages.sharer_requests import ObjectSharers
from smapstop.ui.widgets.scrolling import scroll_lines, set_scroll_height
from smapstop.ui.widgets.strip_scroll import StripScroll


class MappingFields(StripScroll):
    """Shows all fields of one mapping compared, their meaning, and their history; empty without a mapping."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("list", "fields")]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._choice = DetailChoice()
        self._history: MappingHistory | None = None
        self._view: View | None = None
        self._rendered = RenderedDetail()
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
        self.redraw()

    def handle_reply(self, reply: SharersReply) -> None:
        """Store who else maps the object of the mapping, and redraw."""
        if reply.mapping == self.mapping:
            self._sharers.store_reply(reply)
            self.redraw()

    def redraw(self) -> None:
        """Lay out all lines, and paint those in view that differ."""
        if self._history is None or self._view is None or not self.size.width or not self._history.states:
            return
        follow = not self.field or self._is_cursor_in_view
        width, height = self.size.width - 1, self.size.height  # one cell for the scrollbar
        key = key_of(self.app, "zeros")
        sharers = self._sharers.reply
        self._rendered = lay_out(
            self._history, self._view, self.draw_style, width, height, self._choice, key, sharers
        )
        self._choice = replace(self._choice, field=self._rendered.cursor_field)
        set_scroll_height(self, self._rendered.height)
        if follow:
            self._scroll_to_cursor()
        self.paint()

    def lines_in_view(self) -> list[Strip]:
        """The lines in view, from the top."""
        middle = self._rendered.visible_body(self._top_line, self._body_height)
        return [*self._rendered.top, *self.fill(middle, self._body_height), *self._rendered.bottom]

    @property
    def _body_height(self) -> int:
        """Height of the body, lines."""
        return max(1, self.size.height - len(self._rendered.top) - len(self._rendered.bottom))

    @property
    def _top_line(self) -> int:
        """Index of the first line of the body in view."""
        return max(0, min(int(self.scroll_offset.y), len(self._rendered.body) - self._body_height))

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
        self.redraw()
        self._scroll_to_cursor()

    def action_move(self, lines: int) -> None:
        """Move the cursor by fields; scroll when it is out of view or there is no field."""
        line = self._rendered.cursor_line
        if self._is_cursor_in_view and 1 <= line + lines <= len(self._rendered.fields):
            self.move_to(self._rendered.fields[line + lines - 1])
        else:
            scroll_lines(self, lines)

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
        self.redraw()
        self._scroll_to_cursor()

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the field clicked, or unfold the fields that are 0."""
        y = event.y - len(self._rendered.top)
        line = self._top_line + y
        if not 0 <= y < self._body_height or event.x >= self._rendered.table_width:
            return
        if 1 <= line <= len(self._rendered.fields):
            self.move_to(self._rendered.fields[line - 1])
        elif line == len(self._rendered.fields) + 1 and self._rendered.hidden_count:
            self.action_fold()
