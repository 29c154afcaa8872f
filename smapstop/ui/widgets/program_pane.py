"""Terminal of the launched program."""

import asyncio
import time
from collections.abc import Sequence

from textual import events
from textual.filter import LineFilter
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from smapstop.lazy_dataclass import dataclass
from smapstop.ui.terminal import output_ready
from smapstop.ui.terminal.emulator import Emulator, StyledLine
from smapstop.ui.terminal.input_bytes import key_bytes, mouse_bytes, paste_bytes
from smapstop.ui.terminal.pty_stream import PtyStream

_FRAME_SECONDS = 1 / 30

_RESET_SEQUENCE = (
    b"\x1b[?1049l\x1b7\x1b[r\x1b8\x1b[0m\x1b(B\x0f\x1b[4l\x1b[?7h\x1b[?25h"
    b"\x1b[?1l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1004l\x1b[?1006l\x1b[?2004l"
)
"""Resets the modes that a program may have set (xterm's ctlseqs); its output stays."""
_APPLICATION_CURSOR, _MOUSE_BUTTONS, _MOUSE_DRAGS, _MOUSE_MOVES, _FOCUS, _MOUSE_SGR, _BRACKETED_PASTE = (
    1, 1000, 1002, 1003, 1004, 1006, 2004,
)  # fmt: skip
_WHEEL = {"MouseScrollUp": 64, "MouseScrollDown": 65, "MouseScrollLeft": 66, "MouseScrollRight": 67}


