"""Draw a family over time: a line for each process, and their axis."""

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from smapstop.text import format as fmt
from smapstop.text.family_band import MemberCurve
from smapstop.ui.drawing.style import DrawStyle
from smapstop.ui.drawing.text_line import TextLine

NAME_CELLS = 24
"""Width of the names."""
AMOUNT_CELLS = 9
"""Width of the amounts at the end."""
AxisMark = tuple[int, str]
"""Cell of a mark, and its letter."""


def cells_of_time(width: int) -> int:
    """Cells of a line that are left for the time."""
    return max(1, width - NAME_CELLS - AMOUNT_CELLS)


def draw_curve(curve: MemberCurve, style: DrawStyle, width: int) -> Strip:
    """Draw one process over time."""
    plain = style.quiet if curve.is_gone else style.bold if curve.has_cursor else style.base
    pid = f" {curve.pid} "
    room = NAME_CELLS - len(pid) - 1
    name = f"{'▸' if curve.has_cursor else ' '}{fmt.pad(fmt.shorten_middle(curve.title, room), room)}"
    ink = plain if curve.is_gone else plain + Style(color=style.palette.colours["anonymous"])
    return style.line(
        [
            Segment(name, plain),
            Segment(pid, style.quiet),
            Segment(fmt.pad(curve.curve, cells_of_time(width)), ink),
            Segment(f"{curve.amount:>{AMOUNT_CELLS - 1}} ", plain),
        ],
        width,
    )


def draw_curve_axis(
    begin: str, end: str, what: str, marks: Sequence[AxisMark], style: DrawStyle, width: int
) -> Strip:
    """Draw the axis of time below the curves.

    Args:
        begin: When they begin.
        end: When they end.
        what: What they show.
        marks: Marks on it.
        style: Styles.
        width: Cells of the line.
    """
    cells = cells_of_time(width)
    line = TextLine(cells, "─", style.quiet)
    for cell, letter in marks:
        line.put(cell, letter, style.warning)
    line.put(0, f"{begin} ", style.quiet)
    line.put((cells - fmt.cell_width(what) - 2) // 2, f" {what} ", style.quiet, margin=1)
    head = Segment(" " * NAME_CELLS, style.base)
    return Strip([head, *line.strip(), Segment(f" {end}", style.quiet)]).adjust_cell_length(width, style.base)
