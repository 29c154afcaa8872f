"""Time bar: activity over all ticks, with the tick shown and the mark."""

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from smapstop.model.history.activity import Activity
from smapstop.model.view.view import View
from smapstop.text import format as fmt
from smapstop.ui.theme.app_theme import palette_of
from smapstop.ui.theme.contrast import ensure_legible

_STEPS = "─▁▂▃▄▅▆▇█"
"""Glyphs for no event, and for amounts from 4 kB to 8 GB, by factors of eight."""
_HEAD, _MARK = "┃", "m"


class TimeBar(Widget):
    """One line over all ticks, as high as the most that happened in one; a click or drag goes there.

    What differs from the events before it, or begins, has a colour of its own.
    """

    DEFAULT_CSS = "TimeBar { height: 1; display: none; background: $panel; color: $foreground; }"

    class SeekRequested(Message):
        """The user pointed at a tick to show."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number
            """Number of the tick."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._view: View | None = None
        self._activity: Activity | None = None
        self._is_dragged = False

    def show(self, activity: Activity, view: View) -> None:
        """Show the activity, and the tick and mark of a view."""
        self._activity, self._view = activity, view
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw the bar between the times of its ends."""
        base, view, activity = self.rich_style, self._view, self._activity
        if view is None or activity is None or y:
            return Strip.blank(self.size.width, base)
        timeline, width = activity.timeline, self._bar_width
        palette, number, mark = palette_of(self.app), view.snapshot.tick.number, view.state.mark
        marks = {} if mark is None else {activity.bin_of(mark, width): (_MARK, palette.gain)}
        marks[activity.bin_of(number, width)] = (_HEAD, palette.foreground)
        quiet, busy = Style(color=palette.quiet), Style(color=palette.colours["heap"])
        striking = Style(color=palette.gain, bold=True)
        segments = [
            Segment(
                f"{fmt.CUT if timeline.oldest else ' '}{fmt.clock(timeline.header(timeline.oldest).wall_ns)} ", base
            )
        ]
        bins = zip(activity.binned_amounts(width).tolist(), activity.bins_standing_out(width).tolist(), strict=True)
        for at, (kb, stands_out) in enumerate(bins):
            if at in marks:
                glyph, colour = marks[at]
                segments.append(Segment(glyph, ensure_legible(base + Style(color=colour, bold=True))))
            else:
                ink = striking if stands_out else busy if kb else quiet
                segments.append(Segment(_glyph(kb), ensure_legible(base + ink)))
        segments.append(Segment(f" {fmt.clock(timeline.header(len(timeline) - 1).wall_ns)} ", base))
        return Strip(segments).adjust_cell_length(self.size.width, base)

    @property
    def _bar_width(self) -> int:
        """Width of the bar between the times, cells."""
        return max(1, self.size.width - 20)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Go where the user points, and start a drag."""
        self._is_dragged = True
        self.capture_mouse()
        self._request_seek(event.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Follow a drag."""
        if self._is_dragged:
            self._request_seek(event.x)

    def on_mouse_up(self) -> None:
        """End a drag."""
        self._is_dragged = False
        self.release_mouse()

    def _request_seek(self, x: int) -> None:
        """Request the tick at a column of the screen."""
        if self._activity is not None:
            width = self._bar_width
            self.post_message(self.SeekRequested(self._activity.tick_in_bin(min(max(0, x - 10), width - 1), width)))


def _glyph(kb: int) -> str:
    """Glyph of an amount; of an event without one, the lowest."""
    return _STEPS[min(len(_STEPS) - 1, max(1, kb.bit_length() // 3))] if kb else _STEPS[0]
