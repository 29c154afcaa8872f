"""Files of one process under /proc, opened through one directory fd so that a reused pid is never mixed in."""

import errno
import os
import re
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import partial
from itertools import islice
from pwd import getpwuid
from types import TracebackType
from typing import Self, TypeVar

from smapstop.errors import SmapstopError
from smapstop.proc.columns import Counters
from smapstop.proc.read_buffer import CHUNK_BYTES, ReadBuffer
from smapstop.proc.stat import PAGE_KB, fields_after_name, parse_counters

Contents = TypeVar("Contents", bytes, memoryview)

_LINK_DIRECTORIES = ("fd/", "map_files/")
"""Directories of links that lead to a file itself, whatever its path."""
_KERNEL_THREAD = 0x0020_0000
"""PF_KTHREAD in the flags of stat (include/linux/sched.h)."""
_EFFECTIVE_UID = re.compile(rb"^Uid:\t\d+\t(\d+)", re.MULTILINE)
_MOST_THREADS = 1 << 22
"""Limit of threads that are listed: that of process ids (PID_MAX_LIMIT, include/linux/threads.h)."""
PAGEMAP_REMEDY = "run as its user or as root, or with CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH"
"""Privileges needed to read pagemap, which only the owner of the process may open (0400)."""


class ProcDir:
    """The /proc directory of one process (proc(5)); use it in a `with` statement, or close it.

    The directory's fd refers to the process, not to its pid: once the process is gone, its files fail (ESRCH), even
    after the pid was reused.

    Raises:
        SmapstopError: There is no such process, or it may not be read.
    """

    page_kb = PAGE_KB
    """Page size of its machine, kB."""
    clock_ticks = os.sysconf("SC_CLK_TCK")
    """Clock ticks per second of its machine, the unit of its CPU times."""
    delay_ns = 0
    """Time that asking for a file takes besides reading it, ns."""
    is_local = True
    """Whether it is a process of this machine and pid namespace, so that more than its directory can be read."""

    def __init__(self, pid: int, root: str = "/proc") -> None:
        self.pid = pid
        try:
            self._fd = os.open(f"{root}/{pid}", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise access_error(pid, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the directory."""
        os.close(self._fd)

    def prefetch(self, names: Iterable[str], short: Iterable[str] = ()) -> AbstractContextManager[None]:  # noqa: ARG002
        """Read files at once, where asking for each takes time: within the `with` statement `read` returns them.

        A name that is given twice is read twice, in order. Here nothing is gained, and files are read when asked for.
        """
        return nullcontext()

    def open(self, name: str, flags: int = os.O_RDONLY) -> int:
        """Open a file; the caller closes the fd.

        Raises:
            OSError: As for `read`.
        """
        return os.open(name, flags | os.O_CLOEXEC, dir_fd=self._fd)

    def stat(self, name: str) -> os.stat_result:
        """Return the status of the file that a name leads to; a last symbolic link outside /proc is not followed.

        Raises:
            OSError: As for `read`.
        """
        is_proc_link = name.startswith(_LINK_DIRECTORIES)
        return os.stat(name, dir_fd=self._fd, follow_symlinks=is_proc_link)

    def read_link(self, name: str) -> str:
        """Return what a symbolic link of /proc refers to.

        Raises:
            OSError: As for `read`.
        """
        return os.readlink(name, dir_fd=self._fd)

    def list_names(self, name: str, limit: int) -> list[str]:
        """List a directory: its first `limit` names.

        Raises:
            OSError: As for `read`.
        """
        fd = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self._fd)
        try:
            with os.scandir(fd) as entries:
                return [entry.name for entry in islice(entries, limit)]
        finally:
            os.close(fd)

    def read(self, name: str) -> bytes:
        """Read a whole file.

        Raises:
            OSError: ENOENT or ESRCH when the process is gone, EACCES or EPERM when it may not be read.
        """
        return self._read(name, _whole)

    def read_into(self, name: str, buffer: ReadBuffer) -> memoryview:
        """Read a whole file into a buffer; the result is valid until the buffer's next read.

        Raises:
            OSError: As for `read`.
        """
        return self._read(name, buffer.read)

    def read_start(self, name: str) -> bytes:
        """Read the beginning of a file, enough to know that it can be read and is not empty.

        Raises:
            OSError: As for `read`.
        """
        return self._read(name, lambda fd: os.read(fd, CHUNK_BYTES))

    def read_smaps(self) -> bytes:
        """Read smaps; that of a live thread if the main thread has exited before the others.

        Raises:
            OSError: As for `read`.
        """
        return self._read_of_any_thread("smaps", self.read) or b""

    def read_smaps_into(self, buffer: ReadBuffer) -> memoryview:
        """Read smaps, as `read_smaps`, into a buffer; the result is valid until the buffer's next read.

        Raises:
            OSError: As for `read`.
        """
        return self._read_of_any_thread("smaps", partial(self.read_into, buffer=buffer)) or memoryview(b"")

    def read_maps(self) -> bytes:
        """Read maps: the mappings without their amounts; as `read_smaps`.

        Raises:
            OSError: As for `read`.
        """
        return self._read_of_any_thread("maps", self.read) or b""

    def read_rollup(self) -> bytes:
        """Read smaps_rollup (since Linux 4.14).

        Raises:
            OSError: As for `read`; ENOENT also on a kernel without smaps_rollup.
        """
        return self._read_of_any_thread("smaps_rollup", self.read) or b""

    def _read(self, name: str, read: Callable[[int], Contents]) -> Contents:
        """Open a file, read it with `read`, and close it."""
        fd = self.open(name)
        try:
            return read(fd)
        finally:
            os.close(fd)

    def _read_of_any_thread(self, name: str, read: Callable[[str], Contents]) -> Contents | None:
        """Read a memory file through any live thread: the main thread's is empty or fails once it exited."""
        with suppress(ProcessLookupError):
            if text := read(name):
                return text
        for tid in self._other_threads():
            with suppress(FileNotFoundError, ProcessLookupError):  # this one has just exited, too
                if text := read(f"task/{tid}/{name}"):
                    return text
        return None

    def _other_threads(self) -> list[str]:
        """List the ids of all threads but the main one."""
        return [tid for tid in self.list_names("task", _MOST_THREADS) if tid != str(self.pid)]

    def counters(self) -> Counters:
        """Read stat, statm and status.

        Raises:
            OSError: As for `read`.
        """
        return parse_counters(self.read("stat"), self.read("statm"), self.read("status"), self.page_kb)

    def started_ns(self) -> int:
        """Start time of the process, ns since the epoch.

        Raises:
            OSError: As for `read`.
        """
        ticks = parse_counters(self.read("stat"), b"", b"").start_time
        return time.time_ns() - self.uptime_ns() + ticks * 1_000_000_000 // self.clock_ticks

    def uptime_ns(self) -> int:
        """Time since the machine of the process started, ns, as start times of processes are counted."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)

    def kernel(self) -> str:
        """Release of the kernel of its machine, as of uname(2).

        Raises:
            OSError: It cannot be read.
        """
        return os.fsdecode(self.read("/proc/sys/kernel/osrelease").strip())

    def max_map_count(self) -> int | None:
        """Maximum number of mappings of a process there (vm.max_map_count); `None` if it cannot be read."""
        try:
            return int(self.read("/proc/sys/vm/max_map_count"))
        except (OSError, ValueError):
            return None

    def command_line(self) -> tuple[str, ...]:
        """Arguments of the process; empty for a zombie, or if they may not be read."""
        try:
            text = self.read("cmdline")
        except OSError:
            return ()
        return tuple(os.fsdecode(part) for part in text.rstrip(b"\0").split(b"\0")) if text else ()

    def executable(self) -> str | None:
        """Path of the executable; `None` if it may not be read."""
        try:
            return self.read_link("exe")
        except OSError:
            return None

    def user(self) -> str | None:
        """Name of the user that the process runs as, or the number if that has no name; `None` if it is gone."""
        uid = self._effective_uid()
        if uid is None:
            return None
        try:
            return getpwuid(uid).pw_name
        except KeyError:
            return str(uid)

    def _effective_uid(self) -> int | None:
        """Effective user id; `None` if it cannot be read."""
        with suppress(OSError):
            if found := _EFFECTIVE_UID.search(self.read("status")):
                return int(found[1])
        return None

    def require_memory(self) -> None:
        """Check that the process has a memory map and that it may be read.

        Raises:
            SmapstopError: It is a kernel thread, a zombie, or not readable for us.
        """
        try:
            stat = self.read("stat")
            counters = parse_counters(stat, b"", b"")
            if int(fields_after_name(stat)[6]) & _KERNEL_THREAD:
                what = f"process {self.pid} ({counters.name}) is a kernel thread, which has no memory map of its own"
                raise SmapstopError(what, "choose a user-space process")
            if self._read_of_any_thread("smaps", self.read_start):
                return
        except OSError as error:
            raise access_error(self.pid, error, is_local=self.is_local) from error
        what = f"process {self.pid} ({counters.name}) has exited (zombie), so its memory is gone"
        raise SmapstopError(what, f"its parent is process {counters.ppid}")


def _whole(fd: int) -> bytes:
    """Read a whole open file."""
    return b"".join(iter(lambda: os.read(fd, CHUNK_BYTES), b""))


def access_remedy(*, is_local: bool = True) -> str:
    """What allows to read the memory map of a process that may not be read now."""
    if not is_local:
        return "have a shell there of its user or of root, or with CAP_PERFMON or CAP_SYS_PTRACE"
    if os.geteuid() == 0:
        return "root has neither CAP_SYS_PTRACE nor CAP_PERFMON for it here, as in a container"
    return "run as its user or as root, or with CAP_PERFMON or CAP_SYS_PTRACE"


def access_error(pid: int, error: OSError, *, is_local: bool = True) -> SmapstopError:
    """Return the user-visible error for an OSError on a file of a process, of this machine or of another."""
    if error.errno in (errno.ENOENT, errno.ESRCH):
        return SmapstopError(f"no process {pid}", "run smapstop without arguments to pick one from a list")
    if error.errno in (errno.EACCES, errno.EPERM):
        return SmapstopError(
            f"not permitted to read the memory map of process {pid}", access_remedy(is_local=is_local)
        )
    return SmapstopError(f"cannot read the memory map of process {pid}: {error.strerror or error}")
