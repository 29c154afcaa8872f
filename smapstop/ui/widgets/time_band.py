"""Time band: memory and events over time, and the place where the user chooses a moment or a range of time."""

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.strip import Strip

from smapstop.lazy_dataclass import dataclass
from smapstop.model.history.activity import Activity
from smapstop.model.marks import Mark
from smapstop.model.view.view import View
from smapstop.text import format as fmt
from smapstop.text.events import tick_text
from smapstop.text.units import AUTO, process_format
from smapstop.ui.drawing.band_axis import marked_tick_at
from smapstop.ui.drawing.band_layout import GUTTER, Band, BandLayout, lay_out_band
from smapstop.ui.drawing.style import DrawStyle
from smapstop.ui.drawing.time_band import draw_band
from smapstop.ui.keys.bindings import bindings
from smapstop.ui.keys.hints import hint_key
from smapstop.ui.keys.key_app import key_of
from smapstop.ui.theme.app_theme import palette_of
from smapstop.ui.widgets.time_panel import TimePanel


class TimeBand(TimePanel, can_focus=True):
    """One chart over the window of time; a click goes to a moment, a drag selects a range, the wheel zooms."""

    DEFAULT_CSS = "TimeBand { height: 6; background: $background; color: $foreground; }"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("band")]

    @dataclass
    class SeekRequested(Message):
        """The user pointed at a tick to show; None is the newest."""

        number: int | None

    @dataclass
    class RangeSelected(Message):
        """The user selected a range of time: what changed after its first tick, up to its last."""

        first: int
        last: int

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._view: View | None = None
        self._activity: Activity | None = None
        self._marks: tuple[Mark, ...] = ()
        self._is_over = False
        self._band: Band | None = None
        """What was drawn last."""

    def show(self, activity: Activity, view: View, marks: tuple[Mark, ...] = (), *, is_over: bool) -> None:
        """Show the window and the tick of a view, and marks; the end of a recording is not now."""
        self._activity, self._view, self._marks, self._is_over = activity, view, marks, is_over
        self.redraw()

    def draw_strips(self) -> Sequence[Strip]:
        """Draw the chart, the events, the marks and the axis, as far as there is room."""
        if self._view is None or self._activity is None:
            return ()
        base, palette = self.rich_style, palette_of(self.app)
        style = DrawStyle(palette, base, base, base)
        band = Band(self._activity, self._view, self._layout, style, self._marks, self._is_over, self.has_focus)
        self._band = band
        return draw_band(band, self._hints(self._view))

    @property
    def _layout(self) -> BandLayout:
        """Parts for the size of the widget."""
        return lay_out_band(self.size.width, self.size.height)

    def _hints(self, view: View) -> list[str]:
        """Keys, the most helpful first; shorter ones for a narrow terminal."""
        names = ("zoom_in", "zoom_out", "last_event", "next_event", "live")
        shorter, longer, previous, following, live = (key_of(self.app, name) for name in names)
        span = "all" if view.state.span_s is None else fmt.age(view.state.span_s)
        zoom, jump = f"{shorter} {longer} zoom {span}", f"{previous} {following} outlier"
        back = "" if view.state.at is None else f"  {live} live"
        return [f"{zoom}  {jump}  drag: compare{back}", f"{zoom}  {jump}{back}", f"{zoom}{back}"]

    # what the user does

    def on_focus(self) -> None:
        """Update the hints."""
        self.redraw()

    def on_blur(self) -> None:
        """Update the hints."""
        self.redraw()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Go where the user points, and start a drag; to the right of the charts is now."""
        if event.button != 1 or self._activity is None or self._press_hint(event.x, event.y):
            return
        if event.x >= GUTTER + self._layout.cells:
            self.post_message(self.SeekRequested(None))
            return
        self._drag_start = self._cell_at(event.x)
        self.capture_mouse()
        marked = self._marked_tick_at(event.x, event.y)
        self.post_message(
            self.SeekRequested(self._activity.tick_in(self._ticks_in(self._drag_start)) if marked is None else marked)
        )

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Select the range of a drag; otherwise show what happened under the pointer."""
        if self._activity is None:
            return
        cell = self._cell_at(event.x)
        if self._drag_start is None:
            self.tooltip = self._describe(self._activity.tick_in(self._ticks_in(cell)))
            return
        first, last = sorted((self._drag_start, cell))
        if first == last:
            self.post_message(self.SeekRequested(self._activity.tick_in(self._ticks_in(cell))))
            return
        before = max(self._activity.oldest, self._ticks_in(first)[0] - 1)
        self.post_message(self.RangeSelected(before, self._ticks_in(last)[-1]))

    def _press_hint(self, x: int, y: int) -> bool:
        """Press the key of the hint at a cell of the axis; False if there is none."""
        line, hints = self.render_line(y).text, [] if self._view is None else self._hints(self._view)
        hint = next((each for each in hints if f" {each} " in line), None) if y == self.size.height - 1 else None
        key = None if hint is None else hint_key(hint, x - line.index(f" {hint} ") - 1)
        if key is not None:
            self.app.simulate_key(key)
        return key is not None

    def _marked_tick_at(self, x: int, y: int) -> int | None:
        """Tick of the mark, or of the text about a tick, at a cell of the widget; None for none."""
        layout = self._layout
        if self._band is None or not layout.marks or y != self.size.height - 1 - layout.axis:
            return None
        return marked_tick_at(self._band, x - GUTTER)

    def _cell_at(self, x: int) -> int:
        """Cell of the charts at a column of the widget, the nearest one."""
        return min(max(0, x - GUTTER), self._layout.cells - 1)

    def _ticks_in(self, cell: int) -> range:
        """Ticks that a cell shows."""
        assert self._view is not None
        return self._view.window.ticks_in(cell, self._layout.cells)

    def _describe(self, number: int) -> Content:
        """Time, memory and main event of a tick."""
        assert self._activity is not None
        tick = self._activity.timeline.header(number)
        unit = AUTO if self._view is None else process_format(self._view)
        when, rss = fmt.clock_tenths(tick.wall_ns), unit.text(tick.totals.get("rss"))
        return Content(f"{when}  Rss {rss}  {' '.join(tick_text(tick, unit))}".rstrip())
