"""Middle of the dashboard: the table, and the inspector of what is under its cursor."""

import time
from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container
from textual.widget import Widget

from smapstop.model.protocol import MappingReply
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.row_marks import RowMarks
from smapstop.model.view.sort import Sorting
from smapstop.model.view.view import View
from smapstop.number_limits import SPLIT_LIMITS
from smapstop.text.table_columns import Column
from smapstop.ui.drawing.inspector_title import Tab
from smapstop.ui.widgets.column_widths import ColumnWidths
from smapstop.ui.widgets.inspector import Inspector
from smapstop.ui.widgets.mapping_table import MappingTable

WIDE = 150
"""From this width on, cells, the inspector is to the right of the table instead of below."""
_LINES = 12
"""Height of the inspector below the table, if there is room."""
_FOCUSED_LINES = 16
"""Height that it gets while it has the focus, if there is room."""
_MIN_LINES, _MIN_TABLE_LINES = 5, 5
"""Least heights of the inspector and of the table above it."""
_PROMPT_SECONDS = 0.02
"""A row that is explained faster than this is explained at each step of the cursor."""
_PAGES_DELAY_SECONDS = 0.15
"""Pages are read when the cursor has rested on a row this long: each reading costs the sampler time."""

Zoom = Literal["", "table", "inspector"]


