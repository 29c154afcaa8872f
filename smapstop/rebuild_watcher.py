"""Waiting for a rebuild: until what is watched has changed, and come to rest."""

import asyncio
import errno
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from fcntl import F_RDLCK, F_SETLEASE, F_SETSIG, fcntl
from pathlib import Path
from stat import S_ISDIR

from watchfiles import Change, DefaultFilter, awatch

from smapstop.errors import SmapstopError

REST_SECONDS = 0.3
"""What has not changed for so long has settled: compilers and linkers write in several goes."""
_LOOK_SECONDS = 0.1
_STEP_MS, _BATCH_MS = 100, 200
_MOST_LINKS = 40


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells one build of a file from the next."""

    device: int
    inode: int
    size_bytes: int
    modified_ns: int
    executable: bool
    """We may execute it."""
    written: bool = False
    """Somebody has it open to write, so that it cannot be executed now (ETXTBSY)."""


def stamp_of(path: Path) -> Stamp | None:
    """The stamp of a file; None when there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return Stamp(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, os.access(path, os.X_OK))


def _is_written(path: Path) -> bool:
    """Whether somebody has a file open to write; of a file that is not ours the kernel does not tell: False.

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
class Settling:
    """Whether something that changes has come to rest. It is told the times, and never asks for them."""

    used: object
    """What was there when the program was last started; whatever can be compared."""
    seen: object
    """What is there now."""
    since: float
    """When that was seen first, seconds."""

    def on(self, seen: object, now: float) -> "Settling":
        """After another look."""
        return self if seen == self.seen else replace(self, seen=seen, since=now)

    def going_on(self, now: float) -> bool:
        """Whether it may settle soon: look again."""
        return self.seen != self.used and now - self.since < REST_SECONDS

    def settled(self, now: float) -> bool:
        """Whether it is another one now, at rest."""
        return self.seen != self.used and now - self.since >= REST_SECONDS

    def taken(self) -> "Settling":
        """After the program was started with what is there."""
        return replace(self, used=self.seen)


@dataclass(frozen=True, slots=True)
class _Place:
    """A directory, with what tells it from another one of that name."""

    path: Path
    device: int
    inode: int


class _File:
    """A file, which linkers write anew or replace, by way of symbolic links or not."""

    deep = False
    """What changes in the directories beside it does not matter."""

    def __init__(self, path: Path, *, executed: bool) -> None:
        self._path, self._executed = path, executed

    def look(self) -> Stamp | None:
        """What is there."""
        stamp = stamp_of(self._path)
        return replace(stamp, written=_is_written(self._path)) if stamp and self._executed else stamp

    def usable(self, seen: object) -> bool:
        """Whether the program can be started with what was seen."""
        return isinstance(seen, Stamp) and (seen.executable or not self._executed) and not seen.written

    def going_on(self, seen: object) -> bool:
        """Whether it may become another one without a change that is told."""
        return isinstance(seen, Stamp) and seen.written

    def places(self) -> set[_Place]:
        """Where it, and every link on the way to it, can change."""
        return {_nearest(hop.parent) for hop in _hops(self._path)}

    def hear(self, changes: set[tuple[Change, str]]) -> None:
        """Something changed there; `look` tells what."""


class _Folder:
    """A directory: any change in it counts, but for what version control, editors and caches write."""

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        self._count = 0
        self._concerns = DefaultFilter()

    @property
    def deep(self) -> bool:
        """Whether what changes in its directories matters, too; while it is gone only its place is watched."""
        return self._path.is_dir()

    def look(self) -> int:
        """How often something changed there."""
        return self._count

    def usable(self, seen: object) -> bool:  # noqa: ARG002
        """Whether the program can be started with what was seen: who knows what it needs."""
        return True

    def going_on(self, seen: object) -> bool:  # noqa: ARG002
        """Whether it may become another one without a change that is told."""
        return False

    def places(self) -> set[_Place]:
        """Where it can change."""
        return {_nearest(self._path)}

    def hear(self, changes: set[tuple[Change, str]]) -> None:
        """Something changed there."""
        within = [(change, os.path.relpath(path, self._path)) for change, path in changes]
        self._count += any(not path.startswith(os.pardir) and self._concerns(change, path) for change, path in within)


def _hops(path: Path) -> Iterator[Path]:
    """A path, and where the links lead to."""
    for _ in range(_MOST_LINKS):
        path = path.absolute()
        yield path
        if not path.is_symlink():
            return
        path = path.parent / path.readlink()


def _nearest(folder: Path) -> _Place:
    """A directory, or as long as it is not there the one that it will be in."""
    for each in (folder, *folder.parents):
        with suppress(OSError):
            status = each.stat()
            if S_ISDIR(status.st_mode):
                return _Place(each, status.st_dev, status.st_ino)
    raise SmapstopError(f"cannot watch {str(folder)!r}", "there is no such directory")


def _lost(places: set[_Place], changes: set[tuple[Change, str]]) -> bool:
    """Whether one of the directories went; another one may have taken its place since, even its inode."""
    return any((Change.deleted, str(place.path)) in changes for place in places)


async def rebuilds(path: Path, *, executed: bool) -> AsyncIterator[None]:
    """Wait for one rebuild after the other; what changes meanwhile is not missed.

    Args:
        path: A file or a directory. It may go, and come again.
        executed: Whether it must be executable to be of use.

    Raises:
        SmapstopError: The system does not let us watch it.
    """
    subject = _Folder(path) if path.is_dir() else _File(path, executed=executed)
    settling = Settling(subject.look(), subject.look(), time.monotonic())
    while True:
        places = subject.places()
        changes = awatch(
            *{place.path for place in places},
            watch_filter=None,
            step=_STEP_MS,
            debounce=_BATCH_MS,
            recursive=subject.deep,
            ignore_permission_denied=True,
        )
        coming = asyncio.ensure_future(anext(changes))
        lost = False
        try:
            await asyncio.wait({coming}, timeout=_LOOK_SECONDS)  # the watch begins; what came before is seen below
            while not lost and places == subject.places():
                settling = settling.on(subject.look(), time.monotonic())
                if settling.settled(time.monotonic()) and subject.usable(settling.seen):
                    settling = settling.taken()
                    yield
                    continue
                going_on = settling.going_on(time.monotonic()) or subject.going_on(settling.seen)
                await asyncio.wait({coming}, timeout=_LOOK_SECONDS if going_on else None)
                if coming.done():
                    lost = _lost(places, coming.result())
                    subject.hear(coming.result())
                    coming = asyncio.ensure_future(anext(changes))
        except FileNotFoundError:
            await asyncio.sleep(_LOOK_SECONDS)  # a directory went before it was watched
        except (OSError, RuntimeError) as error:
            raise SmapstopError(f"cannot watch {str(path)!r}: {error}", "see inotify(7) for its limits") from error
        finally:
            coming.cancel()
            with suppress(asyncio.CancelledError, OSError, RuntimeError):
                await coming
            await changes.aclose()
