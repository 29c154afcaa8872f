"""One line on which pieces of text are put where there is room."""

from itertools import groupby
from operator import itemgetter

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from smapstop.text import format as fmt


class TextLine:
    """A line that is filled with one glyph; pieces that are put first have precedence.

    Args:
        width: Cells.
        fill: The glyph.
        style: Its style.
    """

    def __init__(self, width: int, fill: str, style: Style) -> None:
        self._glyphs = [fill] * width
        self._styles = [style] * width
        self._is_taken = [False] * width
        self._targets: list[int | None] = [None] * width

    def put(self, at: int, text: str, style: Style, *, margin: int = 0, target: int | None = None) -> bool:
        """Put a printable text at a cell, unless it does not fit between the others.

        Args:
            at: First cell.
            text: The text, each character one cell wide.
            style: Its style.
            margin: Cells that have to be free on both sides, except at the ends of the line.
            target: Tick that the text is about; None for none.

        Returns:
            Whether there was room.
        """
        stop = at + fmt.cell_width(text)
        if at < 0 or stop > len(self._glyphs) or any(self._is_taken[max(0, at - margin) : stop + margin]):
            return False
        for cell, glyph in enumerate(text, at):
            self._glyphs[cell], self._styles[cell], self._is_taken[cell] = glyph, style, True
            self._targets[cell] = target
        return True

    def target_at(self, cell: int) -> int | None:
        """Tick that the text at a cell is about; None for none."""
        return self._targets[cell] if 0 <= cell < len(self._targets) else None

    def fill(self, at: int, text: str, style: Style) -> None:
        """Put those characters of a text, each one cell wide, whose cells are free."""
        for cell, glyph in enumerate(text, at):
            self.put(cell, glyph, style)

    def strip(self) -> Strip:
        """The line."""
        runs = groupby(zip(self._styles, self._glyphs, strict=True), itemgetter(0))
        return Strip([Segment("".join(glyph for _, glyph in run), style) for style, run in runs])
