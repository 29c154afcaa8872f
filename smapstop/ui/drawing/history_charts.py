"""Draw charts of one mapping over the whole timeline: one field large, the most informative ones small."""

from collections.abc import Sequence

import numpy as np
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from smapstop.model.history.mapping_history import MappingHistory
from smapstop.model.history.time_window import TimeWindow, between_readings
from smapstop.model.kinds import Kind
from smapstop.model.timeline.timeline import Timeline
from smapstop.proc.fields import FIELD_BY_NAME
from smapstop.text import format as fmt
from smapstop.text.mapping_detail import ComparedTicks, UnitOf, exact_amount, field_label
from smapstop.text.units import UnitFormat
from smapstop.ui.drawing.charts import draw_read_areas
from smapstop.ui.drawing.style import DrawStyle, draw_rule
from smapstop.ui.theme.palette import Role

CHARTED = ("rss", "pss", "private_dirty", "anonymous", "swap")
"""Fields with a small chart."""
_ANONYMOUS_FIELDS = frozenset({"anonymous", "private_dirty"})
"""Fields that count no pages of a file, or hardly any."""
_GUTTER, _MIN_CELLS = 9, 24
AXIS_CELLS = _GUTTER - 2
"""Room for a number on the vertical axis."""


def draw_chart(
    history: MappingHistory,
    ticks: ComparedTicks,
    name: str,
    unit: UnitFormat,
    style: DrawStyle,
    width: int,
    height: int,
    *,
    mark: bool,
) -> list[Strip]:
    """Draw one field in the window of time from 0 up, with its range in numbers above.

    Args:
        unit: Format of the field.
        height: Lines, title and axis included.
        mark: Mark the compared tick on the axis.
    """
    known = history.window_values(name, ticks.window, ticks.number)
    known = known[~np.isnan(known)]
    if not len(known):
        return []
    sign = f" {unit.sign or 'kB'}" if _has_unit(name) else ""
    low, high = float(known.min()), float(known.max())
    facts = [
        f"{label} {exact_amount(kb, 14, unit)}"
        for label, kb in (("min", low), ("max", high), ("first", float(known[0])), ("last", float(known[-1])))
    ]
    summary = f"{', '.join(facts)}{sign}" if high > low else f"constant at {exact_amount(high, 14, unit)}{sign}"
    plot = draw_plot(history, ticks, name, unit, style, width, height - 1, mark=mark)
    return [draw_rule(f"{field_label(name)}  {summary}", style, width), *plot] if plot else []


def draw_plot(
    history: MappingHistory,
    ticks: ComparedTicks,
    name: str,
    unit: UnitFormat,
    style: DrawStyle,
    width: int,
    height: int,
    *,
    mark: bool,
) -> list[Strip]:
    """Draw one field in the window of time from 0 up, with its axes; nothing where there is no room for them.

    Args:
        unit: Format of the field.
        height: Lines, axis included.
        mark: Mark the compared tick on the axis.
    """
    known = history.window_values(name, ticks.window, ticks.number)
    cells, rows = plot_cells(width), height - 1
    if not cells or rows < 1 or np.isnan(known).all():
        return []
    high = float(np.nanmax(known))
    label = unit.axis(high, AXIS_CELLS) if _has_unit(name) else f"{high:.0f}"
    strips = _draw_areas(history, ticks, name, style, cells, rows, high)
    axis = draw_time_axis(history.timeline, ticks.window, style, cells, ticks.before if mark else None)
    return frame_plot(strips, label, axis, style, width)


def plot_cells(width: int) -> int:
    """Cells of a plot with its axes in a width; 0 where there is no room."""
    cells = width - _GUTTER - 1
    return cells if cells >= _MIN_CELLS else 0


def frame_plot(
    strips: Sequence[Strip], top: str, axis: Sequence[Segment], style: DrawStyle, width: int
) -> list[Strip]:
    """Draw axes around a plot: its highest value at the left, the time below."""
    labels = [top, *[""] * (len(strips) - 1)]
    lines = [
        Strip.join([Strip([Segment(f"{label:>{_GUTTER - 2}} {'┤' if label else '│'}", style.quiet)]), strip])
        for label, strip in zip(labels, strips, strict=True)
    ]
    return [
        *(line.adjust_cell_length(width, style.base) for line in lines),
        style.line([Segment(f"{'0':>{_GUTTER - 2}} ┴", style.quiet), *axis], width),
    ]


