"""A pseudo terminal whose bytes we read ourselves: what smapstop really writes, however slowly it is read."""

import fcntl
import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

import pyte
from stepped_program import DEADLINE_SECONDS

SMAPSTOP = (sys.executable, "-m", "smapstop")
_OWN_SEQUENCES = re.compile(
    r"\r\n|\r(?=[●r])"  # the end of a line, and the progress of a recording, which is written over itself
    r"|\x1b\[[0-9;]*[mHJK]"  # colours; the cursor goes somewhere; something is erased
    r"|\x1b\[\?[0-9;]*[hl]"  # modes: alternate screen, cursor, mouse, paste, synchronized output
    r"|\x1b\[\?[0-9;]*\$p|\x1b\[[<>]?[0-9;]*[ctqu]|\x1b\[1 q"  # questions, keyboard protocol, shape of the cursor
    r"|\x1b\]22;[a-z]*\x07"  # shape of the pointer
)
"""The sequences that smapstop itself, or Textual, has a use for."""
_HARMFUL_CHARACTERS = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
"""What moves the cursor, reorders or hides text, once those sequences are taken out."""


def find_harmful_output(written: bytes) -> list[str]:
    """What in the bytes that a terminal got did not come from the dashboard, each with what is around it."""
    text = _OWN_SEQUENCES.sub("", written.decode("utf-8", "surrogateescape"))
    return [repr(text[max(0, found.start() - 30) : found.end() + 30]) for found in _HARMFUL_CHARACTERS.finditer(text)]


class RawTerminal:
    """A command on a terminal of its own, which it controls; leaving the `with` statement unplugs the terminal.

    Args:
        command: What to run.
        columns: The size of the terminal.
        rows: The size of the terminal.
        environment: What it has beside our environment.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 118,
        rows: int = 40,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        usual = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLORTERM")}
        self.output = b""
        """All that was written to the terminal."""
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self.master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (rows, columns))
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            env=usual | {"TERM": "xterm-256color", "COLORTERM": "truecolor"} | dict(environment or {}),
        )
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unplug()
        try:
            self.process.wait(DEADLINE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def unplug(self) -> None:
        """Take the terminal away, as when a window is closed or a connection lost."""
        if self.master >= 0:
            os.close(self.master)
            self.master = -1

    def read(self, seconds: float = 0.1, most_bytes: int = 1 << 16) -> bytes:
        """What is written next; nothing when nothing comes so long, or at the end."""
        if not select.select([self.master], [], [], seconds)[0]:
            return b""
        data = b""
        with suppress(OSError):  # EIO: nobody has the other side any more
            data = os.read(self.master, most_bytes)
        self.output += data
        with suppress(Exception):  # pyte does not know every sequence
            self._stream.feed(re.sub(rb"\x1b\[[<>=?][0-9;]*[a-zA-Z$]+p?", b"", data))
        return data

    def screen(self) -> str:
        """What the screen shows, as far as it was read."""
        return "\n".join(self._screen.display)

    def wait_for(self, pattern: str) -> str:
        """The screen, once it shows a pattern; reads until then."""
        end = time.monotonic() + DEADLINE_SECONDS
        while not re.search(pattern, self.screen(), re.MULTILINE):
            assert time.monotonic() < end, f"never: {pattern}\n{self.screen()}"
            self.read()
        return self.screen()

    def type(self, text: str) -> None:
        """Type a text."""
        os.write(self.master, text.encode())

    def status(self) -> int:
        """The exit status, reading to the end."""
        end = time.monotonic() + DEADLINE_SECONDS
        while self.process.poll() is None:
            assert time.monotonic() < end, f"it goes on\n{self.screen()}"
            self.read(0.02)
        while self.read(0.02):
            pass
        return self.process.returncode
