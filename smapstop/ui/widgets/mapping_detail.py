"""The detail of one mapping: draws its sections into lines that scroll, and keeps a cursor on one of its fields."""

from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from smapstop.model.history.mapping_history import Life
from smapstop.model.kinds import kind_of
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.view import Scene
from smapstop.text import format as fmt
from smapstop.text.lifecycle import LastChange, last_change
from smapstop.text.mapping_detail import FieldRow, View, field_rows, history_seconds, view_of, widths_of
from smapstop.text.status import compared_text
from smapstop.ui.drawing import detail_sections, history_charts, tabs
from smapstop.ui.drawing.style import Look
from smapstop.ui.keys.bindings import bindings
from smapstop.ui.keys.key_app import key_of
from smapstop.ui.theme.app_theme import palette_of

WIDE = 150
"""From so many cells on the charts are beside the fields, not below them."""


@dataclass(frozen=True, slots=True)
class _Page:
    """The lines of everything, of which the body scrolls."""

    top: list[Strip]
    body: list[Strip]
    """The header of the fields, a line for each of them, and the rest."""
    bottom: list[Strip]
    fields: tuple[str, ...]
    """The fields in the order of their lines, from the second of the body on."""
    hidden: int
    """How many fields are folded away."""
    table: int
    """Cells of the field table."""