def _draw_areas(
    history: MappingHistory, ticks: ComparedTicks, name: str, style: DrawStyle, cells: int, rows: int, high: float
) -> list[Strip]:
    """Draw one field over time from 0 up to its highest value, in the colours of the memory that it counts.

    Where the mappings were not read it is dim, in a straight line from reading to reading.
    """
    series = history.window_maxima(name, ticks.window, ticks.number, cells)[np.newaxis]
    was_read = ticks.window.cells_read(cells, ticks.number)
    roles = [_role_of(name, history.states[-1].kind)]
    if name == "rss" and "anonymous" in history.fields:
        anonymous = np.fmin(history.window_maxima("anonymous", ticks.window, ticks.number, cells), series[0])
        series = np.stack([series[0] - anonymous, anonymous])
        roles.append(_role_of("anonymous", history.states[-1].kind))
    top, ink = max(high, 1.0) if high == high else 1.0, style.palette.ink_read(*roles)
    return draw_read_areas(between_readings(series, was_read), was_read, rows, top, ink)


def _role_of(name: str, kind: Kind) -> Role:
    """Colour of a field: of a file's mapping, copied pages are anonymous; for other kinds, that of the kind."""
    if name == "swap":
        return "swap"
    return Kind.ANONYMOUS if kind is Kind.FILE and name in _ANONYMOUS_FIELDS else kind


def _has_unit(name: str) -> bool:
    """Whether a field counts kB."""
    return name not in FIELD_BY_NAME or bool(FIELD_BY_NAME[name].unit)


def draw_time_axis(
    timeline: Timeline, window: TimeWindow, style: DrawStyle, cells: int, mark: int | None = None
) -> list[Segment]:
    """Draw the time axis: its first and last time, and a mark at a tick."""
    last_ns = timeline.header(window.last).wall_ns
    begin, end = f" {fmt.clock(last_ns - round(window.seconds * 1e9))} ", f" {fmt.clock(last_ns)}"
    line = list(f"{begin}{'─' * (cells - len(begin) - len(end))}{end}")
    if mark is None:
        return [Segment("".join(line), style.quiet)]
    at = window.cell_of(mark, cells)
    return [
        Segment("".join(line[:at]), style.quiet),
        Segment("▲", style.warning),
        Segment("".join(line[at + 1 :]), style.quiet),
    ]


def draw_small_charts(
    history: MappingHistory, ticks: ComparedTicks, unit_of: UnitOf, style: DrawStyle, width: int, height: int
) -> list[Strip]:
    """Draw the charts of the most important fields that ever changed, side by side, each on its own scale from 0.

    Args:
        unit_of: Formats of the fields.
        height: Lines of each chart, title included.
    """
    changed = history.last_changes(len(history.states) - 1)
    names = [name for name in CHARTED if name in history.fields and changed[history.fields.index(name)]]
    columns = max(1, min(len(names), width // 28))
    cells = (width - 2 * (columns - 1)) // columns
    lines: list[Strip] = []
    for at in range(0, len(names), columns):
        charts = [
            _draw_small_chart(history, ticks, name, unit_of(name), style, cells, height)
            for name in names[at : at + columns]
        ]
        gap = Strip([Segment("  ", style.base)])
        for parts in zip(*charts, strict=True):
            strips = [strip for part in parts for strip in (part, gap)][:-1]
            lines.append(Strip.join(strips).adjust_cell_length(width, style.base))
    return [draw_rule("History", style, width), *lines] if lines else []


def _draw_small_chart(
    history: MappingHistory,
    ticks: ComparedTicks,
    name: str,
    unit: UnitFormat,
    style: DrawStyle,
    width: int,
    height: int,
) -> list[Strip]:
    """Draw one field on a scale from 0 to its maximum."""
    values = history.field(name, history.step_at(ticks.number))
    high = float(np.fmax.reduce(values))
    role = _role_of(name, history.states[-1].kind)
    amount = unit.text(None if values[-1] != values[-1] else float(values[-1]))
    head = [
        Segment(f" {field_label(name)} ", style.base + Style(color=style.palette.colours[role], bold=True)),
        Segment(amount, style.base),
    ]
    most = f"max {unit.text(None if high != high else high)}"
    gap = width - sum(segment.cell_length for segment in head) - len(most)
    tail = " " * gap + most if gap > 0 else ""
    title_line = style.line([*head, Segment(tail, style.quiet)], width)
    return [title_line, *_draw_areas(history, ticks, name, style, width, height - 1, high)]
