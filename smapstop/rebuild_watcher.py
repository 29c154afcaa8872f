"""Waiting for a rebuild: until what is watched has changed, and come to rest."""

import asyncio
import errno
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum, auto
from fcntl import F_RDLCK, F_SETLEASE, F_SETSIG, fcntl
from pathlib import Path
from stat import S_ISDIR
from typing import Self

from watchfiles import Change, DefaultFilter, awatch

from smapstop.errors import SmapstopError

SETTLE_SECONDS = 0.3
"""What has not changed for so long has settled: compilers and linkers write in several goes."""
_POLL_SECONDS = 0.1
_STEP_MS, _DEBOUNCE_MS = 100, 200
_MAX_LINKS = 40


@dataclass(frozen=True, slots=True)
class FileStamp:
    """What tells one build of a file from the next."""

    device: int
    inode: int
    size_bytes: int
    modified_ns: int
    executable: bool
    """We may execute it."""


def stamp_of(path: Path) -> FileStamp | None:
    """The stamp of a file; None when there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return FileStamp(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, os.access(path, os.X_OK))


def _is_written(path: Path) -> bool:
    """Whether somebody has a file open to write, so that it cannot be executed now (ETXTBSY); False if not ours.

    Nobody can have a lease of a file to read it while it is open to be written, fcntl(2). It is given back at once.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl(file, F_SETSIG, signal.SIGURG)  # is ignored; who opens it at this moment sends us SIGIO else, the end
        fcntl(file, F_SETLEASE, F_RDLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    finally:
        os.close(file)
    return False


@dataclass(frozen=True, slots=True)
class Observation:
    """What is there at one moment, as far as it matters for starting the program."""

    version: object
    """Differs between two builds; whatever can be compared."""
    usable: bool = True
    """The program can be started with it."""
    written: bool = False
    """Somebody has it open to write. Nothing reports when that is over."""


class RebuildState(Enum):
    """What a rebuild has come to."""

    UNCHANGED = auto()
    """As it was when the program was last started."""
    CHANGING = auto()
    """Another version, which may still change."""
    WRITTEN = auto()
    """Open to be written, so that it cannot be used yet."""
    UNUSABLE = auto()
    """Another version at rest, with which the program cannot be started."""
    REBUILT = auto()
    """Another version at rest, with which the program can be started."""

    @property
    def needs_polling(self) -> bool:
        """It may be over without a change in a directory that would report it: observe again soon."""
        return self in (RebuildState.CHANGING, RebuildState.WRITTEN)


@dataclass(frozen=True, slots=True)
class RebuildProgress:
    """Progress of a rebuild, from the last start of the program to a new version at rest.

    A state machine that is given the times and reads no clock: `observe` and `accept` return the next one.
    """

    last_used: Observation
    """What was there when the program was last started."""
    current: Observation
    """What is there now."""
    changed_at: float
    """When that was first observed, seconds."""

    def observe(self, seen: Observation, now: float) -> "RebuildProgress":
        """Take in what is there now."""
        return self if seen == self.current else replace(self, current=seen, changed_at=now)

    def state_at(self, now: float) -> RebuildState:
        """Return the state at a time."""
        if self.current != self.last_used:
            if now - self.changed_at < SETTLE_SECONDS:
                return RebuildState.CHANGING
            if self.current.usable:
                return RebuildState.REBUILT
        if self.current.written:
            return RebuildState.WRITTEN
        return RebuildState.UNCHANGED if self.current == self.last_used else RebuildState.UNUSABLE

    def accept(self) -> "RebuildProgress":
        """Take what is there as what the program is started with."""
        return replace(self, last_used=self.current)


@dataclass(frozen=True, slots=True)
class _Place:
    """A directory, with what tells it from another one of that name."""

    path: Path
    device: int
    inode: int


class _FileSubject:
    """A file, which linkers write anew or replace, by way of symbolic links or not."""

    is_recursive = False
    """What changes in the directories beside it does not matter."""

    def __init__(self, path: Path, *, executed: bool) -> None:
        self._path, self._must_be_executable = path, executed

    def observe(self) -> Observation:
        """Return what is there."""
        stamp = stamp_of(self._path)
        if stamp is None:
            return Observation(None, usable=False)
        written = self._must_be_executable and _is_written(self._path)
        return Observation(
            stamp, usable=(stamp.executable or not self._must_be_executable) and not written, written=written
        )

    def directories(self) -> set[_Place]:
        """Where it, and every link on the way to it, can change."""
        return {_nearest_directory(hop.parent) for hop in _follow_links(self._path)}

    def note_changes(self, changes: set[tuple[Change, str]]) -> None:
        """Ignore what changed: `observe` reads it."""


class _DirectorySubject:
    """A directory: any change in it counts, but for what version control, editors and caches write."""

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        self._change_count = 0
        self._change_filter = DefaultFilter()

    @property
    def is_recursive(self) -> bool:
        """Whether what changes in its directories matters, too; while it is gone only its place is watched."""
        return self._path.is_dir()

    def observe(self) -> Observation:
        """Return how often something changed there; the program is started whatever is missing in it."""
        return Observation(self._change_count)

    def directories(self) -> set[_Place]:
        """Where it can change."""
        return {_nearest_directory(self._path)}

    def note_changes(self, changes: set[tuple[Change, str]]) -> None:
        """Something changed there."""
        within = [(change, os.path.relpath(path, self._path)) for change, path in changes]
        self._change_count += any(
            not path.startswith(os.pardir) and self._change_filter(change, path) for change, path in within
        )


def _follow_links(path: Path) -> Iterator[Path]:
    """A path, and where the links lead to."""
    for _ in range(_MAX_LINKS):
        path = path.absolute()
        yield path
        if not path.is_symlink():
            return
        path = path.parent / path.readlink()


def _nearest_directory(folder: Path) -> _Place:
    """A directory, or as long as it is not there the one that it will be in."""
    for each in (folder, *folder.parents):
        with suppress(OSError):
            status = each.stat()
            if S_ISDIR(status.st_mode):
                return _Place(each, status.st_dev, status.st_ino)
    raise SmapstopError(f"cannot watch {str(folder)!r}", "there is no such directory")


def _is_any_deleted(places: set[_Place], changes: set[tuple[Change, str]]) -> bool:
    """Whether one of the directories went; another one may have taken its place since, even its inode."""
    return any((Change.deleted, str(place.path)) in changes for place in places)


class _DirectoryWatch:
    """Watches directories as a context manager; no change is lost between two waits.

    Args:
        places: The directories.
        deep: Whether to watch the directories in them, too.
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
        """Give the system the time to begin; what changed before has to be observed after it."""
        await asyncio.wait({self._next}, timeout=_POLL_SECONDS)

    async def wait(self, seconds: float | None) -> set[tuple[Change, str]]:
        """Wait for changes, for so long at most; return those that came.

        Raises:
            FileNotFoundError: A directory went before it was watched.
            OSError: The system does not let us watch.
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
    """Wait for one rebuild after the other; what changes meanwhile is not missed.

    Args:
        path: A file or a directory. It may go, and come again.
        executed: Whether it must be executable to be of use.

    Raises:
        SmapstopError: The system does not let us watch it.
    """
    subject = _DirectorySubject(path) if path.is_dir() else _FileSubject(path, executed=must_be_executable)
    settling = RebuildProgress(subject.observe(), subject.observe(), time.monotonic())
    while True:
        places, lost = subject.directories(), False
        try:
            async with _DirectoryWatch(places, deep=subject.is_recursive) as watch:
                await watch.start()
                while not lost and places == subject.directories():
                    now = time.monotonic()
                    settling = settling.observe(subject.observe(), now)
                    state = settling.state_at(now)
                    if state is RebuildState.REBUILT:
                        settling = settling.accept()
                        yield
                        continue
                    changes = await watch.wait(_POLL_SECONDS if state.needs_polling else None)
                    lost = _is_any_deleted(places, changes)
                    subject.note_changes(changes)
        except FileNotFoundError:
            await asyncio.sleep(_POLL_SECONDS)  # a directory went before it was watched
        except (OSError, RuntimeError) as error:
            raise SmapstopError(f"cannot watch {str(path)!r}: {error}", "see inotify(7) for its limits") from error
