"""Pages of one mapping: a grid in address order, with a cursor that stays on its address."""

from typing import ClassVar
from weakref import ref

from textual import events
from textual.binding import BindingType
from textual.strip import Strip
from textual.widget import Widget

from smapstop.model.history.mapping_history import MappingHistory
from smapstop.model.kinds import backing_of
from smapstop.model.pages.page_history import PageHistory
from smapstop.model.protocol import FramesReply, PagesReply, PagesRequest, Request, SymbolsReply
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.view import View
from smapstop.ui.drawing.cursor_css import cursor_css
from smapstop.ui.drawing.style import DrawStyle
from smapstop.ui.keys.bindings import bindings
from smapstop.ui.messages import SourceRequested
from smapstop.ui.pages.canvas import PageCanvas, PageCanvasModel, draw_placeholder, initial_page
from smapstop.ui.pages.cursor import PageCursor
from smapstop.ui.pages.frame_requests import PageFrames
from smapstop.ui.pages.name_requests import PageNames
from smapstop.ui.pages.page_view import PageView, derive_page_view, is_snapshot_due
from smapstop.ui.theme.app_theme import palette_of

MAX_PAGE_HISTORIES = 8
"""Number of mappings, last opened, whose page snapshots are kept."""


class MappingPages(Widget, can_focus=True):
    """Shows the pages of a mapping, and requests them again when it changed since the last page snapshot.

    Args:
        compact: Whether what shows the view says the numbers of pages itself; see `PageContent`.
    """

    COMPONENT_CLASSES = {"pages--box", "pages--cursor"}  # noqa: RUF012  (as Textual declares it)
    DEFAULT_CSS = """
    MappingPages { height: 1fr; background: $background; color: $foreground;
      & > .pages--box { background: $panel; color: $foreground; }
    }
    """ + cursor_css("MappingPages", "pages--cursor", focusable=False)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("pages")]

    def __init__(self, *, id: str | None = None, compact: bool = False) -> None:  # noqa: A002
        super().__init__(id=id)
        self._compact = compact
        self._page_histories: dict[tuple[ref[Timeline], int], PageHistory] = {}
        """By timeline and mapping, those of timelines that are forgotten excepted."""
        self._history: MappingHistory | None = None
        self._view: View | None = None
        self._names = PageNames(-1)
        self._frames = PageFrames(-1)
        self._refusal: PagesReply | None = None
        """The last reply if it says that the pages cannot be read."""
        self._last_request_tick = -1
        """Newest tick at the last request for pages."""
        self._cursor = PageCursor()
        self._canvas: PageCanvas | None = None
        self._lines: list[Strip] = []

    @property
    def mapping(self) -> int | None:
        """The mapping shown; None before the first."""
        return self._history.mapping if self._history else None

    @property
    def history(self) -> MappingHistory | None:
        """History of that mapping."""
        return self._history

    @property
    def canvas(self) -> PageCanvas | None:
        """What was drawn last; None while there are no pages to show."""
        return self._canvas

    # what is shown

    def show(self, timeline: Timeline, view: View, mapping: int) -> None:
        """Show the pages of a mapping as of a view, and request them if they may have changed."""
        self._view = view
        if self._history is None or (self._history.timeline, self._history.mapping) != (timeline, mapping):
            self._history, self._names, self._frames = (
                MappingHistory(timeline, mapping),
                PageNames(mapping),
                PageFrames(mapping),
            )
            self._canvas = self._refusal = None
            self._cursor, self._last_request_tick = PageCursor(), -1
        self._history.update()
        newest = len(timeline) - 1
        if self._last_request_tick != newest and is_snapshot_due(
            self._history, self._page_history_of(self._history), view, self._refusal
        ):
            self._last_request_tick = newest
            self.post_message(SourceRequested(PagesRequest(mapping)))
        self.redraw()

    def _page_history_of(self, history: MappingHistory) -> PageHistory:
        """Page snapshots of a mapping, from a cache of the histories used last."""
        key = ref(history.timeline), history.mapping
        page_history = self._page_histories.pop(key, None) or PageHistory(history.mapping)
        self._page_histories = {each: old for each, old in self._page_histories.items() if each[0]() is not None}
        self._page_histories[key] = page_history
        while len(self._page_histories) > MAX_PAGE_HISTORIES:
            del self._page_histories[next(iter(self._page_histories))]
        return page_history

    def handle_reply(self, reply: PagesReply | SymbolsReply | FramesReply) -> None:
        """Store a reply of the source, and redraw."""
        if self._history is None or reply.mapping != self._history.mapping or self._view is None:
            return
        if isinstance(reply, SymbolsReply):
            self._names.store_reply(reply)
        elif isinstance(reply, FramesReply):
            self._frames.store_reply(reply)
        elif reply.runs is None:
            self._refusal = reply
        else:
            state = self._history.states[-1]
            backing = backing_of(state.kind, state.perms)
            self._refusal = None
            self._page_history_of(self._history).add(reply, backing, self._view.state.mark)
        self.redraw()

    def redraw(self) -> None:
        """Draw everything, and request names and frames of the pages on the screen."""
        if self._history is None or self._view is None or not self.size.width or not self._history.states:
            return
        history, view = self._history, self._view
        style = DrawStyle(
            palette_of(self.app),
            self.rich_style,
            self.get_component_rich_style("pages--box"),
            self.get_component_rich_style("pages--cursor"),
        )
        page_view = derive_page_view(history, self._page_history_of(history), view)
        if page_view is None:
            self._canvas, self._lines = None, draw_placeholder(self._empty_reason(history), style, *self.size)
        else:
            self._canvas = canvas = self._lay_out(page_view, history, view, style)
            self._lines = canvas.draw()
            for request in self._build_requests(canvas, history):
                self.post_message(SourceRequested(request))
        self.refresh()

    def _lay_out(self, page_view: PageView, history: MappingHistory, view: View, style: DrawStyle) -> PageCanvas:
        """Lay out the page view with the cursor on an existing page, and store the scroll position."""
        cursor = self._cursor.place(page_view.grid(), initial_page(page_view, self._names))
        frames = None if _has_ended(history) or view.state.at is not None else self._frames
        model = PageCanvasModel(page_view, self._names, frames, cursor, self._compact)
        canvas = PageCanvas.fit(model, style, *self.size)
        self._cursor = cursor.scroll_to(canvas.layout.grid_layout.top)
        return canvas

    def _build_requests(self, canvas: PageCanvas, history: MappingHistory) -> list[Request]:
        """Requests for names and frames that are not known yet of the pages on the screen."""
        page_view, frames = canvas.model.view, canvas.model.frames
        can_have_names = page_view.may_have_names and not _has_ended(history)
        cursor = page_view.range_of(*canvas.layout.cursor_pages)
        requests = (
            self._names.next_request(canvas.named_ranges) if can_have_names else None,
            frames.next_request(cursor, len(history.timeline)) if frames is not None else None,
        )
        return [request for request in requests if request is not None]

    def _empty_reason(self, history: MappingHistory) -> str:
        """Reason why no pages are shown."""
        if self._refusal is not None:
            return self._refusal.missing_reason
        if _has_ended(history):
            return "the mapping is gone; its pages were never read"
        return "reading the pages …"

    def render_line(self, y: int) -> Strip:
        """Draw one line of the widget."""
        width = self.size.width
        if y >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        return self._lines[y].adjust_cell_length(width, self.rich_style)

    def on_resize(self, _: events.Resize) -> None:
        """Redraw for the new size."""
        self.redraw()

    def notify_style_update(self) -> None:
        """Redraw in the colours of the new theme."""
        super().notify_style_update()
        self.redraw()

    # what the user does

    def _set_cursor(self, cursor: PageCursor) -> None:
        """Set the cursor, and redraw if it moved."""
        if cursor != self._cursor:
            self._cursor = cursor
            self.redraw()

    def action_move(self, across: int, down: int) -> None:
        """Move the cursor by cells and rows; in the list, by lines."""
        if canvas := self._canvas:
            self._set_cursor(self._cursor.move(canvas.layout.grid_layout, canvas.cow_pages, across, down))

    def action_page(self, pages: int) -> None:
        """Move the cursor by screenfuls."""
        if canvas := self._canvas:
            layout = canvas.layout
            self._set_cursor(
                self._cursor.move_by_screens(layout.grid_layout, canvas.cow_pages, pages, layout.list_step)
            )

    def action_go(self, end: int) -> None:
        """Go to the first page, or, for a nonzero end, to the last."""
        if canvas := self._canvas:
            self._set_cursor(self._cursor.go_to_end(canvas.grid, canvas.cow_pages, last=bool(end)))

    def action_zoom(self, steps: int) -> None:
        """Zoom by steps; the cursor stays on its page."""
        if canvas := self._canvas:
            self._set_cursor(self._cursor.zoom_by(canvas.grid, steps))

    def action_changed(self, direction: int) -> None:
        """Go to the next or previous cell with a page that changed; wraps around at the ends."""
        canvas = self._canvas
        if canvas is None:
            return
        changes = canvas.model.view.changes
        if not len(changes):
            self.notify("no page has changed since the compared snapshot")
            return
        cell = canvas.layout.cursor_pages
        self._set_cursor(self._cursor.go_to_change(canvas.grid, changes, cell, forward=direction > 0))

    def action_list(self) -> None:
        """List the pages copied on write, or go back to the grid."""
        canvas = self._canvas
        if canvas is None or not (canvas.cow_pages.pages or self._cursor.listing):
            self.notify("no page of this mapping was copied on write")
            return
        self._set_cursor(self._cursor.toggle_list(canvas.grid, canvas.cow_pages))

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the page clicked, in the grid, map or list."""
        page = self._canvas.layout.page_at(event.x, event.y) if self._canvas else None
        if self._canvas and page is not None:
            self._set_cursor(self._cursor.move_to(self._canvas.grid, page))

    def _handle_wheel(self, event: events.MouseEvent, down: int) -> None:
        """Move the cursor by rows; with ctrl, zoom."""
        event.stop()
        if event.ctrl:
            self.action_zoom(down)
        else:
            self.action_move(0, down)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """See `_handle_wheel`."""
        self._handle_wheel(event, -1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """See `_handle_wheel`."""
        self._handle_wheel(event, 1)


def _has_ended(history: MappingHistory) -> bool:
    """Whether the mapping or its process is gone, so that nothing can be requested any more."""
    return history.gone_tick is not None or history.timeline.ending is not None
