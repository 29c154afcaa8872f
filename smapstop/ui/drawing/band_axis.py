"""Draw the lower lines of the time band: marks and what they mean, and the axis of time."""

from collections.abc import Sequence

from rich.segment import Segment
from textual.strip import Strip

from smapstop.text import format as fmt
from smapstop.text.events import highlight_text
from smapstop.text.status import total_change
from smapstop.text.units import process_format
from smapstop.ui.drawing.band_layout import GUTTER, Band, join_line
from smapstop.ui.drawing.text_line import TextLine

_MAX_OUTLIERS = 12
"""Outliers with a text, if there is room."""
_TIME_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400)
"""Distances of the times on the axis."""
_LEAST_TIME_CELLS = 20
"""Least distance of two times on the axis, cells."""
_MINUTE_NS = 60 * 10**9
_LONG_S = 72_000
"""From this span on, the axis says how long ago it begins, not the time of the day."""


def draw_marks(band: Band) -> Strip:
    """Draw the line of the marks: the range, the tick shown, the marks by letter, and what the outliers were."""
    return join_line(band, "marks", _lay_out_marks(band).strip(), [])


def marked_tick_at(band: Band, cell: int) -> int | None:
    """Tick that the text at a cell of the line of the marks is about; None for none."""
    return _lay_out_marks(band).target_at(cell)


def _lay_out_marks(band: Band) -> TextLine:
    """Put the marks on their line."""
    line, style = TextLine(band.layout.cells, " ", band.style.base), band.style
    for mark, cell in band.shown_marks:
        line.put(cell, mark.letter or "m", style.warning, target=mark.tick)
    _put_range(line, band)
    _put_head(line, band)
    unit = process_format(band.view)
    for mark, cell in band.shown_marks:
        if band.is_compared(mark):
            line.put(cell + 2, fmt.clock(band.activity.timeline.header(mark.tick).wall_ns), style.quiet, margin=1)
    for number in band.activity.outliers(band.window, _MAX_OUTLIERS):
        amount, what = highlight_text(band.activity.timeline.header(number), band.activity.highlight_of(number), unit)
        at = band.cell_of(number)
        brief = [amount] if amount[:1] in ("+", "−") and not what.endswith("?") else []
        for text in (f"{amount} {what}".strip(), *brief):
            left = at - fmt.cell_width(text) - 1
            if any(
                line.put(begin, shape, style.base, margin=1, target=number)
                for begin, shape in ((at, f"╰ {text}"), (left, f"{text} ╯"))
            ):
                break
    return line


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
    length_ns = after.monotonic_ns - before.monotonic_ns
    change = total_change(before, after, "rss")
    length = fmt.span(length_ns) if length_ns < _MINUTE_NS else fmt.duration(length_ns / 1e9)
    text = f" {length}  Rss {process_format(band.view).change(change)} "
    room = last - first - 1
    inside = first + 1 + (room - len(text)) // 2
    style_inside = style.change_style(change) if change else style.bold
    is_inside = room >= len(text) and line.put(inside, text, style_inside)
    line.fill(first, "├" + "─" * room + "┤" if last > first else "┃", style.bold)
    if not is_inside and not line.put(last + 1, text, style.bold):
        line.put(first - len(text), text, style.bold)


def draw_axis(band: Band, hints: Sequence[str]) -> Strip:
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
    for mark, cell in band.shown_marks:
        line.put(cell, "┴" if layout.marks else mark.letter or "m", style.warning)
    if not layout.marks:
        _put_range(line, band)
    if band.head is not None:
        line.put(band.head, "┸", style.bold)
    for hint in hints:
        if line.put(room - fmt.cell_width(hint) - 4, f" {hint} ", band.frame, margin=1):
            break
    _put_times(line, band, last.wall_ns)
    head = Segment(f"{begin:<{GUTTER}}"[:GUTTER], band.frame)
    return Strip([head, *line.strip(), Segment(f" {end} ", band.frame)]).adjust_cell_length(
        GUTTER + layout.cells + layout.labels, style.base
    )


def _put_times(line: TextLine, band: Band, end_wall_ns: int) -> None:
    """Put round times of the day on the axis, where there is room."""
    seconds, cells = band.window.seconds, band.layout.cells
    step_s = next((step for step in _TIME_STEPS_S if step * cells >= seconds * _LEAST_TIME_CELLS), None)
    if step_s is None or not seconds:
        return
    end_s = end_wall_ns / 1e9
    for time_s in range(int(end_s) // step_s * step_s, int(end_s - seconds), -step_s):
        at = round((1 - (end_s - time_s) / seconds) * cells)
        if at >= _LEAST_TIME_CELLS // 2:  # not next to the begin
            line.put(at, f"┴{fmt.clock(time_s * 10**9)}", band.frame, margin=2)
