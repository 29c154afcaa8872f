"""The events: what happened to the process and its mappings up to the moment that is shown, folded into few lines."""

from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.message import Message
from textual.strip import Strip

from smapstop.model.history.event_log import EventLog
from smapstop.model.history.log_entry import LogEntry
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.view import View
from smapstop.text import format as fmt
from smapstop.text.events import (
    EntryText,
    EventWidths,
    entry_text,
    event_widths,
    evidence_pieces,
    search_entries,
    subject_text,
)
from smapstop.text.kinds import letter_of
from smapstop.ui.keys.bindings import bindings
from smapstop.ui.keys.key_app import key_of
from smapstop.ui.theme.app_theme import palette_of
from smapstop.ui.theme.contrast import ensure_legible
from smapstop.ui.theme.palette import Palette
from smapstop.ui.widgets.line_list import LineList

EMPTY_TEXT = "nothing has happened yet"


@dataclass(frozen=True, slots=True)
class _EventLine:
    """What one line shows: lines that show the same are not painted again."""

    text: EntryText
    subject: str
    letter: str
    kind: str
    evidence: tuple[tuple[str, int], ...]
    age: int
    """Ticks since it last happened."""
    cursor: bool


class EventsPane(LineList[tuple[int, int], _EventLine]):
    """What happened, a line each, the newest first; hidden until it is opened.

    An entry that goes on keeps its line; only what begins and what ends moves lines. Entries that came since do not
    push away what the user scrolled to.
    """

    DEFAULT_CSS = "EventsPane { display: none; height: 10; }"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("events")]

    @dataclass
    class MappingSelected(Message):
        """The user wants to see the mapping of an entry."""

        mapping: int
        number: int
        """The tick in which it last happened."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.search_words = ""
        """What the entries that are shown must have, see `found`."""
        self._event_log: EventLog | None = None
        self._number = 0
        self._all_entries: tuple[LogEntry, ...] = ()
        self._entries: tuple[LogEntry, ...] = ()

    # what is shown

    def show(self, timeline: Timeline, view: View, mapping: int | None = None) -> None:
        """Show what happened up to the moment of a scene; with a mapping, only what happened to it."""
        chronicle = self._event_log
        if chronicle is None or (chronicle.timeline, chronicle.mapping) != (timeline, mapping):
            chronicle = self._event_log = EventLog(timeline, mapping)
            self.cursor_id = None
            self.scroll_to(y=0, animate=False, force=True)
        self._number = view.snapshot.tick.number
        self._all_entries = chronicle.at(self._number)[::-1]
        self._update_entries(chronicle)
        self.redraw()

    def filter_entries(self, words: str) -> None:
        """Show only the entries that have these words, see `found`; the cursor stays on its entry."""
        self.search_words = words
        if self._event_log is not None:
            self._update_entries(self._event_log)
            self.reveal(self.cursor_index)
            self.redraw(everything=True)

    def _update_entries(self, event_log: EventLog) -> None:
        """Have the entries with the words on the lines."""
        held = self.fixed_row()
        self._entries = search_entries(self._all_entries, self.search_words, event_log.timeline)
        self.restore_fixed_row(*held)

    @property
    def count(self) -> int:
        """How many entries are shown."""
        return len(self._entries)

    @property
    def current(self) -> LogEntry | None:
        """The entry under the cursor; None when nothing happened."""
        return self._entries[self.cursor_index] if self._entries else None

    def identity_of(self, index: int) -> tuple[int, int]:
        """What an entry is known by, counted from the newest."""
        return self._entries[index].identity

    def index_of(self, identity: tuple[int, int]) -> int | None:
        """The place of an entry."""
        return next((at for at, entry in enumerate(self._entries) if entry.identity == identity), None)

    def row_fixed_at_top(self) -> tuple[int, int] | None:
        """The first entry in view, but for the newest."""
        return self.identity_of(self.top) if 0 < self.top < self.count else None

    # how it is drawn

    def build_lines(self, first: int, stop: int) -> list[_EventLine]:
        """Entries as text."""
        cursor = None if self.cursor_id is None else self.cursor_index
        return [self._line(self._entries[at], cursor=at == cursor) for at in range(first, stop)]

    def _line(self, entry: LogEntry, *, cursor: bool) -> _EventLine:
        """An entry as text."""
        assert self._event_log is not None
        timeline, widths = self._event_log.timeline, self._widths
        return _EventLine(
            text=entry_text(entry, timeline),
            subject=subject_text(entry, timeline, widths.subject),
            letter=letter_of(entry.kind) if entry.kind else " ",
            kind=entry.kind.value if entry.kind else "",
            evidence=tuple(evidence_pieces(entry, timeline, widths.evidence)),
            age=self._number - entry.last,
            cursor=cursor,
        )

    @property
    def _widths(self) -> EventWidths:
        """The cells of the columns; of one mapping the name is known."""
        narrowed = self._event_log is not None and self._event_log.mapping is not None
        return event_widths(self.size.width - self.scrollbar_size_vertical, named=not narrowed)

    def on_focus(self) -> None:
        """Show where the cursor is."""
        if self.cursor_id is None:
            self.move_to(0)
        self.redraw(everything=True)

    def on_blur(self) -> None:
        """Say which key gives the keys back."""
        self.redraw(everything=True)

    def empty_text(self) -> str:
        """Why there are no entries."""
        if not self._all_entries:
            return EMPTY_TEXT
        change, drop = key_of(self.app, "filter"), key_of(self.app, "back")
        return f"no event has {fmt.printable(self.search_words)!r}: {change} edit · {drop} clear"

    def draw_header(self, width: int) -> Strip:
        """The titles, or how many entries have which words; and what the keys do here."""
        style, widths = self.get_component_rich_style("lines--header"), self._widths
        titles = [("Events", widths.when), ("Mapping", widths.subject and widths.subject + 2)]
        if self.search_words:
            sought = f"{len(self._entries)} of {len(self._all_entries)}  /{fmt.printable(self.search_words)}"
            titles = [(sought, max(24, sum(cells + 2 for _, cells in titles) - 2))]
        titles.append(("What happened", widths.what))
        text = "  ".join(fmt.pad(fmt.clip(title, cells), cells) for title, cells in titles if cells > 2).rstrip()
        enter, filtering, leave = (key_of(self.app, name) for name in ("open", "filter", "back"))
        back = f"{leave} shows all" if self.search_words else f"{leave} closes"
        hints = [f"{enter} to the mapping  {filtering} filter  {back}", f"{filtering} filter  {back}"]
        if not self.has_focus:
            hints = [f"tab: focus  {key_of(self.app, 'events')} closes"]
        rest = next((hint for hint in hints if len(hint) <= width - fmt.cell_width(text) - 3), "")
        return Strip(
            [Segment(fmt.pad(fmt.clip(text, width), width - len(rest) - 1) + rest, style)]
        ).adjust_cell_length(width, style)

    def draw_line(self, line: _EventLine, width: int) -> Strip:
        """One entry: lit when it has just happened, quiet where it does not ask to be read."""
        palette, widths = palette_of(self.app), self._widths
        base = self._line_style(line, palette)
        quiet = base if line.cursor else base + Style(color=palette.quiet)
        plain = quiet if line.text.is_about_reading else base
        segments = [Segment(f"{line.text.when}  ", quiet)] if widths.when else []
        if widths.subject:
            marker = ensure_legible(base + Style(color=palette.colours[line.kind], bold=True)) if line.kind else base
            segments.append(Segment(f"{line.letter} ", marker))
            segments.append(
                Segment(fmt.pad(line.subject, widths.subject) + "  ", plain if line.text.is_named else quiet)
            )
        # where there is no evidence, what happened may take its place
        cells = widths.what + (0 if line.evidence else widths.evidence + 2)
        segments.append(Segment(fmt.pad(fmt.clip(line.text.what, cells), cells) + "  ", plain))
        for text, direction in line.evidence:
            colour = (palette.quiet, palette.gain, palette.loss)[direction]
            segments.append(Segment(text, base if line.cursor else base + Style(color=colour)))
        return Strip(segments).adjust_cell_length(width, base)

    def _line_style(self, line: _EventLine, palette: Palette) -> Style:
        """What the whole line is drawn in."""
        base = self.rich_style
        if line.cursor:
            return base + self.get_component_rich_style("lines--cursor")
        if not line.text.is_about_reading and line.age < max(1, len(palette.fade)):
            return base + (Style(bgcolor=palette.fade[line.age]) if palette.fade else Style(bold=True))
        return base

    # what the user does

    async def action_back(self) -> None:
        """Show all entries again; or, when they are shown, close."""
        if self.search_words:
            self.filter_entries("")
        else:
            await self.run_action("screen.events")

    def action_open(self) -> None:
        """Go to the mapping of the entry under the cursor."""
        entry = self.current
        if entry is not None and entry.mapping is not None:
            self.post_message(self.MappingSelected(entry.mapping, entry.last))
