"""The table of mappings: draws the visible rows of a scene, and keeps the cursor on a mapping, not on a row."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from smapstop.model.arrange import Sorting
from smapstop.model.lately import LATELY
from smapstop.model.scene import Scene
from smapstop.model.sheet import Grouping
from smapstop.model.timeline import Timeline
from smapstop.ui import format as fmt
from smapstop.ui.columns import Column, fitting
from smapstop.ui.palette import Palette
from smapstop.ui.rows import HISTORY_TICKS, Groups, Row, groups_of, history_step, letter_of, rows_of
from smapstop.ui.theme import palette_of


@dataclass(frozen=True, slots=True)
class _Painted:
    """What one line shows: lines that show the same are not painted again."""

    row: Row
    cursor: bool


class MappingTable(ScrollView, can_focus=True, inherit_bindings=False):
    """The mappings, a line each; only what is visible is ever made into text."""

    COMPONENT_CLASSES = {"table--header", "table--cursor"}  # noqa: RUF012  (as Textual declares it)
    DEFAULT_CSS = """
    MappingTable { height: 1fr; background: $background; color: $foreground; overflow-x: hidden;
      scrollbar-size-vertical: 1;
      & > .table--header { background: $panel; color: $foreground; text-style: bold; }
      & > .table--cursor { background: $block-cursor-blurred-background; color: $foreground; text-style: bold; }
      &:focus > .table--cursor { background: $primary 60%; color: $text; text-style: bold; }
      &:nocolor > .table--cursor { text-style: reverse; }
    }
    """
    BINDINGS = [  # noqa: RUF012
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False),
        Binding("ctrl+home", "go(0)", "First row", show=False),
        Binding("ctrl+end,G", "go(-1)", "Last row", show=False),
    ]

    @dataclass
    class Opened(Message):
        """The user opened a mapping."""

        mapping: int

    @dataclass
    class SortAsked(Message):
        """The user clicked on the header of a column."""

        key: str

    @dataclass
    class Touched(Message):
        """The user moved the cursor, so the order should hold still."""

        mapping: int

    def __init__(self, columns: tuple[Column, ...], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.columns = columns
        self.cursor_id: int | None = None
        """The mapping under the cursor; None until the user moves it: then the first row is as good as any."""
        self._timeline: Timeline | None = None
        self._scene: Scene | None = None
        self._groups: Groups | None = None
        self._order: NDArray[np.intp] = np.zeros(0, np.intp)
        self._sorting = Sorting()
        self._name_title = ""
        self._fitted: list[tuple[Column, int]] = []
        self._rows: list[Row] = []
        self._painted: list[_Painted] = []

    # what is shown

    def show(
        self, timeline: Timeline, scene: Scene, order: NDArray[np.intp], sorting: Sorting, *, frozen: bool
    ) -> None:
        """Show a scene with its rows in this order, which is said to be frozen when it is."""
        line = self.cursor_index - self._top
        self._timeline, self._scene, self._order = timeline, scene, order
        self._groups = self._groups_of(timeline, scene.lens.grouping)
        title = _name_title(scene, frozen=frozen)
        anew = (self._sorting, self._name_title) != (sorting, title)
        self._sorting, self._name_title = sorting, title
        self.virtual_size = Size(self.size.width, len(order) + 1)
        self._hold_cursor(line)
        self._repaint(everything=anew)

    def _groups_of(self, timeline: Timeline, by: Grouping) -> Groups | None:
        """What is asked about the groups, when the rows are groups."""
        if by == "none":
            return None
        known = self._groups
        if known is not None and (known.history.timeline, known.history.by) == (timeline, by):
            return known
        return groups_of(timeline, by, self.columns)

    @property
    def cursor_index(self) -> int:
        """The place of the cursor in the order."""
        if self.cursor_id is None or self._scene is None:
            return 0
        found = np.flatnonzero(self._scene.sheet.ids[self._order] == self.cursor_id)
        return int(found[0]) if len(found) else self._lost_index()

    @property
    def current(self) -> int | None:
        """The mapping (or group) under the cursor; None when there is no row."""
        if self._scene is None or not len(self._order):
            return None
        return int(self._scene.sheet.ids[self._order[min(self.cursor_index, len(self._order) - 1)]])

    @property
    def _top(self) -> int:
        return int(self.scroll_offset.y)

    @property
    def _page(self) -> int:
        """How many rows fit under the header."""
        return max(1, self.size.height - 1)

    def _lost_index(self) -> int:
        """Where the cursor goes whose mapping is gone: it stays on its line."""
        index = min(self._last_index, max(0, len(self._order) - 1))
        if self._scene is not None and len(self._order):
            self.cursor_id = int(self._scene.sheet.ids[self._order[index]])
        return index

    _last_index = 0

    def _hold_cursor(self, line: int) -> None:
        """Keep the cursor on its line when the rows move under it, and the top in view when it was."""
        index = self.cursor_index
        self._last_index = index
        top = self._top
        if top and 0 <= line < self._page:
            top = index - line
        elif index >= top + self._page:
            top = index - self._page + 1
        top = max(0, min(top, len(self._order) - self._page))
        if top != self._top:
            self.scroll_to(y=top, animate=False, force=True)

    def _repaint(self, *, everything: bool = False) -> None:
        """Make the visible rows into text, and refresh the lines that differ."""
        if self._scene is None or self._timeline is None or not self.size.width:
            return
        fitted = fitting(self.columns, self.size.width - self.scrollbar_size_vertical)
        everything |= fitted != self._fitted
        self._fitted = fitted
        visible = self._order[self._top : self._top + self._page]
        self._rows = rows_of(self._scene, self._timeline, visible, fitted, self._groups)
        at = self.cursor_index - self._top
        painted = [_Painted(row, y == at) for y, row in enumerate(self._rows)]
        old, self._painted = self._painted, painted
        if everything or len(old) != len(painted):
            self.refresh()
            return
        width = self.size.width
        dirty = [Region(0, y + 1, width, 1) for y, (a, b) in enumerate(zip(old, painted, strict=True)) if a != b]
        if dirty:
            self.refresh(Region(0, 0, width, 1), *dirty)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Draw the rows that came into view."""
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = new_value
        if round(old_value) != round(new_value):
            self._repaint(everything=True)

    def on_resize(self, _: events.Resize) -> None:
        """Fit the columns anew."""
        self.virtual_size = Size(self.size.width, len(self._order) + 1)
        self._hold_cursor(self.cursor_index - self._top)
        self._repaint(everything=True)

    def notify_style_update(self) -> None:
        """Draw in the new theme's colours."""
        super().notify_style_update()
        self.refresh()

    # how it is drawn

    def render_line(self, y: int) -> Strip:
        """One line of the widget: the header, or a visible row."""
        width = self.size.width
        base = self.rich_style
        if self._scene is None:
            return Strip.blank(width, base)
        if y == 0:
            return self._header_strip(width)
        if y > len(self._rows):
            return Strip([Segment(self._empty_text(y).ljust(width), base)], width)
        return self._row_strip(self._painted[y - 1], palette_of(self.app), width)

    def _empty_text(self, y: int) -> str:
        """What an empty table says."""
        if len(self._order) or y != 2 or self._scene is None:
            return ""
        if self._scene.lens.filter:
            return f"  no mapping matches {self._scene.lens.filter!r}: press / to change the filter, esc to drop it"
        return "  no mappings"

    def _header_strip(self, width: int) -> Strip:
        """The titles, with the direction on the one that rows are sorted by."""
        style = self.get_component_rich_style("table--header")
        parts = []
        for column, cells in self._fitted:
            title = self._title(column, cells)
            if column.key == self._sorting.key:
                arrow = "▼" if self._sorting.descending else "▲"
                title = fmt.clip(
                    f"{title} {arrow}" if len(title) + 2 <= cells else f"{title[: cells - 1]}{arrow}", cells
                )
            parts.append(title.rjust(cells) if column.right else title.ljust(cells))
        return Strip([Segment(" ".join(parts).ljust(width)[:width], style)], width)

    def _title(self, column: Column, cells: int) -> str:
        """The title of a column; of the history how long it is."""
        assert self._scene is not None
        if column.look == "name":
            return fmt.clip(self._name_title or column.title, cells)
        if column.look != "history":
            return column.title
        tick = self._scene.moment.tick
        ticks = min(HISTORY_TICKS, cells * history_step(tick.number + 1, cells))
        return f"Rss, {fmt.age(ticks * tick.interval_ns / 1e9)}"

    def _row_strip(self, painted: _Painted, palette: Palette, width: int) -> Strip:
        """One row: lit when it has just changed, dim when it is gone."""
        row = painted.row
        base = self._row_style(painted, palette)
        segments = []
        told = zip(self._fitted, row.cells, row.numbers, row.moves, strict=True)
        for (column, cells), text, number, move in told:
            style = base if row.gone or painted.cursor else base + _ink(column, row, text, number, palette)
            if move and not row.gone:
                style += _lit(palette, move, style.color.name if style.color else palette.foreground)
            if column.look == "name":
                marker = base + Style(color=palette.colours[row.kind.value], bold=True)
                segments += [Segment(letter_of(row.kind) + " ", marker), Segment(fmt.pad(text, cells - 1), style)]
            elif column.right:
                segments.append(Segment(" " * (cells - len(text)) + text + " ", style))
            else:
                segments.append(Segment(fmt.pad(text, cells + 1), style))
        return Strip(segments).adjust_cell_length(width, base)

    def _row_style(self, painted: _Painted, palette: Palette) -> Style:
        """What the whole row is drawn in."""
        base = self.rich_style
        if painted.cursor:
            return base + self.get_component_rich_style("table--cursor")
        if painted.row.gone:
            return base + Style(color=palette.quiet, strike=True)
        age = painted.row.age
        if age is not None and age < len(palette.fade):
            return base + Style(bgcolor=palette.fade[age])
        return base

    # what the user does

    def move_to(self, index: int) -> None:
        """Put the cursor on a row of the order."""
        if self._scene is None or not len(self._order):
            return
        index = max(0, min(len(self._order) - 1, index))
        self.cursor_id = int(self._scene.sheet.ids[self._order[index]])
        self._last_index = index
        if index < self._top:
            self.scroll_to(y=index, animate=False, force=True)
        elif index >= self._top + self._page:
            self.scroll_to(y=index - self._page + 1, animate=False, force=True)
        self._repaint()
        self.post_message(self.Touched(self.cursor_id))

    def action_move(self, rows: int) -> None:
        """Move the cursor by so many rows."""
        self.move_to(self.cursor_index + rows)

    def action_page(self, pages: int) -> None:
        """Move the cursor by so many pages."""
        self.move_to(self.cursor_index + pages * self._page)

    def action_go(self, index: int) -> None:
        """Move the cursor to a row; -1 is the last."""
        self.move_to(index if index >= 0 else len(self._order) - 1)

    def action_open(self) -> None:
        """Open the mapping under the cursor."""
        if self.current is not None:
            self.post_message(self.Opened(self.current))

    def on_click(self, event: events.Click) -> None:
        """A click on the header sorts, on a row selects, a second one opens."""
        if event.y == 0:
            column = self._column_at(event.x)
            if column is not None:
                self.post_message(self.SortAsked(column.key))
            return
        index = self._top + event.y - 1
        if index < len(self._order):
            self.move_to(index)
            if event.chain == 2:
                self.action_open()

    def _column_at(self, x: int) -> Column | None:
        """The column at a cell of the line."""
        for column, cells in self._fitted:
            if x < cells + 1:
                return column
            x -= cells + 1
        return None


