"""Lay out the fields of one mapping: field table, charts, flags and help, as lines of a given width."""

from collections.abc import Sequence
from functools import partial

from rich.segment import Segment
from textual.strip import Strip

from smapstop.lazy_dataclass import dataclass
from smapstop.model.history.mapping_history import MappingHistory
from smapstop.model.protocol import SharersReply
from smapstop.model.view.view import View
from smapstop.text import format as fmt
from smapstop.text.lifecycle import LastChange, last_change
from smapstop.text.mapping_detail import (
    ComparedTicks,
    FieldRow,
    compared_ticks,
    field_rows,
    field_widths,
)
from smapstop.text.status import baseline_text, window_text
from smapstop.text.units import process_format, unit_format_of
from smapstop.ui.drawing import detail_sections
from smapstop.ui.drawing.history_charts import draw_chart, draw_small_charts
from smapstop.ui.drawing.style import DrawStyle

WIDE = 150
"""Minimum width for the charts to the right of the fields instead of below."""
_GAP = 2


@dataclass(frozen=True, slots=True)
class DetailChoice:
    """Cursor and folding chosen by the user."""

    field: str = ""
    """Field under the cursor; empty until the first layout."""
    placed_by_user: bool = False
    """Whether the user moved the cursor there; otherwise the layout puts it on a field that changes."""
    folded: bool | None = None
    """Whether to hide the fields that are 0; None to hide them if there is no room."""


@dataclass(frozen=True, slots=True)
class RenderedDetail:
    """Lines of the detail; the body scrolls between top and bottom."""

    top: Sequence[Strip] = ()
    body: Sequence[Strip] = ()
    """The header of the field table, one line per field, then charts and flags."""
    bottom: Sequence[Strip] = ()
    fields: tuple[str, ...] = ()
    """Fields in the order of their lines, from the second line of the body on."""
    cursor_field: str = ""
    """Field under the cursor."""
    hidden_count: int = 0
    """Number of hidden fields."""
    table_width: int = 0
    """Width of the field table, cells."""

    @property
    def height(self) -> int:
        """Total number of lines."""
        return len(self.top) + len(self.body) + len(self.bottom)

    @property
    def cursor_line(self) -> int:
        """Line of the body with the cursor; that of the first field if the cursor's field is hidden."""
        return self.fields.index(self.cursor_field) + 1 if self.cursor_field in self.fields else 1

    def visible_body(self, first: int, room: int) -> list[Strip]:
        """Return the visible lines of the body; the table header stays in view while fields are below it.

        Args:
            first: First line of the body to show.
            room: Number of lines available.
        """
        lines = list(self.body[first : first + room])
        if 0 < first <= len(self.fields):
            lines[0] = self.body[0]
        return lines


