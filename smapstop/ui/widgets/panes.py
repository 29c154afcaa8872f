"""Panes below the table: the events, and the terminal of the launched program."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget

from smapstop.settings import Walkthrough
from smapstop.ui.widgets.walkthrough_line import WalkthroughLine

if TYPE_CHECKING:  # imported at run time when they are first needed
    from smapstop.ui.widgets.event_lines import EventLines
    from smapstop.ui.widgets.events_pane import EventsPane
    from smapstop.ui.widgets.program_dock import ProgramDock

EVENTS_ID = "process-events"
"""Id of the events of the process."""
MIN_PANE_HEIGHT = 4
"""Least height of a pane that is of use, lines."""
_REST = 9
"""Lines reserved for header, time band, totals and key bar, in addition to a fifth of the screen for the table."""
_TINY = 8
"""Below this height, in lines, only the focused part has room."""


class Panes(Vertical):
    """The panes, at the height that the user set, as far as there is room.

    Args:
        walkthrough: The experiment through which to walk the user; None for none.
        dock: The dock of the launched program; None without one.
        lines: Height of each pane; None for a share of the screen.
    """

    DEFAULT_CSS = """
    Panes { height: auto; }
    """

    def __init__(self, walkthrough: Walkthrough | None, dock: "ProgramDock | None", lines: int | None) -> None:
        super().__init__()
        self.lines = lines
        self.walkthrough_line = None if walkthrough is None else WalkthroughLine(walkthrough)
        self._dock = dock
        self._events: EventsPane | None = None
        self._event_lines: EventLines | None = None
        self._zoomed: Widget | None = None
        """The pane that fills the screen."""

    def compose(self) -> ComposeResult:
        """Compose the walkthrough and the program's dock; the events come above them when they are first opened."""
        if self.walkthrough_line is not None:
            yield self.walkthrough_line
        if self._dock is not None:
            yield self._dock

    @property
    def events(self) -> "EventsPane":
        """The pane of events; hidden until opened, and built at once when it is first needed."""
        if self._events is None:
            from smapstop.ui.widgets.events_pane import EventsPane

            self._events = EventsPane(id=EVENTS_ID)
            self.mount(self._events, before=0)
        return self._events

    @property
    def event_lines(self) -> "EventLines":
        """The lines to filter and find events, likewise."""
        if self._event_lines is None:
            from smapstop.ui.widgets.event_lines import EventLines

            self._event_lines = EventLines()
            self.mount(self._event_lines, after=self.events)
        return self._event_lines

    @property
    def open_events(self) -> "EventsPane | None":
        """The pane of events if it is open."""
        return self._events if self._events is not None and self._events.is_open else None

    # height

    def fit(self) -> None:
        """Set the heights of the panes for the size of the screen."""
        if self._zoomed is not None:
            self._zoomed.styles.height = "1fr"
            return
        height = self.screen.size.height
        shares: dict[Widget, float] = {} if self.open_events is None else {self.open_events: 0.25}
        if self._dock is not None:
            shares[self._dock] = 0.34 if height >= 32 else 0.3
        if height < _TINY and self._dock is not None:  # the part that has the keys gets the room
            for each in filter(None, (self.open_events, self._dock)):
                each.styles.height = height - 2 if self._dock.has_keys else 3
            return
        for pane, share in shares.items():
            room = (height - _REST - (height >= 40) - height // 5) // len(shares)
            pane.styles.height = max(MIN_PANE_HEIGHT, min(self.lines or round(height * share), room))

    def set_zoom(self, pane: Literal["", "events", "program"]) -> None:
        """Have a pane fill the screen; empty for none."""
        self._zoomed = self.events if pane == "events" else self._dock if pane == "program" else None
        self.fit()

    def on_descendant_focus(self) -> None:
        """Fit the panes: the program or the events have the focus."""
        self.fit()

    def on_descendant_blur(self) -> None:
        """Fit the panes: the focus is elsewhere."""
        self.fit()

    def grip_at(self, x: int, y: int) -> Callable[[int, int], None] | None:  # noqa: ARG002  (borders are lines)
        """The upper border of a pane at a cell of the screen: a function that moves it there."""
        panes: list[Widget] = [each for each in (self._events, self._dock) if each is not None and each.display]
        grabbed = next((at for at, pane in enumerate(panes) if pane.region.y == y), None)
        if grabbed is None or self._zoomed is not None:
            return None
        below = panes[grabbed:]
        rest = self.region.bottom - y - sum(pane.region.height for pane in below)
        return lambda _, line: self.set_lines((self.region.bottom - line - rest) // len(below))

    def grow(self, lines: int) -> None:
        """Make the panes higher by some lines, or lower for negative ones; not while one of them fills the screen."""
        panes: list[Widget] = [pane for pane in (self._dock, self._events) if pane is not None and pane.display]
        height = panes[0].styles.height if panes else None  # not its size: keys come before the screen is laid out
        if height is not None and height.cells is not None:
            self.set_lines(height.cells + lines)

    def set_lines(self, lines: int) -> None:
        """Set the height of the panes, as far as there is room."""
        self.lines = max(MIN_PANE_HEIGHT, lines)
        self.fit()

    # events

    def toggle_events(self) -> None:
        """Show or hide the events."""
        self.events.set_open(not self.events.is_open)
        self.fit()
