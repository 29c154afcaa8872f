"""Wait for rebuilds: until a watched file or directory has changed and settled."""

import asyncio
import errno
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import replace
from enum import Enum, auto
from fcntl import F_RDLCK, F_SETLEASE, F_SETSIG, fcntl
from pathlib import Path
from stat import S_ISDIR
from typing import Self

from watchfiles import Change, DefaultFilter, awatch

from smapstop.errors import SmapstopError
from smapstop.lazy_dataclass import dataclass

SETTLE_SECONDS = 0.3
"""Time without a change after which a build counts as settled: compilers and linkers write in several steps."""
_POLL_SECONDS = 0.1
_STEP_MS, _DEBOUNCE_MS = 100, 200
_MAX_LINKS = 40


@dataclass(frozen=True, slots=True)
class FileStamp:
    """Identity of one build of a file."""

    device: int
    inode: int
    size_bytes: int
    modified_ns: int
    executable: bool
    """Whether we may execute it."""


def stamp_of(path: Path) -> FileStamp | None:
    """Return the stamp of a file; `None` if there is no such file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return FileStamp(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, os.access(path, os.X_OK))


def _is_written(path: Path) -> bool:
    """Whether a file is open for writing and so cannot be executed now (ETXTBSY); False if the file is not ours.

    A read lease cannot be taken on a file that is open for writing, fcntl(2). The lease is released at once.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl(file, F_SETSIG, signal.SIGURG)  # ignored by default; the default SIGIO on a lease break would kill us
        fcntl(file, F_SETLEASE, F_RDLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    finally:
        os.close(file)
    return False


@dataclass(frozen=True, slots=True)
class Observation:
    """State of the watched file or directory at one moment, as far as starting the program depends on it."""

    version: object
    """Differs between two builds; any comparable value."""
    usable: bool = True
    """Whether the program can be started with it."""
    written: bool = False
    """Whether it is open for writing. No event reports the close."""


class RebuildState(Enum):
    """State of a rebuild."""

    UNCHANGED = auto()
    """Same version as when the program was last started."""
    CHANGING = auto()
    """A new version that may still change."""
    WRITTEN = auto()
    """Open for writing, so not usable yet."""
    UNUSABLE = auto()
    """A settled new version with which the program cannot be started."""
    REBUILT = auto()
    """A settled new version with which the program can be started."""

    @property
    def needs_polling(self) -> bool:
        """Whether the state can end without a directory event that reports it, so that polling is needed."""
        return self in (RebuildState.CHANGING, RebuildState.WRITTEN)


@dataclass(frozen=True, slots=True)
class RebuildProgress:
    """Progress of a rebuild, from the last start of the program to a settled new version.

    A state machine without a clock: times are passed in; `observe` and `accept` return the next state.
    """

    last_used: Observation
    """Observation when the program was last started."""
    current: Observation
    """Latest observation."""
    changed_at: float
    """Time of the first observation equal to `current`, seconds."""

    def observe(self, seen: Observation, now: float) -> "RebuildProgress":
        """Return the progress after another observation."""
        return self if seen == self.current else replace(self, current=seen, changed_at=now)

    def state_at(self, now: float) -> RebuildState:
        """Return the state at time `now`, seconds."""
        if self.current != self.last_used:
            if now - self.changed_at < SETTLE_SECONDS:
                return RebuildState.CHANGING
            if self.current.usable:
                return RebuildState.REBUILT
        if self.current.written:
            return RebuildState.WRITTEN
        return RebuildState.UNCHANGED if self.current == self.last_used else RebuildState.UNUSABLE

    def accept(self) -> "RebuildProgress":
        """Mark the current version as the one the program was started with."""
        return replace(self, last_used=self.current)


@dataclass(frozen=True, slots=True)
class _Place:
    """A directory, with the identity that distinguishes it from another one of the same name."""

    path: Path
    device: int
    inode: int


class _FileSubject:
    """A watched file, which linkers overwrite or replace, possibly reached through symbolic links."""

    is_recursive = False
    """Changes in sibling directories do not matter."""

    def __init__(self, path: Path, *, executed: bool) -> None:
        self._path, self._must_be_executable = path, executed

    def observe(self) -> Observation:
        """Return the current state of the file."""
        stamp = stamp_of(self._path)
        if stamp is None:
            return Observation(None, usable=False)
        written = self._must_be_executable and _is_written(self._path)
        return Observation(
            stamp, usable=(stamp.executable or not self._must_be_executable) and not written, written=written
        )

    def directories(self) -> set[_Place]:
        """Return the directories in which the file, or a symbolic link on the way to it, can change."""
        return {_nearest_directory(hop.parent) for hop in _follow_links(self._path)}

    def note_changes(self, changes: set[tuple[Change, str]]) -> None:
        """Ignore the changes: `observe` reads the file itself."""


class _DirectorySubject:
    """A watched directory: any change in it counts, except files of version control, editors and caches."""

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        self._change_count = 0
        self._change_filter = DefaultFilter()

    @property
    def is_recursive(self) -> bool:
        """Whether changes in subdirectories count; while the directory is missing, only an ancestor is watched."""
        return self._path.is_dir()

    def observe(self) -> Observation:
        """Return the number of changes so far as the version; missing files do not make it unusable."""
        return Observation(self._change_count)

    def directories(self) -> set[_Place]:
        """Return the directory itself or, while it is missing, its nearest existing ancestor."""
        return {_nearest_directory(self._path)}

    def note_changes(self, changes: set[tuple[Change, str]]) -> None:
        """Count the changes if any is relevant."""
        within = [(change, os.path.relpath(path, self._path)) for change, path in changes]
        self._change_count += any(
            not path.startswith(os.pardir) and self._change_filter(change, path) for change, path in within
        )


def _follow_links(path: Path) -> Iterator[Path]:
    """Yield a path and every path its chain of symbolic links leads to."""
    for _ in range(_MAX_LINKS):
        path = path.absolute()
        yield path
        if not path.is_symlink():
            return
        path = path.parent / path.readlink()


def _nearest_directory(folder: Path) -> _Place:
    """Return a directory or, if it does not exist, its nearest existing ancestor."""
    for each in (folder, *folder.parents):
        with suppress(OSError):
            status = each.stat()
            if S_ISDIR(status.st_mode):
                return _Place(each, status.st_dev, status.st_ino)
    raise SmapstopError(f"cannot watch {str(folder)!r}", "no such directory")


def _is_any_deleted(places: set[_Place], changes: set[tuple[Change, str]]) -> bool:
    """Whether a directory was deleted; a new one may have taken its path since, and even its inode."""
    return any((Change.deleted, str(place.path)) in changes for place in places)


class _DirectoryWatch:
    """Directory watch, a context manager; no change is lost between two waits.

    Args:
        places: The directories.
        deep: Whether to watch subdirectories too.
    """

    def __init__(self, places: set[_Place], *, deep: bool) -> None:
        self._changes = awatch(
            *{place.path for place in places},
            watch_filter=None,
            step=_STEP_MS,
            debounce=_DEBOUNCE_MS,
            recursive=deep,
            ignore_permission_denied=True,
        )
        self._next = asyncio.ensure_future(anext(self._changes))

    async def __aenter__(self) -> Self:
        return self

    async def start(self) -> None:
        """Give the watch time to start; changes before that must be found by observing afterwards."""
        await asyncio.wait({self._next}, timeout=_POLL_SECONDS)

    async def wait(self, seconds: float | None) -> set[tuple[Change, str]]:
        """Wait for changes, at most `seconds`, and return them.

        Raises:
            FileNotFoundError: A directory was deleted before the watch started.
            OSError: The system refuses the watch.
            RuntimeError: Likewise.
        """
        await asyncio.wait({self._next}, timeout=seconds)
        if not self._next.done():
            return set()
        changes = self._next.result()
        self._next = asyncio.ensure_future(anext(self._changes))
        return changes

    async def __aexit__(self, *_: object) -> None:
        self._next.cancel()
        with suppress(asyncio.CancelledError, OSError, RuntimeError):
            await self._next
        await self._changes.aclose()


async def watch_rebuilds(path: Path, *, must_be_executable: bool) -> AsyncIterator[None]:
    """Yield once per rebuild; changes between two rebuilds are not missed.

    Args:
        path: A file or a directory. It may be deleted and created again.
        must_be_executable: Whether the file must be executable to be usable.

    Raises:
        SmapstopError: The system refuses the watch.
    """
    subject = _DirectorySubject(path) if path.is_dir() else _FileSubject(path, executed=must_be_executable)
    progress = RebuildProgress(subject.observe(), subject.observe(), time.monotonic())
    while True:
        places, lost = subject.directories(), False
        try:
            async with _DirectoryWatch(places, deep=subject.is_recursive) as watch:
                await watch.start()
                while not lost and places == subject.directories():
                    now = time.monotonic()
                    progress = progress.observe(subject.observe(), now)
                    state = progress.state_at(now)
                    if state is RebuildState.REBUILT:
                        progress = progress.accept()
                        yield
                        continue
                    changes = await watch.wait(_POLL_SECONDS if state.needs_polling else None)
                    lost = _is_any_deleted(places, changes)
                    subject.note_changes(changes)
        except FileNotFoundError:
            await asyncio.sleep(_POLL_SECONDS)  # a directory was deleted before the watch started
        except (OSError, RuntimeError) as error:
            raise SmapstopError(f"cannot watch {str(path)!r}: {error}", "see inotify(7) for the limits") from error
