"""Lines over time: what the mouse does in each of them."""

from textual import events

from smapstop.ui.widgets.strip_panel import StripPanel


class TimePanel(StripPanel):
    """Base of bands over time: the wheel zooms; subclasses say what a click and a drag select."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._drag_start: int | None = None
        """Cell where the user pressed the button of the mouse."""

    def on_mouse_up(self) -> None:
        """End a drag."""
        self._drag_start = None
        self.release_mouse()

    async def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Show less time."""
        event.stop()
        await self.run_action("screen.zoom(-1)")

    async def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Show more time."""
        event.stop()
        await self.run_action("screen.zoom(1)")
