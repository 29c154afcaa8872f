"""Files from which a family is read: here, or through a shell elsewhere."""

import os
import time
from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import suppress
from typing import Protocol

from smapstop.errors import SmapstopError
from smapstop.lazy_dataclass import dataclass
from smapstop.proc.process import ProcDir
from smapstop.proc.process_tree import ProcessStat, descendants_of, read_processes
from smapstop.proc.program_title import interpreter_of, script_of
from smapstop.proc.remote.process import RemoteMachine
from smapstop.proc.remote.processes import parse_stats
from smapstop.proc.remote.rollups import parse_rollups, rollups_call
from smapstop.proc.remote.script import Answer, call
from smapstop.proc.smaps.totals import TotalsFiles

_MOST_TITLES = 8
"""Processes whose arguments are read again with a reading: each takes a cat of its own."""
_OWN_ROLLUP = "/proc/self/smaps_rollup"
_SHELLS = frozenset({"sh", "bash", "dash", "ash", "ksh", "mksh", "zsh", "fish"})


@dataclass(frozen=True, slots=True)
class MemberProgram:
    """The program of a process."""

    file: tuple[int, int] | None
    """Device and inode; None if they may not be read."""
    executable: str | None
    command_line: tuple[str, ...]

    @property
    def script(self) -> str:
        """What it interprets; empty for none."""
        interpreter = interpreter_of(self._name)
        return script_of(interpreter, self.command_line[1:]) if interpreter else ""

    @property
    def is_shell(self) -> bool:
        """Whether it is a shell."""
        return self._name in _SHELLS

    @property
    def _name(self) -> str:
        return self.command_line[0].rpartition("/")[2].removeprefix("-") if self.command_line else ""


class MemberFiles(TotalsFiles, Protocol):
    """Files of one process."""

    def command_line(self) -> tuple[str, ...]:
        """Read its arguments; empty if they cannot be read now."""

    def close(self) -> None:
        """Close them."""


class FamilyFiles(Protocol):
    """Files of all processes of a machine."""

    cost_ns: int
    """Time that reading them there took outside of the calls of the reader, for its budget, ns; 0 here."""

    @property
    def clock_ticks(self) -> int:
        """Clock ticks per second there, the unit of start times."""

    def uptime_ns(self) -> int:
        """Time since that machine started, ns, as start times of processes are counted."""

    def reader_pids(self, processes: Mapping[int, ProcessStat]) -> Set[int]:
        """Pids of the processes that read the files: smapstop, or the shell there and what it runs."""

    def read_processes(self) -> dict[int, ProcessStat]:
        """Read stat of every process, by pid."""

    def read_programs(self, pids: Sequence[int]) -> dict[int, MemberProgram]:
        """Read what processes run, by pid; an empty program of those that have ended."""

    def open(self, pid: int) -> MemberFiles:
        """Open the files of a process.

        Raises:
            SmapstopError: It has ended.
        """

    def is_ready(self, pid: int) -> bool:
        """Whether the memory of a process can be read without another round trip."""

    def plan(self, pids: Sequence[int], spend_ns: int) -> None:
        """Have the memory of processes read with the next `read_processes`: as many as a time allows, or one."""


