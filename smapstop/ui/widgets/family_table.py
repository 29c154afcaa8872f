"""The members of a family, one per line, as a tree."""

from collections.abc import Sequence

from textual.message import Message
from textual.strip import Strip

from smapstop.lazy_dataclass import dataclass
from smapstop.model.family.family_table import MemberRow
from smapstop.text import format as fmt
from smapstop.text.family import FamilyMoment, MemberText, change_title, member_texts, member_title, tree_lines
from smapstop.text.units import AUTO
from smapstop.ui.drawing.family import MemberColumns, draw_member, draw_member_titles, fit_member_columns
from smapstop.ui.drawing.style import DrawStyle
from smapstop.ui.theme.app_theme import palette_of
from smapstop.ui.widgets.line_list import LineList

Key = tuple[int, int]
"""Pid and start time of a member."""


@dataclass(frozen=True, slots=True)
class _MemberLine:
    """Content of one line; lines with equal content are not painted again."""

    text: MemberText
    columns: MemberColumns
    largest_kb: int
    is_watched: bool
    has_cursor: bool


class FamilyTable(LineList[Key, _MemberLine]):
    """The members; the cursor stays on its process."""

    class MemberHighlighted(Message):
        """The cursor went to another member; several of these are coalesced into one."""

        def can_replace(self, message: Message) -> bool:
            """Replace any pending one."""
            return isinstance(message, FamilyTable.MemberHighlighted)

    class MemberChosen(Message):
        """The user wants to watch the member under the cursor."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._moment: FamilyMoment | None = None
        self._rows: Sequence[MemberRow] = ()
        self._watched_pid = self._longest_name = 0

    def show(self, moment: FamilyMoment, rows: Sequence[MemberRow], watched_pid: int) -> None:
        """Show members at a moment.

        Args:
            moment: The moment.
            rows: The members, in order.
            watched_pid: The process that the dashboard shows.
        """
        fixed = self.fixed_row()
        self._moment, self._rows, self._watched_pid = moment, rows, watched_pid
        self._longest_name = max(map(_name_cells, rows), default=0)
        if self.cursor_id is None:
            self.cursor_id = next((_key(row) for row in rows if row.pid == watched_pid), None)
        self.restore_fixed_row(*fixed)
        self.redraw()

    @property
    def current(self) -> MemberRow | None:
        """The member under the cursor; None without any."""
        return self._rows[self.cursor_index] if self._rows else None

    @property
    def count(self) -> int:
        """Number of members."""
        return len(self._rows)

    def identity_of(self, index: int) -> Key:
        """Pid and start time of a member."""
        return _key(self._rows[index])

    def index_of(self, identity: Key) -> int | None:
        """Line of a member; None when it is gone."""
        return next((at for at, row in enumerate(self._rows) if _key(row) == identity), None)

    def draw_header(self, width: int) -> Strip:
        """Draw the titles."""
        title = change_title(self._moment) if self._moment else "Δ"
        style = self.get_component_rich_style("lines--header")
        return Strip(draw_member_titles(self._columns_of(width), style, title)).adjust_cell_length(width, style)

    def _columns_of(self, width: int) -> MemberColumns:
        """The columns of all names in a width."""
        return fit_member_columns(width - 1, self._longest_name, self._moment.unit if self._moment else AUTO)

    def build_lines(self, first: int, stop: int) -> list[_MemberLine]:
        """Build the lines of some members."""
        if self._moment is None:
            return []
        shown, cursor, columns = self._rows[first:stop], self.cursor_index, self._columns_of(self.size.width)
        largest = max((sum(kb or 0 for kb in (row.uss, row.family, row.others)) for row in self._rows), default=0)
        texts = member_texts(self._moment, shown, columns.history)
        return [
            _MemberLine(text, columns, largest, row.pid == self._watched_pid, first + at == cursor)
            for at, (row, text) in enumerate(zip(shown, texts, strict=True))
        ]

    def draw_line(self, line: _MemberLine, width: int) -> Strip:
        """Draw a member."""
        base = self.rich_style
        cursor = self.get_component_rich_style("lines--cursor")
        style = DrawStyle(palette_of(self.app), base, base, cursor)
        strip = draw_member(
            line.text, line.columns, line.largest_kb, style, cursor=line.has_cursor, watched=line.is_watched
        )
        return strip.adjust_cell_length(width, cursor if line.has_cursor else base)

    def empty_text(self) -> str:
        """Text without members."""
        if self._moment is None:
            return "not read yet"
        if self._moment.first_wall_ns is not None:
            return "not read at that moment"
        return "no process matches" if self._moment.table.rows else "all processes have ended; esc goes back"

    def move_to(self, index: int) -> None:
        """Put the cursor on a member."""
        super().move_to(index)
        self.post_message(self.MemberHighlighted())

    def action_open(self) -> None:
        """Watch the member under the cursor."""
        if self._rows:
            self.post_message(self.MemberChosen())


def _name_cells(row: MemberRow) -> int:
    """Cells of a name with its place in the tree and its pid."""
    return len(tree_lines(row.place.is_last)) + fmt.cell_width(member_title(row.history)) + len(str(row.pid)) + 3


def _key(row: MemberRow) -> Key:
    """Identity of a member."""
    return row.pid, row.history.member.start_time
