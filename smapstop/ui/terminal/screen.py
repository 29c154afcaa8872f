"""Screen of an xterm-like terminal: pyte's, with missing operations added and bugs fixed."""

import copy
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable
from re import compile as pattern

from pyte import charsets
from pyte import modes as mo
from pyte.screens import Char, Cursor, Margins, Screen, StaticDefaultDict

from smapstop.ui.terminal.sgr import BLANK, Pen, apply_sgr, glyph_of

_ALTERNATE = {47, 1047, 1049}
_UNSUPPORTED_MODES = {3, 5, 6}
"""Private modes that a pane does not support: 132 columns, reverse video, origin mode."""
_LONGEST_CELL = 8
"""Most characters in a cell: a letter and its combining marks."""
_NARROW = pattern(
    "[ -~\xa1-\xac\xae-\u02ff\u0370-\u0377\u0384-\u0386\u0391-\u03a1\u03a3-\u0482\u2500-\u25fc\u2800-\u28ff]*"
)
"""Characters one cell wide; most text has no others."""

ScreenRow = StaticDefaultDict[int, Char]


class VtScreen(Screen):
    """Grid of cells, cursor, and the operations of control functions (ECMA-48, xterm's ctlseqs).

    A wide character takes a cell and an empty one after it. No cell contains a control character.

    Args:
        reply: Called with the terminal's replies to the program's queries.
    """

    def __init__(self, columns: int, lines: int, reply: Callable[[str], object]) -> None:
        self._reply = reply
        self._primary: tuple[dict[int, ScreenRow], Cursor] | None = None
        self._pens: dict[Char, Pen] = {}
        self._last_char = ""
        super().__init__(columns, lines)

    @property
    def default_char(self) -> Char:
        """An empty cell."""
        return BLANK

    @property
    def is_alternate(self) -> bool:
        """Whether the alternate screen is shown: that of full-screen programs, which has no scrollback."""
        return self._primary is not None

    # text

    def draw(self, data: str) -> None:
        """Write text at the cursor, wrapped at the right margin."""
        charset = self.g1_charset if self.charset else self.g0_charset
        if charset is not charsets.LAT1_MAP:
            data = data.translate(charset)
        self._last_char = data[-1:]
        if mo.IRM not in self.mode and _NARROW.fullmatch(data):
            self._draw_narrow(data)
        else:
            for char in unicodedata.normalize("NFC", data):
                self._draw_glyph(*glyph_of(char))

    def repeat(self, count: int) -> None:
        """Repeat the last character, at most for one line (REP)."""
        self.draw(self._last_char * min(count or 1, self.columns))

    def _draw_narrow(self, text: str) -> None:
        """Write characters that are all one cell wide."""
        pen = self._pen()
        while text:
            self._make_room(1)
            at = self.cursor.x
            room = self.columns - at
            self.buffer[self.cursor.y].update(zip(range(at, self.columns), map(pen.__getitem__, text), strict=False))
            self.dirty.add(self.cursor.y)
            self.cursor.x = at + min(room, len(text))
            text = text[room:]

    def _draw_glyph(self, text: str, width: int) -> None:
        """Write a character of any width."""
        if not width:
            self._combine(text)
        elif width <= self.columns:
            self._make_room(width)
            if mo.IRM in self.mode:
                self.insert_characters(width)
            row = self.buffer[self.cursor.y]
            row[self.cursor.x] = self._pen()[text]
            if width == 2:
                row[self.cursor.x + 1] = self._pen()[""]
            self.dirty.add(self.cursor.y)
            self.cursor.x += width

    def _combine(self, mark: str) -> None:
        """Add a combining mark to the character before the cursor."""
        row = self.buffer[self.cursor.y]
        at = self.cursor.x - 1
        if at > 0 and not row[at].data:
            at -= 1
        if at >= 0 and len(row[at].data) < _LONGEST_CELL:
            row[at] = row[at]._replace(data=unicodedata.normalize("NFC", row[at].data + mark))
            self.dirty.add(self.cursor.y)

    def _make_room(self, width: int) -> None:
        """Wrap to the next line if the cursor's has no room left; without autowrap (DECAWM), stay at its end."""
        if self.cursor.x + width > self.columns:
            if mo.DECAWM in self.mode:
                self.next_line()
            else:
                self.cursor.x = self.columns - width

    def _pen(self) -> Pen:
        attributes = self.cursor.attrs
        if len(self._pens) > 256:
            self._pens.clear()
        return self._pens.setdefault(attributes, Pen(attributes))

    def select_graphic_rendition(self, *attrs: int) -> None:
        """Set the attributes of text written from now on (SGR)."""
        self.cursor.attrs = apply_sgr(self.cursor.attrs, attrs or (0,))

    # erasing keeps the background colour, and no other attribute

    def erase_in_line(self, how: int = 0, private: bool = False) -> None:  # noqa: ARG002
        """Erase the line from the cursor, up to it, or all of it (EL)."""
        whole = range(self.columns)
        parts = {0: whole[self.cursor.x :], 1: whole[: self.cursor.x + 1], 2: whole}
        self._erase(self.cursor.y, parts.get(how, ()))

    def erase_in_display(self, how: int = 0, *_args: object, **_options: object) -> None:
        """Erase the screen from the cursor, up to it, or all of it (ED)."""
        whole = range(self.lines)
        parts = {0: whole[self.cursor.y + 1 :], 1: whole[: self.cursor.y], 2: whole}
        for y in parts.get(how, ()):
            self._erase(y, range(self.columns))
        if how in {0, 1}:
            self.erase_in_line(how)

    def erase_characters(self, count: int | None = None) -> None:
        """Erase cells from the cursor on (ECH)."""
        self._erase(self.cursor.y, range(self.columns)[self.cursor.x :][: count or 1])

    def _erase(self, y: int, columns: Iterable[int]) -> None:
        self.buffer[y].update(dict.fromkeys(columns, BLANK._replace(bg=self.cursor.attrs.bg)))
        self.dirty.add(y)

    # scrolling

    def delete_lines(self, count: int | None = None) -> None:
        """Delete lines, the cursor's line first (DL)."""
        for y in range(self.lines):
            self.buffer.setdefault(
                y, StaticDefaultDict(BLANK)
            )  # else pyte keeps old lines in place of unwritten ones
        super().delete_lines(count)

    def scroll_up(self, count: int) -> None:
        """Scroll the lines between the margins up (SU)."""
        self._run_at_top_margin(self.delete_lines, count)

    def scroll_down(self, count: int) -> None:
        """Scroll the lines between the margins down (SD)."""
        self._run_at_top_margin(self.insert_lines, count)

    def _run_at_top_margin(self, operation: Callable[[int], None], count: int) -> None:
        """Run an operation with the cursor at the top margin, then restore its position."""
        x, y = self.cursor.x, self.cursor.y
        self.cursor.y = self.margins.top if self.margins else 0
        operation(min(count or 1, self.lines))
        self.cursor.x, self.cursor.y = x, y

    def set_margins(self, top: int | None = None, bottom: int | None = None) -> None:
        """Limit scrolling to the lines from `top` to `bottom`, counted from 1 (DECSTBM)."""
        first, last = (top or 1) - 1, min(bottom or self.lines, self.lines) - 1
        if first < last:
            self.margins = Margins(first, last) if (first, last) != (0, self.lines - 1) else None
            self.cursor_position()

    # the cursor

    def next_line(self) -> None:
        """Move to the beginning of the next line (NEL)."""
        self.carriage_return()
        self.linefeed()

    def cursor_up(self, count: int | None = None) -> None:
        """Move up, not beyond the top margin (CUU)."""
        top = self.margins.top if self.margins and self.cursor.y >= self.margins.top else 0
        self.cursor.y = max(self.cursor.y - (count or 1), top)

    def cursor_down(self, count: int | None = None) -> None:
        """Move down, not beyond the bottom margin (CUD)."""
        bottom = self.margins.bottom if self.margins and self.cursor.y <= self.margins.bottom else self.lines - 1
        self.cursor.y = min(self.cursor.y + (count or 1), bottom)

    def tab_forward(self, count: int) -> None:
        """Move forward by tab stops (CHT)."""
        for _ in range(min(count or 1, self.columns)):
            self.tab()

    def tab_back(self, count: int) -> None:
        """Move back by tab stops (CBT)."""
        before = sorted(stop for stop in self.tabstops | {0} if stop < self.cursor.x)
        self.cursor.x = before[-min(count or 1, len(before))] if before else 0

    def save_cursor(self) -> None:
        """Save the cursor's position and attributes, replacing what was saved before: no stack (DECSC)."""
        self.savepoints.clear()
        super().save_cursor()

    def restore_cursor(self) -> None:
        """Restore the saved cursor, which stays saved (DECRC)."""
        saved, margins = bool(self.savepoints), self.margins
        self.margins = None  # they do not limit the restored position
        super().restore_cursor()
        self.margins = margins
        if saved:
            self.save_cursor()

    # the terminal

    def set_mode(self, *modes: int, **options: bool) -> None:
        """Set modes; those for the alternate screen switch to an empty one."""
        private = options.get("private", False)
        if private and not self.is_alternate and _ALTERNATE.intersection(modes):
            self._primary = self.buffer, copy.copy(self.cursor)
            self.buffer = defaultdict(lambda: StaticDefaultDict(BLANK))
            self.dirty.update(range(self.lines))
        super().set_mode(*_supported_modes(modes, private), private=private)

    def reset_mode(self, *modes: int, **options: bool) -> None:
        """Reset modes; leaving the alternate screen restores the primary one."""
        private = options.get("private", False)
        if private and self._primary and _ALTERNATE.intersection(modes):
            self.buffer, self.cursor = self._primary
            self._primary = None
            self.dirty.update(range(self.lines))
        super().reset_mode(*_supported_modes(modes, private), private=private)

    def reset(self) -> None:
        """Reset to the initial state (RIS)."""
        self._primary = None
        self.savepoints.clear()
        super().reset()

    def soft_reset(self) -> None:
        """Reset modes, margins, character sets and attributes; the text stays (DECSTR)."""
        self.mode = {mo.DECAWM, mo.DECTCEM}
        self.margins = None
        self.charset, self.g0_charset = 0, charsets.LAT1_MAP
        self.cursor.attrs = BLANK

    def resize(self, lines: int | None = None, columns: int | None = None) -> None:
        """Resize; what no longer fits is lost, at the top only as much as keeps the cursor's line on the screen."""
        lines, columns = lines or self.lines, columns or self.columns
        for buffer, cursor in (self.buffer, self.cursor), *([self._primary] if self._primary else ()):
            overflow = max(0, cursor.y - lines + 1)
            rows = [buffer[y] for y in range(overflow, min(self.lines, overflow + lines))]
            buffer.clear()
            buffer.update(enumerate(rows))
            for row in rows:
                for x in [x for x in row if x >= min(columns, self.columns)]:
                    del row[x]
            cursor.y -= overflow
            cursor.x = min(cursor.x, columns - 1)
        self.lines, self.columns = lines, columns
        self.margins = None
        self.tabstops = set(range(8, columns, 8))
        self.dirty.update(range(lines))

    def report_device_attributes(self, mode: int = 0, **options: bool) -> None:
        """Reply with the type of the terminal, a VT102 (DA)."""
        if mode == 0 and not options:
            self._reply("\x1b[?6c")

    def report_device_status(self, mode: int) -> None:
        """Reply that the terminal is OK (5), or with the cursor position (6) (DSR)."""
        if mode == 5:
            self._reply("\x1b[0n")
        elif mode == 6:
            self._reply(f"\x1b[{self.cursor.y + 1};{min(self.cursor.x, self.columns - 1) + 1}R")


def _supported_modes(modes: Iterable[int], private: bool) -> list[int]:
    """Select the modes that this terminal supports."""
    return [mode for mode in modes if (mode not in _UNSUPPORTED_MODES if private else mode in {mo.IRM, mo.LNM})]