class LocalFamilyFiles:
    """Files of the processes here.

    Args:
        root: Where /proc is.
    """

    cost_ns = 0
    clock_ticks = ProcDir.clock_ticks

    def __init__(self, root: str = "/proc") -> None:
        self._root = root

    def uptime_ns(self) -> int:
        """Time since this machine started, ns."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)

    def reader_pids(self, processes: Mapping[int, ProcessStat]) -> Set[int]:  # noqa: ARG002
        """The pid of smapstop."""
        return {os.getpid()}

    def read_processes(self) -> dict[int, ProcessStat]:
        """Read stat of every process, by pid."""
        return read_processes(self._root)

    def read_programs(self, pids: Sequence[int]) -> dict[int, MemberProgram]:
        """Read what processes run, by pid."""
        return {pid: _read_program(pid) for pid in pids}

    def open(self, pid: int) -> ProcDir:
        """Open the directory of a process.

        Raises:
            SmapstopError: It has ended.
        """
        return ProcDir(pid, self._root)

    def is_ready(self, pid: int) -> bool:  # noqa: ARG002
        """Whether the memory of a process can be read at once: always."""
        return True

    def plan(self, pids: Sequence[int], spend_ns: int) -> None:
        """Nothing is read ahead."""


class ReadThroughShell(Protocol):
    """What is read through a shell: a process, or all of a machine."""

    machine: RemoteMachine
    """The machine that it is read through; another one when the connection was made again."""


class RemoteFamilyFiles:
    """Files of the processes elsewhere: what is read at a tick is one round trip, unless processes are new.

    Args:
        owner: Has the machine that they are on.
    """

    def __init__(self, owner: ReadThroughShell) -> None:
        self._owner = owner
        self._shell_pid = 0
        self._planned: tuple[int, ...] = ()
        self._answers: dict[str, Answer] = {}
        self._read: Set[int] = frozenset()
        """Processes whose memory was read last."""
        self._title_ns: dict[int, int] = {}
        """When the arguments of processes were read last."""
        self._has_rollup: bool | None = None
        """Whether there is smaps_rollup there; None before it is known. Without it, all of smaps is read."""
        self._each_ns = 1_000_000
        """Time that the files of one process took last."""
        self.cost_ns = 0

    @property
    def clock_ticks(self) -> int:
        """Clock ticks per second there."""
        return self._owner.machine.clock_ticks

    def uptime_ns(self) -> int:
        """Time since that machine started, ns."""
        return self._owner.machine.uptime_ns()

    def reader_pids(self, processes: Mapping[int, ProcessStat]) -> Set[int]:
        """Pids of the shell and of what it runs, as far as they are among the processes."""
        return {self._shell_pid, *descendants_of(self._shell_pid, processes)}

    def read_processes(self) -> dict[int, ProcessStat]:
        """Read stat of every process, by pid, and the memory of those that are planned.

        Raises:
            ConnectionLostError: The shell has ended, or does not answer.
        """
        self.cost_ns, planned, has_rollup = 0, self._planned, self._has_rollup
        names = [_OWN_ROLLUP] if has_rollup is None else [f"/proc/{pid}/cmdline" for pid in self._title_pids()]
        names += [] if has_rollup else [f"/proc/{pid}/smaps" for pid in planned]
        totals = [rollups_call(planned)] if has_rollup and planned else []
        itself, texts, *answers = self._request(
            call("itself"), call("texts", "/proc/*/stat"), *totals, *_files(names)
        )
        self._shell_pid = int(itself.text)
        rollups = parse_rollups(answers.pop(0).text, planned) if totals else {}
        if planned:
            self._each_ns = max(1, self.cost_ns // len(planned))
        self._planned, self._answers = (), {answer.name: answer for answer in answers} | rollups
        self._read = frozenset(planned)
        if has_rollup is None:
            self._has_rollup = not self._answers[_OWN_ROLLUP].status
        return {stat.pid: stat for stat in parse_stats(texts.text, self._owner.machine.page_kb)}

    def read_programs(self, pids: Sequence[int]) -> dict[int, MemberProgram]:
        """Read the arguments of processes, by pid; a shell cannot separate their contents.

        Raises:
            ConnectionLostError: The shell has ended, or does not answer.
        """
        answers = self._request(call("files", *(f"/proc/{pid}/cmdline" for pid in pids))) if pids else []
        return {pid: MemberProgram(None, None, _words(answer)) for pid, answer in zip(pids, answers, strict=True)}

    def open(self, pid: int) -> MemberFiles:
        """The files of a process, as far as they were planned."""
        return _PlannedFiles(pid, self._answers_of)

    def is_ready(self, pid: int) -> bool:
        """Whether the memory of a process was read with the last `read_processes`."""
        return pid in self._read

    def plan(self, pids: Sequence[int], spend_ns: int) -> None:
        """Have the memory of processes read with the next `read_processes`: as many as a time allows, or one."""
        self._planned = tuple(pids[: max(1, spend_ns // self._each_ns)])

    def _title_pids(self) -> list[int]:
        """Processes whose arguments are read again, since they may have set their title: a few of those planned."""
        chosen = sorted(self._planned, key=lambda pid: self._title_ns.get(pid, 0))[:_MOST_TITLES]
        known = {pid: at for pid, at in self._title_ns.items() if pid in self._planned or pid in self._read}
        self._title_ns = known | dict.fromkeys(chosen, time.monotonic_ns())
        return chosen

    def _answers_of(self) -> Mapping[str, Answer]:
        return self._answers

    def _request(self, *calls: str) -> list[Answer]:
        """Ask the shell, and add up what that takes there."""
        began_ns, machine = time.monotonic_ns(), self._owner.machine
        answers = machine.shell.request(*calls)
        self.cost_ns += max(0, time.monotonic_ns() - began_ns - machine.delay_ns)
        return answers


class _PlannedFiles:
    """Files of a process elsewhere that were read ahead."""

    def __init__(self, pid: int, answers: Callable[[], Mapping[str, Answer]]) -> None:
        self.pid, self._answers = pid, answers

    def read_rollup(self) -> bytes:
        """The text of smaps_rollup.

        Raises:
            OSError: As `ProcDir.read_rollup`.
        """
        return self._contents("smaps_rollup")

    def read_smaps(self) -> bytes:
        """The text of smaps, where there is no smaps_rollup.

        Raises:
            OSError: As `ProcDir.read_smaps`.
        """
        return self._contents("smaps")

    def command_line(self) -> tuple[str, ...]:
        """Its arguments; empty if they were not read now."""
        answer = self._answers().get(f"/proc/{self.pid}/cmdline")
        return () if answer is None else _words(answer)

    def close(self) -> None:
        """Nothing is open."""

    def _contents(self, name: str) -> bytes:
        """The text of a file; one that was not read is none that is there."""
        answer = self._answers().get(f"/proc/{self.pid}/{name}")
        if answer is None:
            raise FileNotFoundError(2, "No such file or directory", name)
        return answer.contents()


def _files(names: Sequence[str]) -> list[str]:
    """The call that reads files, if there are any."""
    return [call("files", *names)] if names else []


def _words(answer: Answer) -> tuple[str, ...]:
    """The arguments in a text of cmdline."""
    text = b"" if answer.status else answer.text.rstrip(b"\0")
    return tuple(map(os.fsdecode, text.split(b"\0"))) if text else ()


def _read_program(pid: int) -> MemberProgram:
    """Read what a process runs, as far as it may be read."""
    file = executable = None
    with suppress(OSError):
        status = os.stat(f"/proc/{pid}/exe")
        file = (status.st_dev, status.st_ino)
        executable = os.readlink(f"/proc/{pid}/exe")
    words: tuple[str, ...] = ()
    with suppress(SmapstopError), ProcDir(pid) as process:
        words = process.command_line()
    return MemberProgram(file, executable, words)
