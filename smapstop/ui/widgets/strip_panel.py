"""Widget of a few lines that are drawn together; only those that differ from the screen are painted again."""

from collections.abc import Sequence

from rich.style import Style
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget


class StripPanel(Widget):
    """Draws all of its lines whenever what it shows changes; subclasses define them by `draw_strips`."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._strips: Sequence[Strip] = ()
        self._drawn_for = Size(0, 0)
        self._style: Style | None = None

    @property
    def rich_style(self) -> Style:
        """Style of the lines, cached: it is computed from those of all ancestors."""
        if self._style is None:
            self._style = super().rich_style
        return self._style

    def draw_strips(self) -> Sequence[Strip]:
        """Draw the lines for the size of the widget; none while there is nothing to show."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draw the lines, and paint those that differ from the screen."""
        previous, self._strips = self._strips, self._draw() if self.size.width else ()
        if len(previous) != len(self._strips):
            self.refresh()
            return
        dirty = [y for y, (old, new) in enumerate(zip(previous, self._strips, strict=True)) if old != new]
        if dirty:
            self.refresh(*(Region(0, y, self.size.width, 1) for y in dirty))

    def _draw(self) -> Sequence[Strip]:
        self._drawn_for = self.size
        return self.draw_strips()

    def notify_style_update(self) -> None:
        """Redraw in the colours of the new theme."""
        super().notify_style_update()
        self._strips, self._style = (), None

    def render_line(self, y: int) -> Strip:
        """Draw one line; all are drawn together when the first is needed."""
        # the size may change before the resize event arrives
        if not self._strips or self._drawn_for != self.size:
            self._strips = self._draw()
        width = self.size.width
        strip = self._strips[y] if y < len(self._strips) else Strip.blank(width, self.rich_style)
        return strip if strip.cell_length == width else strip.adjust_cell_length(width, self.rich_style)
