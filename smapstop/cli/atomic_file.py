"""Write files atomically: complete, or not at all."""

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from smapstop.errors import SmapstopError


def write_atomically(pieces: Iterable[str], path: Path, *, overwrite: bool, source: Path) -> None:
    """Write a text to a file piece by piece; the file appears only when it is complete.

    Args:
        pieces: The text, with surrogate escapes for bytes that are not UTF-8, which are written unchanged.
        path: The file to write.
        overwrite: Replace an existing file.
        source: The file that the text is made from; it is never replaced.

    Raises:
        SmapstopError: The file exists, or cannot be written.
    """
    require_writable(path, source, overwrite=overwrite)
    path = path.resolve()
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
    with open_atomic_file(path, mode=mode) as file:
        for piece in pieces:
            file.write(piece.encode("utf-8", "surrogateescape"))


def require_writable(path: Path, *sources: Path, overwrite: bool) -> None:
    """Check that a file may be created or replaced.

    Args:
        path: The file.
        sources: The files that it is made from, which are never replaced.
        overwrite: Whether an existing file may be replaced.

    Raises:
        SmapstopError: It may not.
    """
    if not path.exists():
        return
    if not path.is_file():
        raise SmapstopError(f"{str(path)!r} is not a regular file", "choose another name, or omit -o for stdout")
    if any(source.exists() and path.samefile(source) for source in sources):
        raise SmapstopError(f"{str(path)!r} is the recording itself", "choose another name")
    if not overwrite:
        raise SmapstopError(f"{str(path)!r} already exists", "choose another name, or overwrite it with --force")


@contextmanager
def open_atomic_file(path: Path, *, mode: int = 0o600, sync: bool = True) -> Iterator[BinaryIO]:
    """Open a temporary file that replaces another on success, and is removed on failure.

    Args:
        path: The file to replace, or to create.
        mode: The permissions; by default only the owner's, since the file contains paths.
        sync: fsync before the replacement, so that the file survives a crash of the machine.

    Raises:
        SmapstopError: The file cannot be written.
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
