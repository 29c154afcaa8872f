"""List of the threads of a process, sorted by CPU time or by the memory of their stacks."""

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.binding import BindingType
from textual.message import Message
from textual.strip import Strip

from smapstop.lazy_dataclass import dataclass
from smapstop.text import format as fmt
from smapstop.text.threads import StackFormat, ThreadColumn, ThreadOrder, ThreadRow, sort_threads, thread_cells
from smapstop.ui.keys.bindings import bindings
from smapstop.ui.widgets.line_list import LineList

_GAP_CELLS = 2
"""Cells between two columns."""


@dataclass(frozen=True, slots=True)
class _ThreadLine:
    """Content of one line."""

    cells: tuple[str, ...]
    cursor: bool


class ThreadList(LineList[int, _ThreadLine]):
    """The threads, one per line.

    Args:
        order: What they are sorted by at first.
    """

    DEFAULT_CSS = "ThreadList { height: 1fr; background: $surface; }"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("list")]

    @dataclass
    class ThreadSelected(Message):
        """The user selected a thread."""

        row: ThreadRow

    def __init__(self, order: ThreadOrder) -> None:
        super().__init__()
        self.order = order
        """What the threads are sorted by."""
        self._rows: list[ThreadRow] = []
        self._reason = "reading …"
        self._formats = StackFormat()

    @property
    def cells(self) -> int:
        """Cells that all columns take."""
        columns = self._formats.columns
        return sum(column.width for column in columns) + _GAP_CELLS * (len(columns) - 1)

    def show(self, rows: Sequence[ThreadRow], reason: str, formats: StackFormat) -> None:
        """Show threads; without any, the reason why.

        Args:
            rows: The threads.
            reason: Why there are none.
            formats: Formats of the memory of their stacks.
        """
        fixed, self._formats = self.fixed_row(), formats
        self._rows, self._reason = sort_threads(rows, self.order), reason
        self.restore_fixed_row(*fixed)
        self.redraw()

    def sort(self, order: ThreadOrder) -> None:
        """Sort by another column, from the top."""
        self.order = order
        self._rows = sort_threads(self._rows, order)
        self.move_to(0)
        self.redraw(everything=True)

    @property
    def count(self) -> int:
        """Number of threads."""
        return len(self._rows)

    def identity_of(self, index: int) -> int:
        """Id of a thread."""
        return self._rows[index].tid

    def index_of(self, identity: int) -> int | None:
        """Index of a thread; None when it has ended."""
        return next((at for at, row in enumerate(self._rows) if row.tid == identity), None)

    def empty_text(self) -> str:
        """Text shown without threads: the reason."""
        return self._reason

    def build_lines(self, first: int, stop: int) -> list[_ThreadLine]:
        """Lines of some threads."""
        cursor = self.cursor_index
        return [_ThreadLine(thread_cells(self._rows[at], self._formats), at == cursor) for at in range(first, stop)]

    def draw_header(self, width: int) -> Strip:
        """Draw the titles, with an arrow at the one that the threads are sorted by."""
        arrows = {"cpu": "▼", "stack": "▼", "name": "▲", "tid": "▲"}
        titles = tuple(
            f"{column.title} {arrows[column.order]}" if column.order and column.order == self.order else column.title
            for column in self._formats.columns
        )
        text = _join(titles, self._formats.columns, width)
        return Strip([Segment(text, self.get_component_rich_style("lines--header"))], width)

    def draw_line(self, line: _ThreadLine, width: int) -> Strip:
        """Draw a thread."""
        style = self.rich_style + self.get_component_rich_style("lines--cursor") if line.cursor else self.rich_style
        return Strip([Segment(_join(line.cells, self._formats.columns, width), style)], width)

    def handle_header_click(self, x: int) -> None:
        """Sort by the column clicked."""
        for column in self._formats.columns:
            if x <= column.width + 1:
                if column.order is not None:
                    self.sort(column.order)
                return
            x -= column.width + _GAP_CELLS

    def action_open(self) -> None:
        """Select the thread under the cursor."""
        if self.count:
            self.post_message(self.ThreadSelected(self._rows[self.cursor_index]))


def _join(cells: Sequence[str], columns: Sequence[ThreadColumn], width: int) -> str:
    """Join the cells of a line, each as wide as its column."""
    parts = [
        fmt.clip(text, column.width).rjust(column.width)
        if column.right
        else fmt.pad(fmt.clip(text, column.width), column.width)
        for column, text in zip(columns, cells, strict=True)
    ]
    return fmt.pad(fmt.clip((" " * _GAP_CELLS).join(parts).rstrip(), width), width)