class Views(Container):
    """The table and the inspector, side by side or one above the other.

    Args:
        columns: Columns of the table.
        split: The inspector's share of the width, or of the height below the table, percent; None for the default.
    """

    DEFAULT_CSS = """
    Views { height: 1fr; min-height: 3; layout: vertical;
      & > Inspector { height: 12; width: 100%; }
    }
    Views.-wide { layout: horizontal;
      & > MappingTable { width: 1fr; }
      & > Inspector { width: 45%; height: 100%; border-left: solid $panel; }
      & > Inspector:ansi { border-left: solid ansi_default; }
    }
    Views.-inspector {
      & > MappingTable { display: none; }
      & > Inspector { width: 100%; height: 100%; border: none; }
    }
    Views.-table > Inspector { display: none; }
    """

    def __init__(self, columns: tuple[Column, ...], widths: Mapping[str, int], split: int | None) -> None:
        super().__init__()
        self._columns = columns
        self.widths = ColumnWidths(widths)
        """Widths of the columns of the table."""
        self.split = split
        """The inspector's share, percent, where the user chose it."""
        self._zoom: Zoom = ""
        self._shown: tuple[Timeline, View] | None = None
        self._selection: tuple[int, ...] = ()
        self._is_following = False
        self._follow_seconds = 0.0
        """How long it took to explain the last row: after a long time, keys that wait come first."""
        self._inspector_had_focus = False

    def compose(self) -> ComposeResult:
        """Compose the table and the inspector."""
        self.set_class(self.app.size.width >= WIDE, "-wide")  # now, lest they are styled and laid out a second time
        yield MappingTable(self._columns, self.widths, id="table")
        yield Inspector()

    @property
    def table(self) -> MappingTable:
        """The table of mappings."""
        return self.query_one(MappingTable)

    @property
    def inspector(self) -> Inspector:
        """The inspector."""
        return self.query_one(Inspector)

    @property
    def zoom(self) -> Zoom:
        """The part that fills the screen; empty for none."""
        return self._zoom

    @property
    def main_part(self) -> Widget:
        """The part that had the focus last, which gets it back: the table, or the tab of the inspector."""
        return self.inspector.body if self._inspector_had_focus and self.inspector.display else self.table

    @property
    def carried_mapping(self) -> int | None:
        """The mapping under the cursor, to carry over to the next run; None for a group."""
        mapping = self.table.cursor_id
        return None if mapping is None or mapping < 0 else mapping

    # what is shown

    def show(
        self,
        timeline: Timeline,
        view: View,
        rows: NDArray[np.intp],
        sorting: Sorting,
        *,
        frozen: bool,
        marks: RowMarks,
    ) -> None:
        """Show a view with its rows in this order; `explain` then explains one of them, or all that are selected."""
        self._shown = timeline, view
        self._selection = tuple(marks.selection)
        self.table.show(timeline, view, rows, sorting, frozen=frozen, marks=marks)

    @on(MappingTable.CursorMoved)
    def follow_cursor(self) -> None:
        """Explain another row, once the cursor is painted there."""
        if not self._is_following:
            self._is_following = True
            delay = _PAGES_DELAY_SECONDS if self.inspector.tab == "pages" else self._follow_seconds
            if delay > _PROMPT_SECONDS:
                self.set_timer(min(delay, _PAGES_DELAY_SECONDS), self.explain)
            else:
                self.call_after_refresh(self.explain)

    def explain(self) -> None:
        """Explain the row under the cursor, or all that are selected."""
        self._is_following = False
        begun = time.monotonic()
        if self._shown is not None:
            self.inspector.show(*self._shown, self.table.current, self._selection)
        self._follow_seconds = time.monotonic() - begun

    # the layout

    def on_resize(self, _: events.Resize) -> None:
        """Lay out for the new size; without room for two, the inspector stays if it has the focus."""
        if self.size.height and not self._zoom and not self._has_room and self.inspector.has_focus_within:
            self._fill_with("inspector")  # hidden, it would lose the focus
        self._lay_out()

    @property
    def _has_room(self) -> bool:
        """Whether there is room for both parts."""
        width, height = self.size
        return height >= (_MIN_LINES if width >= WIDE else _MIN_LINES + _MIN_TABLE_LINES)

    def _lay_out(self) -> None:
        """Give each part its room; without enough for two, there is only the table."""
        width, height = self.size
        if not height:  # another part fills the screen
            return
        self.set_class(width >= WIDE, "-wide")
        self.set_class(self._zoom == "inspector", "-inspector")
        self.set_class(self._zoom == "table" or (not self._zoom and not self._has_room), "-table")
        fills, is_beside = self._zoom == "inspector", width >= WIDE
        self.inspector.styles.height = None if fills or is_beside else self._lines(height)
        self.inspector.styles.width = f"{self.split}%" if is_beside and self.split and not fills else None

    def _lines(self, height: int) -> int:
        """Lines of the inspector below the table."""
        if self.split is not None:
            return max(_MIN_LINES, min(height - _MIN_TABLE_LINES, round(height * self.split / 100)))
        lines = height // 2 if height < 2 * _LINES else max(_LINES, height * 2 // 5)
        if self.inspector.has_focus_within:
            lines = max(lines, min(height - _MIN_TABLE_LINES, _FOCUSED_LINES))
        return lines

    def grip_at(self, x: int, y: int) -> Callable[[int, int], None] | None:
        """The border of the inspector at a cell of the screen: a function that moves it there."""
        inspector = self.inspector
        if not inspector.display or self._zoom or not inspector.region.contains(x, y):
            return None
        if self.has_class("-wide"):
            return self._drag_column if x == inspector.region.x else None
        return self._drag_line if y == inspector.region.y else None

    def _drag_column(self, x: int, _: int) -> None:
        """Move the border beside the table to a column."""
        self.set_split(100 * (self.region.right - x) / self.region.width)

    def _drag_line(self, _: int, y: int) -> None:
        """Move the border below the table to a line."""
        self.set_split(100 * (self.region.bottom - y) / self.region.height)

    def set_split(self, percent: float) -> None:
        """Set the inspector's share of the width, or of the height below the table."""
        low, high = SPLIT_LIMITS
        self.split = round(max(low, min(high, percent)))
        self._lay_out()

    def on_descendant_focus(self) -> None:
        """Give the inspector more room while it has the focus."""
        self._inspector_had_focus = self.inspector.has_focus_within
        self._lay_out()

    def on_descendant_blur(self) -> None:
        """Give the table its room back."""
        self._lay_out()

    def set_zoom(self, zoom: Zoom) -> None:
        """Have one part fill the screen; empty for none."""
        was_focused = self.inspector.has_focus_within
        self._fill_with(zoom)
        self._lay_out()
        if zoom == "inspector" or (was_focused and not zoom and self.inspector.display):
            self.inspector.focus_body()
        elif zoom == "table" or was_focused:
            self.screen.set_focus(self.table)
        self.inspector.redraw()

    def _fill_with(self, zoom: Zoom) -> None:
        """Take note which part fills the screen."""
        self._zoom = zoom
        self.inspector.set_class(zoom == "inspector", "-fills")

    # what the user does

    def select_in_table(self, mapping: int) -> bool:
        """Put the cursor of the table on a mapping, and focus it; False when the mapping is not in the table."""
        table = self.table
        table.cursor_id = mapping
        table.move_to(table.cursor_index)
        if table.cursor_id != mapping:
            return False
        table.screen.set_focus(table)
        return True

    def open(self, tab: Tab | None = None) -> None:
        """Focus the inspector, at a tab if given; where it has no room, it gets the whole screen."""
        if tab is not None:
            self.inspector.tab = tab
        self.explain()
        if self.inspector.display:
            self.inspector.focus_body()
        else:
            self.set_zoom("inspector")

    def toggle_callers(self) -> None:
        """Show the callers of the whole process; if they have the focus, those of the row under the cursor."""
        inspector = self.inspector
        has_focus = inspector.shows_process and inspector.has_focus_within
        inspector.shows_process = not has_focus
        self.open("callers")

    def toggle_pages(self) -> bool:
        """Show the pages of the mapping under the cursor; if they have the focus, show its reasons again.

        Returns:
            False without such a mapping: a group is under the cursor, or a mapping that only an earlier run has.
        """
        self.explain()
        if self.inspector.mapping is None:
            return False
        is_open = self.inspector.tab == "pages" and self.inspector.has_focus_within
        self.open("why" if is_open else "pages")
        return True

    def handle_reply(self, reply: MappingReply) -> None:
        """Give a reply of the source to the tab that requested it."""
        self.inspector.handle_reply(reply)

    def go_back(self) -> bool:
        """Go back from the whole screen to a part, or from the inspector to the table; False if there was nothing."""
        if self._zoom:
            self.set_zoom("")
            return True
        if self.inspector.has_focus_within:
            self.screen.set_focus(self.table)
            return True
        return False
