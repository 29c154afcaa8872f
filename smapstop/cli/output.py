"""Print the output of verbs, with errors reported and control characters escaped on terminals."""

import os
import sys
from typing import TextIO

from smapstop.errors import SmapstopError

_PIPE_WIDTH = 160
"""Width of a table in a file or a pipe, columns."""


def discard_stdout() -> None:
    """Redirect stdout to /dev/null, so that flushing its buffer at exit cannot fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def sanitize_line(line: str) -> str:
    """Escape control characters in a line, which may contain names that others chose."""
    if line.isprintable():
        return line
    from smapstop.text.format import printable

    return printable(line)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a standard stream is a terminal; a closed stream is None."""
    return stream is not None and stream.isatty()


def table_width() -> int:
    """Maximum width of a table: COLUMNS, or the width of the terminal."""
    import shutil  # it takes a while to import

    return shutil.get_terminal_size((_PIPE_WIDTH, 24)).columns


def print_text(text: str, what: str) -> None:
    """Print a text to stdout: with control characters escaped on a terminal, otherwise byte for byte.

    Args:
        text: The text, with surrogate escapes for bytes that are not UTF-8.
        what: Noun for error messages: "the snapshot".

    Raises:
        SmapstopError: The disk is full, or stdout is closed.
    """
    if sys.stdout is None:
        raise SmapstopError(f"cannot write {what}: stdout is closed")
    if is_terminal(sys.stdout):
        text = "\n".join(map(sanitize_line, text.split("\n")))
    try:
        rest = memoryview(text.encode("utf-8", "surrogateescape"))
        while rest:  # without a buffer, as with PYTHONUNBUFFERED, a signal or a full disk ends a write halfway
            rest = rest[sys.stdout.buffer.write(rest) :]
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        discard_stdout()
        raise SmapstopError(f"cannot write {what}: {error.strerror}") from error
