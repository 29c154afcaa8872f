"""Terminal emulator: turns the output of a program into lines of styled text."""

import codecs
import re
from collections.abc import Callable
from itertools import groupby
from operator import itemgetter

from pyte import charsets
from pyte import modes as mo
from pyte.screens import Char
from rich.cells import cell_len
from rich.segment import Segment

from smapstop.text.format import printable
from smapstop.ui.terminal.screen import VtScreen
from smapstop.ui.terminal.sgr import style_of

StyledLine = tuple[Segment, ...]
"""One line, as wide as the screen."""

_TOKENS = re.compile(
    r"""(?P<text>[^\x00-\x1f\x7f-\x9f]+)
    | (?P<control>[\x08-\x0f])
    | \x1b\[ (?P<csi>(?P<parameters>[0-?]*) (?P<intermediates>[\ -/]*) (?P<final>[@-~]))
    | \x1b\] (?P<command>[^\x07\x18\x1a\x1b]*) (?:\x07|\x18|\x1a|\x1b\\|(?=\x1b[^\\]))
    | \x1b[PX^_] [^\x18\x1a\x1b]* (?:\x18|\x1a|\x1b\\|(?=\x1b[^\\]))
    | \x1b (?P<escape>[\ -/]*[0-OQ-WYZ\\`-~])
    | (?P<partial>\x1b (?: \[[0-?]*[\ -/]* | \][^\x07\x18\x1a\x1b]*\x1b? | [PX^_][^\x18\x1a\x1b]*\x1b? | [\ -/]* )) \Z
    | \x1b\[[0-?]*[\ -/]* | [\x00-\x07\x10-\x1a\x1c-\x1f\x7f-\x9f]+ | \x1b
    """,
    re.VERBOSE,
)
"""Text and ECMA-48 control functions. Other control strings (DCS …) and malformed input match no named group."""
_LONGEST_PARTIAL = 4096

_CONTROLS = {
    "\b": "backspace",
    "\t": "tab",
    "\n": "linefeed",
    "\v": "linefeed",
    "\f": "linefeed",
    "\r": "carriage_return",
    "\x0e": "shift_out",
    "\x0f": "shift_in",
}
_ESCAPES = {
    "7": "save_cursor",
    "8": "restore_cursor",
    "D": "index",
    "E": "next_line",
    "H": "set_tab_stop",
    "M": "reverse_index",
    "c": "reset",
}
_ONE_NUMBER = {
    "@": "insert_characters",
    "A": "cursor_up",
    "B": "cursor_down",
    "C": "cursor_forward",
    "D": "cursor_back",
    "E": "cursor_down1",
    "F": "cursor_up1",
    "G": "cursor_to_column",
    "I": "tab_forward",
    "J": "erase_in_display",
    "K": "erase_in_line",
    "L": "insert_lines",
    "M": "delete_lines",
    "P": "delete_characters",
    "S": "scroll_up",
    "T": "scroll_down",
    "X": "erase_characters",
    "Z": "tab_back",
    "`": "cursor_to_column",
    "a": "cursor_forward",
    "b": "repeat",
    "c": "report_device_attributes",
    "d": "cursor_to_line",
    "e": "cursor_down",
    "g": "clear_tab_stop",
    "n": "report_device_status",
}
_TWO_NUMBERS = {"H": "cursor_position", "f": "cursor_position", "r": "set_margins"}
_ALL_NUMBERS = {"h": "set_mode", "l": "reset_mode"}

_FLOOD = 16384
"""Output of at least this many bytes at once may be skipped."""
_STATE_CHANGE = re.compile(
    rb"\x1b(?!\[[0-9;:]*(?:[mK]|\Z)|\((?:[0B]|\Z)|\Z)(?:\[[0-?]*[ -/]*[@-~]?|[ -/]*[0-~]?)|[\x0e\x0f]"
)
"""A complete sequence that changes more than the style of later text; one cut off at the end does not match."""
_SCROLL_BLOCKER = re.compile(rb"\x1b\[(?:[0-?]*[ -/]*r|[0-9;:]*h|\?[0-9;:]*(?:47|1047|1049)[;:0-9]*h)")
"""Sequences that may keep lines from scrolling, or shift text: margins, the alternate screen, insert mode."""
_STYLE_CHANGE = re.compile(rb"\x1b(?:\[[0-9;:]*m|\([0B])")
"""Style changes (SGR, character set). Each is absolute, so of equal ones only the last is needed."""
_STRING = re.compile(rb"\x1b[\]PX^_]")


