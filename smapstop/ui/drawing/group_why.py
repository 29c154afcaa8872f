"""Draw the explanation of a row that is not one mapping of this run: a group, a selection, a foreign mapping."""

import numpy as np
from rich.segment import Segment
from textual.strip import Strip

from smapstop.model.history.group_history import GroupHistory
from smapstop.model.history.time_window import between_readings
from smapstop.model.kinds import Kind
from smapstop.model.view.view import View
from smapstop.text import format as fmt
from smapstop.text.group_why import GroupMember, GroupWhy
from smapstop.text.row_queries import metric_cells_read, sum_known
from smapstop.text.units import metric_format
from smapstop.ui.drawing.charts import draw_read_areas
from smapstop.ui.drawing.history_charts import AXIS_CELLS, draw_time_axis, frame_plot, plot_cells
from smapstop.ui.drawing.style import DrawStyle
from smapstop.ui.drawing.why import draw_changes, draw_inferred, draw_paragraph, draw_reason, draw_verdict

_AMOUNT_CELLS = 10
_NAME_CELLS = 60
_MIN_MEMBERS = 3
"""Mappings that leave no room for a chart otherwise."""
_MIN_CHART, _MAX_CHART = 2, 12
"""Heights of the chart, lines."""
_MAX_TICKS = 240
"""Length of the window up to which every tick is looked at."""


def draw_group_why(
    why: GroupWhy, hint: str, history: GroupHistory, group: int, view: View, style: DrawStyle, width: int, height: int
) -> list[Strip]:
    """Draw what happened in a group, its sums over time, and its mappings, those that moved most first.

    Args:
        why: The group.
        hint: What keys do with it.
        history: History that has the group, of the parts of the metric.
        group: Its id.
        view: The view.
        style: Colours and styles.
        width: Cells of each line.
        height: Lines that are in view; there may be more.
    """
    lines = draw_inferred(why.inferred, why.evidence, style, width)
    if why.age or not why.inferred:
        lines += draw_verdict(why.verdict, why.age, style, width)
    if why.reason is not None and height > len(lines) + 2:
        lines += draw_reason(why.reason, style, width)
    lines.append(style.line([Segment(f" {why.total}   {hint}", style.quiet)], width))
    name_cells = max(1, min(_NAME_CELLS, width - 2 * _AMOUNT_CELLS - 2))
    members = [_member(member, name_cells, style, width) for member in why.members]
    room = height - len(lines) - min(len(members), _MIN_MEMBERS)
    chart = _draw_chart(history, group, why.kind, view, style, width, min(_MAX_CHART, room - len(why.fields) // 2))
    return [*lines, *chart, *draw_changes(why.fields, style, width), *members]


def _draw_chart(
    history: GroupHistory, group: int, kind: Kind, view: View, style: DrawStyle, width: int, height: int
) -> list[Strip]:
    """Draw the metric of a group in the window of time; nothing where there is no room."""
    cells, rows, window = plot_cells(width), height - 1, view.window
    if not cells or rows < _MIN_CHART:
        return []
    numbers = window.samples(cells, view.snapshot.tick.number, _MAX_TICKS)
    known, ids, values = numbers >= 0, np.array([group], np.int64), np.full(cells, np.nan)
    values[known] = sum_known(list(history.samples(ids, numbers[known])))[0]
    if np.isnan(values).all():
        return []
    high, was_read = float(np.nanmax(values)), metric_cells_read(view, cells)
    series = between_readings(values[np.newaxis], was_read)
    strips = draw_read_areas(series, was_read, rows, max(high, 1.0), style.palette.ink_read(kind))
    axis = draw_time_axis(history.timeline, window, style, cells)
    return frame_plot(strips, metric_format(view).axis(high, AXIS_CELLS), axis, style, width)


def _member(member: GroupMember, name_cells: int, style: DrawStyle, width: int) -> Strip:
    """One mapping of a group."""
    change = style.change_style(member.kb) if member.kb else style.quiet
    segments = [
        Segment(f" {fmt.pad(fmt.shorten(member.name, name_cells), name_cells)}", style.base),
        Segment(member.amount.rjust(_AMOUNT_CELLS), style.base),
        Segment(member.change.rjust(_AMOUNT_CELLS), change),
    ]
    return style.line(segments, width)


def draw_foreign(run: str, runs_key: str, style: DrawStyle, width: int, height: int) -> list[Strip]:
    """Draw what is known of a mapping that only the run has that is compared with.

    Args:
        run: That run, in words.
        runs_key: Display name of the key that lists the runs.
        style: Colours and styles.
        width: Cells of each line.
        height: Lines that are in view.
    """
    del height
    text = f"This run has no mapping like it at the same age. {runs_key} lists the runs: choose it to see more."
    return [*draw_verdict(f"only in {run}", "", style, width), *draw_paragraph(text, style, width)]