class ProgramPane(Widget, can_focus=True):
    """Shows the output of a program's terminal; while focused, it sends keys, pastes and mouse events to the program.

    It uses the terminal's default colours, so that the program looks as it would without the dashboard; behind a
    dialog, which dims colours but cannot dim the unknown default ones, it uses the theme's.
    Priority bindings of the app come before the program: while the pane has the focus, the app must disable all of
    them (`App.check_action`) but the one that leaves the program.

    Args:
        master_fd: The master of the program's pty. Only the pane reads and writes it, without blocking, until it is
            unmounted; the caller closes it.
    """

    ALLOW_SELECT = False
    ALLOW_MAXIMIZE = False
    DEFAULT_CSS = "ProgramPane { background: ansi_default; color: ansi_default; }"

    @dataclass
    class Sized(Message):
        """The terminal got its first size, or another one."""

        rows: int
        columns: int

    class Closed(Message):
        """No process has the terminal open any more, and all its output is shown; the pane takes no focus."""

    def __init__(
        self,
        master_fd: int,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._stream = PtyStream(master_fd, on_turn=self._schedule_paint, on_end=self._handle_closed)
        self._emulator: Emulator | None = None
        self._lines: list[StyledLine] = []
        self._strips: list[Strip] = []
        self._painted_s = 0.0
        self._paint_handle: asyncio.Handle | None = None

    @property
    def title(self) -> str:
        """Window title that the program set; safe to draw."""
        return self._emulator.title if self._emulator else ""

    @property
    def bytes_read(self) -> int:
        """Bytes that the program has written so far."""
        return self._stream.bytes_read

    # lifecycle

    def on_resize(self) -> None:
        """Give the terminal the size of the pane; the first one starts its stream."""
        columns, rows = self.size
        if not columns or not rows:
            return
        if self._emulator is None:
            self._emulator = Emulator(columns, rows, self._stream.send)
            self._stream.start(self._emulator)
        else:
            self._emulator.resize(columns, rows)
        self._stream.resize(rows, columns)
        self._lines = []
        self._paint_now()
        self.post_message(self.Sized(rows, columns))

    def start_next_run(self, title: str) -> None:
        """Show the output of the next run, below a line with a title."""
        if self._emulator is None:
            return
        self._emulator.feed(self._stream.take_unfed() + _RESET_SEQUENCE)
        newline = b"\r\n" if self._emulator.cursor[0] else b""
        self.can_focus = True
        self._stream.reopen(newline + f"── {title} ──\r\n".encode())

    def _handle_closed(self) -> None:
        """Give up the focus: no process has the terminal open."""
        self.can_focus = False
        self.blur()
        self.post_message(self.Closed())

    def on_unmount(self) -> None:
        """Stop reading and writing the terminal."""
        self._stream.stop()
        if self._paint_handle is not None:
            self._paint_handle.cancel()

    # output

    def set_dimmable(self, dimmable: bool) -> None:
        """Use the theme's colours for default ones, behind a dialog; or the terminal's own again."""
        variables = self.app.theme_variables
        names = ("background", "foreground")
        self.styles.background, self.styles.color = (variables[name] if dimmable else None for name in names)
        self.notify_style_update()

    def _schedule_paint(self) -> None:
        """Schedule a paint, at most one per frame."""
        if self._paint_handle is None:
            wait = self._painted_s + _FRAME_SECONDS - time.perf_counter()
            self._paint_handle = asyncio.get_running_loop().call_later(max(wait, 0), self._paint_now)

    def _paint_now(self) -> None:
        """Paint the lines that changed; retry later while our own terminal has not taken the previous output."""
        assert self._emulator is not None
        if not output_ready.terminal_ready():
            self._paint_handle = asyncio.get_running_loop().call_later(output_ready.RETRY_SECONDS, self._paint_now)
            return
        self._paint_handle = None
        self._painted_s = time.perf_counter()
        width = self.size.width
        lines = self._emulator.lines(cursor=self._emulator.cursor_visible and self.has_focus)
        if len(lines) != len(self._lines):
            self._lines = [()] * len(lines)
            self._strips = [Strip.blank(width)] * len(lines)
        changed = [y for y, line in enumerate(lines) if line is not self._lines[y]]
        style = self.rich_style
        for y in changed:
            self._strips[y] = Strip(lines[y], width).apply_style(style)
        self._lines = lines
        if changed:
            self.refresh(*(Region(0, y, width, 1).translate(self.content_offset) for y in changed))

    def render_line(self, y: int) -> Strip:
        """Draw a line of the terminal."""
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width, self.rich_style)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """No filters, so that the user's 16 ANSI colours are used; Textual's own with NO_COLOR."""
        return super().get_line_filters() if self.app.no_color else ()

    def notify_style_update(self) -> None:
        """Repaint everything."""
        super().notify_style_update()
        self._lines = []
        if self._emulator is not None:
            self._schedule_paint()

    # input

    def on_key(self, event: events.Key) -> None:
        """Send a key to the program."""
        event.stop()
        event.prevent_default()
        if self._emulator is not None and (
            keystroke := key_bytes(event, application_cursor=self._emulator.has_mode(_APPLICATION_CURSOR))
        ):
            self._stream.send(keystroke)

    def on_paste(self, event: events.Paste) -> None:
        """Send a paste to the program."""
        event.stop()
        if self._emulator is not None:
            self._stream.send(paste_bytes(event.text, bracketed=self._emulator.has_mode(_BRACKETED_PASTE)))

    def on_focus(self) -> None:
        """Show the cursor, and report the focus to the program."""
        self._report_focus(b"\x1b[I")

    def on_blur(self) -> None:
        """Hide the cursor, and report the lost focus to the program."""
        self._report_focus(b"\x1b[O")

    def _report_focus(self, report: bytes) -> None:
        if self._emulator is not None:
            self._schedule_paint()
            if self._emulator.has_mode(_FOCUS):
                self._stream.send(report)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Send a button press, if the program enabled mouse reports."""
        if self._send_mouse(event, event.button - 1, _MOUSE_BUTTONS, _MOUSE_DRAGS, _MOUSE_MOVES):
            self.capture_mouse()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Send a button release, also outside of the pane."""
        self.release_mouse()
        self._send_mouse(event, event.button - 1, _MOUSE_BUTTONS, _MOUSE_DRAGS, _MOUSE_MOVES, released=True)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Send motion, if the program enabled it; in some modes only while a button is down."""
        if event.button:
            self._send_mouse(event, event.button - 1 + 32, _MOUSE_DRAGS, _MOUSE_MOVES)
        else:
            self._send_mouse(event, 3 + 32, _MOUSE_MOVES)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Send the wheel as a button; as cursor keys to a full-screen program without mouse reports."""
        self._send_wheel(event, "up")

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """See `on_mouse_scroll_up`."""
        self._send_wheel(event, "down")

    def _send_wheel(self, event: events.MouseEvent, key: str) -> None:
        sent = self._send_mouse(event, _WHEEL[type(event).__name__], _MOUSE_BUTTONS, _MOUSE_DRAGS, _MOUSE_MOVES)
        if not sent and self.has_focus and self._emulator is not None and self._emulator.is_alternate:
            event.stop()
            cursor = self._emulator.has_mode(_APPLICATION_CURSOR)
            self._stream.send(3 * key_bytes(events.Key(key, None), application_cursor=cursor))

    def _send_mouse(self, event: events.MouseEvent, button: int, *modes: int, released: bool = False) -> bool:
        """Send a mouse event if the program enabled one of these modes.

        Returns:
            Whether it was sent.
        """
        emulator = self._emulator
        if (
            emulator is None
            or not self.has_focus
            or not emulator.has_mode(_MOUSE_SGR)
            or not any(map(emulator.has_mode, modes))
        ):
            return False
        event.stop()
        place = self.size.clamp_offset(event.get_content_offset_capture(self))
        button += 4 * event.shift + 8 * event.meta + 16 * event.ctrl
        self._stream.send(mouse_bytes(button, place.x, place.y, released=released))
        return True
