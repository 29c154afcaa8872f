"""Table of mappings that several processes of a family have at the same address, with the own share of each."""

from collections.abc import Sequence

from textual import events
from textual.message import Message
from textual.strip import Strip

from smapstop.lazy_dataclass import dataclass
from smapstop.model.family.sharing import SharedMapping
from smapstop.text.sharing import SharingText, folded_text, sharing_text
from smapstop.text.units import AUTO, UnitFormat, without_shares
from smapstop.ui.drawing.sharing import (
    SharingColumns,
    draw_folded,
    draw_sharing,
    draw_sharing_titles,
    fit_sharing_columns,
)
from smapstop.ui.drawing.style import DrawStyle
from smapstop.ui.keys.key_app import key_of
from smapstop.ui.theme.app_theme import palette_of
from smapstop.ui.widgets.line_list import LineList

_FOLD = -1
"""Identity of the line for the quiet mappings; those of mappings are their addresses."""
_LEAST_FOLDED = 2
"""Quiet mappings from which on they have one line."""


@dataclass(frozen=True, slots=True)
class _SharingLine:
    """Content of one line; lines with equal content are not painted again."""

    text: SharingText | str
    """A text alone is that of the line for the quiet mappings."""
    columns: SharingColumns
    has_cursor: bool


class SharingTable(LineList[int, _SharingLine]):
    """The mappings, the most own memory first; the cursor stays on its address.

    Those that are quiet are below one line for all of them, until the user opens it.
    """

    class MappingHighlighted(Message):
        """The cursor went to another mapping; several of these are coalesced into one."""

        def can_replace(self, message: Message) -> bool:
            """Replace any pending one."""
            return isinstance(message, SharingTable.MappingHighlighted)

    class MappingChosen(Message):
        """The user wants to see the mapping under the cursor in the process under the cursor of the family."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._mappings: Sequence[SharedMapping] = ()
        self._rows: Sequence[SharedMapping | None] = ()
        """What is shown; None is the line for the quiet mappings."""
        self._quiet_count = self._fold_line = 0
        """Number of mappings that are below a line for all of them, and which line that is."""
        self._is_open = False
        self._pids: Sequence[int] = ()
        self._chosen_pid = 0
        self._unit = AUTO

    def show(
        self, mappings: Sequence[SharedMapping], pids: Sequence[int], chosen_pid: int = 0, unit: UnitFormat = AUTO
    ) -> None:
        """Show mappings of some processes.

        Args:
            mappings: The mappings.
            pids: The processes, in the order of the columns.
            chosen_pid: The process whose pages are shown.
            unit: Format of sizes.
        """
        fixed = self.fixed_row()
        self._mappings, self._pids, self._chosen_pid = mappings, pids, chosen_pid
        self._unit = without_shares(unit)
        self._fold()
        self.restore_fixed_row(*fixed)
        self.redraw()

    def _fold(self) -> None:
        """Put the quiet mappings below their line, or leave them out."""
        quiet = [each for each in self._mappings if each.is_quiet]
        self._quiet_count = len(quiet) if len(quiet) >= _LEAST_FOLDED else 0
        if not self._quiet_count:
            self._rows = self._mappings
            return
        others = [each for each in self._mappings if not each.is_quiet]
        self._rows, self._fold_line = [*others, None, *(quiet if self._is_open else ())], len(others)

    @property
    def current(self) -> SharedMapping | None:
        """The mapping under the cursor; None without any, and on the line for the quiet ones."""
        return self._rows[self.cursor_index] if self._rows else None

    @property
    def count(self) -> int:
        """Number of lines."""
        return len(self._rows)

    def identity_of(self, index: int) -> int:
        """Address of a mapping."""
        row = self._rows[index]
        return _FOLD if row is None else row.start

    def index_of(self, identity: int) -> int | None:
        """Line of the mapping at an address, or the line below which it is folded; None if there is none."""
        at = next((at for at, row in enumerate(self._rows) if row is not None and row.start == identity), None)
        if at is None and self._quiet_count:
            is_folded = identity == _FOLD or any(each.start == identity for each in self._mappings)
            return self._fold_line if is_folded else None
        return at

    def draw_header(self, width: int) -> Strip:
        """Draw the titles."""
        style = self.get_component_rich_style("lines--header")
        columns = fit_sharing_columns(width - 1, self._pids, self._chosen_pid, self._unit)
        titles = draw_sharing_titles(columns, style, self._chosen_pid)
        return Strip(titles).adjust_cell_length(width, style)

    def build_lines(self, first: int, stop: int) -> list[_SharingLine]:
        """Build the lines of some mappings."""
        columns = fit_sharing_columns(self.size.width - 1, self._pids, self._chosen_pid, self._unit)
        cursor, key = self.cursor_index, key_of(self.app, "open")
        folded = folded_text(self._quiet_count, key, is_open=self._is_open)
        texts = (
            folded if row is None else sharing_text(row, columns.pids, self._unit) for row in self._rows[first:stop]
        )
        return [_SharingLine(text, columns, at == cursor) for at, text in enumerate(texts, first)]

    def draw_line(self, line: _SharingLine, width: int) -> Strip:
        """Draw a mapping, or the line for the quiet ones."""
        base, cursor = self.rich_style, self.get_component_rich_style("lines--cursor")
        style = DrawStyle(palette_of(self.app), base, base, cursor)
        if isinstance(line.text, str):
            strip = draw_folded(line.text, style, cursor=line.has_cursor)
        else:
            strip = draw_sharing(line.text, line.columns, style, cursor=line.has_cursor)
        return strip.adjust_cell_length(width, cursor if line.has_cursor else base)

    def empty_text(self) -> str:
        """Text without mappings."""
        if len(self._pids) > 1:
            return "no mapping is at the same address in two of these processes"
        return "the mappings of one process only are known: nothing to compare yet" if self._pids else ""

    def move_to(self, index: int) -> None:
        """Put the cursor on a mapping."""
        super().move_to(index)
        self.post_message(self.MappingHighlighted())

    def action_open(self) -> None:
        """Show the mapping in the process under the cursor of the family; or show, or hide, the quiet mappings."""
        if self.current is not None:
            self.post_message(self.MappingChosen())
        elif self._rows:
            self._is_open = not self._is_open
            self._fold()
            self.restore_fixed_row(None, 0)
            if self._is_open:
                self.reveal(min(self.count, self._fold_line + self.page_height) - 1)
            self.move_to(self.cursor_index)

    def on_click(self, event: events.Click) -> None:
        """Open or close the line of the quiet mappings at a click on it."""
        index = self.top + event.y - 1
        if event.button == 1 and event.y > 0 and index < self.count and self._rows[index] is None:
            event.prevent_default()  # a second click does not open it again
            self.move_to(index)
            if event.chain == 1:
                self.action_open()
