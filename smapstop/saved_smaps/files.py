"""Open the file that a user names; `-` is stdin."""

import errno
import sys
from pathlib import Path
from typing import BinaryIO

from smapstop.errors import SmapstopError
from smapstop.saved_smaps.unpack import MOST_BYTES


def open_input(file: str) -> BinaryIO:
    """Open a file for reading; `-` is stdin.

    Raises:
        OSError: It cannot be read.
    """
    if file != "-":
        return Path(file).open("rb")
    if sys.stdin is None:
        raise OSError(errno.EBADF, "it is closed")
    return sys.stdin.buffer


def read_input(file: str, remedy: str) -> bytes:
    """Read a file, or as much of it as shows that it is too large; `-` is stdin.

    Args:
        file: Path.
        remedy: What to do if it cannot be read.

    Raises:
        SmapstopError: It cannot be read.
    """
    try:
        with open_input(file) as stream:
            return stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise SmapstopError(f"cannot read {shown_name(file)}: {error.strerror}", remedy) from error


def shown_name(file: str) -> str:
    """Name of a file in messages."""
    return "stdin" if file == "-" else repr(file)