def _name_title(scene: Scene, *, frozen: bool) -> str:
    """What the rows are: how they are grouped, filtered, and whether their order is held."""
    lens = scene.lens
    shown, everything = int(scene.keep.sum()), len(scene.keep)
    one_each = "" if lens.filter else "Mapping"
    rows = one_each if lens.grouping == "none" else f"By {lens.grouping}"
    filtered = f"{shown} of {everything}: {lens.filter}" if lens.filter else ""
    return " · ".join(filter(None, (rows, "frozen" if frozen else "", filtered)))


def _ink(column: Column, row: Row, text: str, number: float, palette: Palette) -> Style:
    """The colour of a cell: of an amount by how much it is, of a change by its direction."""
    match column.look:
        case "amount":
            return Style(color=palette.heat_of(number))
        case "change" | "rate":
            return Style(color=palette.gain if number > 0 else palette.loss if number < 0 else palette.quiet)
        case "history":
            return Style(color=palette.colours[row.kind.value] if len(set(text.strip())) > 1 else palette.quiet)
        case "text" | "address":
            return Style(color=palette.quiet)
        case "happened":
            fresh = row.age is not None and row.age < LATELY
            return Style(color=None if fresh else palette.quiet, bold=_stands_out(row, palette))
    return Style(bold=_stands_out(row, palette))


def _stands_out(row: Row, palette: Palette) -> bool | None:
    """Whether the words of a row must say that it has just changed, because its background cannot."""
    return True if not palette.fade and row.age == 0 else None


def _lit(palette: Palette, move: int, ink: str) -> Style:
    """What a number that has moved is drawn in: ever less apart from its ink, and bold in the tick of the move."""
    ago = abs(move) - 1
    return Style(
        color=palette.fading(palette.gain if move > 0 else palette.loss, ink, ago), bold=True if not ago else None
    )
