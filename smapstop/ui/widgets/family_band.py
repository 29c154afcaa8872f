"""The family over time: a line for each process, and the place where the user chooses a moment or a range of time."""

from collections.abc import Sequence

from textual import events
from textual.message import Message
from textual.strip import Strip

from smapstop.lazy_dataclass import dataclass
from smapstop.model.family.family_table import MemberRow
from smapstop.model.metrics import METRIC_TITLES
from smapstop.text import format as fmt
from smapstop.text.family_band import choose_curves, member_curves
from smapstop.ui.drawing.family_band import (
    NAME_CELLS,
    BandCells,
    CurveAxis,
    cells_of_time,
    draw_curve,
    draw_curve_axis,
)
from smapstop.ui.drawing.style import DrawStyle
from smapstop.ui.state.family_view import FamilyView
from smapstop.ui.state.session import Session
from smapstop.ui.theme.app_theme import palette_of
from smapstop.ui.widgets.time_panel import TimePanel

MarkedMoment = tuple[int, str]
"""A moment that is marked, monotonic clock, ns, and its letter."""


@dataclass(frozen=True, slots=True, eq=False)
class FamilyTime:
    """What the band shows."""

    view: FamilyView
    rows: Sequence[MemberRow]
    current: int
    """Pid of the member under the cursor."""
    marks: Sequence[MarkedMoment] = ()


class FamilyBand(TimePanel):
    """Shows the metric of each process over the window of time, all on one scale.

    A click goes to a moment, a drag selects a range, the wheel zooms, as in the time band of one process.
    """

    DEFAULT_CSS = "FamilyBand { background: $background; color: $foreground; border-top: solid $foreground 20%; }"

    @dataclass
    class MomentRequested(Message):
        """The user pointed at a moment to show, monotonic clock, ns; None is now."""

        at_ns: int | None

    @dataclass
    class TimesSelected(Message):
        """The user selected a range of time, monotonic clock, ns."""

        begin_ns: int
        end_ns: int

    def __init__(self) -> None:
        super().__init__()
        self._time: FamilyTime | None = None

    def show(self, time: FamilyTime, most: int) -> None:
        """Show members over time, at most so many."""
        self._time = time
        self.styles.height = min(len(time.rows), most) + 2  # the axis, and the border
        self.redraw()

    @property
    def _cells(self) -> BandCells:
        """Cells of the time that is shown."""
        begin_ns, end_ns = (0, 0) if self._time is None else self._time.view.window_ns
        return BandCells(begin_ns, end_ns, cells_of_time(self.size.width))

    def draw_strips(self) -> Sequence[Strip]:
        """Draw the lines."""
        time, width = self._time, self.size.width
        if time is None or self.size.height < 2:
            return ()
        view, cells, base = time.view, self._cells, self.rich_style
        style = DrawStyle(palette_of(self.app), base, base, base)
        head = cells.cell_of(view.moment.at_ns) if view.is_paused else None
        rows = choose_curves(time.rows, self.size.height - 1, [time.current, *view.compared])
        curves = member_curves(view.moment, rows, view.window_ns, cells.count, time.current)
        lines = [draw_curve(curve, style, width, head) for curve in curves]
        return [*lines, draw_curve_axis(self._axis(time, cells, head, len(rows)), style, width)]

    def _axis(self, time: FamilyTime, cells: BandCells, head: int | None, shown: int) -> CurveAxis:
        """The axis below the lines of so many members."""
        view = time.view
        begin_ns, end_ns = (view.wall_ns + at_ns - view.moment.at_ns for at_ns in view.window_ns)
        some = f"{shown} of {len(time.rows):,} processes, " if shown < len(time.rows) else ""
        marks = [(cells.cell_of(at_ns), letter) for at_ns, letter in time.marks]
        return CurveAxis(
            begin=fmt.clock(begin_ns),
            end="now" if view.is_live else fmt.clock(end_ns),
            what=f"{METRIC_TITLES[view.moment.metric]} of {some or 'each, '}one scale",
            marks=[(cell, letter) for cell, letter in marks if cell is not None],
            head=None if head is None else (head, fmt.clock(view.wall_ns)),
            range_begin=cells.cell_of(max(view.before_ns, cells.begin_ns)) if view.has_range else None,
        )

    # what the user does

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Go where the user points, and start a drag; to the right of the lines is now."""
        if event.button != 1 or self._time is None or event.x < NAME_CELLS:
            return
        if event.x >= NAME_CELLS + self._cells.count:
            self.post_message(self.MomentRequested(None))
            return
        self._drag_start = event.x - NAME_CELLS
        self.capture_mouse()
        self.post_message(self.MomentRequested(self._cells.times_of(self._drag_start)[1]))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Select the range of a drag."""
        if self._drag_start is None:
            return
        first, last = sorted((self._drag_start, event.x - NAME_CELLS))
        if first == last:
            self.post_message(self.MomentRequested(self._cells.times_of(first)[1]))
        else:
            self.post_message(self.TimesSelected(self._cells.times_of(first)[0], self._cells.times_of(last)[1]))


def marked_moments(session: Session) -> list[MarkedMoment]:
    """Marks of the run that is shown, and its alerts."""
    marks = (*session.marks, *session.alerts.marks(session.run))
    known = (mark for mark in marks if mark.tick >= session.timeline.oldest)
    return [(session.timeline.header(mark.tick).monotonic_ns, mark.letter or "m") for mark in known]
