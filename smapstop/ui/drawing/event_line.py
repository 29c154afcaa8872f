"""Draw one line of the events."""

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from smapstop.lazy_dataclass import dataclass
from smapstop.text import format as fmt
from smapstop.text.events import EntryText, EventWidths
from smapstop.ui.theme.contrast import ensure_legible
from smapstop.ui.theme.palette import Palette

_FOUND = Style(underline=True, bold=True)


@dataclass(frozen=True, slots=True)
class EventLine:
    """Content of one line; lines with equal content are not painted again."""

    text: EntryText
    subject: str
    letter: str
    kind: str
    what_cells: int
    """Width of what happened: its column, and of that of the evidence what is not needed there."""
    evidence: tuple[tuple[str, int], ...]
    age: int
    """Ticks since the last event of the entry."""
    cursor: bool
    found: bool
    """Whether a search found it."""


def draw_event(
    line: EventLine, widths: EventWidths, palette: Palette, ground: Style, cursor: Style, width: int
) -> Strip:
    """Draw one entry: highlighted when it is new, underlined when it was found, dimmed where it matters little.

    Args:
        line: Content.
        widths: Widths of the columns.
        palette: Colours.
        ground: Style of the list.
        cursor: Added to it under the cursor.
        width: Cells.
    """
    base = _line_style(line, palette, ground, cursor)
    quiet = base if line.cursor else base + Style(color=palette.quiet)
    plain = quiet if line.text.is_about_reading else base
    segments = [Segment(f"{line.text.when}  ", quiet)] if widths.when else []
    if widths.subject:
        marker = ensure_legible(base + Style(color=palette.colours[line.kind], bold=True)) if line.kind else base
        segments.append(Segment(f"{line.letter} ", marker))
        segments.append(Segment(fmt.pad(line.subject, widths.subject) + "  ", plain if line.text.is_named else quiet))
    what = fmt.clip(line.text.what, line.what_cells)
    segments.append(Segment(what, plain + _FOUND if line.found else plain))
    segments.append(Segment(" " * (line.what_cells + 2 - fmt.cell_width(what)), plain))
    for text, direction in line.evidence:
        colour = (palette.quiet, palette.gain, palette.loss)[direction]
        segments.append(Segment(text, base if line.cursor else base + Style(color=colour)))
    return Strip(segments).adjust_cell_length(width, base)


def _line_style(line: EventLine, palette: Palette, ground: Style, cursor: Style) -> Style:
    """Base style of a line."""
    if line.cursor:
        return ground + cursor
    if not line.text.is_about_reading and line.age < max(1, len(palette.fade)):
        return ground + (Style(bgcolor=palette.fade[line.age]) if palette.fade else Style(bold=True))
    return ground
