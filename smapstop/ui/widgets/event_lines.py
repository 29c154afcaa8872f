"""Lines in which the user types words, to filter events or to find them."""

from textual import on
from textual.containers import Vertical

from smapstop.ui.widgets.events_pane import EventList
from smapstop.ui.widgets.filter_line import FilterLine

EVENTS_HINT = "cow   libc   first touch   !heap"
"""Examples of words for events."""


class EventLines(Vertical):
    """Two lines, hidden except while the user types, for the events from which they were opened."""

    DEFAULT_CSS = "EventLines { height: auto; }"

    def __init__(self) -> None:
        super().__init__()
        self._filter_line = FilterLine(EVENTS_HINT, lambda _: True, id="filter-events")
        self._search_line = FilterLine(EVENTS_HINT, lambda _: True, id="search-events")
        self._events: EventList | None = None

    def open_filter(self, events: EventList) -> None:
        """Open the line to filter events."""
        self._open(self._filter_line, events, events.filter_words)

    def open_search(self, events: EventList) -> None:
        """Open the line to find events."""
        events.begin_search()
        self._open(self._search_line, events, events.search_words)

    def _open(self, line: FilterLine, events: EventList, words: str) -> None:
        """Open a line for events."""
        self._events = events
        if line.parent is None:  # not composed: that is later than the next key, which may already be waiting
            self.mount(line)
        line.open(words)

    @on(FilterLine.FilterChanged)
    def apply(self, message: FilterLine.FilterChanged) -> None:
        """Filter or find events while the user types."""
        message.stop()
        if self._events is not None and message.line is self._filter_line:
            self._events.filter_entries(message.expression)
        elif self._events is not None:
            self._events.find_entries(message.expression)

    @on(FilterLine.FilterClosed)
    def focus_events(self, message: FilterLine.FilterClosed) -> None:
        """Focus the events."""
        message.stop()
        if self._events is not None:
            self.screen.set_focus(self._events)  # at once: keys may already wait
