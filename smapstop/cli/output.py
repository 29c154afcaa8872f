"""What verbs print: whole or not at all, and nothing that a terminal would obey."""

import os
import sys
from typing import TextIO

from smapstop.errors import SmapstopError

_PIPE_WIDTH = 160
"""How wide a table is that goes into a file or a pipe."""


def discard_stdout() -> None:
    """Let what is still buffered have somewhere to go when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def sanitize_line(line: str) -> str:
    """A line with names in it that the terminal cannot take for a command."""
    if line.isprintable():
        return line
    from smapstop.text.format import printable

    return printable(line)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a standard stream is a terminal; one that was closed is None."""
    return stream is not None and stream.isatty()


def table_width() -> int:
    """How wide a table may be: as the terminal, or COLUMNS."""
    import shutil  # it takes a while to import

    return shutil.get_terminal_size((_PIPE_WIDTH, 24)).columns


def print_text(text: str, what: str) -> None:
    """Write a text out; bytes that are not UTF-8 as they were, but not to a terminal, which gets nothing to obey.

    Args:
        what: What it is, for an error: "the snapshot".

    Raises:
        SmapstopError: The disk is full, or stdout is closed.
    """
    if sys.stdout is None:
        raise SmapstopError(f"cannot write {what}: stdout is closed")
    if is_terminal(sys.stdout):
        text = "\n".join(map(sanitize_line, text.split("\n")))
    try:
        sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        discard_stdout()
        raise SmapstopError(f"cannot write {what}: {error.strerror}") from error
