"""The events: what happened to the process and its mappings up to the moment that is shown, folded into few lines."""

from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from smapstop.model.chronicle import Chronicle
from smapstop.model.happenings import Entry
from smapstop.model.scene import Scene
from smapstop.model.timeline import Timeline
from smapstop.ui import format as fmt
from smapstop.ui.happened import Told, Widths, evidence, told, whose, widths_of
from smapstop.ui.palette import Palette
from smapstop.ui.rows import letter_of
from smapstop.ui.sought import found
from smapstop.ui.theme import palette_of

EMPTY = "nothing has happened yet"


@dataclass(frozen=True, slots=True)
class _Line:
    """What one line shows: lines that show the same are not painted again."""

    told: Told
    whose: str
    letter: str
    kind: str
    evidence: tuple[tuple[str, int], ...]
    age: int
    """Ticks since it last happened."""
    cursor: bool


class EventsPane(ScrollView, can_focus=True, inherit_bindings=False):
    """What happened, a line each, the newest first; hidden until it is opened.

    An entry that goes on keeps its line; only what begins and what ends moves lines. Entries that came since do not
    push away what the user scrolled to.
    """

    COMPONENT_CLASSES = {"events--header", "events--cursor"}  # noqa: RUF012  (as Textual declares it)
    DEFAULT_CSS = """
    EventsPane { display: none; height: 25%; min-height: 4; background: $background; color: $foreground;
      overflow-x: hidden; scrollbar-size-vertical: 1;
      & > .events--header { background: $panel; color: $foreground; text-style: bold; }
      & > .events--cursor { background: $block-cursor-blurred-background; color: $foreground; text-style: bold; }
      &:focus > .events--cursor { background: $primary 60%; color: $text; text-style: bold; }
      &:nocolor > .events--cursor { text-style: reverse; }
    }
    """
    BINDINGS = [  # noqa: RUF012
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False),
        Binding("ctrl+home", "go(0)", "Newest", show=False),
        Binding("ctrl+end,G", "go(-1)", "Oldest", show=False),
        Binding("enter", "jump", "To the mapping", show=False),
        Binding("slash,f3,f4", "app.filter_events", "Filter", show=False),
        Binding("escape", "back", "Close", show=False),
    ]

    @dataclass
    class Jump(Message):
        """The user wants to see the mapping of an entry."""

        mapping: int
        number: int
        """The tick in which it last happened."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.words = ""
        """What the entries that are shown must have, see `found`."""
        self._chronicle: Chronicle | None = None
        self._number = 0
        self._happened: tuple[Entry, ...] = ()
        self._entries: tuple[Entry, ...] = ()
        self._cursor: tuple[int, int] | None = None
        self._lines: list[_Line] = []

    # what is shown

    def show(self, timeline: Timeline, scene: Scene, mapping: int | None = None) -> None:
        """Show what happened up to the moment of a scene; with a mapping, only what happened to it."""
        chronicle = self._chronicle
        if chronicle is None or (chronicle.timeline, chronicle.mapping) != (timeline, mapping):
            chronicle = self._chronicle = Chronicle(timeline, mapping)
            self._cursor = None
            self.scroll_to(y=0, animate=False, force=True)
        self._number = scene.moment.tick.number
        self._happened = chronicle.at(self._number)[::-1]
        self._sift(chronicle)
        self._repaint()

    def seek(self, words: str) -> None:
        """Show only the entries that have these words, see `found`; the cursor stays on its entry."""
        self.words = words
        if self._chronicle is not None:
            self._sift(self._chronicle)
            self._reveal(self.cursor_index)
            self._repaint(everything=True)

    def _sift(self, chronicle: Chronicle) -> None:
        """Have the entries with the words on the lines."""
        held, line = self._held()
        self._entries = found(self._happened, self.words, chronicle.timeline)
        self.virtual_size = Size(self.size.width, len(self._entries) + 1)
        self._hold(held, line)

    @property
    def cursor_index(self) -> int:
        """The entry under the cursor, from the newest; the newest until the user moves it."""
        return self._index_of(self._cursor) or 0

    @property
    def current(self) -> Entry | None:
        """The entry under the cursor; None when nothing happened."""
        return self._entries[self.cursor_index] if self._entries else None

    def _index_of(self, identity: tuple[int, int] | None) -> int | None:
        """The place of an entry; None when it is not shown any more."""
        if identity is None:
            return None
        return next((at for at, entry in enumerate(self._entries) if entry.identity == identity), None)

    @property
    def _top(self) -> int:
        return int(self.scroll_offset.y)

    @property
    def _page(self) -> int:
        """How many entries fit under the header."""
        return max(1, self.size.height - 1)

    def _held(self) -> tuple[tuple[int, int] | None, int]:
        """The entry that shall stay where it is, and its line: the cursor's in view, else the first in view."""
        line = self.cursor_index - self._top
        if self._cursor is not None and 0 <= line < self._page:
            return self._cursor, line
        return (self._entries[self._top].identity if self._top < len(self._entries) and self._top else None), 0

    def _hold(self, held: tuple[int, int] | None, line: int) -> None:
        """Scroll so that an entry stays on its line; from the very top only as far as keeps it in view."""
        index, top = self._index_of(held), self._top
        if index is not None:
            top = index - line if top else max(0, index - self._page + 1)
        top = max(0, min(top, len(self._entries) - self._page))
        if top != self._top:
            self.scroll_to(y=top, animate=False, force=True)

    def _repaint(self, *, everything: bool = False) -> None:
        """Make the visible entries into text, and refresh the lines that differ."""
        width = self.size.width
        if self._chronicle is None or not width:
            return
        visible = self._entries[self._top : self._top + self._page]
        at = self.cursor_index - self._top
        lines = [self._line(entry, cursor=y == at) for y, entry in enumerate(visible)]
        old, self._lines = self._lines, lines
        if everything or len(old) != len(lines):
            self.refresh()
            return
        dirty = [Region(0, y + 1, width, 1) for y, (a, b) in enumerate(zip(old, lines, strict=True)) if a != b]
        if self.words:
            dirty.append(Region(0, 0, width, 1))  # it says how many there are
        if dirty:
            self.refresh(*dirty)

    def _line(self, entry: Entry, *, cursor: bool) -> _Line:
        """An entry as text."""
        assert self._chronicle is not None
        timeline, widths = self._chronicle.timeline, self._widths
        return _Line(
            told=told(entry, timeline),
            whose=whose(entry, timeline, widths.whose),
            letter=letter_of(entry.kind) if entry.kind else " ",
            kind=entry.kind.value if entry.kind else "",
            evidence=tuple(evidence(entry, timeline, widths.evidence)),
            age=self._number - entry.last,
            cursor=cursor and self._cursor is not None,
        )

    @property
    def _widths(self) -> Widths:
        """The cells of the columns; of one mapping the name is known."""
        narrowed = self._chronicle is not None and self._chronicle.mapping is not None
        return widths_of(self.size.width - self.scrollbar_size_vertical, named=not narrowed)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Draw the entries that came into view."""
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = new_value
        if round(old_value) != round(new_value):
            self._repaint(everything=True)

    def on_resize(self, _: events.Resize) -> None:
        """Fit the columns anew."""
        self.virtual_size = Size(self.size.width, len(self._entries) + 1)
        self._hold(*self._held())
        self._repaint(everything=True)

    def on_focus(self) -> None:
        """Show where the cursor is."""
        if self._cursor is None and self._entries:
            self.move_to(0)
        self.refresh()

    def on_blur(self) -> None:
        """Say which key gives the keys back."""
        self.refresh()

    def notify_style_update(self) -> None:
        """Draw in the new theme's colours."""
        super().notify_style_update()
        self.refresh()

    # how it is drawn

    def render_line(self, y: int) -> Strip:
        """One line of the widget: the header, or a visible entry."""
        width, base = self.size.width, self.rich_style
        if y == 0:
            return self._header(width)
        if y <= len(self._lines):
            return self._strip(self._lines[y - 1], palette_of(self.app), width)
        text = fmt.clip(f"  {self._nothing()}", width) if y == 1 else ""
        return Strip([Segment(fmt.pad(text, width), base + Style(color=palette_of(self.app).quiet))], width)

    def _nothing(self) -> str:
        """Why there are no entries."""
        if not self._happened:
            return EMPTY
        return f"no event has {fmt.printable(self.words)!r}: press / to change the words, esc to drop them"

    def _header(self, width: int) -> Strip:
        """The titles, or how many entries have which words; and what the keys do here."""
        style, widths = self.get_component_rich_style("events--header"), self._widths
        titles = [("Events", widths.when), ("Mapping", widths.whose and widths.whose + 2)]
        if self.words:
            sought = f"{len(self._entries)} of {len(self._happened)}  /{fmt.printable(self.words)}"
            titles = [(sought, max(24, sum(cells + 2 for _, cells in titles) - 2))]
        titles.append(("What happened", widths.what))
        text = "  ".join(fmt.pad(fmt.clip(title, cells), cells) for title, cells in titles if cells > 2).rstrip()
        back = "esc shows all" if self.words else "esc close"
        hints = [f"enter to the mapping  / filter  {back}", f"/ filter  {back}"]
        if not self.has_focus:
            hints = ["tab moves here  e close"]
        rest = next((hint for hint in hints if len(hint) <= width - fmt.cells(text) - 3), "")
        return Strip(
            [Segment(fmt.pad(fmt.clip(text, width), width - len(rest) - 1) + rest, style)]
        ).adjust_cell_length(width, style)

    def _strip(self, line: _Line, palette: Palette, width: int) -> Strip:
        """One entry: lit when it has just happened, quiet where it does not ask to be read."""
        base, widths = self._ground(line, palette), self._widths
        quiet = base if line.cursor else base + Style(color=palette.quiet)
        plain = quiet if line.told.quiet else base
        segments = [Segment(f"{line.told.when}  ", quiet)] if widths.when else []
        if widths.whose:
            marker = base + Style(color=palette.colours[line.kind], bold=True) if line.kind else base
            segments.append(Segment(f"{line.letter} ", marker))
            segments.append(Segment(fmt.pad(line.whose, widths.whose) + "  ", plain if line.told.named else quiet))
        # where there is no evidence, what happened may take its place
        cells = widths.what + (0 if line.evidence else widths.evidence + 2)
        segments.append(Segment(fmt.pad(fmt.clip(line.told.what, cells), cells) + "  ", plain))
        for text, direction in line.evidence:
            colour = (palette.quiet, palette.gain, palette.loss)[direction]
            segments.append(Segment(text, base if line.cursor else base + Style(color=colour)))
        return Strip(segments).adjust_cell_length(width, base)

    def _ground(self, line: _Line, palette: Palette) -> Style:
        """What the whole line is drawn in."""
        base = self.rich_style
        if line.cursor:
            return base + self.get_component_rich_style("events--cursor")
        if not line.told.quiet and line.age < max(1, len(palette.fade)):
            return base + (Style(bgcolor=palette.fade[line.age]) if palette.fade else Style(bold=True))
        return base

    # what the user does

    def move_to(self, index: int) -> None:
        """Put the cursor on an entry, counted from the newest."""
        if not self._entries:
            return
        index = max(0, min(len(self._entries) - 1, index))
        self._cursor = self._entries[index].identity
        self._reveal(index)
        self._repaint()

    def _reveal(self, index: int) -> None:
        """Scroll as far as brings an entry into view."""
        if index < self._top:
            self.scroll_to(y=index, animate=False, force=True)
        elif index >= self._top + self._page:
            self.scroll_to(y=index - self._page + 1, animate=False, force=True)

    def action_move(self, entries: int) -> None:
        """Move the cursor by so many entries."""
        self.move_to(self.cursor_index + entries)

    def action_page(self, pages: int) -> None:
        """Move the cursor by so many pages."""
        self.move_to(self.cursor_index + pages * self._page)

    def action_go(self, index: int) -> None:
        """Move the cursor to an entry; -1 is the oldest."""
        self.move_to(index if index >= 0 else len(self._entries) - 1)

    async def action_back(self) -> None:
        """Show all entries again; or, when they are shown, close."""
        if self.words:
            self.seek("")
        else:
            await self.run_action("app.events")

    def action_jump(self) -> None:
        """Go to the mapping of the entry under the cursor."""
        entry = self.current
        if entry is not None and entry.mapping is not None:
            self.post_message(self.Jump(entry.mapping, entry.last))

    def on_click(self, event: events.Click) -> None:
        """A click puts the cursor there, a second one goes to the mapping."""
        index = self._top + event.y - 1
        if event.y and index < len(self._entries):
            self.move_to(index)
            if event.chain == 2:
                self.action_jump()
