"""Draw the cells of a row of the table."""

from collections.abc import Sequence
from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from smapstop.model.history.recent_moves import FADE_TICKS
from smapstop.model.view.row_marks import RowMark
from smapstop.text import format as fmt
from smapstop.text.kinds import letter_of
from smapstop.text.table_columns import Column
from smapstop.text.table_rows import RowText, Weight
from smapstop.ui.theme.contrast import ensure_legible
from smapstop.ui.theme.palette import Palette

SELECTED, PARTLY_SELECTED = "✓", "-"
"""Marks of rows that are selected, and of groups that are in part."""
_FALL_STYLE = Style(underline=True)
_FOUND_STYLE = Style(underline=True, bold=True)
_TextStyle = tuple[str | None, bool | None]
"""Colour, and whether bold; None for that of the row."""


def draw_row(
    row: RowText,
    columns: Sequence[tuple[Column, int]],
    base: Style,
    palette: Palette,
    *,
    cursor: bool,
    mark: RowMark = RowMark(),  # noqa: B008  (immutable)
) -> Strip:
    """Draw a row, one cell between its columns.

    Args:
        row: Texts of the row.
        columns: Columns of the row, and their widths.
        base: Style of the row.
        palette: Colours.
        cursor: Whether the row has the cursor, which has colours of its own.
        mark: Whether it is selected, which a sign between letter and name says, and what was found in it.
    """
    segments = []
    for (column, cells), text, number, weight, move in zip(
        columns, row.cells, row.numbers, row.weights, row.moves, strict=True
    ):
        style = base
        if not (row.gone or cursor):
            style = _restyle(base, *_cell_style(column, row, text, number, weight, palette))
        if move and not row.gone:
            ink = style.color.name if style.color else palette.foreground
            colour, bold = _move_style(palette, move, ink)
            style = _restyle(style, None if cursor else colour, bold)
        if column.cell_format == "name":
            marker = ensure_legible(_restyle(base, palette.colours[row.kind.value], True))
            selected = SELECTED if mark.selected == 1 else PARTLY_SELECTED if mark.selected else " "
            name = _underline_hits(fmt.pad(text, cells - 1), mark, style)
            segments += [Segment(letter_of(row.kind) + selected, marker), *name]
        elif column.right and move < 0 and not row.gone:  # it fell: underlined, as colour alone must not show it
            blank = " " * (cells - len(text))
            segments += [Segment(blank, base), Segment(text, style + _FALL_STYLE), Segment(" ", base)]
        elif column.right:
            segments.append(Segment(" " * (cells - len(text)) + text + " ", style))
        else:
            segments.append(Segment(fmt.pad(text, cells + 1), style))
    return Strip(segments, sum(cells + 1 for _, cells in columns))


def row_style(row: RowText, base: Style, palette: Palette, cursor: Style | None, selected: Style | None) -> Style:
    """Base style of a row: that of the cursor, of a row that is gone, selected, or just changed."""
    if cursor is not None:
        return base + cursor
    if row.gone:
        return base + Style(color=palette.quiet, strike=True)
    if selected is not None:
        return base + selected
    if row.age is not None and row.age < len(palette.fade):
        return base + Style(bgcolor=palette.fade[row.age])
    return base


def _underline_hits(text: str, mark: RowMark, style: Style) -> list[Segment]:
    """A name, underlined where a search found something: a word that is in it, else all of it."""
    if not mark.found:
        return [Segment(text, style)]
    places = [(text.lower().find(word), len(word)) for word in mark.words]
    at, cells = min((place for place in places if place[0] >= 0), default=(0, len(text.rstrip())))
    parts = ((text[:at], style), (text[at : at + cells], style + _FOUND_STYLE), (text[at + cells :], style))
    return [Segment(part, ink) for part, ink in parts if part]


@lru_cache(1024)
def _restyle(ground: Style, colour: str | None, bold: bool | None) -> Style:
    """A style with another colour; cached, as building one per cell would take half the time of drawing."""
    return ground + Style(color=colour, bold=bold)


def _cell_style(
    column: Column, row: RowText, text: str, number: float, weight: Weight, palette: Palette
) -> _TextStyle:
    """Style of a cell: of an amount by its weight, of a change by its direction."""
    match column.cell_format:
        case "amount":
            if weight < 0 or number <= 0:
                return palette.quiet, None
            return None, (weight > 0 and palette.depth != "none") or None  # without colours, bold is what changed
        case "change" | "rate":
            return palette.gain if number > 0 else palette.loss if number < 0 else palette.quiet, None
        case "history":
            return palette.colours[row.kind.value] if len(set(text.strip())) > 1 else palette.quiet, None
        case "text" | "address":
            return palette.quiet, None
        case "happened":
            is_recent = row.age is not None and row.age < FADE_TICKS
            return None if is_recent else palette.quiet, _bold_if_changed(row, palette)
    return None, _bold_if_changed(row, palette)


def _bold_if_changed(row: RowText, palette: Palette) -> bool | None:
    """True when a row that just changed has to be bold, as the theme has no highlight colours; else None."""
    return True if not palette.fade and row.age == 0 else None


def _move_style(palette: Palette, move: int, ink: str) -> _TextStyle:
    """Style of a number that changed: a colour that fades to its ink, and bold in the tick of the change."""
    age = abs(move) - 1
    return palette.fade_colour(palette.gain if move > 0 else palette.loss, ink, age), True if not age else None
