"""Table of mappings: draws the rows in view, and keeps the cursor on a mapping, not on a row."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from textual import events
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.strip import Strip

from smapstop.lazy_dataclass import dataclass
from smapstop.model.tick import Ids
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.row_marks import RowMark, RowMarks
from smapstop.model.view.sort import Sorting
from smapstop.model.view.view import View
from smapstop.text.row_queries import GroupSeries, RowSeries, fitting_group_series, fitting_row_series
from smapstop.text.table_amounts import columns_sorted
from smapstop.text.table_columns import Column, group_columns, unfitted_columns
from smapstop.text.table_rows import RowText, build_rows, natural_widths
from smapstop.text.tree_marks import tree_marks, tree_target
from smapstop.ui.drawing.table_header import FittedColumns, column_at, titles_text
from smapstop.ui.drawing.table_row import draw_row, row_style
from smapstop.ui.keys.bindings import bindings
from smapstop.ui.keys.key_app import key_of
from smapstop.ui.theme.app_theme import palette_of
from smapstop.ui.widgets.column_widths import ColumnWidths
from smapstop.ui.widgets.line_list import LineList

_SIDEWAYS_CELLS = 8
"""Cells of a step sideways."""
_MARK_CELLS = range(1, 4)
"""Cells around the mark of a group, when the name is the first column."""
_NEARBY = 200
"""Rows above and below those in view that may come into view next."""


@dataclass(frozen=True, slots=True)
class _TableLine:
    """Content of one line."""

    row: RowText
    widths: tuple[int, ...]
    """Widths of the columns, cells."""
    sideways: int
    """Cells scrolled out of view at the left."""
    cursor: bool
    mark: RowMark


class MappingTable(LineList[int, _TableLine]):
    """The mappings, or groups of them, one per line."""

    COMPONENT_CLASSES = {"table--selected"}  # noqa: RUF012  (as Textual declares it)
    DEFAULT_CSS = """
    MappingTable { height: 1fr;
      & > .table--selected { background: $primary 25%; color: $foreground; }
    }
    MappingTable:ansi > .table--selected { background: ansi_default; color: ansi_default; text-style: bold; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("list", "table")]

    @dataclass
    class Opened(Message):
        """The user opened a mapping."""

        mapping: int

    @dataclass
    class CursorMoved(Message):
        """The user put the cursor on a row."""

        table: "MappingTable"

    @dataclass
    class RowsSelected(Message):
        """The user selected rows by mouse."""

        rows: tuple[int, ...]
        """Their ids."""
        toggles: bool
        """Whether rows that were selected no longer are."""

    @dataclass
    class SortRequested(Message):
        """The user clicked on the header of a column."""

        key: str

    def __init__(self, columns: tuple[Column, ...], widths: ColumnWidths, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.columns = columns
        self._columns = columns
        """Those columns and the one that rows are sorted by."""
        self._timeline: Timeline | None = None
        self._view: View | None = None
        self._group_series: GroupSeries | None = None
        self._row_series: RowSeries | None = None
        self._order: NDArray[np.intp] = np.zeros(0, np.intp)
        self._ordered_ids: Ids = np.zeros(0, np.int64)
        self._sorting = Sorting()
        self._frozen = False
        self._fitted_columns: FittedColumns = []
        self._rows_inputs: tuple[object, ...] = ()
        self._rows: list[RowText] = []
        self._sideways = 0
        self.widths = widths
        self._was_dragged = False
        """Whether the last press of the mouse button moved the edge of a column."""
        self._marks = RowMarks()

    # what is shown

    def set_columns(self, columns: tuple[Column, ...]) -> None:
        """Show other columns from the next view on."""
        self.columns = columns

    def show(
        self,
        timeline: Timeline,
        view: View,
        order: NDArray[np.intp],
        sorting: Sorting,
        *,
        frozen: bool,
        marks: RowMarks = RowMarks(),  # noqa: B008  (immutable)
    ) -> None:
        """Show a view with its rows in this order; the title says if that is frozen."""
        self._marks = marks
        fixed, index = self.fixed_row(), self.cursor_index
        self._timeline, self._view, self._order, self._rows_inputs = timeline, view, order, ()
        self._ordered_ids = view.table.ids[order]
        self._columns = columns_sorted(self.columns, sorting.key, view)
        self._group_series = fitting_group_series(self._group_series, timeline, view, self._columns)
        self._row_series = fitting_row_series(self._row_series, timeline, view.state.metric, self._columns)
        self._sorting, self._frozen = sorting, frozen
        if self.cursor_id is not None and self.index_of(self.cursor_id) is None and self.count:
            # the mapping under the cursor is gone: keep the cursor on its line
            self.cursor_id = self.identity_of(min(index, self.count - 1))
            fixed = self.cursor_id, fixed[1]
        self.restore_fixed_row(*fixed)
        self.redraw()

    @property
    def count(self) -> int:
        """Number of rows."""
        return len(self._order)

    @property
    def current(self) -> int | None:
        """Id of the mapping or group under the cursor; None without rows."""
        return self.identity_of(self.cursor_index) if self.count else None

    def identity_of(self, index: int) -> int:
        """Id of the mapping or group of a row."""
        return int(self._ordered_ids[index])

    def index_of(self, identity: int) -> int | None:
        """Row of a mapping or group; None when it is not in the table."""
        rows = np.flatnonzero(self._ordered_ids == identity)
        return int(rows[0]) if len(rows) else None

    # how it is drawn

    @property
    def room(self) -> int:
        """Cells for the columns."""
        return self.size.width - self.scrollbar_size_vertical

    def build_lines(self, first: int, stop: int) -> list[_TableLine]:
        """Lines of some rows."""
        if self._view is None or self._timeline is None:
            return []
        has_mappings = bool((self._view.table.ids >= 0).any()) or self._group_series is None
        columns = self._columns if has_mappings else group_columns(self._columns)
        room = self.room
        self._fitted_columns = (
            unfitted_columns(columns) if self._sideways else self.widths.fit(self._view, columns, room)
        )
        inputs = (self._view, first, stop, self._fitted_columns)
        if inputs != self._rows_inputs:  # unchanged when only the cursor moves
            self._rows_inputs = inputs
            self._rows = build_rows(
                self._view,
                self._timeline,
                self._order[first:stop],
                self._fitted_columns,
                self._group_series,
                self._row_series,
                self._order[max(0, first - _NEARBY) : stop + _NEARBY],
                tree_marks(self._view.table, self._order, first, stop),
            )
        if self._sideways:
            self._fitted_columns = natural_widths(self._fitted_columns, self._rows)
            self._sideways = min(self._sideways, max(0, sum(cells + 1 for _, cells in self._fitted_columns) - room))
        widths, cursor = tuple(cells for _, cells in self._fitted_columns), self.cursor_index - first
        marks = self._marks.of_rows(self._view, self._order[first:stop])
        return [
            _TableLine(row, widths, self._sideways, y == cursor, mark)
            for y, (row, mark) in enumerate(zip(self._rows, marks, strict=True))
        ]

    def empty_text(self) -> str:
        """Text shown without rows: the reason."""
        if self._view is not None and self._view.state.filter:
            edit, clear = key_of(self.app, "filter"), key_of(self.app, "back")
            return f"no mapping matches {self._view.state.filter!r}: {edit} edit · {clear} clear"
        return "no mappings" if self._view is not None else ""

    def draw_header(self, width: int) -> Strip:
        """Draw the titles."""
        if self._view is None:
            return Strip.blank(width, self.rich_style)
        style = self.get_component_rich_style("lines--header")
        titles = titles_text(self._fitted_columns, self._view, self._sorting, frozen=self._frozen)
        return Strip([Segment(titles[self._sideways :].ljust(width)[:width], style)], width)

    def draw_line(self, line: _TableLine, width: int) -> Strip:
        """Draw one row: highlighted when it just changed, struck through when it is gone."""
        row, palette = line.row, palette_of(self.app)
        selected = self.get_component_rich_style("table--selected") if line.mark.selected else None
        cursor = self.get_component_rich_style("lines--cursor") if line.cursor else None
        base = row_style(row, self.rich_style, palette, cursor, selected)
        strip = draw_row(row, self._fitted_columns, base, palette, cursor=line.cursor, mark=line.mark)
        return strip.crop(self._sideways, self._sideways + width).adjust_cell_length(width, base)

    # what the user does

    def move_to(self, index: int) -> None:
        """Put the cursor on a row."""
        super().move_to(index)
        self.post_message(self.CursorMoved(self))

    async def action_sideways(self, steps: int) -> None:
        """Scroll sideways: then all columns are there, and no text is cut; in a tree, unfold or fold first."""
        if not self._sideways and await self._move_in_tree(steps):
            return
        self._sideways = max(0, self._sideways + steps * _SIDEWAYS_CELLS)
        self.redraw(everything=True)
        if not self._sideways:  # nothing was cut
            self.redraw(everything=True)

    async def _move_in_tree(self, steps: int) -> bool:
        """To the right: unfold the group under the cursor; to the left: fold it, or go up to it; False if neither."""
        if self._view is None or self._view.table.parent is None or not self.count:
            return False
        target = tree_target(self._view, int(self._order[self.cursor_index]), steps)
        if target == self.current:
            await self.run_action("screen.open")  # at once: the next key may already be waiting
        elif target is not None:
            self.move_to(self.index_of(target) or 0)
        return target is not None

    async def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        """Scroll to the left."""
        event.stop()
        await self.action_sideways(-1)

    async def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        """Scroll to the right."""
        event.stop()
        await self.action_sideways(1)

    def action_open(self) -> None:
        """Open the mapping under the cursor."""
        if self.current is not None:
            self.post_message(self.Opened(self.current))

    def on_click(self, event: events.Click) -> None:
        """Fold or unfold at a click on a mark, select with ctrl or shift; open a menu with the right button."""
        column, index = self._column_at(event.x), self.top + event.y - 1
        if not event.y and event.button == 3:
            self.call_next(self.run_action, "screen.columns")
        if not event.y or index >= self.count:
            return
        row, is_name = self.identity_of(index), column is not None and column.key == "name"
        if event.button == 3:
            self.move_to(index)
            self.call_next(self.run_action, "app.command('menu')")
        elif event.ctrl or event.shift:
            self.post_message(self.RowsSelected(self.rows_to_cursor(row) if event.shift else (row,), event.ctrl))
        elif is_name and event.x + self._sideways in _MARK_CELLS and event.chain == 1 and row < 0:
            self.post_message(self.Opened(row))

    def rows_to_cursor(self, row: int) -> tuple[int, ...]:
        """Ids of the rows from one to that of the cursor; empty if it is not there."""
        begin, end = self.index_of(row), self.cursor_index
        rows = () if begin is None else range(min(begin, end), max(begin, end) + 1)
        return tuple(map(self.identity_of, rows))

    def handle_header_click(self, x: int) -> None:
        """Request sorting by the column clicked, unless its edge was dragged."""
        column = self._column_at(x)
        if column is not None and not self._was_dragged:
            self.post_message(self.SortRequested(column.key))

    # widths

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of the edge of a column."""
        on_titles = event.y == 0 and event.button == 1 and not self._sideways
        if on_titles and self.widths.press(self._fitted_columns, event.x, event.screen_x):
            self.capture_mouse()

    def on_mouse_up(self) -> None:
        """Release the edge; if it was moved, ignore the click that follows."""
        self.release_mouse()
        self._was_dragged = self.widths.release()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag the edge of a column; else say what the title, the permissions, or the term of a verdict means."""
        from smapstop.ui.help.terms import table_help

        if event.button and self.widths.drag(event.screen_x):
            self.redraw(everything=True)
            return
        text = table_help(self._column_at(event.x), event.y, self.render_line(event.y).text, event.x)
        self.tooltip = Content(text) or None

    def _column_at(self, x: int) -> Column | None:
        """The column at a cell of the line."""
        return column_at(self._fitted_columns, x + self._sideways)
