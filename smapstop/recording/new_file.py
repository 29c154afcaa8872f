"""Create the files of a recording, which one recorder has at a time."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from smapstop.errors import SmapstopError

FILE_SUFFIXES = ("", "-wal", "-shm")
"""Suffixes of the files of an SQLite database: the database, its log, its shared memory."""


def create_file(path: Path, *, overwrite: bool) -> int:
    """Create the empty file.

    Returns:
        Its fd, locked while the recording is being written; SQLite uses other locks.

    Raises:
        SmapstopError: It exists already, is being written, or cannot be created.
    """
    try:
        if overwrite and path.is_file():
            _require_idle(path)
            remove_files(path)
        file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDONLY, 0o600)
    except FileExistsError as error:
        remedy = "choose another name" if path.is_dir() else "choose another name, or overwrite it with --force"
        raise SmapstopError(f"{str(path)!r} already exists", remedy) from error
    except OSError as error:
        raise SmapstopError(f"cannot create {str(path)!r}: {error.strerror}") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
    except OSError as error:  # as on some network file systems
        os.close(file)
        path.unlink(missing_ok=True)
        raise SmapstopError(f"cannot lock {str(path)!r}: {error.strerror}", "choose a local directory") from error
    return file


def _require_idle(path: Path) -> None:
    """Require that no recorder writes a recording.

    Raises:
        SmapstopError: One does.
    """
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            what = f"{str(path)!r} is being written by another smapstop"
            raise SmapstopError(what, "choose another name, or stop that one first") from None


def remove_files(path: Path) -> None:
    """Remove a database with its log and shared memory."""
    for suffix in FILE_SUFFIXES:
        with suppress(FileNotFoundError):
            Path(f"{path}{suffix}").unlink()
