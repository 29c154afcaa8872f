"""Borders between parts of the dashboard that the user drags with the mouse."""

from collections.abc import Callable

from textual.events import MouseEvent
from textual.screen import Screen

from smapstop.ui.widgets.main_views import Views
from smapstop.ui.widgets.panes import Panes

Drag = Callable[[int, int], None]
"""Moves a border to a column and a line of the screen."""


class BorderDrag:
    """The drag of a border, if one is under way.

    The screen passes on the mouse events that reach it from the widgets under the pointer. Nothing captures the
    mouse, so that a click on a border still is one for what is drawn on it.

    Args:
        screen: The dashboard's screen.
    """

    def __init__(self, screen: Screen[None]) -> None:
        self._screen = screen
        self._drag: Drag | None = None

    def press(self, event: MouseEvent) -> None:
        """Begin a drag if there is a border where the user pressed the button."""
        if event.button == 1:
            at = int(event.screen_x), int(event.screen_y)
            panes, views = self._screen.query_one(Panes), self._screen.query_one(Views)
            self._drag = panes.grip_at(*at) or views.grip_at(*at)

    def move(self, event: MouseEvent) -> None:
        """Move the border, or end the drag if the button was released outside of the terminal."""
        if not event.button:
            self._drag = None
        elif self._drag is not None:
            self._drag(int(event.screen_x), int(event.screen_y))

    def release(self) -> None:
        """End the drag."""
        self._drag = None
