"""Draw the time band: memory over time by what backs it, the events below it, marks, and the axis of time."""

import re
from collections.abc import Sequence

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from smapstop.model.history.activity import BACKINGS
from smapstop.text import format as fmt
from smapstop.text.limits import memory_limit_kb
from smapstop.text.units import process_format
from smapstop.ui.drawing.band_axis import draw_axis, draw_marks
from smapstop.ui.drawing.band_layout import GUTTER, MAX_NEW_CELLS, Band, join_line
from smapstop.ui.drawing.charts import draw_stacked_areas
from smapstop.ui.drawing.event_lanes import draw_lanes
from smapstop.ui.drawing.style import DrawStyle
from smapstop.ui.theme.palette import Role

BANDS: tuple[tuple[str, Role], ...] = (
    ("file", "file"),
    ("shared", "shared"),
    ("anon", "anonymous"),
    ("swap", "swap"),
)
"""Label and role of `BACKINGS`, the lowest first."""
_TOPS = (1, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40, 50, 60, 80, 100, 150, 200, 300, 400, 500, 600, 800)


_LIMIT_IN_SIGHT = 2.0
"""The memory limit is drawn while it is at most so many times the highest amount in the window."""


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
    lines += [join_line(band, name, _with_columns(band, lane), []) for name, lane in zip(names, lanes, strict=False)]
    if layout.marks:
        lines.append(draw_marks(band))
    if layout.axis:
        lines.append(draw_axis(band, hints))
    return lines


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
    highest = float(np.nanmax(series.sum(axis=0), initial=0.0))
    limit_kb = memory_limit_kb(band.view)
    if limit_kb is None or limit_kb > _LIMIT_IN_SIGHT * highest:
        limit_kb = None
    top = nice_top(max(highest, limit_kb or 0.0))
    unit = process_format(band.view)
    labels = {0: f"{unit.axis(top, GUTTER - 2)} ┤"} | ({layout.chart - 1: "0 ┴"} if layout.chart > 1 else {})
    if layout.chart >= 4 and layout.chart % 2 == 0:
        labels[layout.chart // 2] = f"{unit.axis(top / 2, GUTTER - 2)} ┤"
    strips = draw_stacked_areas(series, layout.chart, top, style.palette.ink(*(role for _, role in BANDS)))
    if limit_kb is not None:
        at = min(layout.chart - 1, int((1 - limit_kb / top) * layout.chart))
        labels[at] = f"{unit.axis(limit_kb, GUTTER - 2)} ┄"
        strips[at] = _draw_limit(strips[at], style)
    new_cells, new_text = _new_time(band)
    names = _area_names(band)
    lines = []
    for y, strip in enumerate(strips):
        right = [Segment("░" * new_cells, style.quiet), Segment(" " * (MAX_NEW_CELLS - new_cells), style.base)]
        if new_text and y == 0:
            right.append(Segment(new_text, style.quiet))
        else:
            right += names[y - layout.chart] if layout.chart - y <= len(names) else []
        gutter = Strip([Segment(f"{labels.get(y, '│'):>{GUTTER}}", band.frame)], GUTTER)
        parts = [gutter, _with_columns(band, strip), style.line(right, layout.labels)]
        lines.append(Strip.join(parts).simplify())
    return lines


def _draw_limit(strip: Strip, style: DrawStyle) -> Strip:
    """Draw the memory limit through the empty cells of a line of a chart."""
    parts, empty = [], Style(bgcolor=style.palette.background).bgcolor
    for segment in strip:
        is_empty = segment.style is not None and segment.style.bgcolor == empty
        text = segment.text.replace(" ", "┄") if is_empty else segment.text
        parts += [
            Segment(part, style.warning if part[:1] == "┄" else segment.style)
            for part in re.findall("┄+|[^┄]+", text)
        ]
    return Strip(parts, strip.cell_length)


def _area_names(band: Band) -> list[list[Segment]]:
    """Names of the areas and their amounts at the tick shown, in the order in which they are stacked from the top."""
    if band.layout.labels <= MAX_NEW_CELLS:
        return []
    style, totals, unit = band.style, band.view.snapshot.tick.totals, process_format(band.view)
    room = band.layout.labels - MAX_NEW_CELLS - 1
    areas = [(totals.get(backing, 0), *names) for backing, names in zip(BACKINGS, BANDS, strict=True)]
    largest = sorted(areas, key=lambda area: -area[0])[: band.layout.chart]
    return [
        [
            Segment(f"{label} ", style.base + Style(color=style.palette.colours[role], bold=True)),
            Segment(unit.axis(kb, room - len(label)), style.base),
        ]
        for kb, label, role in reversed(areas)
        if kb and (kb, label, role) in largest
    ]


def _new_time(band: Band) -> tuple[int, str]:
    """Cells and text of the time after the window, while it is held."""
    new_s = (band.newest.monotonic_ns - band.window.end_ns) / 1e9
    if new_s <= 0:
        return 0, ""
    cells = int(new_s * band.layout.cells / max(band.window.seconds, 1e-9)) + 1
    if band.layout.labels <= MAX_NEW_CELLS:
        return min(cells, MAX_NEW_CELLS), ""
    return min(cells, MAX_NEW_CELLS - 1), f"+{fmt.age(new_s)}" if new_s >= 1 else ""  # a space before the names


def _with_columns(band: Band, strip: Strip) -> Strip:
    """Draw the tick shown, the begin of the range and the mark through a line of a chart."""
    palette = band.style.palette
    columns: dict[int, tuple[str, str]] = {}
    for mark, cell in reversed(band.shown_marks):
        columns[cell] = "┊", palette.gain if band.is_compared(mark) else palette.foreground
    if band.range_cells is not None:
        columns[band.range_cells[0]] = "│", palette.foreground
    if band.head is not None:
        columns[band.head] = "┃", palette.foreground
    for at, (glyph, colour) in columns.items():
        (segment,) = strip.crop(at, at + 1)
        style = (segment.style or band.style.base) + Style(color=colour, bold=True, reverse=False)
        strip = Strip.join([strip.crop(0, at), Strip([Segment(glyph, style)], 1), strip.crop(at + 1, None)])
    return strip
