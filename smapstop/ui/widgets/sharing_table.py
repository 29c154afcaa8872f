"""Table of mappings that several processes of a family have at the same address, with the own share of each."""

from collections.abc import Sequence

from textual.message import Message
from textual.strip import Strip

from smapstop.lazy_dataclass import dataclass
from smapstop.model.family.sharing import SharedMapping
from smapstop.text.sharing import SharingText, sharing_text
from smapstop.text.units import AUTO, UnitFormat, without_shares
from smapstop.ui.drawing.sharing import SharingColumns, draw_sharing, draw_sharing_titles, fit_sharing_columns
from smapstop.ui.drawing.style import DrawStyle
from smapstop.ui.theme.app_theme import palette_of
from smapstop.ui.widgets.line_list import LineList


@dataclass(frozen=True, slots=True)
class _SharingLine:
    """Content of one line; lines with equal content are not painted again."""

    text: SharingText
    columns: SharingColumns
    has_cursor: bool


class SharingTable(LineList[int, _SharingLine]):
    """The mappings, the most own memory first; the cursor stays on its address."""

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
        self.restore_fixed_row(*fixed)
        self.redraw()

    @property
    def current(self) -> SharedMapping | None:
        """The mapping under the cursor; None without any."""
        return self._mappings[self.cursor_index] if self._mappings else None

    @property
    def count(self) -> int:
        """Number of mappings."""
        return len(self._mappings)

    def identity_of(self, index: int) -> int:
        """Address of a mapping."""
        return self._mappings[index].start

    def index_of(self, identity: int) -> int | None:
        """Line of the mapping at an address; None if there is none."""
        return next((at for at, each in enumerate(self._mappings) if each.start == identity), None)

    def draw_header(self, width: int) -> Strip:
        """Draw the titles."""
        style = self.get_component_rich_style("lines--header")
        columns = fit_sharing_columns(width - 1, self._pids, self._chosen_pid, self._unit)
        titles = draw_sharing_titles(columns, style, self._chosen_pid)
        return Strip(titles).adjust_cell_length(width, style)

    def build_lines(self, first: int, stop: int) -> list[_SharingLine]:
        """Build the lines of some mappings."""
        columns = fit_sharing_columns(self.size.width - 1, self._pids, self._chosen_pid, self._unit)
        cursor = self.cursor_index
        return [
            _SharingLine(sharing_text(shared, columns.pids, self._unit), columns, first + at == cursor)
            for at, shared in enumerate(self._mappings[first:stop])
        ]

    def draw_line(self, line: _SharingLine, width: int) -> Strip:
        """Draw a mapping."""
        base, cursor = self.rich_style, self.get_component_rich_style("lines--cursor")
        style = DrawStyle(palette_of(self.app), base, base, cursor)
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
        """Show the mapping in the process under the cursor of the family."""
        if self._mappings:
            self.post_message(self.MappingChosen())
