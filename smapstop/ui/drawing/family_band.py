"""Draw a family over time: a line for each process, and their axis."""

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from smapstop.lazy_dataclass import dataclass
from smapstop.text import format as fmt
from smapstop.text.family_band import MemberCurve
from smapstop.ui.drawing.style import CURSOR_MARK, DrawStyle
from smapstop.ui.drawing.text_line import TextLine

NAME_CELLS = 24
"""Width of the names."""
AMOUNT_CELLS = 9
"""Width of the amounts at the end."""
AxisMark = tuple[int, str]
"""Cell of a mark, and its letter."""


@dataclass(frozen=True, slots=True)
class BandCells:
    """Cells of equal time, the same in each line."""

    begin_ns: int
    """Monotonic clock, ns."""
    end_ns: int
    count: int

    @property
    def cell_ns(self) -> float:
        """Time of a cell, ns."""
        return max(1, self.end_ns - self.begin_ns) / self.count

    def cell_of(self, at_ns: int) -> int | None:
        """The cell of a moment; None outside."""
        cell = int((at_ns - self.begin_ns) / self.cell_ns)
        if at_ns == self.end_ns:  # which is still of the last one
            cell = self.count - 1
        return cell if 0 <= cell < self.count and at_ns >= self.begin_ns else None

    def times_of(self, cell: int) -> tuple[int, int]:
        """Begin and end of a cell, ns; the nearest one for any other."""
        cell = min(max(0, cell), self.count - 1)
        return self.begin_ns + round(cell * self.cell_ns), self.begin_ns + round((cell + 1) * self.cell_ns)


def cells_of_time(width: int) -> int:
    """Cells of a line that are left for the time."""
    return max(1, width - NAME_CELLS - AMOUNT_CELLS)


def draw_curve(curve: MemberCurve, style: DrawStyle, width: int, head: int | None = None) -> Strip:
    """Draw one process over time.

    Args:
        curve: The process.
        style: Styles.
        width: Cells of the line.
        head: Cell of the moment that is shown; None at the end.
    """
    plain = style.quiet if curve.is_gone else style.bold if curve.has_cursor else style.base
    pid = f" {curve.pid} "
    room = NAME_CELLS - len(pid) - 1
    name = f"{CURSOR_MARK if curve.has_cursor else ' '}{fmt.pad(fmt.shorten_middle(curve.title, room), room)}"
    ink = plain if curve.is_gone else plain + Style(color=style.palette.colours["anonymous"])
    glyphs = fmt.pad(curve.curve, cells_of_time(width))
    before, after = (glyphs, "") if head is None else (glyphs[:head], glyphs[head + 1 :])
    return style.line(
        [
            Segment(name, plain),
            Segment(pid, style.quiet),
            Segment(before, ink),
            *([] if head is None else [Segment("┃", style.bold), Segment(after, style.quiet)]),
            Segment(f"{curve.amount:>{AMOUNT_CELLS - 1}} ", plain),
        ],
        width,
    )


@dataclass(frozen=True, slots=True)
class CurveAxis:
    """Texts and places of the axis of time."""

    begin: str
    """When the curves begin."""
    end: str
    """When they end."""
    what: str
    """What they show."""
    marks: Sequence[AxisMark] = ()
    head: AxisMark | None = None
    """Cell and time of the moment that is shown; None at the end."""
    range_begin: int | None = None
    """Cell in which a range begins that ends with the moment; None for none."""


def draw_curve_axis(axis: CurveAxis, style: DrawStyle, width: int) -> Strip:
    """Draw the axis of time below the curves."""
    cells = cells_of_time(width)
    line = TextLine(cells, "─", style.quiet)
    if axis.head is not None:
        at, when = axis.head
        line.put(at, "┸", style.bold)
        if not line.put(at + 2, when, style.bold):
            line.put(at - 1 - len(when), when, style.bold)
        if axis.range_begin is not None:
            line.fill(axis.range_begin, "├" + "━" * (at - axis.range_begin - 1), style.bold)
    for cell, letter in axis.marks:
        line.put(cell, letter, style.warning)
    line.put(0, f"{axis.begin} ", style.quiet)
    room = cells - fmt.cell_width(axis.what) - 2
    any(line.put(at, f" {axis.what} ", style.quiet, margin=1) for at in (room // 2, room // 4, room * 3 // 4))
    names = Segment(" " * NAME_CELLS, style.base)
    return Strip([names, *line.strip(), Segment(f" {axis.end}", style.quiet)]).adjust_cell_length(width, style.base)
