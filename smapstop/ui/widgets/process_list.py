"""List of processes to pick from: searchable, sorted, and stable while it is refreshed."""

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from smapstop.proc.process_info import ProcessInfo
from smapstop.text import format as fmt
from smapstop.text.process_list import PROCESS_COLUMNS, ProcessColumn, matches, may_be_watched, unreadable_text
from smapstop.ui.drawing.cursor_css import cursor_css
from smapstop.ui.drawing.style import CURSOR_MARK
from smapstop.ui.keys.key_app import key_of
from smapstop.ui.theme.app_theme import palette_of

_RSS_COLUMN = next(at for at, column in enumerate(PROCESS_COLUMNS) if column.title == "RSS")
_NARROW = 64
"""Below this width, in cells, optional columns are left out."""


class ProcessList(ScrollView, can_focus=False):
    """The processes, one per line: those that may be watched first, then the others, dimmed."""

    COMPONENT_CLASSES = {"processes--header", "processes--cursor"}  # noqa: RUF012
    DEFAULT_CSS = """
    ProcessList { height: 1fr; background: $background; scrollbar-size-vertical: 1; overflow-x: hidden;
      & > .processes--header { background: $panel; color: $foreground; text-style: bold; }
    }
    """ + cursor_css("ProcessList", "processes--cursor", focusable=False)

    class ProcessHighlighted(Message):
        """The process under the cursor changed, or the list was refreshed or filtered."""

    class Chosen(Message):
        """The user double-clicked on a process."""

    def __init__(self) -> None:
        super().__init__()
        self.total: int | None = None
        """Number of processes; None until they are listed."""
        self.match_count = 0
        """Number of processes shown."""
        self._processes: Sequence[ProcessInfo] = ()
        self._lines: list[ProcessInfo | None] = []
        """Process of each line; None for the separator before those that may not be watched."""
        self._own_count = 0
        self._words: list[str] = []
        self._sort, self._descending = _RSS_COLUMN, True
        self._cursor = 0
        self._status_text = "listing processes …"

    # what is shown

    @property
    def current(self) -> ProcessInfo | None:
        """The process under the cursor; None without one."""
        return self._lines[self._cursor] if self._lines else None

    def show(self, processes: Sequence[ProcessInfo]) -> None:
        """Show these processes; the cursor stays on its process."""
        self._processes, self.total = processes, len(processes)
        self._update_lines(self.current)

    def show_failure(self, why: str) -> None:
        """Show why there are no processes yet."""
        self._status_text = why
        self.refresh()

    def filter_processes(self, query: str) -> None:
        """Show only processes that match; the cursor goes to the one with exactly this pid, or to the first."""
        self._words = query.lower().split()
        self._update_lines(next((process for process in self._processes if [str(process.pid)] == self._words), None))

    def sort_by(self, column: int) -> None:
        """Sort by a column of `PROCESS_COLUMNS`; reverse the order if it is the current one."""
        same = column == self._sort
        self._sort, self._descending = column, not self._descending if same else PROCESS_COLUMNS[column].descending
        self._update_lines(self.current)

    def sort_by_next(self) -> None:
        """Sort by the column to the right."""
        self.sort_by((self._sort + 1) % len(PROCESS_COLUMNS))

    def _update_lines(self, stay: ProcessInfo | None) -> None:
        """Filter and sort the processes, and keep the cursor on this process, on its line of the screen."""
        line = self._cursor - self._top
        matching = sorted((p for p in self._processes if matches(p, self._words)), key=lambda p: p.pid)
        matching.sort(key=PROCESS_COLUMNS[self._sort].sort_key, reverse=self._descending)
        own = [process for process in matching if may_be_watched(process)]
        others = [process for process in matching if not may_be_watched(process)]
        self._lines = [*own, *([None] if others else []), *others]
        self._own_count, self.match_count = len(own), len(matching)
        line_of_pid = {process.pid: at for at, process in enumerate(self._lines) if process is not None}
        self._place_cursor(self._cursor if stay else 0)
        if stay is not None and stay.pid in line_of_pid:
            self._cursor = line_of_pid[stay.pid]
        self.virtual_size = Size(self.size.width, len(self._lines) + 1)
        self._scroll_to_cursor(self._cursor - line if self._top else 0)

    def _place_cursor(self, line: int) -> None:
        """Put the cursor on a line, or on the one beyond it if that is the separator."""
        line = max(0, min(line, len(self._lines) - 1))
        if self._lines and self._lines[line] is None:
            line += 1 if line >= self._cursor or not line else -1
        self._cursor = line

    def _scroll_to_cursor(self, top: int) -> None:
        """Scroll to this first line, or as far as the cursor stays in view, and redraw."""
        top = max(self._cursor - self._page_height + 1, min(top, self._cursor))
        if self._cursor == 1 and self._lines[0] is None:
            top = 0
        if top != self._top:
            self.scroll_to(y=top, animate=False, force=True)
        self.refresh()
        self.post_message(self.ProcessHighlighted())

    @property
    def _top(self) -> int:
        return int(self.scroll_offset.y)

    @property
    def _page_height(self) -> int:
        """Number of lines that fit below the header."""
        return max(1, self.size.height - 1)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Draw the lines that came into view."""
        super().watch_scroll_y(old_value, new_value)
        self.refresh()

    def on_resize(self, _: events.Resize) -> None:
        """Keep the cursor in view."""
        self.virtual_size = Size(self.size.width, len(self._lines) + 1)
        self._scroll_to_cursor(self._top)

    # how it is drawn

    def _columns(self) -> list[tuple[int, ProcessColumn, int]]:
        """The columns that fit, each with its index in `PROCESS_COLUMNS` and its width in cells."""
        width = self.scrollable_content_region.width
        fitting = [
            (at, column) for at, column in enumerate(PROCESS_COLUMNS) if width >= _NARROW or not column.optional
        ]
        rest = width - len(fitting) - sum(column.width for _, column in fitting)
        return [(at, column, column.width or max(0, rest)) for at, column in fitting]

    def render_line(self, y: int) -> Strip:
        """Draw one line: the titles, a process, or the separator."""
        width, line, style = self.scrollable_content_region.width, y - 1 + self._top, self.rich_style
        quiet = style + Style(color=palette_of(self.app).quiet)
        if y == 0:
            style = self.get_component_rich_style("processes--header")
            text = " " + " ".join(_cell(column, self._title(at), cells) for at, column, cells in self._columns())
        elif line >= len(self._lines):
            text = f"  {self._empty_text()}" if y == 2 and not self._lines else ""
        elif (process := self._lines[line]) is None:
            text, style = f"── {unreadable_text()} {'─' * width}"[:width], quiet
        else:
            at_cursor = line == self._cursor
            text = (CURSOR_MARK if at_cursor else " ") + " ".join(
                _cell(column, column.text(process), cells) for _, column, cells in self._columns()
            )
            style = quiet if line >= self._own_count else style
            if at_cursor:
                style += self.get_component_rich_style("processes--cursor")
        return Strip([Segment(fmt.clip(text, width), style)]).adjust_cell_length(width, style)

    def _empty_text(self) -> str:
        """Text shown without processes: the reason."""
        if self.total is None:
            return self._status_text
        if not self.total:
            return "no process is visible: is /proc mounted, and without hidepid?"
        return (
            f"no process matches {' '.join(self._words)!r}: press {key_of(self.app, 'back')} to show all {self.total}"
        )

    def _title(self, column: int) -> str:
        """Title of a column, with an arrow at the one that the list is sorted by."""
        arrow = "" if column != self._sort else " ▼" if self._descending else " ▲"
        return PROCESS_COLUMNS[column].title + arrow

    # what the user does

    def move(self, lines: int) -> None:
        """Move the cursor by lines."""
        self._place_cursor(self._cursor + lines)
        self._scroll_to_cursor(self._top)

    def page(self, pages: int) -> None:
        """Move the cursor by screenfuls."""
        self.move(pages * self._page_height)

    def on_click(self, event: events.Click) -> None:
        """Sort by the title clicked, or put the cursor on the process clicked; pick it on a double click."""
        if event.y == 0:
            self._click_title(event.x - 1)
            return
        line = self._top + event.y - 1
        if line < len(self._lines) and self._lines[line] is not None:
            self.move(line - self._cursor)
            if event.chain == 2:
                self.post_message(self.Chosen())

    def _click_title(self, x: int) -> None:
        """Sort by the column at a cell of the header."""
        for at, _, cells in self._columns():
            if 0 <= x <= cells:
                self.sort_by(at)
            x -= cells + 1


def _cell(column: ProcessColumn, text: str, cells: int) -> str:
    """Clip and pad a text to the width of a column."""
    text = fmt.clip(text[: 4 * cells + 4], cells)
    return " " * (cells - fmt.cell_width(text)) + text if column.right else fmt.pad(text, cells)
