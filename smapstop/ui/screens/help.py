"""Dialog with the help: keys, how to read the dashboard, and every field and flag of smaps."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from rich.console import Group, RenderableType
from rich.segment import Segment, SegmentLines
from rich.style import Style
from rich.table import Table
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input

from smapstop.text import format as fmt
from smapstop.ui.help.content import HelpEntry, HelpPlace, HelpSection, sections_for
from smapstop.ui.keys.bindings import bindings
from smapstop.ui.keys.key_app import key_of, keymap_of
from smapstop.ui.screens.modal import Modal
from smapstop.ui.theme.app_theme import palette_of
from smapstop.ui.widgets.scrolling import scroll_lines

COMMANDS_TITLE = "Commands, after :"


class HelpText(Widget):
    """The sections of the help that match the query.

    Args:
        place: The part of the dashboard whose sections come first; None for none.
        commands: The commands, which come last.
    """

    COMPONENT_CLASSES = {"help--title"}  # noqa: RUF012
    DEFAULT_CSS = """
    HelpText { height: auto; padding: 0 1;
      & > .help--title { color: $text-primary; text-style: bold; }
    }
    """
    query_text: reactive[str] = reactive("", layout=True)

    def __init__(self, place: HelpPlace | None, commands: tuple[HelpEntry, ...] = ()) -> None:
        super().__init__()
        self._place = place
        self._commands = HelpSection(COMMANDS_TITLE, commands)
        self._drawn: tuple[tuple[object, ...], list[list[Segment]]] = ((), [])

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """Number of lines at a width."""
        return len(self._lines(width))

    def render(self) -> RenderableType:
        """Render the sections."""
        return SegmentLines(self._lines(self.content_size.width), new_lines=True)

    def _lines(self, width: int) -> list[list[Segment]]:
        """Lines at a width: laid out once, because Textual asks for their number before it draws them."""
        key = (width, self.query_text, palette_of(self.app), self._title_style())
        if key != self._drawn[0]:
            options = self.app.console.options.update(width=width, height=None)
            self._drawn = key, self.app.console.render_lines(self._text(width), options, pad=False)
        return self._drawn[1]

    def _text(self, width: int) -> RenderableType:
        """Lay out the sections, short entries in two columns where there is room."""
        sections = list(self._matching_sections())
        if not sections:
            return Text(f"No entry matches {fmt.printable(self.query_text)!r}.", self._quiet())
        return Group(*(self._section(section, width) for section in sections))

    def _matching_sections(self) -> Iterator[HelpSection]:
        """Sections with their matching entries, without sections that have none."""
        for section in (*sections_for(self._place, keymap_of(self.app)), self._commands):
            entries = tuple(entry for entry in section.entries if entry.matches(self.query_text))
            if entries:
                yield HelpSection(section.title, entries, section.short)

    def _section(self, section: HelpSection, width: int) -> RenderableType:
        """Lay out a section: its title, then its terms and their meanings."""
        title = Text(section.title, self._title_style())
        entries = section.entries
        wide = width >= TWO_COLUMNS
        if not (wide and section.short and len(entries) > 1):
            narrow = width < NARROW or (wide and section.short)
            word_width = SHORT_WORD_WIDTH if narrow else WORD_WIDTH
            return Group(title, self._table(entries, word_width), "")
        half = (len(entries) + 1) // 2
        columns = Table.grid(padding=(0, 3, 0, 0), expand=True)
        columns.add_column(ratio=1)
        columns.add_column(ratio=1)
        columns.add_row(self._table(entries[:half], SHORT_WORD_WIDTH), self._table(entries[half:], SHORT_WORD_WIDTH))
        return Group(title, columns, "")

    def _table(self, entries: tuple[HelpEntry, ...], word_width: int) -> Table:
        """Table of terms and meanings, aligned with the other sections."""
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

    def _title_style(self) -> Style:
        return self.get_component_rich_style("help--title", partial=True)

    def _quiet(self) -> Style:
        return Style(color=palette_of(self.app).quiet)


NARROW = 60
"""Below this width, in cells, the column of terms is narrower."""
TWO_COLUMNS = 104
"""Least width, in cells, for two columns."""
WORD_WIDTH, SHORT_WORD_WIDTH = 17, 13
"""Cells for the terms: usually, and where there is little room or there are two columns."""


PLACE_TITLES: Mapping[HelpPlace, str] = {
    "table": "the table",
    "why": "why a mapping changed",
    "fields": "the fields of a mapping",
    "pages": "the pages of a mapping",
    "life": "the life of a mapping",
    "events": "the events",
    "band": "the time band",
}
"""Names of the places in the title."""


class HelpScreen(Modal[None]):
    """Shows the help; `/` searches it.

    Args:
        place: The part of the dashboard from which it was opened, whose sections come first; None for none.
        words: What to search for at first; empty for everything.
        commands: The commands that can be typed.
    """

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

    def __init__(self, place: HelpPlace | None = None, words: str = "", commands: tuple[HelpEntry, ...] = ()) -> None:
        super().__init__()
        self._place, self._words, self._commands = place, words, commands

    def compose(self) -> ComposeResult:
        """Compose the search line and the text."""
        search, back, guide = (key_of(self.app, name) for name in ("filter", "back", "guide"))
        with Vertical(classes="box") as box:
            box.border_title = "Help" if self._place is None else f"Help: {PLACE_TITLES[self._place]}"
            box.border_subtitle = f"↑↓ PgUp PgDn scroll   {search} search   {guide} guide   {back} close"
            yield Input(
                placeholder=f"press {search} to search: a key, a column, a field, a flag, or any word", id="search"
            )
            with VerticalScroll():
                yield HelpText(self._place, self._commands)

    @property
    def _text(self) -> VerticalScroll:
        return self.query_one(VerticalScroll)

    def on_mount(self) -> None:
        """Search for the words with which the help was opened."""
        self.query_one(Input).value = self._words

    def action_search(self) -> None:
        """Focus the search line."""
        self.set_focus(self.query_one(Input))

    @on(Input.Changed)
    def search(self, message: Input.Changed) -> None:
        """Show the matching entries while the user types."""
        self.query_one(HelpText).query_text = message.value
        self._text.scroll_home(animate=False)

    @on(Input.Submitted)
    def focus_text(self) -> None:
        """Focus the text that was found."""
        self.set_focus(self._text)

    def action_back(self) -> None:
        """Clear the search, or close the help."""
        search = self.query_one(Input)
        if search.has_focus or search.value:
            search.value = ""
            self.set_focus(self._text)
        else:
            self.dismiss()

    def action_close(self) -> None:
        """Close the help."""
        self.dismiss()

    def action_guide(self) -> None:
        """Open the guide on top of the help."""
        from smapstop.ui.screens.guide import GuideScreen

        self.app.push_screen(GuideScreen())

    def action_scroll(self, lines: int) -> None:
        """Scroll by lines."""
        scroll_lines(self._text, lines)

    def action_go(self, where: int) -> None:
        """Go to the start; with -1, to the end."""
        self._text.scroll_to(y=0 if where == 0 else self._text.max_scroll_y, animate=False)

    def action_page(self, pages: int) -> None:
        """Scroll by screenfuls."""
        scroll_lines(self._text, pages * (self._text.size.height - 1))
