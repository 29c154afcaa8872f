"""Line that walks a newcomer through the copy-on-write experiment, one step after the other."""

from typing import Literal

from textual.widgets import Static

from smapstop.model.events import Event
from smapstop.model.timeline.timeline import Timeline
from smapstop.settings import Walkthrough
from smapstop.ui.keys.key_app import key_of, keys_of
from smapstop.ui.keys.table import KEY
from smapstop.ui.widgets.main_views import Views

Step = Literal["wait", "write", "return", "leave", "pages", "tab", "row", "end"]
"""A step of the walk: what the user does next."""

STEP_TEXTS: dict[Step, str] = {
    "wait": "Taking the first readings …",
    "write": "Type {program}, a letter, Enter: a page of {file} .data turns Anonymous; Rss stays",
    "return": "A page was copied: see why above. {keys_back}, then {pages}: the page itself",
    "leave": "A page was copied. {keys_back} leaves the program",
    "pages": "A page was copied: see why above. {pages}: the page itself",
    "tab": "A page was copied: the tab Why says why. {pages}: the page itself",
    "row": "A page was copied: its row is {file} .data",
    "end": "C is the copy, F the file's own page. {program}: write again, what moves?",
}
"""Text of each step; {file} stands for the mapped file, the other words in braces for the keys of actions."""
FIRST_READINGS = 2
"""A write before this many readings of all mappings would be part of the program's start."""


class WalkthroughLine(Static):
    """Says what to do next, and notices when the experiment's page was copied.

    Args:
        walkthrough: The experiment.
    """

    DEFAULT_CSS = """
    WalkthroughLine {
      height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis;
      background: $primary; color: $text; text-style: bold;
      &:ansi { background: ansi_default; color: ansi_default; text-style: bold reverse; }
    }
    """

    def __init__(self, walkthrough: Walkthrough) -> None:
        super().__init__(markup=False)
        self.copied: int | None = None
        """The mapping in which a page was copied on write; None before that."""
        self._walkthrough = walkthrough
        self._examined = self._readings = 0

    def examine(self, timeline: Timeline) -> bool:
        """Examine the ticks that are new; return whether the page was copied in one of them for the first time."""
        first, self._examined = self._examined, len(timeline)
        for number in range(max(first, timeline.oldest), len(timeline)):
            self._readings += timeline.header(number).has_mappings
            if self.copied is None:
                self.copied = self._find_copy(timeline, number)
                if self.copied is not None:
                    return True
        return False

    def _find_copy(self, timeline: Timeline, number: int) -> int | None:
        """Mapping of the experiment's file in which a tick copied its page; None for none."""
        events = [event for event in timeline.header(number).events if self._is_copy(event)]
        snapshot = timeline.at(number)
        for event in events:
            row = snapshot.row_of(event.mapping)
            if row is not None and snapshot.mappings.name_of(row).rpartition("/")[2] == self._walkthrough.file:
                return event.mapping
        return None

    def _is_copy(self, event: Event) -> bool:
        """Whether an event is the copy, not one of those that the loader makes."""
        symbol = self._walkthrough.symbol
        return event.what == "copy-on-write" and (not symbol or symbol in event.names)

    def walk_on(self, timeline: Timeline, views: Views, *, typing: bool) -> None:
        """Show the step that comes next; the cursor of the table goes to the mapping whose page was copied.

        Args:
            timeline: The ticks so far.
            views: The table and the inspector.
            typing: Whether the program has the keys.
        """
        if self.examine(timeline):
            views.table.cursor_id = self.copied
        keys = {name: key_of(self.app, name) for name in KEY} | {"keys_back": keys_of(self.app, "keys_back")}
        step = self._next_step(views, typing=typing)
        text = STEP_TEXTS[step].format(file=self._walkthrough.file, **keys)
        self.update(text + self._walkthrough.note if step == "write" else text)

    def _next_step(self, views: Views, *, typing: bool) -> Step:
        """The step that comes next; see `walk_on`."""
        if self.copied is None:
            return "wait" if self._readings < FIRST_READINGS else "write"
        shown_tab, is_there = views.inspector.shown_tab, views.table.cursor_id == self.copied
        if typing:
            return "return" if is_there and shown_tab == "why" else "leave"
        if not is_there:
            return "row"
        steps: dict[str, Step] = {"why": "pages", "pages": "end"}
        return steps.get(shown_tab, "tab")
