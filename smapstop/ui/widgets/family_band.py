"""The family over time: a line for each process."""

from collections.abc import Sequence

from textual.strip import Strip

from smapstop.lazy_dataclass import dataclass
from smapstop.model.family.family_table import MemberRow
from smapstop.model.metrics import METRIC_TITLES
from smapstop.text import format as fmt
from smapstop.text.family import FamilyMoment
from smapstop.text.family_band import choose_curves, member_curves, span_text
from smapstop.ui.drawing.family_band import cells_of_time, draw_curve, draw_curve_axis
from smapstop.ui.drawing.style import DrawStyle
from smapstop.ui.state.session import Session
from smapstop.ui.theme.app_theme import palette_of
from smapstop.ui.widgets.strip_panel import StripPanel

MarkedMoment = tuple[int, str]
"""A moment that is marked, monotonic clock, ns, and its letter."""


@dataclass(frozen=True, slots=True, eq=False)
class FamilyTime:
    """What the band shows."""

    moment: FamilyMoment
    rows: Sequence[MemberRow]
    compared: Sequence[int]
    """Pids of those that are compared, which come before others."""
    current: int
    """Pid of the member under the cursor."""
    wall_ns: int
    """The moment, wall clock, ns."""
    is_live: bool
    marks: Sequence[MarkedMoment] = ()


class FamilyBand(StripPanel):
    """Shows the metric of each process over the window of time, all on one scale."""

    DEFAULT_CSS = "FamilyBand { background: $background; color: $foreground; border-top: solid $foreground 20%; }"

    def __init__(self) -> None:
        super().__init__()
        self._time: FamilyTime | None = None

    def show(self, time: FamilyTime, most: int) -> None:
        """Show members over time, at most so many."""
        self._time = time
        self.styles.height = min(len(time.rows), most) + 2  # the axis, and the border
        self.redraw()

    def draw_strips(self) -> Sequence[Strip]:
        """Draw the lines."""
        time, width = self._time, self.size.width
        if time is None or self.size.height < 2:
            return ()
        base = self.rich_style
        style, cells = DrawStyle(palette_of(self.app), base, base, base), cells_of_time(width)
        rows = choose_curves(time.rows, self.size.height - 1, [time.current, *time.compared])
        lines = [draw_curve(curve, style, width) for curve in member_curves(time.moment, rows, cells, time.current)]
        some = f"{len(rows)} of {len(time.rows):,} processes, " if len(rows) < len(time.rows) else ""
        what = f"{METRIC_TITLES[time.moment.metric]} of {some or 'each, '}one scale"
        begin_ns, end_ns = time.moment.begin_ns, time.moment.at_ns
        part = cells / max(1, end_ns - begin_ns)
        places = [(round((at_ns - begin_ns) * part), letter) for at_ns, letter in time.marks]
        marks = [(cell, letter) for cell, letter in places if 0 <= cell < cells]
        end = "now" if time.is_live else fmt.clock(time.wall_ns)
        return [*lines, draw_curve_axis(span_text(time.moment, time.wall_ns), end, what, marks, style, width)]


def marked_moments(session: Session) -> list[MarkedMoment]:
    """Marks of the run that is shown, and its alerts."""
    marks = (*session.marks, *session.alerts.marks(session.run))
    known = (mark for mark in marks if mark.tick >= session.timeline.oldest)
    return [(session.timeline.header(mark.tick).monotonic_ns, mark.letter or "m") for mark in known]