def lay_out(
    history: MappingHistory,
    view: View,
    style: DrawStyle,
    width: int,
    height: int,
    choice: DetailChoice,
    unfold_key: str,
    sharers: SharersReply | None = None,
) -> RenderedDetail:
    """Lay out the detail of one mapping.

    Args:
        history: History of the mapping; it has been read at least once.
        view: View that selects the ticks to compare.
        style: Colours and styles.
        width: Cells of each line.
        height: Lines available. The body may be longer than fits; if lines are few, parts are left out.
        choice: The cursor and the folding. The layout moves a cursor that the user has not placed.
        unfold_key: Display name of the key that shows the fields that are 0.
        sharers: Who else maps the object of shared memory; None where that is not known yet.
    """
    ticks = compared_ticks(history, view)
    last = last_change(history, ticks.number)
    table_width = min(118, max(88, width * 48 // 100)) if width >= WIDE else width
    widths = field_widths(table_width)
    rows = field_rows(history, ticks, widths, partial(unit_format_of, view))
    field = _cursor_field(rows, last, choice)

    top = [style.line([Segment(fmt.clip(f" {ticks.notice}", width), style.warning)], width)] if ticks.notice else []
    names = [row.name for row in rows]
    bottom = (
        detail_sections.draw_field_help(field, names, style, width, 3 if height >= 16 else 2) if height >= 9 else []
    )
    room = height - len(top) - len(bottom)

    shown = visible_rows(rows, room, width, folded=choice.folded)
    kind = history.states[-1].kind
    titles = _column_titles(history, view, ticks)
    table = [detail_sections.draw_field_header(widths, view.state.units, titles, style, table_width)]
    table += [
        detail_sections.draw_field(row, widths, style, table_width, kind, cursor=row.name == field) for row in shown
    ]
    if len(shown) < len(rows):
        table.append(detail_sections.draw_folded_fields(len(rows) - len(shown), unfold_key, style, table_width))
    marked = view.state.baseline == "mark" and view.state.mark is not None
    extras = _DetailExtras(history, ticks, view, style, field, marked, sharers)
    body = extras.lay_out_right(table, width, room) if width >= WIDE else extras.lay_out_below(table, width, room)
    return RenderedDetail(
        top=top,
        body=body,
        bottom=bottom,
        fields=tuple(row.name for row in shown),
        cursor_field=field,
        hidden_count=len(rows) - len(shown),
        table_width=table_width,
    )


def _cursor_field(rows: Sequence[FieldRow], last: LastChange | None, choice: DetailChoice) -> str:
    """Choose the field under the cursor: the user's, else one that changed, the last one that changed, or Rss."""
    if choice.placed_by_user or choice.field in {row.name for row in rows if not row.constant}:
        return choice.field
    names = [row.name for row in rows]
    changed = {row.name for row in rows if row.change and row.change == row.change}
    in_last = [name for name, _, _ in last.fields] if last else []
    candidates = [*(name for name in names if name in changed and name in in_last), *in_last, "rss", *names]
    return next(name for name in candidates if name in names)


def visible_rows(
    rows: Sequence[FieldRow], room: int, width: int, *, folded: bool | None = None
) -> Sequence[FieldRow]:
    """Select the fields to show, in order.

    Args:
        rows: All fields, in the kernel's order.
        room: Lines for the table and everything below it.
        width: Cells of a line.
        folded: Leave out the fields that are 0; None to do so if they do not fit. If the others do not fit either,
            those that ever changed come first.
    """
    if folded is None:
        folded = room < len(rows) + (8 if width >= WIDE else 14)
    shown = [row for row in rows if not (folded and row.zero)]
    if folded and len(shown) + 2 > room:
        shown.sort(key=lambda row: row.constant)
    return shown


def _column_titles(history: MappingHistory, view: View, ticks: ComparedTicks) -> tuple[str, str, str]:
    """Titles of the columns of the compared ticks and of the history."""
    tick = history.timeline.header(ticks.number)
    read = view.snapshot.reading_tick if ticks.number == view.snapshot.tick.number else tick
    return (
        "tick before"
        if view.previous_run and ticks.previous_run_snapshot is None
        else baseline_text(view, history.timeline),
        fmt.clock(read.wall_ns),
        f"over {window_text(view)}",
    )


@dataclass(frozen=True, slots=True)
class _DetailExtras:
    """Lays out charts and flags of one mapping around its field table."""

    history: MappingHistory
    ticks: ComparedTicks
    view: View
    style: DrawStyle
    field: str
    has_mark: bool
    """Whether to mark the compared tick on the chart."""
    sharers: SharersReply | None

    def lay_out_below(self, table: list[Strip], width: int, room: int) -> list[Strip]:
        """Lay out everything in one column."""
        facts = self._facts(width)
        height = min(12, max(7, room - len(table) - len(facts)))
        return [*table, *self._chart(width, height), *facts, *self._small_charts(width, 4)]

    def lay_out_right(self, table: list[Strip], width: int, room: int) -> list[Strip]:
        """Lay out table and flags on the left, charts on the right."""
        left_width = table[0].cell_length
        right_width = width - left_width - _GAP
        left = [*table, *self._facts(left_width)]
        small = self._small_charts(right_width, min(10, max(4, room // 6)))
        right = [*self._chart(right_width, min(28, max(8, room - len(small)))), *small]
        lines = max(len(left), len(right))
        left += [Strip.blank(left_width, self.style.base)] * (lines - len(left))
        right += [Strip.blank(right_width, self.style.base)] * (lines - len(right))
        gap = Strip([Segment(" " * _GAP, self.style.base)], _GAP)
        return [Strip.join([a, gap, b]) for a, b in zip(left, right, strict=True)]

    def _facts(self, width: int) -> list[Strip]:
        return [
            *detail_sections.draw_object(
                self.history, self.ticks, self.sharers, process_format(self.view), self.style, width
            ),
            *detail_sections.draw_flags(self.history, self.ticks, self.style, width),
        ]

    def _chart(self, width: int, height: int) -> list[Strip]:
        unit = unit_format_of(self.view, self.field)
        return draw_chart(self.history, self.ticks, self.field, unit, self.style, width, height, mark=self.has_mark)

    def _small_charts(self, width: int, height: int) -> list[Strip]:
        unit_of = partial(unit_format_of, self.view)
        return draw_small_charts(self.history, self.ticks, unit_of, self.style, width, height)
