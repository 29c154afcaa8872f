"""Layout of the detail of one mapping: its title, field table, charts and help as lines of a given size."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment
from textual.strip import Strip

from smapstop.model.history.mapping_history import MappingHistory
from smapstop.model.kinds import kind_of
from smapstop.model.view.view import View
from smapstop.text import format as fmt
from smapstop.text.lifecycle import LastChange, last_change
from smapstop.text.mapping_detail import (
    ComparedTicks,
    FieldRow,
    FieldWidths,
    compared_ticks,
    field_rows,
    field_widths,
    history_seconds,
)
from smapstop.text.status import baseline_text
from smapstop.ui.drawing import detail_sections
from smapstop.ui.drawing.history_charts import draw_chart, draw_small_charts
from smapstop.ui.drawing.style import DrawStyle

WIDE = 150
"""From this width on the charts are at the right of the fields, not below them."""
_GAP = 2


@dataclass(frozen=True, slots=True)
class DetailChoice:
    """What the user chose in the detail."""

    field: str = ""
    """The field under the cursor; empty until the first layout."""
    placed_by_user: bool = False
    """The user put the cursor there; otherwise it goes to a field that changes."""
    folded: bool | None = None
    """Fold the fields that are 0; None to fold them when there is no room."""


@dataclass(frozen=True, slots=True)
class RenderedDetail:
    """The lines of the detail, of which the body scrolls between the other two."""

    top: Sequence[Strip] = ()
    body: Sequence[Strip] = ()
    """The header of the fields, a line for each of them, and the rest."""
    bottom: Sequence[Strip] = ()
    fields: tuple[str, ...] = ()
    """The fields in the order of their lines, from the second of the body on."""
    cursor_field: str = ""
    """The field under the cursor."""
    hidden_count: int = 0
    """How many fields are folded away."""
    table_width: int = 0
    """Cells of the field table."""

    @property
    def height(self) -> int:
        """The number of all lines."""
        return len(self.top) + len(self.body) + len(self.bottom)

    @property
    def cursor_line(self) -> int:
        """The line of the body with the cursor; the first field when the field under the cursor is folded away."""
        return self.fields.index(self.cursor_field) + 1 if self.cursor_field in self.fields else 1

    def visible_body(self, first: int, room: int) -> list[Strip]:
        """Return the lines of the body in view; the header of the fields stays while there are fields under it.

        Args:
            first: The line of the body to begin with.
            room: How many lines there is room for.
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
) -> RenderedDetail:
    """Lay out the detail of one mapping.

    Args:
        history: The mapping; it has been read at least once.
        view: The ticks to compare, and everything else that is shown.
        style: The colours.
        width: Cells of each line.
        height: Lines of the screen. The body may have more than fit, and shows less when there are few.
        choice: The cursor and the folding. The layout moves a cursor that the user has not placed.
        unfold_key: The key that shows the fields that are 0, as people read it.
    """
    ticks = compared_ticks(history, view)
    last = last_change(history, ticks.number)
    table_width = min(118, max(88, width * 48 // 100)) if width >= WIDE else width
    widths = field_widths(table_width)
    rows = field_rows(history, ticks, widths)
    field = _cursor_field(rows, last, choice)

    top = detail_sections.draw_title(history, ticks, style, width, height)
    if height >= 16:
        top += detail_sections.draw_explanation(last, style, width, height // 5)
    names = [row.name for row in rows]
    bottom = (
        detail_sections.draw_field_help(field, names, style, width, 3 if height >= 16 else 2) if height >= 9 else []
    )
    room = height - len(top) - len(bottom)

    shown = visible_rows(rows, room, width, folded=choice.folded)
    kind = kind_of(history.states[-1].name)
    table = [
        detail_sections.draw_field_header(widths, _column_titles(history, view, ticks, widths), style, table_width)
    ]
    table += [
        detail_sections.draw_field(row, widths, style, table_width, kind, cursor=row.name == field) for row in shown
    ]
    if len(shown) < len(rows):
        table.append(detail_sections.draw_folded_fields(len(rows) - len(shown), unfold_key, style, table_width))
    marked = view.state.baseline == "mark" and view.state.mark is not None
    extras = _DetailExtras(history, ticks, style, field, marked)
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
    """The field under the cursor: until the user has placed it, one that changed, the last that changed, or Rss."""
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
    """Select and order the fields to show.

    Args:
        rows: All fields, in the order of the kernel.
        room: Lines for the table and what comes below it.
        width: Cells of a line.
        folded: Leave out the fields that are 0; None to do so when there is no room for them. When there is not
            even room for the others, those that ever changed come first.
    """
    if folded is None:
        folded = room < len(rows) + (8 if width >= WIDE else 14)
    shown = [row for row in rows if not (folded and row.zero)]
    if folded and len(shown) + 2 > room:
        shown.sort(key=lambda row: row.constant)
    return shown


def _column_titles(
    history: MappingHistory, view: View, ticks: ComparedTicks, widths: FieldWidths
) -> tuple[str, str, str]:
    """What the columns of the compared ticks and of the history are headed with."""
    tick = history.timeline.header(ticks.number)
    read = view.snapshot.reading_tick if ticks.number == view.snapshot.tick.number else tick
    return (
        "tick before"
        if view.previous_run and ticks.previous_run_snapshot is None
        else baseline_text(view, history.timeline),
        fmt.clock(read.wall_ns),
        f"last {fmt.age(history_seconds(tick, widths.history))}",
    )


@dataclass(frozen=True, slots=True)
class _DetailExtras:
    """The charts and the facts of one mapping, to be put around its field table."""

    history: MappingHistory
    ticks: ComparedTicks
    style: DrawStyle
    field: str
    has_mark: bool
    """The compared tick is a place on a chart."""

    def lay_out_below(self, table: list[Strip], width: int, room: int) -> list[Strip]:
        """Everything in one column."""
        facts = self._facts(width)
        height = min(12, max(7, room - len(table) - len(facts)))
        return [*table, *self._chart(width, height), *facts, *self._small_charts(width, 4)]

    def lay_out_right(self, table: list[Strip], width: int, room: int) -> list[Strip]:
        """The table and the facts on the left, the charts on the right."""
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
            *detail_sections.draw_flags(self.history, self.ticks, self.style, width),
            *detail_sections.draw_lifecycle(self.history, self.ticks, self.style, width),
        ]

    def _chart(self, width: int, height: int) -> list[Strip]:
        return draw_chart(self.history, self.ticks, self.field, self.style, width, height, mark=self.has_mark)

    def _small_charts(self, width: int, height: int) -> list[Strip]:
        return draw_small_charts(self.history, self.ticks, self.style, width, height)
