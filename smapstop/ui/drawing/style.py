"""Style for drawing: palette and base style."""

from collections.abc import Sequence
from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from smapstop.lazy_dataclass import dataclass
from smapstop.text import format as fmt
from smapstop.ui.theme.palette import Palette

CURSOR_MARK = "›"
"""Mark of what the cursor is on, where its colours are not enough; "▸" is what can be unfolded."""


@dataclass(frozen=True, slots=True)
class DrawStyle:
    """Palette and styles for drawing lines."""

    palette: Palette
    base: Style
    header: Style
    cursor: Style

    @property
    def quiet(self) -> Style:
        """Style of unobtrusive text."""
        return _inked(self.base, self.palette.quiet, bold=None)

    @property
    def bold(self) -> Style:
        """Style of emphasised text."""
        return _inked(self.base, None, bold=True)

    @property
    def warning(self) -> Style:
        """Style of warnings and marks."""
        return _inked(self.base, self.palette.gain, bold=True)

    def change_style(self, change: float) -> Style:
        """Style of a change, by its sign."""
        colour = self.palette.gain if change > 0 else self.palette.loss
        return _inked(self.base, colour, bold=True)

    def line(self, segments: Sequence[Segment], width: int) -> Strip:
        """Create a line of exactly `width` cells."""
        return Strip(segments).adjust_cell_length(width, self.base)


@lru_cache(512)
def _inked(base: Style, colour: str | None, *, bold: bool | None) -> Style:
    """A style in another colour; cached, since a screen has hundreds of pieces in a few styles."""
    return base + Style(color=colour, bold=bold)


def draw_rule(text: str, style: DrawStyle, width: int) -> Strip:
    """Draw the heading of a section."""
    head = fmt.clip(text, width - 4)
    tail = "─" * (width - fmt.cell_width(head) - 3)
    return style.line(
        [Segment("─ ", style.quiet), Segment(head, style.bold), Segment(f" {tail}", style.quiet)], width
    )
