"""The keys, how to read what the dashboard shows, and every field and flag in plain words."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from rich.console import Group, RenderableType
from rich.style import Style
from rich.table import Table
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input

from smapstop.model.kinds import Kind
from smapstop.proc.fields import FIELDS, VM_FLAGS
from smapstop.proc.pages.page_states import HUGE_HELP, STATE_HELP
from smapstop.text import format as fmt
from smapstop.text import mechanisms
from smapstop.text import pages as page_words
from smapstop.text.columns import COLUMNS
from smapstop.text.kinds import LETTERS
from smapstop.ui.key_table import GROUPS, KEYS
from smapstop.ui.keys import Keymap, bindings
from smapstop.ui.prompt import key_of, keymap_of
from smapstop.ui.screens.modal import Modal
from smapstop.ui.theme import palette_of


@dataclass(frozen=True, slots=True)
class Entry:
    """A word and what it means."""

    word: str
    meaning: str
    note: str = ""
    """Something short beside the word: the kernel that first had it."""

    def matches(self, query: str) -> bool:
        """Whether every word of a query is somewhere in it."""
        text = f"{self.word} {self.note} {self.meaning}".casefold()
        return all(part in text for part in query.casefold().split())


@dataclass(frozen=True, slots=True)
class Section:
    """Entries about one thing."""

    title: str
    entries: tuple[Entry, ...]
    short: bool = False
    """Whether two of it fit side by side."""


PRINCIPLES = (
    Entry(
        "Mapping",
        "A range of addresses with one origin, part of a file or nothing, and one set of permissions. "
        "It costs no memory until its pages are touched, one by one.",
    ),
    Entry(
        "Rss, Pss, Uss",
        "Three answers to how much. Rss counts every resident page in full; Pss divides each by how often it is "
        "mapped; Uss counts only those that nobody else maps (Private_Clean + Private_Dirty).",
    ),
    Entry(
        "Private, shared",
        "How often a page is mapped right now: once is private, twice or more is shared. This is the map count, not "
        "MAP_PRIVATE or MAP_SHARED; the p or s in Perm says that.",
    ),
    Entry(
        "Clean, dirty",
        "A clean page can be dropped and read again from its file. A dirty one was written, by this process or by "
        "anybody who wrote the file, and must be stored first: in the file, or in swap.",
    ),
    Entry(
        "Anonymous",
        "A page with no file behind it: heap, stack, and every page of a private file mapping that was written to.",
    ),
    Entry(
        "Copy-on-write",
        "The first write to a page of a private file mapping makes the kernel copy it: one minor fault, one page "
        "more in Anonymous, however few bytes were written. Rss stays as it was if the page had been read before.",
    ),
    Entry(
        "Watching",
        "It changes what is watched. smapstop maps the same libraries, so their pages turn from private to shared "
        "and the Pss of the process falls while you look. It is no event: the first sample already has it.",
    ),
)
"""What one has to know to read the rest."""

_SIGNS = (
    Entry(fmt.UNKNOWN, "Not known: this kernel does not print it, or it may not be read. Never the same as 0."),
    Entry(fmt.STILL, "No change."),
    Entry("▼ ▲", "What the rows are sorted by, the greatest or the least first."),
    Entry("lit, struck out", "A row, or a number, that has just changed; a mapping that has just gone."),
    Entry("underlined", "A number that has just fallen, where one that rose is only lit."),
    Entry("first touch?", "Not for sure: the fields alone fit something else, too, which the open mapping says."),
)
_PAGE_SIGNS = (
    Entry("f, a, c", "A small letter: a cell of pages that differ; of those that are there, most are so."),
    Entry("F→C", "What changed since the compared look: it was F, file, and is C, copied on write."),
    Entry("in a huge page", HUGE_HELP),
)
_KINDS = {
    Kind.FILE: "part of a file",
    Kind.ANONYMOUS: "memory without a file",
    Kind.HEAP: "the heap that brk grows",
    Kind.STACK: "the main thread's stack",
    Kind.SHARED: "shared memory: memfd, shm, tmpfs",
    Kind.SPECIAL: "the kernel's own: vdso, vvar",
}


def sections(keymap: Keymap) -> Iterator[Section]:
    """All that the help says, in order."""
    for group in GROUPS:
        keys = tuple(Entry("  ".join(keymap.names(key.name)), key.help) for key in KEYS if key.group == group)
        yield Section(f"Keys: {group.lower()}", keys, short=True)
    yield Section("First principles", PRINCIPLES)
    columns = tuple(Entry(column.title, column.help) for column in COLUMNS)
    letters = tuple(Entry(LETTERS[kind], f"{meaning}.".capitalize()) for kind, meaning in _KINDS.items())
    yield Section("How to read the table: columns", columns)
    yield Section("How to read the table: letters and signs", letters + _SIGNS)
    states = (
        Entry(f"{page_words.LETTERS[each]} {page_words.name_of(each)}", told) for each, told in STATE_HELP.items()
    )
    yield Section("How to read the pages", (*states, *_PAGE_SIGNS))
    yield Section(
        "What changed, and what the kernel did",
        tuple(Entry(told.label, mechanisms.meaning_of(what)) for what, told in mechanisms.EXPLANATIONS.items()),
    )
    yield Section(
        "Fields of smaps, and the Linux that first printed them",
        tuple(Entry(field.label, field.help, field.since) for field in FIELDS),
    )
    yield Section("VmFlags", tuple(Entry(flag, f"{meaning}.") for flag, meaning in VM_FLAGS.items()), short=True)


class HelpText(Widget):
    """The sections, as far as they match the query."""

    COMPONENT_CLASSES = {"help--title"}  # noqa: RUF012
    DEFAULT_CSS = """
    HelpText { height: auto; padding: 0 1;
      & > .help--title { color: $text-primary; text-style: bold; }
    }
    """
    query_text: reactive[str] = reactive("", layout=True)

    def render(self) -> RenderableType:
        """The text, in two columns where it is short and there is room."""
        found = list(self._found())
        if not found:
            return Text(f"Nothing here says {fmt.printable(self.query_text)!r}.", self._quiet())
        wide = self.content_size.width >= TWO_COLUMNS
        return Group(*(self._section(section, wide=wide) for section in found))

    def _found(self) -> Iterator[Section]:
        """The sections with the entries that match, without those that have none."""
        for section in sections(keymap_of(self.app)):
            entries = tuple(entry for entry in section.entries if entry.matches(self.query_text))
            if entries:
                yield Section(section.title, entries, section.short)

    def _section(self, section: Section, *, wide: bool) -> RenderableType:
        """A section: its title, and its words beside what they mean."""
        title = Text(section.title, self.get_component_rich_style("help--title", partial=True))
        entries = section.entries
        if not (wide and section.short and len(entries) > 1):
            narrow = self.content_size.width < NARROW or (wide and section.short)
            word_width = SHORT_WORD_WIDTH if narrow else WORD_WIDTH
            return Group(title, self._table(entries, word_width), "")
        half = (len(entries) + 1) // 2
        columns = Table.grid(padding=(0, 3, 0, 0), expand=True)
        columns.add_column(ratio=1)
        columns.add_column(ratio=1)
        columns.add_row(self._table(entries[:half], SHORT_WORD_WIDTH), self._table(entries[half:], SHORT_WORD_WIDTH))
        return Group(title, columns, "")

    def _table(self, entries: tuple[Entry, ...], word_width: int) -> Table:
        """Words on the left, what they mean on the right, aligned with the other sections."""
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(style="bold", width=word_width)
        notes = any(entry.note for entry in entries)
        if notes:
            table.add_column(style=self._quiet(), width=6)
        table.add_column()
        for entry in entries:
            cells = (entry.word, entry.note, entry.meaning) if notes else (entry.word, entry.meaning)
            table.add_row(*(Text(cell) for cell in cells))
        return table

    def _quiet(self) -> Style:
        return Style(color=palette_of(self.app).quiet)


NARROW = 60
"""Up to this width, in cells, words have less room."""
TWO_COLUMNS = 104
"""From this width on, in cells, there is room for two columns."""
WORD_WIDTH, SHORT_WORD_WIDTH = 17, 13
"""Cells for the words on the left; where two columns are side by side."""


class HelpScreen(Modal[None]):
    """Explains everything; `/` searches."""

    AUTO_FOCUS = "VerticalScroll"
    DEFAULT_CSS = """
    HelpScreen {
      & > .box { width: 130; height: 100%; }
      Input { height: 1; border: none; padding: 0 1; background: $panel; margin-bottom: 1; }
      Input:focus { border: none; }
      VerticalScroll { background: $surface; scrollbar-size-vertical: 1; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("help")]

    def compose(self) -> ComposeResult:
        """A line to search with, and the text."""
        search, back = key_of(self.app, "filter"), key_of(self.app, "back")
        with Vertical(classes="box") as box:
            box.border_title, box.border_subtitle = "Help", f"↑↓ PgUp PgDn scroll   {search} search   {back} closes"
            yield Input(
                placeholder=f"press {search} to search: a key, a column, a field, a flag, or any word", id="search"
            )
            with VerticalScroll():
                yield HelpText()

    @property
    def _text(self) -> VerticalScroll:
        return self.query_one(VerticalScroll)

    def action_search(self) -> None:
        """Type what to look for."""
        self.query_one(Input).focus()

    @on(Input.Changed)
    def search(self, message: Input.Changed) -> None:
        """Show what matches, while the user types."""
        self.query_one(HelpText).query_text = message.value
        self._text.scroll_home(animate=False)

    @on(Input.Submitted)
    def found(self) -> None:
        """Go on with reading what was found."""
        self._text.focus()

    def action_back(self) -> None:
        """Drop the search, or close."""
        search = self.query_one(Input)
        if search.has_focus or search.value:
            search.value = ""
            self._text.focus()
        else:
            self.dismiss()

    def action_close(self) -> None:
        """Close."""
        self.dismiss()

    def action_scroll(self, lines: int) -> None:
        """Scroll by so many lines."""
        self._text.scroll_relative(y=lines, animate=False)

    def action_go(self, where: int) -> None:
        """Go to the beginning; or, with -1, to the very end."""
        self._text.scroll_to(y=0 if where == 0 else self._text.max_scroll_y, animate=False)

    def action_page(self, pages: int) -> None:
        """Scroll by so many pages."""
        self._text.scroll_relative(y=pages * (self._text.size.height - 1), animate=False)
