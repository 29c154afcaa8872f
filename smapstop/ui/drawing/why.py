"""Draw the explanation of a mapping: what matters most first, since the end may be cut off."""

import textwrap
from collections.abc import Sequence

from rich.segment import Segment
from textual.strip import Strip

from smapstop.model.history.mapping_history import MappingHistory
from smapstop.model.view.view import View
from smapstop.text import format as fmt
from smapstop.text.mapping_detail import ComparedTicks, compared_ticks, flow
from smapstop.text.units import unit_format_of
from smapstop.text.why import FieldChange, Reason, Why, why_of
from smapstop.ui.drawing.history_charts import draw_plot
from smapstop.ui.drawing.life import draw_life
from smapstop.ui.drawing.style import DrawStyle, draw_rule

_SHORT = 8
"""Below this height, in lines, the reasons come before the trend."""
_ROOMY = 16
"""From this height on, blank lines separate the parts."""
_CHANGE_CELLS = 38
"""Width of a field that changed."""
_MIN_LIFE = 4
"""From so many lines left over on, the life of the mapping is shown, too."""
_MIN_CHART, _MAX_CHART = 3, 12
"""Heights of the chart, lines."""


def draw_why(
    history: MappingHistory, view: View, pages_key: str, style: DrawStyle, width: int, height: int
) -> list[Strip]:
    """Draw why a mapping is as it is in a view.

    Args:
        history: History of the mapping; it has been read at least once.
        view: View that selects the ticks to compare.
        pages_key: Display name of the key that shows the pages.
        style: Colours and styles.
        width: Cells of each line.
        height: Lines that are in view; there may be more.
    """
    ticks = compared_ticks(history, view)
    why = why_of(history, view, ticks, pages_key)
    trend = draw_paragraph(why.trend, style, width)
    reasons = [line for reason in why.reasons for line in draw_reason(reason, style, width)]
    first = [*_notice(why, style, width), *draw_inferred(why.inferred, why.evidence, style, width)]
    if why.age or not why.inferred:
        first += draw_verdict(why.verdict, why.age, style, width)
    first += draw_paragraph(why.turnover, style, width)
    middle = [trend, reasons] if why.moving or height >= _SHORT else [reasons, trend]
    parts = [
        *middle,
        _change_lines(why, style, width),
        _facts(why, style, width),
        _label(why, style, width),
        _advice(why, style, width),
    ]
    gap = [Strip.blank(width, style.base)] if height >= _ROOMY else []
    used = len(first) + sum(len(part) + len(gap) for part in parts if part)
    chart = _chart(history, view, ticks, style, width, height - used - len(gap))
    parts.insert(3, chart)
    lines = [*first, *(line for part in parts if part for line in (*gap, *part))]
    room = height - len(lines)
    if room < _MIN_LIFE:
        return lines
    life = [draw_rule("Life", style, width), *draw_life(history, view, style, width, room)]
    return [*lines, *gap, *life[: room - len(gap)]]


def _notice(why: Why, style: DrawStyle, width: int) -> list[Strip]:
    """Why this is not the state at the tick of the view."""
    return [style.line([Segment(fmt.clip(f" {why.notice}", width), style.warning)], width)] if why.notice else []


def draw_inferred(inferred: str, evidence: str, style: DrawStyle, width: int) -> list[Strip]:
    """What is inferred since the last reading, and below it what that rests on."""
    return draw_verdict(inferred, "", style, width) + draw_paragraph(evidence, style, width)


def draw_verdict(verdict: str, age: str, style: DrawStyle, width: int) -> list[Strip]:
    """The verdict in full, however long, and its age."""
    lines = textwrap.wrap(verdict, max(1, width - 2), break_on_hyphens=False)
    segments = [[Segment(f" {line}", style.bold)] for line in lines]
    if age:
        tail = Segment(f" · {age}", style.quiet)
        if fmt.cell_width(lines[-1]) + 1 + tail.cell_length > width:
            segments.append([Segment(f"   {age}", style.quiet)])
        else:
            segments[-1].append(tail)
    return [style.line(line, width) for line in segments]


def draw_paragraph(text: str, style: DrawStyle, width: int, *, quiet: bool = False) -> list[Strip]:
    """A paragraph."""
    lines = textwrap.wrap(fmt.printable(text), max(1, width - 2), break_on_hyphens=False)
    return [style.line([Segment(f" {line}", style.quiet if quiet else style.base)], width) for line in lines]


def draw_reason(reason: Reason, style: DrawStyle, width: int) -> list[Strip]:
    """One sentence, and behind it its place in the kernel."""
    mark = Segment(f" {'▌' if reason.sure else '?'} ", style.quiet if reason.sure else style.bold)
    lines = textwrap.wrap(reason.sentence, max(1, width - 5), break_on_hyphens=False)
    segments = [[mark, Segment(line, style.base)] for line in lines]
    source = Segment(reason.source, style.quiet)
    if sum(segment.cell_length for segment in segments[-1]) + 2 + source.cell_length > width:
        segments.append([mark, source])
    else:
        segments[-1] += [Segment("  ", style.base), source]
    return [style.line(line, width) for line in segments]


def _change_lines(why: Why, style: DrawStyle, width: int) -> list[Strip]:
    """The fields that changed, before and after, in columns."""
    if not why.changes:
        return []
    title = style.line([Segment(f" {why.compared}", style.quiet)], width)
    return [title, *draw_changes(why.changes, style, width)]


def draw_changes(changes: Sequence[FieldChange], style: DrawStyle, width: int) -> list[Strip]:
    """Fields, in columns."""
    columns = max(1, width // _CHANGE_CELLS)
    lines = []
    for at in range(0, len(changes), columns):
        segments = [segment for change in changes[at : at + columns] for segment in _change(change, style)]
        lines.append(style.line([Segment(" ", style.base), *segments], width))
    return lines


def _change(change: FieldChange, style: DrawStyle) -> list[Segment]:
    """One field that changed."""
    values = style.change_style(change.change) if change.change else style.quiet
    label = f"{change.label:<15}"
    return [Segment(label, style.base), Segment(fmt.pad(change.values, _CHANGE_CELLS - len(label)), values)]


def _chart(
    history: MappingHistory, view: View, ticks: ComparedTicks, style: DrawStyle, width: int, room: int
) -> list[Strip]:
    """Rss over time, as high as there is room for."""
    if "rss" not in history.fields:
        return []
    height = max(_MIN_CHART, min(_MAX_CHART, room))
    mark = view.state.baseline == "mark" and view.state.mark is not None
    return draw_plot(history, ticks, "rss", unit_format_of(view, "rss"), style, width, height, mark=mark)


def _facts(why: Why, style: DrawStyle, width: int) -> list[Strip]:
    """What is known about the mapping."""
    return [style.line([Segment(f" {line}", style.quiet)], width) for line in flow(why.facts, width - 2)]


def _label(why: Why, style: DrawStyle, width: int) -> list[Strip]:
    """What proves the label."""
    return draw_paragraph(why.label, style, width, quiet=True)


def _advice(why: Why, style: DrawStyle, width: int) -> list[Strip]:
    """What to do next."""
    return draw_paragraph(why.advice, style, width)
