"""Line about an alert that is raised; hidden otherwise, and once the user has seen it."""

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from smapstop.model.view.view_state import Units
from smapstop.text import format as fmt
from smapstop.ui.keys.key_app import key_of
from smapstop.ui.state.alert_board import RaisedAlert
from smapstop.ui.theme.app_theme import palette_of
from smapstop.ui.theme.contrast import ensure_legible


class AlertBanner(Widget):
    """The alert, since when, and the mapping behind it; a click hides the banner."""

    DEFAULT_CSS = """
    AlertBanner { height: 1; display: none; background: $background; color: $foreground;
      &.-shown { display: block; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._text = ""

    def show(self, raised: RaisedAlert | None, units: Units = "auto") -> None:
        """Show an alert, with amounts in a unit; nothing for None."""
        text = ""
        if raised is not None:
            text = f" alert since {fmt.clock(raised.wall_ns)}  {fmt.printable(raised.line(units))}"
        if text != self._text:
            self._text = text
            self.set_class(bool(text), "-shown")
            self.refresh()

    def render_line(self, y: int) -> Strip:  # noqa: ARG002  (there is one)
        """Draw the line, and at its end how to hide it."""
        width = self.size.width
        hint = f" {key_of(self.app, 'back')} hide ✕ "
        warning = Style(color=palette_of(self.app).gain, bold=True)
        style = ensure_legible(self.rich_style + warning) + Style(reverse=True)
        room = max(0, width - fmt.cell_width(hint))
        return Strip([Segment(fmt.pad(fmt.clip(self._text, room), room) + hint, style)]).adjust_cell_length(
            width, style
        )

    async def on_click(self) -> None:
        """Hide it until it is raised again."""
        await self.run_action("screen.hide_alert")
