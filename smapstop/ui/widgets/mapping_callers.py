"""Callers of page faults: a call tree, or a flame graph, with a cursor that stays on its function."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import BindingType
from textual.strip import Strip

from smapstop.model.callers.call_tree import CallNode, call_tree, counted_stacks
from smapstop.text import format as fmt
from smapstop.text.caller_scope import CallerScope
from smapstop.text.functions import whole_text
from smapstop.ui.callers.call_rows import CallPath, CallRow, child_paths, node_at, rows_of
from smapstop.ui.callers.choice import CallersChoice
from smapstop.ui.callers.draw_flame import draw_flame
from smapstop.ui.callers.draw_rows import draw_head, draw_row
from smapstop.ui.callers.flame import Flame, box_at, find_box, lay_out_flame, neighbour_of
from smapstop.ui.drawing.style import DrawStyle
from smapstop.ui.keys.bindings import bindings
from smapstop.ui.keys.key_app import key_of
from smapstop.ui.widgets.scrolling import scroll_lines, set_scroll_height
from smapstop.ui.widgets.strip_scroll import StripScroll

_EMPTY = CallNode(None, 0, 0, ())
_REST = 10
"""A large tree is built again after so many times as long as it took."""


class MappingCallers(StripScroll):
    """Shows who makes the page faults of a mapping, of several, or of the whole process."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("list", "callers")]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._choice = CallersChoice()
        self._scope: CallerScope | None = None
        self._subject: object = None
        self._root = _EMPTY
        self._rows: list[CallRow] = []
        self._flame: Flame = []
        self._toggled: dict[CallPath, bool] = {}
        self._cursor: CallPath = ()
        self._zoom: CallPath = ()
        self._body: Sequence[Strip] = ()
        self._next_build = 0.0
        """Before this time, seconds of `time.monotonic`, the tree stays as it is."""
        self._awaited: tuple[CallerScope, object] | None = None
        """What is shown then."""

    # what is shown

    def show(self, scope: CallerScope, subject: object) -> None:
        """Show the callers of faults; from the top if they are of another subject than before."""
        is_new, known, wait = subject != self._subject, self._scope, self._next_build - time.monotonic()
        if not is_new and known is not None and known.when == scope.when and wait > 0:
            if self._awaited is None:
                self.set_timer(wait, self._show_awaited)
            self._awaited = scope, subject
            return
        self._awaited = None
        self._scope, self._subject = scope, subject
        if is_new:
            self._toggled, self._cursor, self._zoom = {}, (), ()
            self.scroll_to(y=0, animate=False, force=True)
        if (
            is_new
            or known is None
            or known.faults is None
            or (known.known_count, known.when) != (scope.known_count, scope.when)
        ):
            self._build()
        self.redraw()

    def _show_awaited(self) -> None:
        """Show the faults that had to wait, unless others were shown since."""
        if self._awaited is not None:
            self.show(*self._awaited)

    def _build(self) -> None:
        """Build the tree."""
        faults, begun = self._scope.faults if self._scope else None, time.monotonic()
        if faults is None:
            self._root = _EMPTY
            return
        stacks = counted_stacks(faults, folded=self._choice.is_folded)
        self._root = call_tree(stacks, callers_first=self._choice.callers_first)
        now = time.monotonic()
        self._next_build = now + _REST * (now - begun)

    def redraw(self) -> None:
        """Lay out all lines, and paint those in view that differ."""
        if self._scope is None:
            return
        choice, root = self._choice, self._root
        if not choice.is_flame:  # keys may come before the size
            self._rows = rows_of(root, self._toggled)
            if self._row_of_cursor is None and self._rows:
                self._cursor = self._rows[0].path
        if not self.size.width:
            return
        style, width = self.draw_style, self.size.width - 1  # one cell for the scrollbar
        if choice.is_flame:
            self._zoom = self._zoom if node_at(root, self._zoom) else ()
            self._flame = lay_out_flame(root, self._zoom, width)
            self._cursor = self._cursor if find_box(self._flame, self._cursor) else self._zoom
            lines = draw_flame(self._flame, style, width, self._cursor) if root.faults else []
        else:
            turned = choice.callers_first
            lines = [
                draw_row(row, root.faults, style, width, has_cursor=row.path == self._cursor, callers_first=turned)
                for row in self._rows
            ]
        self._body = [*lines, *self._notes(style, width)]
        set_scroll_height(self, len(self._body) + len(self._top))
        self.paint()

    def _notes(self, style: DrawStyle, width: int) -> list[Strip]:
        """Notes on faults that are not shown."""
        assert self._scope is not None
        notes = list(self._scope.notes)
        if self._scope.faults is not None and not self._root.faults:
            notes.insert(0, f"no page faults {self._scope.where} {self._scope.when}".replace("  ", " "))
        return [
            style.line([Segment(fmt.clip(f" {fmt.printable(note)}", width), style.quiet)], width) for note in notes
        ]

    @property
    def _top(self) -> list[Strip]:
        """Lines that do not scroll: how many faults, and the titles or the function under the cursor."""
        if self._scope is None or self._scope.faults is None or not self._root.faults:
            return []
        style, width = self.draw_style, self.size.width
        keys = "   ".join(f"{key_of(self.app, name)} {what}" for name, what in self._hints)
        title = fmt.clip(f" {self._scope.title}", width)
        room = width - fmt.cell_width(title) - fmt.cell_width(keys) - 3
        segments = [Segment(title, style.bold)]
        if room >= 0:
            segments += [Segment(" " * room, style.base), Segment(f"  {keys} ", style.quiet)]
        first = style.line(segments, width)
        if not self._choice.is_flame:
            return [first, draw_head(style, width, callers_first=self._choice.callers_first)]
        return [first, self._function_line(style, width)]

    @property
    def _hints(self) -> list[tuple[str, str]]:
        """Keys that are worth knowing here, with what they do."""
        choice = self._choice
        return [
            ("turn", "who faulted" if choice.callers_first else "from main down"),
            ("flame", "tree" if choice.is_flame else "flame graph"),
            ("all_frames", "all frames" if choice.is_folded else "fewer frames"),
        ]

    def _function_line(self, style: DrawStyle, width: int) -> Strip:
        """Draw the line with all details of the function under the cursor."""
        node = node_at(self._root, self._cursor) or self._root
        what = "all" if node.frame is None else whole_text(node.frame)
        numbers = f"{fmt.percent(node.faults / max(1, self._root.faults))}  {node.faults:,}  "
        text = fmt.clip(f" {numbers}{what}", width)
        return Strip([Segment(fmt.pad(text, width), style.header)], width)

    def lines_in_view(self) -> list[Strip]:
        """The lines in view, from the top."""
        top, at = self._top, self._top_line
        return [*top, *self.fill(self._body[at : at + self._page], self._page)]

    @property
    def _page(self) -> int:
        """Number of lines in view that scroll."""
        return max(1, self.size.height - len(self._top))

    @property
    def _top_line(self) -> int:
        """Index of the first line in view that scrolls."""
        return max(0, min(int(self.scroll_offset.y), len(self._body) - self._page))

    # the cursor

    @property
    def _row_of_cursor(self) -> int | None:
        """Index of the line with the cursor; None if it is not in view."""
        return next((at for at, row in enumerate(self._rows) if row.path == self._cursor), None)

    @property
    def _cursor_line(self) -> int:
        """Line of the cursor."""
        if self._choice.is_flame:
            found = find_box(self._flame, self._cursor)
            return found[0] if found else 0
        return self._row_of_cursor or 0

    def _move_to(self, path: CallPath) -> None:
        """Put the cursor on a function, and bring it into view."""
        self._cursor = path
        self.redraw()
        line = self._cursor_line
        at = min(line, max(self._top_line, line - self._page + 1))
        if at != self._top_line and self.size.height:
            self.scroll_to(y=at, animate=False, force=True)

    def on_resize(self, _: events.Resize) -> None:
        """Redraw for the new size, with the cursor in view."""
        self._move_to(self._cursor)

    def action_move(self, lines: int) -> None:
        """Move the cursor by lines."""
        if self._choice.is_flame:
            box = neighbour_of(self._flame, self._cursor, 0, lines)
            if box is not None:
                self._move_to(box.path)
        elif self._rows:
            at = max(0, min(len(self._rows) - 1, self._cursor_line + lines))
            self._move_to(self._rows[at].path)
            if lines > 0 and at == len(self._rows) - 1:  # what follows are notes
                self.scroll_to(y=len(self._body), animate=False, force=True)
        else:
            scroll_lines(self, lines)

    def action_page(self, pages: int) -> None:
        """Move the cursor by screenfuls."""
        self.action_move(pages * max(1, self._page - 1))

    def action_go(self, where: int) -> None:
        """Go to the first line; with -1, to the last."""
        self.action_move(-len(self._body) if where == 0 else len(self._body))

    def action_sideways(self, direction: int) -> None:
        """In the tree: open (1) or close (-1) the line, else go in or out; in the graph: to the neighbour."""
        if self._choice.is_flame:
            box = neighbour_of(self._flame, self._cursor, direction, 0)
            if box is not None:
                self._move_to(box.path)
            return
        at = self._row_of_cursor
        if at is None:
            return
        row = self._rows[at]
        if (direction > 0 and row.fold == "closed") or (direction < 0 and row.fold == "open"):
            self._toggled[row.path] = direction > 0
            self.redraw()
        elif direction > 0 and row.fold == "open":
            self._move_to(self._rows[at + 1].path)
        elif direction < 0 and len(row.path) > 1:
            self._move_to(row.path[:-1])

    def action_open(self) -> None:
        """Open or close the line; in the graph: zoom in, or out again if it is zoomed."""
        if self._choice.is_flame:
            self._set_zoom(() if self._cursor == self._zoom else self._cursor)
            return
        at = self._row_of_cursor
        if at is not None and self._rows[at].fold != "leaf":
            self._toggled[self._cursor] = self._rows[at].fold == "closed"
            self.redraw()

    def action_unfold_all(self) -> None:
        """Open all that is below the cursor; or close it, if it is open."""
        node = node_at(self._root, self._cursor)
        if self._choice.is_flame or node is None:
            return
        opens, pending = not self._toggled.get(self._cursor, False), [(self._cursor, node)]
        while pending:
            path, node = pending.pop()
            self._toggled[path] = opens
            pending += child_paths(node, path)
        self.redraw()

    # how it is seen

    def _set_zoom(self, path: CallPath) -> None:
        """Make a function as wide as the graph."""
        self._zoom = path
        self._move_to(path)

    def _choose(self, choice: CallersChoice) -> None:
        """Choose another presentation, from the top."""
        self._choice = choice
        self._toggled, self._cursor, self._zoom = {}, (), ()
        self._build()
        self.redraw()
        self._move_to(self._cursor)

    def action_turn(self) -> None:
        """Turn the tree: who faulted and who called it, or what was called and who faulted in it."""
        self._choose(self._choice.turn())

    def action_all_frames(self) -> None:
        """Show the frames that are skipped, or no longer."""
        self._choose(replace(self._choice, is_folded=not self._choice.is_folded))

    def action_flame(self) -> None:
        """Show a flame graph, from main down, or the tree again."""
        self._choose(replace(self._choice, is_flame=not self._choice.is_flame))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Disable going back here where nothing is zoomed: it then leaves the inspector."""
        return action != "back" or bool(self._choice.is_flame and self._zoom)

    def action_back(self) -> None:
        """Zoom out."""
        self._set_zoom(())

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the function clicked; open or close its line, or zoom in."""
        line = event.y - len(self._top)
        if not 0 <= line < self._page:
            return
        line += self._top_line
        if self._choice.is_flame:
            box = box_at(self._flame, event.x, line)
            if box is not None:
                self._set_zoom(box.path)
        elif line < len(self._rows):
            is_same = self._rows[line].path == self._cursor
            self._move_to(self._rows[line].path)
            if is_same or event.chain == 2:
                self.action_open()