class Emulator:
    """A terminal like xterm (see its ctlseqs), off screen: `lines` returns its contents.

    Args:
        reply: Called with the terminal's replies to the program's queries.
    """

    def __init__(self, columns: int, rows: int, reply: Callable[[bytes], object]) -> None:
        self.title = ""
        """Window title set by the program; safe to draw."""
        self._screen = VtScreen(columns, rows, lambda text: reply(text.encode()))
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._partial = ""
        self._lines: list[StyledLine] = [()] * rows
        self._cursor_drawn = -1

    @property
    def cursor(self) -> tuple[int, int]:
        """Column and row of the cursor, counted from 0."""
        screen = self._screen
        return min(screen.cursor.x, screen.columns - 1), screen.cursor.y

    @property
    def cursor_visible(self) -> bool:
        """Whether the program shows its cursor (DECTCEM)."""
        return mo.DECTCEM in self._screen.mode

    @property
    def is_alternate(self) -> bool:
        """Whether the alternate screen is shown, the one of full-screen programs."""
        return self._screen.is_alternate

    def has_mode(self, number: int) -> bool:
        """Whether the program set a private mode (DECSET in xterm's ctlseqs)."""
        return number << 5 in self._screen.mode

    def resize(self, columns: int, rows: int) -> None:
        """Resize the screen."""
        self._screen.resize(rows, columns)
        self._lines = [()] * rows

    def skim(self, data: bytes) -> bytes:
        """Return the part of `data` to feed: the last screenful if the rest only scrolls by. Call before `feed`."""
        screen = self._screen
        if len(data) < _FLOOD or screen.is_alternate or screen.margins or mo.IRM in screen.mode:
            return data
        data = self._partial.encode() + self._decoder.getstate()[0] + data  # prepend what was cut off
        self._partial = ""
        self._decoder.reset()
        if _STRING.search(data):
            return data
        start = max((match.end() for match in _STATE_CHANGE.finditer(data)), default=0)
        if _SCROLL_BLOCKER.search(data, 0, start):
            return data
        cut = len(data)
        for _ in range(screen.lines + 1):
            if (cut := data.rfind(b"\r\n", start, cut)) < 0:
                return data
        if data.count(b"\n", start, cut) < screen.lines:
            return data  # the present contents would not scroll off
        style_changes = dict.fromkeys(reversed(_STYLE_CHANGE.findall(data, start, cut)))
        scrolled = b"\x1b[9999S\x1b[9999;1H"
        return data[:start] + scrolled + b"".join(reversed(style_changes)) + data[cut + 2 :]

    def feed(self, data: bytes) -> None:
        """Process output of the program. No input has an effect outside the screen, apart from replies."""
        text = self._partial + self._decoder.decode(data)
        self._partial = ""
        for token in _TOKENS.finditer(text):
            match token.lastgroup:
                case "text":
                    self._screen.draw(token[0])
                case "control":
                    self._run_operation(_CONTROLS[token[0]])
                case "csi":
                    self._control_sequence(token["parameters"], token["intermediates"], token["final"])
                case "escape":
                    self._escape(token["escape"])
                case "command":
                    self._command(token["command"])
                case "partial":
                    # keep only the beginning of an endless string, and a final ESC, which may begin its terminator
                    tail = "\x1b" if len(token[0]) > _LONGEST_PARTIAL and text.endswith("\x1b") else ""
                    self._partial = token[0][:_LONGEST_PARTIAL] + tail

    def lines(self, *, cursor: bool) -> list[StyledLine]:
        """Return the screen's lines, with or without the cursor. An unchanged line is the same object as before."""
        screen = self._screen
        x, y = self.cursor if cursor else (-1, -1)
        for row in screen.dirty | {self._cursor_drawn, y}:
            if 0 <= row < screen.lines:
                line = self._line(row, x if row == y else -1)
                if line != self._lines[row]:
                    self._lines[row] = line
        screen.dirty.clear()
        self._cursor_drawn = y
        return list(self._lines)

    def _line(self, y: int, cursor_x: int) -> StyledLine:
        """Draw one line, with the cursor's cell reversed."""
        row = self._screen.buffer[y]
        cells = [row[x] for x in range(self._screen.columns)]
        if cursor_x >= 0:
            if cursor_x and not cells[cursor_x].data:
                cursor_x -= 1  # the second half of a wide character
            cells[cursor_x] = cells[cursor_x]._replace(reverse=not cells[cursor_x].reverse)
        text = "".join(map(_cell_text, cells))
        if len(text) < len(cells) or not text.isascii():
            cells = _blank_split_cells(cells)
        return tuple(
            Segment("".join(map(_cell_text, run)), style_of(attributes))
            for attributes, run in groupby(cells, _cell_attributes)
        )

    def _run_operation(self, operation: str, *numbers: int, **options: bool) -> None:
        getattr(self._screen, operation)(*numbers, **options)

    def _escape(self, sequence: str) -> None:
        """Run an escape sequence; `(0`, `(B` and the like select character sets."""
        if sequence in _ESCAPES:
            self._run_operation(_ESCAPES[sequence])
        elif len(sequence) == 2 and sequence[0] in "()":
            charset = charsets.VT100_MAP if sequence[1] == "0" else charsets.LAT1_MAP
            setattr(self._screen, "g0_charset" if sequence[0] == "(" else "g1_charset", charset)

    def _control_sequence(self, parameters: str, intermediates: str, final: str) -> None:
        """Run a control sequence (CSI)."""
        private = parameters.startswith("?")
        if intermediates + final == "!p":
            self._screen.soft_reset()
        if intermediates or not re.fullmatch("[0-9;:]*", parameters[private:]):
            return
        numbers = _parse_parameters(parameters[private:])
        if final in _ALL_NUMBERS:
            self._run_operation(_ALL_NUMBERS[final], *numbers, private=private)
        elif private and final not in "JK":
            return
        elif final in _ONE_NUMBER:
            self._run_operation(_ONE_NUMBER[final], numbers[0])
        elif final in _TWO_NUMBERS:
            self._run_operation(_TWO_NUMBERS[final], *numbers[:2])
        elif final == "m":
            self._screen.select_graphic_rendition(*numbers)
        elif final in "su":
            self._run_operation("save_cursor" if final == "s" else "restore_cursor")

    def _command(self, command: str) -> None:
        """Run an operating system command (OSC); only the title is supported."""
        number, _, text = command.partition(";")
        if number in {"0", "2"}:
            self.title = printable(text)


_cell_text = itemgetter(0)
"""Text of a cell."""
_cell_attributes = itemgetter(slice(1, None))
"""Attributes of a cell: everything but its text."""


def _parse_parameters(parameters: str) -> list[int]:
    """Parse the numbers of a control sequence; sub-parameters (4:3, 38:2::1:2:3) are converted to the older form."""
    numbers = []
    for parameter in parameters.split(";"):
        first, *parts = (min(int(part or 0), 9999) for part in parameter.split(":"))
        if first == 4 and parts:
            first = 4 if parts[0] else 24
        elif first in {38, 48, 58} and len(parts) > 4:
            del parts[1]  # the colour space
        numbers += [first, *parts] if first in {38, 48, 58} else [first]
    return numbers


def _blank_split_cells(cells: list[Char]) -> list[Char]:
    """Replace each half of a wide character whose other half was overwritten by a space."""
    widths = [cell_len(cell.data) for cell in cells]
    ends = [*(width == 0 for width in widths[1:]), False]
    begins = [False, *(width == 2 for width in widths[:-1])]
    return [
        cell._replace(data=" ") if (width == 2 and not end) or (width == 0 and not begin) else cell
        for cell, width, end, begin in zip(cells, widths, ends, begins, strict=True)
    ]
