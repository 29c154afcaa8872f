"""Layout of the time band: its parts for a size, and where ticks are in it."""

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from smapstop.lazy_dataclass import dataclass
from smapstop.model.history.activity import Activity
from smapstop.model.history.time_window import TimeWindow
from smapstop.model.marks import Mark
from smapstop.model.tick import Tick
from smapstop.model.view.view import View
from smapstop.ui.drawing.style import DrawStyle

GUTTER = 9
"""Cells on the left, for amounts and the time."""
MAX_NEW_CELLS = 3
"""Most cells for the time after the window."""
_LABELS, _LEAST_WIDTH_FOR_LABELS = 15, 100


@dataclass(frozen=True, slots=True)
class BandLayout:
    """Parts of the band: what is least important is left out first."""

    cells: int
    """Width of the charts."""
    labels: int
    """Width to the right of them."""
    chart: int
    """Lines of the chart."""
    lanes: int
    """Lines of events."""
    marks: bool
    """Whether marks have a line of their own."""
    axis: bool


def lay_out_band(width: int, height: int) -> BandLayout:
    """Choose the parts of a band of a size in cells."""
    labels = _LABELS if width >= _LEAST_WIDTH_FOR_LABELS else MAX_NEW_CELLS
    axis, marks = height >= 4, height >= 6
    lanes = 0 if height < 5 else 1 if height < 8 else 2
    return BandLayout(
        max(1, width - GUTTER - labels), labels, max(1, height - axis - lanes - marks), lanes, marks, axis
    )


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """What the lines of a band are drawn from."""

    activity: Activity
    """Memory and events by tick."""
    view: View
    """The tick, the window and the marks to show."""
    layout: BandLayout
    """Parts to draw."""
    style: DrawStyle
    marks: tuple[Mark, ...] = ()
    """All marks."""
    is_over: bool = False
    """Whether the newest tick is not now, as at the end of a recording."""
    has_focus: bool = False
    """Whether scale and axis are highlighted."""

    @property
    def frame(self) -> Style:
        """Style of scale and axis."""
        return self.style.bold if self.has_focus else self.style.quiet

    @property
    def window(self) -> TimeWindow:
        """The window of time."""
        return self.view.window

    @property
    def is_live(self) -> bool:
        """Whether the newest tick is shown, whichever that is."""
        return self.view.state.at is None

    @property
    def newest(self) -> Tick:
        """The newest tick."""
        return self.activity.timeline.header(self.view.newest)

    def cell_of(self, number: int) -> int:
        """Cell of a tick."""
        return self.window.cell_of(number, self.layout.cells)

    @property
    def head(self) -> int | None:
        """Cell of the tick shown; None while the newest is."""
        return None if self.is_live else self.cell_of(self.view.snapshot.tick.number)

    @property
    def range_cells(self) -> tuple[int, int] | None:
        """First and last cell of the selected range; None without one."""
        start, head = self.view.state.range_start, self.head
        if self.view.state.baseline != "range" or start is None or head is None:
            return None
        first = self.cell_of(start) + 1 if start in self.window else 0
        return min(first, head), head

    @property
    def shown_marks(self) -> list[tuple[Mark, int]]:
        """Marks in the window, each with its cell; the one with which the user compared last comes first."""
        shown = [(mark, self.cell_of(mark.tick)) for mark in self.marks if mark.tick in self.window]
        return sorted(shown, key=lambda each: not self.is_compared(each[0]))

    def is_compared(self, mark: Mark) -> bool:
        """Whether it is the mark with which the user compared last."""
        return (mark.tick, mark.letter) == (self.view.state.mark, self.view.state.mark_letter)


def join_line(band: Band, title: str, middle: Strip, right: Sequence[Segment]) -> Strip:
    """Join the parts of a line, from the left."""
    style, layout = band.style, band.layout
    gutter = Strip([Segment(f"{title:>{GUTTER - 1}} ", band.frame)], GUTTER)
    return Strip.join([gutter, middle, style.line(right, layout.labels)]).simplify()
