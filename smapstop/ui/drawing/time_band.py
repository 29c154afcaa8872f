"""Draw the time band: memory over time by what backs it, the events below it, marks, and the axis of time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from smapstop.model.history.activity import Activity
from smapstop.model.history.time_window import TimeWindow
from smapstop.model.tick import Tick
from smapstop.model.view.view import View
from smapstop.text import format as fmt
from smapstop.text.events import tick_text
from smapstop.ui.drawing.charts import draw_stacked_areas
from smapstop.ui.drawing.event_lanes import draw_lanes
from smapstop.ui.drawing.style import DrawStyle
from smapstop.ui.drawing.text_line import TextLine
from smapstop.ui.theme.palette import Role

BANDS: tuple[tuple[str, Role], ...] = (
    ("file", "file"),
    ("shared", "shared"),
    ("anon", "anonymous"),
    ("swap", "swap"),
)
"""Label and role of `BACKINGS`, the lowest first."""
GUTTER = 9
"""Cells on the left, for amounts and the time."""
_LABELS, _LEAST_WIDTH_FOR_LABELS = 15, 100
_MAX_NEW_CELLS = 3
_TOPS = (1, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40, 50, 60, 80, 100, 150, 200, 300, 400, 500, 600, 800)
_MAX_OUTLIERS = 12
"""Outliers with a text, if there is room."""
_LONG_S = 72_000
"""From this span on, the axis says how long ago it begins, not the time of the day."""


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
    labels = _LABELS if width >= _LEAST_WIDTH_FOR_LABELS else _MAX_NEW_CELLS
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
    is_over: bool = False
    """Whether the newest tick is the end of a recording."""
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
    def mark(self) -> int | None:
        """Cell of the mark; None when it is not in the window."""
        mark = self.view.state.mark
        return self.cell_of(mark) if mark is not None and mark in self.window else None


def draw_band(band: Band, hints: Sequence[str]) -> list[Strip]:
    """Draw all lines of a band, which has at least one.

    Args:
        band: What to draw.
        hints: Keys, for the axis if there is room: the first that fits.
    """
    layout, style = band.layout, band.style
    lanes: list[Strip] = []
    if layout.lanes:
        cells = band.window, layout.cells
        lanes = draw_lanes(
            band.activity.binned_amounts(*cells), band.activity.cells_standing_out(*cells), layout.lanes, style
        )
    names = ("pages in", "out") if layout.lanes > 1 else ("events",)
    lines = _draw_chart(band)
    lines += [_joined(band, name, _with_columns(band, lane), []) for name, lane in zip(names, lanes, strict=False)]
    if layout.marks:
        lines.append(_draw_marks(band))
    if layout.axis:
        lines.append(_draw_axis(band, hints))
    return lines


def _joined(band: Band, title: str, middle: Strip, right: Sequence[Segment]) -> Strip:
    """Join the parts of a line, from the left."""
    style, layout = band.style, band.layout
    gutter = Strip([Segment(f"{title:>{GUTTER - 1}} ", band.frame)], GUTTER)
    return Strip.join([gutter, middle, style.line(right, layout.labels)]).simplify()


def nice_top(kb: float) -> float:
    """Least round amount that is not less than an amount, kB."""
    unit = 1
    while kb > _TOPS[-1] * unit:
        unit *= 1024
    return unit * next(top for top in _TOPS if top * unit >= kb)


def _draw_chart(band: Band) -> list[Strip]:
    """Draw the chart with its scale, and the names of its areas or the time that has passed since."""
    layout, style = band.layout, band.style
    series = band.activity.binned_backings(band.window, layout.cells)
    top = nice_top(float(np.nanmax(series.sum(axis=0), initial=0.0)))
    labels = {0: f"{fmt.amount(top)} ┤"} | ({layout.chart - 1: "0 ┴"} if layout.chart > 1 else {})
    if layout.chart >= 4 and layout.chart % 2 == 0:
        labels[layout.chart // 2] = f"{fmt.amount(top / 2)} ┤"
    strips = draw_stacked_areas(series, layout.chart, top, style.palette.ink(*(role for _, role in BANDS)))
    new_cells, new_text = _new_time(band)
    names = _area_names(band, series[:, -1])
    lines = []
    for y, strip in enumerate(strips):
        right = [Segment("░" * new_cells, style.quiet), Segment(" " * (_MAX_NEW_CELLS - new_cells), style.base)]
        if new_text and y == 0:
            right.append(Segment(new_text, style.quiet))
        else:
            right += names[y - layout.chart] if layout.chart - y <= len(names) else []
        gutter = Strip([Segment(f"{labels.get(y, '│'):>{GUTTER}}", band.frame)], GUTTER)
        parts = [gutter, _with_columns(band, strip), style.line(right, layout.labels)]
        lines.append(Strip.join(parts).simplify())
    return lines


def _area_names(band: Band, kb: NDArray[np.float64]) -> list[list[Segment]]:
    """Names and amounts of the areas, in the order in which they are stacked, the highest first."""
    style = band.style
    if band.layout.labels <= _MAX_NEW_CELLS or np.isnan(kb).any():
        return []
    known = [at for at in range(len(BANDS)) if kb[at] > 0]
    while len(known) > band.layout.chart:
        known.remove(min(known, key=lambda at: kb[at]))
    return [
        [
            Segment(f"{BANDS[at][0]} ", style.base + Style(color=style.palette.colours[BANDS[at][1]], bold=True)),
            Segment(fmt.amount(float(kb[at])), style.base),
        ]
        for at in reversed(known)
    ]


def _new_time(band: Band) -> tuple[int, str]:
    """Cells and text of the time after the window, while it is held."""
    new_s = (band.newest.monotonic_ns - band.window.end_ns) / 1e9
    if new_s <= 0:
        return 0, ""
    cells = int(new_s * band.layout.cells / max(band.window.seconds, 1e-9)) + 1
    room = band.layout.labels > _MAX_NEW_CELLS
    return min(cells, _MAX_NEW_CELLS), f" +{fmt.age(new_s)}" if room and new_s >= 1 else ""


def _with_columns(band: Band, strip: Strip) -> Strip:
    """Draw the tick shown, the begin of the range and the mark through a line of a chart."""
    palette = band.style.palette
    columns: dict[int, tuple[str, str]] = {}
    if band.mark is not None:
        columns[band.mark] = "┊", palette.gain
    if band.range_cells is not None:
        columns[band.range_cells[0]] = "│", palette.foreground
    if band.head is not None:
        columns[band.head] = "┃", palette.foreground
    for at, (glyph, colour) in columns.items():
        (segment,) = strip.crop(at, at + 1)
        style = (segment.style or band.style.base) + Style(color=colour, bold=True, reverse=False)
        strip = Strip.join([strip.crop(0, at), Strip([Segment(glyph, style)], 1), strip.crop(at + 1, None)])
    return strip


def _draw_marks(band: Band) -> Strip:
    """Draw the line of the marks: the range, the tick shown, the mark, and what the outliers were."""
    line, style = TextLine(band.layout.cells, " ", band.style.base), band.style
    _put_range(line, band)
    _put_head(line, band)
    if band.mark is not None:
        line.put(band.mark, "m", style.warning)
        line.put(band.mark + 2, _mark_time(band), style.quiet, margin=1)
    for number in band.activity.outliers(band.window, _MAX_OUTLIERS):
        amount, what = tick_text(band.activity.timeline.header(number))
        at = band.cell_of(number)
        for text in (f"{amount} {what}".lstrip(), amount or what):
            left = at - fmt.cell_width(text) - 1
            if line.put(at, f"╰ {text}", style.base, margin=1) or line.put(left, f"{text} ╯", style.base, margin=1):
                break
    return _joined(band, "marks", line.strip(), [])


def _mark_time(band: Band) -> str:
    """Time of the mark."""
    mark = band.view.state.mark
    return "" if mark is None else fmt.clock(band.activity.timeline.header(mark).wall_ns)


def _put_head(line: TextLine, band: Band) -> None:
    """Put the tick shown with its time."""
    if band.head is None:
        return
    style, tick = band.style, band.view.snapshot.tick
    line.put(band.head, "┃", style.bold)
    behind_s = (band.newest.monotonic_ns - tick.monotonic_ns) / 1e9
    text = fmt.clock(tick.wall_ns) + (f" −{fmt.age(behind_s)}" if behind_s >= 1 else "")
    if not line.put(band.head + 2, text, style.bold, margin=1):
        line.put(band.head - 1 - len(text), text, style.bold, margin=1)


def _put_range(line: TextLine, band: Band) -> None:
    """Put the selected range, as a measured distance with its duration and the change of Rss."""
    if band.range_cells is None:
        return
    first, last = band.range_cells
    style, diff = band.style, band.view.diff
    before, after = diff.before.tick, diff.after.tick
    seconds = (after.monotonic_ns - before.monotonic_ns) / 1e9
    change = after.totals.get("rss", 0) - before.totals.get("rss", 0)
    text = f" {fmt.span(int(seconds * 1e9)) if seconds < 60 else fmt.duration(seconds)}  Rss {fmt.signed(change)} "
    room = last - first - 1
    if room >= len(text):
        left = (room - len(text)) // 2
        line.put(first, "├" + "─" * left, style.bold)
        line.put(first + 1 + left, text, style.change_style(change) if change else style.bold)
        line.put(first + 1 + left + len(text), "─" * (room - left - len(text)) + "┤", style.bold)
    else:
        line.put(first, "├" + "─" * room + "┤" if last > first else "┃", style.bold)
        if not line.put(last + 1, text, style.bold):
            line.put(first - len(text), text, style.bold)


def _draw_axis(band: Band, hints: Sequence[str]) -> Strip:
    """Draw the axis between the times of its ends, with marks if these have no line of their own, and hints."""
    style, layout, timeline = band.style, band.layout, band.activity.timeline
    first, last = timeline.header(band.window.first), timeline.header(band.window.last)
    seconds = band.window.seconds
    begin_ns = last.wall_ns - int(seconds * 1e9)
    begin = f"−{fmt.duration(seconds)}" if seconds >= _LONG_S else fmt.clock(begin_ns)
    begin = f"{fmt.CUT if timeline.oldest == first.number and timeline.oldest else ' '}{begin}"
    goes_on = band.is_live and not band.is_over and band.newest.ending is None
    end = "now" if goes_on else fmt.clock(last.wall_ns)
    room = layout.cells + layout.labels - len(end) - 2
    line = TextLine(room, "─", band.frame)
    if band.mark is not None:
        line.put(band.mark, "┴" if layout.marks else "m", style.warning)
    if not layout.marks:
        _put_range(line, band)
    if band.head is not None:
        line.put(band.head, "┸", style.bold)
    for hint in hints:
        if line.put(room - fmt.cell_width(hint) - 4, f" {hint} ", band.frame, margin=1):
            break
    head = Segment(f"{begin:<{GUTTER}}"[:GUTTER], band.frame)
    return Strip([head, *line.strip(), Segment(f" {end} ", band.frame)]).adjust_cell_length(
        GUTTER + layout.cells + layout.labels, style.base
    )
