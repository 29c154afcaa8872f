"""Files of one process elsewhere, read through a shell there."""

import os
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

from smapstop.errors import SmapstopError
from smapstop.proc.columns import Counters
from smapstop.proc.process import ProcDir, access_error
from smapstop.proc.read_buffer import ReadBuffer
from smapstop.proc.remote.script import NO_COMMAND, Answer, call
from smapstop.proc.remote.shell import RemoteShell, require_sense


class RemoteMachine:
    """A machine, container or namespace that is read through a shell; the caller closes that.

    Raises:
        SmapstopError: It has no /proc, or no cat.
    """

    def __init__(self, shell: RemoteShell) -> None:
        self.shell = shell
        settings = (call("setting", "PAGESIZE"), call("setting", "CLK_TCK"))
        try:
            stat, uptime, *numbers = shell.request(call("files", "/proc/self/stat", "/proc/uptime"), *settings)
            self._read_ns = time.monotonic_ns()
            if stat.status == NO_COMMAND:
                raise shell.failure("there is no cat", "smapstop needs sh and cat there")
            if stat.status and not uptime.status:
                raise shell.failure("/proc there is of another pid namespace", "enter that, too: nsenter -m -p")
            if stat.status:
                raise shell.failure("/proc is not mounted there", "mount -t proc proc /proc")
            with require_sense():
                self._uptime_ns = round(float(uptime.contents().split()[0]) * 1e9)
                page_bytes = _number(numbers[0]) or self._page_bytes()
            began_ns = time.monotonic_ns()
            shell.request(call("itself"))
            self.delay_ns = time.monotonic_ns() - began_ns
            """Time of a round trip that reads nothing, ns."""
        except OSError as error:
            raise shell.failure(str(error)) from error
        self.page_kb = max(1, page_bytes // 1024)
        """Page size there, kB."""
        self.clock_ticks = _number(numbers[1]) or 100
        """Clock ticks per second there; what getconf would say on all but alpha and ia64."""

    def uptime_ns(self) -> int:
        """Time since it started, ns."""
        return self._uptime_ns + time.monotonic_ns() - self._read_ns

    def _page_bytes(self) -> int:
        """Page size, by the first mapping of cat: small getconfs do not exist."""
        answer, *_ = self.shell.request(call("files", "/proc/self/smaps"))
        for line in answer.text.splitlines():
            if line.startswith(b"KernelPageSize:"):
                return int(line.split()[1]) * 1024
        return 4096


class RemoteProcDir(ProcDir):
    """The directory of a process elsewhere, in which the shell is then: once the process is gone, its files fail.

    A shell is in one directory at a time. What takes more than reading a text (pagemap, links, file descriptors)
    fails as for somebody who may not.

    Raises:
        SmapstopError: There is no such process.
    """

    is_local = False

    def __init__(self, machine: RemoteMachine, pid: int) -> None:
        self.pid = pid
        self.page_kb, self.clock_ticks = machine.page_kb, machine.clock_ticks
        self._batch: dict[str, deque[Answer]] = {}
        self.machine = machine
        """The machine that it is read through."""
        self._enter(machine)
        try:
            with self.prefetch(("stat", "statm", "status")):
                self._start_time = self.counters().start_time
        except (FileNotFoundError, ProcessLookupError) as error:
            raise access_error(pid, error) from error

    def return_through(self, machine: RemoteMachine) -> bool:
        """Go on reading through another shell, as the one before has ended.

        Returns:
            Whether the process is still there; else everything fails.

        Raises:
            ConnectionLostError: This shell has ended, too.
        """
        try:
            self._enter(machine)
            return self.counters().start_time == self._start_time
        except (SmapstopError, FileNotFoundError, ProcessLookupError):
            return False

    def _enter(self, machine: RemoteMachine) -> None:
        """Let a shell enter the directory.

        Raises:
            SmapstopError: There is no such process.
        """
        self.machine, self.delay_ns = machine, machine.delay_ns
        (answer,) = machine.shell.request(call("enter", f"/proc/{self.pid}"))
        if answer.status:
            raise access_error(self.pid, FileNotFoundError(2, "No such file or directory"))

    def close(self) -> None:
        """Nothing is to be closed: others may use the shell."""

    def counters(self) -> Counters:
        """Read stat, statm and status, as `ProcDir.counters`."""
        with require_sense():
            return super().counters()

    def started_ns(self) -> int:
        """Start time of the process, as `ProcDir.started_ns`."""
        with require_sense():
            return super().started_ns()

    def require_memory(self) -> None:
        """Check that the process has a memory map that may be read, as `ProcDir.require_memory`."""
        with require_sense():
            super().require_memory()

    @contextmanager
    def prefetch(self, names: Iterable[str], short: Iterable[str] = ()) -> Iterator[None]:
        """Read files in one round trip; those that `read` returns are used up, others are asked for.

        Args:
            names: The files, as for `read`.
            short: Further files, of a few lines of text.

        Raises:
            ConnectionLostError: The shell has ended, or does not answer.
        """
        outer, wanted = self._batch, {"files": tuple(map(self._path, names)), "lines": tuple(map(self._path, short))}
        calls = [call(function, *each) for function, each in wanted.items() if each]
        answers: dict[str, deque[Answer]] = {}
        for answer in self.machine.shell.request(*calls) if calls else ():
            answers.setdefault(answer.name, deque()).append(answer)
        self._batch = outer | answers
        try:
            yield
        finally:
            self._batch = outer

    def read(self, name: str) -> bytes:
        """Read a whole file; as `ProcDir.read`.

        Raises:
            ConnectionLostError: The shell has ended, or does not answer.
        """
        known = self._batch.get(self._path(name))
        answer = known.popleft() if known else self._ask(name)[0]
        return answer.contents()

    def read_into(self, name: str, buffer: ReadBuffer) -> memoryview:
        """Read a whole file into a buffer, as `read`; the result is valid until the buffer's next text."""
        return buffer.replace(self.read(name))

    def read_start(self, name: str) -> bytes:
        """Read a whole file, as `read`: cat reads no less."""
        return self.read(name)

    def list_names(self, name: str, limit: int) -> list[str]:
        """List a directory; as `ProcDir.list_names`, without hidden names, which /proc does not have."""
        (answer,) = self.machine.shell.request(call("names", self._path(name)))
        found = [path.rpartition("/")[2] for path in os.fsdecode(answer.contents()).splitlines()]
        if found == ["*"]:
            raise FileNotFoundError(2, "No such file or directory", name)
        return found[:limit]

    def open(self, name: str, flags: int = 0) -> NoReturn:  # noqa: ARG002
        """Fail.

        Raises:
            PermissionError: Always.
        """
        raise PermissionError(1, "not through a shell", name)

    def stat(self, name: str) -> NoReturn:
        """Fail, as `open`."""
        self.open(name)

    def read_link(self, name: str) -> NoReturn:
        """Fail, as `open`."""
        self.open(name)

    def user(self) -> str | None:
        """Number of the user that the process runs as; names are known there only. `None` if it is gone."""
        uid = self._effective_uid()
        return None if uid is None else str(uid)

    def uptime_ns(self) -> int:
        """Time since that machine started, ns."""
        return self.machine.uptime_ns()

    def _ask(self, *names: str) -> list[Answer]:
        """Ask for files, in one round trip."""
        return self.machine.shell.request(call("files", *map(self._path, names)))

    def _path(self, name: str) -> str:
        """Path of a file for the shell, which is in the directory."""
        return name


class RemoteMemberDir(RemoteProcDir):
    """The directory of another process than the one that the shell is in, by whole paths.

    A pid that another process has got meanwhile is noticed by its start time.

    Raises:
        SmapstopError: There is no such process.
    """

    def counters(self) -> Counters:
        """Read stat, statm and status, as `ProcDir.counters`."""
        counters = super().counters()
        if counters.start_time != getattr(self, "_start_time", counters.start_time):
            raise ProcessLookupError(3, "No such process")
        return counters

    def _enter(self, machine: RemoteMachine) -> None:
        """Use a machine; its shell stays where it is."""
        self.machine, self.delay_ns = machine, machine.delay_ns

    def _path(self, name: str) -> str:
        """Path of a file, wherever the shell is."""
        return name if name.startswith("/") else f"/proc/{self.pid}/{name}"


def _number(answer: Answer) -> int | None:
    """The number that getconf has printed; `None` if there is no getconf."""
    with suppress(ValueError):
        number = int(answer.text) if not answer.status else 0
        return number if number > 0 else None
    return None
