"""Driver of our own terminal: Textual's, with a buffer, without its handlers for being stopped and continued."""

import errno
import io
import signal
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class TerminalDriver(LinuxDriver):
    """Textual's driver; a stop and a return by others do not begin to use the terminal once more.

    Textual takes every SIGCONT for a return from ctrl-z. After one while it begins, it would take raw mode for what
    the terminal was like before, and two threads would read the keys. The kernel also sends one with SIGHUP.

    Args:
        app: The app that is drawn.
        debug: See Textual.
        mouse: Whether the mouse is reported.
        size: Size of the terminal, columns and rows; None: as the terminal says.
    """

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        # sys.stderr has no buffer with PYTHONUNBUFFERED, as in many containers: what is left of a write that a signal
        # interrupts, such as a stop, would be lost in the middle of a frame
        assert self._file is not None, "stderr is open"
        raw = _Output(self._file.fileno(), "w", closefd=False)
        self._file = io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8", errors="backslashreplace")
        for number in (signal.SIGTSTP, signal.SIGCONT):
            signal.signal(number, signal.SIG_DFL)


class _Output(io.FileIO):
    """Output of a terminal; what is written once it is gone is dropped.

    Textual's thread that writes would end with the error, and the app wait for ever for it to take the next frames.
    """

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write, as far as the terminal is there."""
        try:
            return super().write(data)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return memoryview(data).nbytes
