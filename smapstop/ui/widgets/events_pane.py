"""Events of the process and its mappings up to the tick shown, merged into few lines: a pane, and a tab."""

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import BindingType
from textual.content import Content
from textual.strip import Strip

from smapstop.model.history.event_log import EventLog
from smapstop.model.history.log_entry import LogEntry
from smapstop.model.tick import Ids
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.view import View
from smapstop.text import format as fmt
from smapstop.text.event_search import NO_HITS, find_entries, search_entries
from smapstop.text.events import (
    ROOM_FOR_TIMES,
    EventWidths,
    entry_text,
    event_widths,
    evidence_pieces,
    subject_text,
)
from smapstop.text.inferred import no_events_text
from smapstop.text.kinds import letter_of
from smapstop.text.units import AUTO, process_format
from smapstop.ui.drawing.event_line import EventLine, draw_event
from smapstop.ui.keys.bindings import bindings
from smapstop.ui.keys.hints import hint_key
from smapstop.ui.keys.key_app import key_of
from smapstop.ui.messages import EventSelected
from smapstop.ui.theme.app_theme import palette_of
from smapstop.ui.widgets.line_list import LineList


class EventList(LineList[tuple[int, int], EventLine]):
    """The entries of the event log, one per line, the newest first.

    A continuing entry stays on its line; lines move only when entries begin or end. New entries do not push away what
    the user scrolled to.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("events")]
    LEAVING, LEAVE_ACTION = "close", "app.command('events')"
    """How to leave it, and the action that does so."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.filter_words = ""
        """Words of the filter, see `search_entries`."""
        self.search_words = ""
        """Words to which the cursor jumps, likewise; nothing is hidden."""
        self._hits = NO_HITS
        self._searched_from: tuple[int, int] | None = None
        self._hint = self._hint_before = self._pressed_hint = ""
        """Hints of the header: as drawn, before the focus came, and when the button of the mouse was pressed."""
        """Entry of the cursor when the search began."""
        self._event_log: EventLog | None = None
        self._number, self._unit, self._no_events = 0, AUTO, ""
        self._all_entries: tuple[LogEntry, ...] = ()
        self._entries: tuple[LogEntry, ...] = ()

    # what is shown

    def show(
        self,
        timeline: Timeline,
        view: View,
        mapping: int | None = None,
        only: Ids | None = None,
        alerts: Sequence[LogEntry] = (),
    ) -> None:
        """Show the events up to the tick of a view, and alerts; only those of a mapping, or of some, if given."""
        event_log = self._event_log
        if event_log is None or not event_log.is_of(timeline, mapping, only):
            event_log = self._event_log = EventLog(timeline, mapping, only)
            self.cursor_id = None
            self.scroll_to(y=0, animate=False, force=True)
        self._number, self._unit = view.snapshot.tick.number, process_format(view)
        before, self._no_events = self._no_events, no_events_text(view)
        alerts = [entry for entry in alerts if entry.last <= self._number]
        entries = (*event_log.at(self._number), *alerts)
        self._all_entries = tuple(sorted(entries, key=lambda entry: entry.last))[::-1]
        self._update_entries(event_log)
        self.redraw(everything=not self.count and self._no_events != before)

    def filter_entries(self, words: str) -> None:
        """Show only the entries that match these words, see `search_entries`; the cursor stays on its entry."""
        self.filter_words = words
        if self._event_log is not None:
            self._update_entries(self._event_log)
            self.reveal(self.cursor_index)
            self.redraw(everything=True)

    def _update_entries(self, event_log: EventLog) -> None:
        """Filter the entries, and keep the fixed row on its line."""
        fixed = self.fixed_row()
        self._entries = search_entries(self._all_entries, self.filter_words, event_log.timeline)
        self._hits = find_entries(self._entries, self.search_words, event_log.timeline)
        self.restore_fixed_row(*fixed)

    # search

    def begin_search(self) -> None:
        """Search from the entry under the cursor."""
        self._searched_from = self.cursor_id

    def find_entries(self, words: str) -> None:
        """Go to the first entry with these words from where the search began, and back if there is none."""
        self.search_words = words
        if self._event_log is not None:
            self._update_entries(self._event_log)
            begin = None if self._searched_from is None else self.index_of(self._searched_from)
            self.move_to(begin or 0)
            if words:
                self.action_hit(0)
            self.redraw(everything=True)

    def action_hit(self, direction: int) -> None:
        """Go to the next hit (1), the previous one (-1), or the first from the cursor on (0)."""
        found = self._hits.step(self.cursor_index - (direction == 0), direction or 1)
        if found is not None:
            self.move_to(found[0])
        elif direction:
            self.call_next(self.run_action, "screen.find_events")

    @property
    def count(self) -> int:
        """Number of entries shown."""
        return len(self._entries)

    @property
    def current(self) -> LogEntry | None:
        """The entry under the cursor; None without entries."""
        return self._entries[self.cursor_index] if self._entries else None

    def identity_of(self, index: int) -> tuple[int, int]:
        """Identity of an entry, counted from the newest."""
        return self._entries[index].identity

    def index_of(self, identity: tuple[int, int]) -> int | None:
        """Index of an entry; None when it is not shown."""
        return next((at for at, entry in enumerate(self._entries) if entry.identity == identity), None)

    def row_fixed_at_top(self) -> tuple[int, int] | None:
        """The first entry in view; None when that is the newest, so that new entries come into view."""
        return self.identity_of(self.top) if 0 < self.top < self.count else None

    # how it is drawn

    def build_lines(self, first: int, stop: int) -> list[EventLine]:
        """Lines of some entries."""
        cursor = None if self.cursor_id is None else self.cursor_index
        found = self._hits.mask
        return [
            self._line(self._entries[at], cursor=at == cursor, found=bool(len(found) and found[at]))
            for at in range(first, stop)
        ]

    def _line(self, entry: LogEntry, *, cursor: bool, found: bool) -> EventLine:
        """Line of an entry."""
        assert self._event_log is not None
        timeline, widths = self._event_log.timeline, self._widths
        text = entry_text(entry, timeline, self._unit)
        further = fmt.cell_width(text.what) - widths.what if entry.faults else 0  # so that it can say by whom
        taken = max(0, min(further, widths.evidence - ROOM_FOR_TIMES))
        evidence = tuple(evidence_pieces(entry, timeline, widths.evidence - taken, self._unit))
        if entry.count > 1:  # how often stands at the right edge, however long the text is
            taken = widths.evidence - sum(fmt.cell_width(piece) for piece, _ in evidence)
        return EventLine(
            text=text,
            subject=subject_text(entry, timeline, widths.subject),
            letter=letter_of(entry.kind) if entry.kind else " ",
            kind=entry.kind.value if entry.kind else "",
            what_cells=widths.what + (taken if evidence else widths.evidence + 2),
            evidence=evidence,
            age=self._number - entry.last,
            cursor=cursor,
            found=found,
        )

    @property
    def _widths(self) -> EventWidths:
        """Widths of the columns; without one for the mapping when all entries are of the same mapping."""
        is_of_mapping = self._event_log is not None and self._event_log.mapping is not None
        return event_widths(self.size.width - self.scrollbar_size_vertical, named=not is_of_mapping)

    def on_focus(self) -> None:
        """Show the cursor; a press of the mouse that gives the focus is on the header as it was."""
        self._hint_before = self._hint
        self.call_later(setattr, self, "_hint_before", "")
        if self.cursor_id is None:
            self.move_to(0)
        self.redraw(everything=True)

    def on_blur(self) -> None:
        """Update the hints in the header."""
        self.redraw(everything=True)

    def empty_text(self) -> str:
        """Text shown without entries: the reason."""
        if not self._all_entries:
            return self._no_events
        edit, clear = key_of(self.app, "filter"), key_of(self.app, "back")
        return f"no event matches {fmt.printable(self.filter_words)!r}: {edit} edit · {clear} clear"

    def draw_header(self, width: int) -> Strip:
        """Draw the titles, or the filter and its number of matches; and hints about keys."""
        style, widths = self.get_component_rich_style("lines--header"), self._widths
        titles = [("Events", widths.when), ("Mapping", widths.subject and widths.subject + 2)]
        if self.filter_words:
            matches = f"{len(self._entries)} of {len(self._all_entries)}  /{fmt.printable(self.filter_words)}"
            titles = [(matches, max(24, sum(cells + 2 for _, cells in titles) - 2))]
        elif self.search_words:
            number, hits = self._hits.number_at(self.cursor_index), len(self._hits.places)
            count = f"{number:,} of {hits:,}" if number else f"{hits:,} found" if hits else "not found"
            text = f"find {fmt.printable(self.search_words)}: {count}"
            titles = [(text, max(24, sum(cells + 2 for _, cells in titles) - 2))]
        titles.append(("What happened", widths.what))
        text = "  ".join(fmt.pad(fmt.clip(title, cells), cells) for title, cells in titles if cells > 2).rstrip()
        enter, filtering, leave = (key_of(self.app, name) for name in ("open", "filter", "back"))
        back = f"{leave} show all" if self.filter_words else f"{leave} {self.LEAVING}"
        hints = [f"{enter} go there  {filtering} filter  {back}", f"{filtering} filter  {back}"]
        if not self.has_focus:
            hints = [self.unfocused_hint()]
        rest = self._hint = next((hint for hint in hints if len(hint) <= width - fmt.cell_width(text) - 3), "")
        return Strip(
            [Segment(fmt.pad(fmt.clip(text, width), width - len(rest) - 1) + rest, style)]
        ).adjust_cell_length(width, style)

    def draw_line(self, line: EventLine, width: int) -> Strip:
        """Draw one entry."""
        cursor = self.get_component_rich_style("lines--cursor")
        return draw_event(line, self._widths, palette_of(self.app), self.rich_style, cursor, width)

    # what the user does

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Say what the term under the pointer means."""
        from smapstop.ui.help.terms import term_help

        self.tooltip = Content(term_help(self.render_line(event.y).text, event.x)) or None

    def unfocused_hint(self) -> str:
        """Hint in the header while another widget has the focus."""
        return ""

    def on_mouse_down(self) -> None:
        """Remember the hints that the user sees."""
        self._pressed_hint = self._hint_before or self._hint

    def handle_header_click(self, x: int) -> None:
        """Press the key of the hint that was clicked."""
        hint = self._pressed_hint
        key = hint_key(hint, x - (self.size.width - self.scrollbar_size_vertical - 1 - len(hint)))
        if key not in (None, "tab"):  # the press already focused it
            self.app.simulate_key(str(key))

    async def action_back(self) -> None:
        """End the search, then clear the filter; without either, leave."""
        if self.search_words:
            self.begin_search()
            self.find_entries("")
        elif self.filter_words:
            self.filter_entries("")
        else:
            await self.run_action(self.LEAVE_ACTION)

    def action_open(self) -> None:
        """Select the entry under the cursor."""
        entry = self.current
        if entry is not None:
            self.post_message(EventSelected(entry.mapping, entry.last))


class EventsPane(EventList):
    """The events of the process; hidden until opened."""

    DEFAULT_CSS = """
    EventsPane { display: none; height: 10; }
    EventsPane.-open { display: block; }
    """

    @property
    def is_open(self) -> bool:
        """Whether it was opened; another part may fill the screen, all the same."""
        return self.has_class("-open")

    def set_open(self, is_open: bool) -> None:
        """Open or close it."""
        self.set_class(is_open, "-open")

    async def action_back(self) -> None:
        """Clear the filter; without one, show the other parts again if it fills the screen, else close."""
        if self.screen.has_class("-zoom-events") and not self.filter_words and not self.search_words:
            await self.run_action("app.command('zoom')")
        else:
            await super().action_back()

    def unfocused_hint(self) -> str:
        """Hint in the header while another widget has the focus."""
        return f"tab: focus  {key_of(self.app, 'events')} close"


class MappingEvents(EventList):
    """The events of one mapping, as a tab of the inspector."""

    DEFAULT_CSS = "MappingEvents { height: 1fr; }"
    LEAVING, LEAVE_ACTION = "back", "screen.back"
