"""What is below the table: what happened, and the launched program's terminal."""

from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Static

from smapstop.ui.widgets.events_pane import EventsPane
from smapstop.ui.widgets.filter_line import FilterLine

if TYPE_CHECKING:  # what not every run needs is imported when it is needed
    from smapstop.ui.widgets.program_dock import ProgramDock

EVENTS_HINT = "cow   libc   first touch   !heap"
"""What can be typed to filter them."""
MIN_PANE_HEIGHT = 4
"""Lines of a pane that can be read."""
_REST = 9
"""Lines of the screen that are not for panes, beside a fifth of it for the table: header, totals, keys."""


_TINY = 8
"""On a screen of less lines nothing has room beside what has the keys."""


class Panes(Vertical):
    """The panes, as high as the user wants them, as far as there is room.

    Args:
        intro: One line that tells what to do and what to watch; empty without one.
        dock: The place of the launched program, when there is one.
        lines: The height of each pane; None for a part of the screen.
    """

    DEFAULT_CSS = """
    Panes { height: auto;
      & > #intro {
        height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis;
        background: $primary; color: $text; text-style: bold;
      }
      &:ansi > #intro { background: ansi_default; color: ansi_default; text-style: bold reverse; }
    }
    """

    def __init__(self, intro: str, dock: "ProgramDock | None", lines: int | None) -> None:
        super().__init__()
        self.lines = lines
        self._intro, self._dock = intro, dock

    def compose(self) -> ComposeResult:
        """What happened, and the program."""
        yield EventsPane()
        yield FilterLine(EVENTS_HINT, str, id="filter-events")
        if self._intro:
            yield Static(self._intro, id="intro", markup=False)
        if self._dock is not None:
            yield self._dock

    @property
    def events(self) -> EventsPane:
        """What happened; hidden until it is opened."""
        return self.query_one(EventsPane)

    # how high they are

    def fit(self) -> None:
        """Be as high as there is room for on the screen."""
        height = self.screen.size.height
        shares: dict[Widget, float] = {self.events: 0.25} if self.events.display else {}
        if self._dock is not None:
            shares[self._dock] = 0.34 if height >= 32 else 0.3
        if height < _TINY and self._dock is not None:  # who has the keys has the room
            self.events.styles.height = self._dock.styles.height = height - 2 if self._dock.has_keys else 3
            return
        for pane, share in shares.items():
            room = (height - _REST - height // 5) // len(shares)
            pane.styles.height = max(MIN_PANE_HEIGHT, min(self.lines or round(height * share), room))

    def on_descendant_focus(self) -> None:
        """The program has the keys, or what happened."""
        self.fit()

    def on_descendant_blur(self) -> None:
        """They are elsewhere."""
        self.fit()

    def grow(self, lines: int) -> None:
        """Be higher by some lines, or lower."""
        panes = [pane for pane in (self._dock, self.events) if pane is not None and pane.display]
        if panes:
            self.lines = max(MIN_PANE_HEIGHT, panes[0].outer_size.height + lines)
            self.fit()

    # what happened

    def toggle_events(self) -> None:
        """Show what happened, or hide it."""
        self.events.display = not self.events.display
        self.fit()

    def open_event_filter(self) -> None:
        """Let the user type what events to show."""
        self.query_one(FilterLine).open(self.events.search_words)

    @on(FilterLine.FilterChanged)
    def apply_event_filter(self, message: FilterLine.FilterChanged) -> None:
        """Filter while the user types."""
        message.stop()
        self.events.filter_entries(message.expression)

    @on(FilterLine.FilterClosed)
    def focus_events(self, message: FilterLine.FilterClosed) -> None:
        """Give the keys to the events again."""
        message.stop()
        self.events.focus()
