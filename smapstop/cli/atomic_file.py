"""Write a file atomically: whole, or not at all."""

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from smapstop.errors import SmapstopError


def write_atomically(pieces: Iterable[str], path: Path, *, overwrite: bool, source: Path) -> None:
    """Write a text, of which only a piece at a time is in memory, to a file, which is there when it is complete.

    Args:
        pieces: The text; bytes that are not UTF-8 are written as they were.
        path: The file.
        overwrite: Replace a file that is there.
        source: What the text is made from, and must not be replaced.

    Raises:
        SmapstopError: There is such a file, or it cannot be written.
    """
    _require_writable(path, source, overwrite=overwrite)
    path = path.resolve()
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
    with open_atomic_file(path, mode=mode) as file:
        for piece in pieces:
            file.write(piece.encode("utf-8", "surrogateescape"))


def _require_writable(path: Path, source: Path, *, overwrite: bool) -> None:
    """Make sure that the file may be written.

    Raises:
        SmapstopError: It may not.
    """
    if not path.exists():
        return
    if not path.is_file():
        raise SmapstopError(f"{str(path)!r} is no ordinary file", "choose another name, or leave -o out for stdout")
    if path.samefile(source):
        raise SmapstopError(f"{str(path)!r} is the recording itself", "choose another name")
    if not overwrite:
        raise SmapstopError(f"{str(path)!r} is there already", "choose another name, or --force replaces it")


@contextmanager
def open_atomic_file(path: Path, *, mode: int = 0o600, sync: bool = True) -> Iterator[BinaryIO]:
    """A file to write to that takes the place of another one when all went well, and is removed otherwise.

    Args:
        path: The other one, which need not be there.
        mode: The permissions; by default it is the user's alone, since it has paths in it.
        sync: Wait until it is on the disk, so that it outlives a crash of the machine.

    Raises:
        SmapstopError: It cannot be written.
    """
    try:
        number, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise SmapstopError(f"cannot create {str(path)!r}: {error.strerror}") from error
    try:
        with open(number, "wb") as file:
            yield file
            file.flush()
            os.fchmod(number, mode)
            if sync:
                os.fsync(number)
        Path(name).replace(path)
    except OSError as error:
        raise SmapstopError(f"cannot write {str(path)!r}: {error.strerror}") from error
    finally:
        with suppress(FileNotFoundError):
            Path(name).unlink()
