"""Title of the family."""

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from smapstop.text import format as fmt
from smapstop.ui.theme.app_theme import palette_of
from smapstop.ui.theme.contrast import ensure_legible
from smapstop.ui.widgets.strip_panel import StripPanel


class FamilyTitle(StripPanel):
    """Two lines: what is shown, and what is read how often."""

    DEFAULT_CSS = "FamilyTitle { height: 2; background: $panel; color: $foreground; }"

    def __init__(self) -> None:
        super().__init__()
        self._left, self._right, self._below = "", "", ""

    def show(self, left: str, right: str, below: str = "") -> None:
        """Show texts at both ends, and one below."""
        self._left, self._right, self._below = left, right, below
        self.redraw()

    def draw_strips(self) -> list[Strip]:
        """Draw the lines."""
        width, base = self.size.width, self.rich_style
        right = self._right if fmt.cell_width(self._left) + fmt.cell_width(self._right) + 2 <= width else ""
        left = fmt.pad(fmt.clip(self._left, width), width - fmt.cell_width(right))
        quiet = ensure_legible(base + Style(color=palette_of(self.app).quiet))
        below = Segment(fmt.clip(f" {self._below}", width), quiet)
        return [
            Strip([Segment(left, base), Segment(right, base)]).adjust_cell_length(width, base),
            Strip([below]).adjust_cell_length(width, base),
        ]