class MappingDetail(ScrollView, can_focus=True, inherit_bindings=False):
    """One mapping: all its fields compared, what they mean, and its history. Without a mapping it is empty."""

    COMPONENT_CLASSES = {"detail--header", "detail--cursor"}  # noqa: RUF012  (as Textual declares it)
    DEFAULT_CSS = """
    MappingDetail { height: 1fr; background: $background; color: $foreground;
      overflow-x: hidden; scrollbar-size-vertical: 1;
      & > .detail--header { background: $panel; color: $foreground; text-style: bold; }
      & > .detail--cursor { background: $block-cursor-blurred-background; color: $foreground; text-style: bold; }
      &:focus > .detail--cursor { background: $primary 60%; color: $text; text-style: bold; }
      &:ansi > .detail--cursor { background: ansi_default; color: ansi_default; text-style: reverse; }
      &:ansi:focus > .detail--cursor { background: ansi_default; color: ansi_default; text-style: bold reverse; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("list", "detail")]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.field = ""
        """The field under the cursor; until the user moves it, the first one that changes takes it from Rss."""
        self._touched = False
        self._folded: bool | None = None
        self._life: Life | None = None
        self._scene: Scene | None = None
        self._page = _Page([], [], [], (), 0, 0)
        self._painted: list[Strip] = []

    @property
    def mapping(self) -> int | None:
        """The mapping that is shown; None before the first."""
        return self._life.mapping if self._life else None

    # what is shown

    def show(self, timeline: Timeline, scene: Scene, mapping: int) -> None:
        """Show a mapping as it is in a scene; when it is gone, or not there yet, its nearest state."""
        self._scene = scene
        if self._life is None or (self._life.timeline, self._life.mapping) != (timeline, mapping):
            self._life = Life(timeline, mapping)
            self.field, self._touched = "", False
            self.scroll_to(y=0, animate=False, force=True)
        self._life.follow()
        self._redraw()

    def _redraw(self) -> None:
        """Draw all lines, and refresh those that differ."""
        if self._life is None or self._scene is None or not self.size.width or not self._life.states:
            return
        follow = not self.field or self._cursor_in_view
        self._page = self._drawn(self._life, self._scene)
        page = self._page
        self.virtual_size = Size(self.size.width, len(page.top) + len(page.body) + len(page.bottom))
        if follow:
            self._reveal()
        self._paint()

    def _paint(self) -> None:
        """Refresh the lines of the screen that differ."""
        old, self._painted = self._painted, self._visible()
        if len(old) != len(self._painted):
            self.refresh()
            return
        pairs = zip(old, self._painted, strict=True)
        dirty = [Region(0, y, self.size.width, 1) for y, (a, b) in enumerate(pairs) if a != b]
        if dirty:
            self.refresh(*dirty)

    def _visible(self) -> list[Strip]:
        """The lines on the screen; the header of the fields stays while there are fields under it."""
        page, at = self._page, self._at
        middle = page.body[at : at + self._room]
        if 0 < at <= len(page.fields):
            middle[0] = page.body[0]
        blank = Strip([Segment(" " * self.size.width, self.rich_style)], self.size.width)
        middle += [blank] * (self._room - len(middle))
        return [*page.top, *middle, *page.bottom]

    @property
    def _room(self) -> int:
        """Lines of the screen for the body."""
        return max(1, self.size.height - len(self._page.top) - len(self._page.bottom))

    @property
    def _at(self) -> int:
        """The line of the body at the top of the screen."""
        return max(0, min(int(self.scroll_offset.y), len(self._page.body) - self._room))

    # how it is drawn

    def _drawn(self, life: Life, scene: Scene) -> _Page:
        """All lines for this size; a cell is left for the scrollbar."""
        width, height = self.size.width - 1, self.size.height
        look = Look(
            palette_of(self.app),
            self.rich_style,
            self.get_component_rich_style("detail--header"),
            self.get_component_rich_style("detail--cursor"),
        )
        view = view_of(life, scene)
        table = min(118, max(88, width * 48 // 100)) if width >= WIDE else width
        widths = widths_of(table)
        rows = field_rows(life, view, widths)
        if not self._touched and self.field not in {row.name for row in rows if not row.constant}:
            self.field = _first_field(rows, last_change(life, view.number))
        top = detail_sections.title(life, view, look, width, height)
        if height >= 16:
            top += detail_sections.why(last_change(life, view.number), look, width, height // 5)
        names = [row.name for row in rows]
        bottom = (
            detail_sections.help_lines(self.field, names, look, width, 3 if height >= 16 else 2)
            if height >= 9
            else []
        )
        room = height - len(top) - len(bottom)

        shown = self._unfolded(rows, room, width)
        kind = kind_of(life.states[-1].name)
        fields = [self._header(life, view, look, table)]
        fields += [
            detail_sections.field_line(row, widths, look, table, kind, cursor=row.name == self.field) for row in shown
        ]
        if len(shown) < len(rows):
            fields.append(detail_sections.folded_line(len(rows) - len(shown), key_of(self.app, "zeros"), look, table))
        beside = width - table - 2
        rest = self._beside(life, view, look, fields, beside, room) if beside > 0 else None
        body = rest or [*fields, *self._below(life, view, look, width, room - len(fields))]
        return _Page(top, body, bottom, tuple(row.name for row in shown), len(rows) - len(shown), table)

    def _header(self, life: Life, view: View, look: Look, width: int) -> Strip:
        """The header of the field table."""
        assert self._scene is not None
        scene, tick, widths = self._scene, life.timeline.head(view.number), widths_of(width)
        read = scene.moment.read if view.number == scene.moment.tick.number else tick
        titles = (
            "tick before" if scene.earlier and view.earlier is None else compared_text(scene, life.timeline),
            fmt.clock(read.wall_ns),
            f"last {fmt.age(history_seconds(tick, widths.history))}",
        )
        return detail_sections.field_header(widths, titles, look, width)

    def _unfolded(self, rows: list[FieldRow], room: int, width: int) -> list[FieldRow]:
        """The fields to show: without zeros when there is no room, and what ever changed first when there is less."""
        folded = self._folded
        if folded is None:
            folded = room < len(rows) + (8 if width >= WIDE else 14)
        shown = [row for row in rows if not (folded and row.zero)]
        if folded and len(shown) + 2 > room:
            shown.sort(key=lambda row: row.constant)
        return shown

    def _below(self, life: Life, view: View, look: Look, width: int, room: int) -> list[Strip]:
        """What follows the fields on a narrow screen."""
        words, told = (
            detail_sections.flags(life, view, look, width),
            detail_sections.life_lines(life, view, look, width),
        )
        height = min(12, max(7, room - len(words) - len(told)))
        return [
            *history_charts.chart(life, view, self.field, look, width, height, mark=self._marked),
            *words,
            *told,
            *history_charts.small_charts(life, view, look, width, 4),
        ]

    def _beside(self, life: Life, view: View, look: Look, fields: list[Strip], width: int, room: int) -> list[Strip]:
        """The fields on the left, the charts on the right."""
        table = fields[0].cell_length
        words, told = (
            detail_sections.flags(life, view, look, table),
            detail_sections.life_lines(life, view, look, table),
        )
        left = [*fields, *words, *told]
        small = history_charts.small_charts(life, view, look, width, min(10, max(4, room // 6)))
        height = min(28, max(8, room - len(small)))
        right = [*history_charts.chart(life, view, self.field, look, width, height, mark=self._marked), *small]
        lines = max(len(left), len(right))
        left += [Strip.blank(table, look.base)] * (lines - len(left))
        right += [Strip.blank(width, look.base)] * (lines - len(right))
        gap = Strip([Segment("  ", look.base)], 2)
        return [Strip.join([a, gap, b]) for a, b in zip(left, right, strict=True)]

    @property
    def _marked(self) -> bool:
        """Whether the compared moment is a place on a chart."""
        return self._scene is not None and self._scene.lens.compared == "mark" and self._scene.lens.mark is not None

    def render_line(self, y: int) -> Strip:
        """One line of the widget."""
        width = self.size.width
        if y >= len(self._painted):
            return Strip.blank(width, self.rich_style)
        return self._painted[y].adjust_cell_length(width, self.rich_style)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Draw the lines that came into view."""
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = new_value
        if round(old_value) != round(new_value):
            self._paint()

    def on_resize(self, _: events.Resize) -> None:
        """Draw for the new size."""
        self._redraw()

    def notify_style_update(self) -> None:
        """Draw in the new theme's colours."""
        super().notify_style_update()
        self._redraw()

    # what the user does

    def _line_of_cursor(self) -> int:
        """The line of the body on which the cursor is."""
        fields = self._page.fields
        return fields.index(self.field) + 1 if self.field in fields else 1

    @property
    def _cursor_in_view(self) -> bool:
        """Whether the user sees the cursor."""
        return self._at < self._line_of_cursor() < self._at + self._room

    def _reveal(self) -> None:
        """Scroll until the line of the cursor is in view."""
        line, at = self._line_of_cursor(), self._at
        first = 0 if line == 1 else line - 1
        if first < at:
            self.scroll_to(y=first, animate=False, force=True)
        elif line >= at + self._room:
            self.scroll_to(y=line - self._room + 1, animate=False, force=True)

    def move_to(self, field: str) -> None:
        """Put the cursor on a field."""
        self.field, self._touched = field, True
        self._redraw()
        self._reveal()

    def action_move(self, lines: int) -> None:
        """Move the cursor to the next field, or scroll where there is none."""
        line = self._line_of_cursor()
        if self._cursor_in_view and 1 <= line + lines <= len(self._page.fields):
            self.move_to(self._page.fields[line + lines - 1])
        else:
            self.scroll_to(y=self._at + lines, animate=False, force=True)

    def action_page(self, pages: int) -> None:
        """Move by a screenful."""
        for _ in range(max(1, self._room - 1)):
            self.action_move(pages)

    def action_go(self, where: int) -> None:
        """Go to the first field; or, with -1, to the very end."""
        if where == 0 and self._page.fields:
            self.move_to(self._page.fields[0])
        self.scroll_to(y=0 if where == 0 else len(self._page.body), animate=False, force=True)

    def action_fold(self) -> None:
        """Show the fields that are 0, or fold them away."""
        self._folded = not self._page.hidden
        self._redraw()
        self._reveal()

    async def on_click(self, event: events.Click) -> None:
        """A click puts the cursor on a field, shows those that are zero, or goes to the other tab."""
        if event.y == 0 and tabs.tab_at(event.x, self.size.width - 1) == "pages":
            await self.run_action("screen.pages")
            return
        line = self._at + event.y - len(self._page.top)
        if not 0 <= event.y - len(self._page.top) < self._room or event.x >= self._page.table:
            return
        if 1 <= line <= len(self._page.fields):
            self.move_to(self._page.fields[line - 1])
        elif line == len(self._page.fields) + 1 and self._page.hidden:
            self.action_fold()


def _first_field(rows: list[FieldRow], last: LastChange | None) -> str:
    """Where the cursor begins: on what changed, on what changed last, or on Rss."""
    changed = [row.name for row in rows if row.change and row.change == row.change]
    told = [name for name, _, _ in last.fields] if last else []
    names = [row.name for row in rows]
    return next(name for name in (*(name for name in changed if name in told), *told, "rss", *names) if name in names)
