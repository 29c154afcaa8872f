"""Files from which a family is read: here, or through a shell elsewhere."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from smapstop.errors import SmapstopError
from smapstop.lazy_dataclass import dataclass
from smapstop.proc.process import ProcDir
from smapstop.proc.process_tree import ProcessStat, read_processes
from smapstop.proc.program_title import interpreter_of, script_of
from smapstop.proc.remote.process import RemoteProcDir
from smapstop.proc.remote.processes import parse_stats
from smapstop.proc.remote.script import Answer, call

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


class MemberFiles(Protocol):
    """Files of one process."""

    def read_rollup(self) -> bytes:
        """Read smaps_rollup.

        Raises:
            OSError: As `ProcDir.read_rollup`.
        """

    def command_line(self) -> tuple[str, ...]:
        """Read its arguments; empty if they cannot be read now."""

    def close(self) -> None:
        """Close them."""


class FamilyFiles(Protocol):
    """Files of all processes of a machine."""

    cost_ns: int
    """Time that reading them there took outside of the calls of the reader, for its budget, ns; 0 here."""

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
    """Files of the processes here."""

    cost_ns = 0

    def read_processes(self) -> dict[int, ProcessStat]:
        """Read stat of every process, by pid."""
        return read_processes()

    def read_programs(self, pids: Sequence[int]) -> dict[int, MemberProgram]:
        """Read what processes run, by pid."""
        return {pid: _read_program(pid) for pid in pids}

    def open(self, pid: int) -> ProcDir:
        """Open the directory of a process.

        Raises:
            SmapstopError: It has ended.
        """
        return ProcDir(pid)

    def is_ready(self, pid: int) -> bool:  # noqa: ARG002
        """Whether the memory of a process can be read at once: always."""
        return True

    def plan(self, pids: Sequence[int], spend_ns: int) -> None:
        """Nothing is read ahead."""


class RemoteFamilyFiles:
    """Files of the processes elsewhere: what is read at a tick is one round trip, unless processes are new.

    Args:
        target: The process that is watched there; its shell is used.
    """

    def __init__(self, target: RemoteProcDir) -> None:
        self._target = target
        self._planned: tuple[int, ...] = ()
        self._answers: dict[str, Answer] = {}
        self._each_ns = 1_000_000
        """Time that the files of one process took last."""
        self.cost_ns = 0

    def read_processes(self) -> dict[int, ProcessStat]:
        """Read stat of every process, by pid, and the memory of those that are planned.

        Raises:
            ConnectionLostError: The shell has ended, or does not answer.
        """
        names = [f"/proc/{pid}/{name}" for pid in self._planned for name in ("smaps_rollup", "cmdline")]
        began_ns = time.monotonic_ns()
        texts, *answers = self._request(call("texts", "/proc/*/stat"), *([call("files", *names)] if names else []))
        self.cost_ns = max(0, time.monotonic_ns() - began_ns - self._target.delay_ns)
        if self._planned:
            self._each_ns = max(1, self.cost_ns // len(self._planned))
        self._planned, self._answers = (), {answer.name: answer for answer in answers}
        return {stat.pid: stat for stat in parse_stats(texts.text, self._target.page_kb)}

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
        return f"/proc/{pid}/smaps_rollup" in self._answers

    def plan(self, pids: Sequence[int], spend_ns: int) -> None:
        """Have the memory of processes read with the next `read_processes`: as many as a time allows, or one."""
        self._planned = tuple(pids[: max(1, spend_ns // self._each_ns)])

    def _answers_of(self) -> Mapping[str, Answer]:
        return self._answers

    def _request(self, *calls: str) -> list[Answer]:
        return self._target.machine.shell.request(*calls)


class _PlannedFiles:
    """Files of a process elsewhere that were read ahead."""

    def __init__(self, pid: int, answers: Callable[[], Mapping[str, Answer]]) -> None:
        self.pid, self._answers = pid, answers

    def read_rollup(self) -> bytes:
        """The text of smaps_rollup.

        Raises:
            OSError: As `ProcDir.read_rollup`.
        """
        return self._answers()[f"/proc/{self.pid}/smaps_rollup"].contents()

    def command_line(self) -> tuple[str, ...]:
        """Its arguments; empty if they were not read now."""
        answer = self._answers().get(f"/proc/{self.pid}/cmdline")
        return () if answer is None else _words(answer)

    def close(self) -> None:
        """Nothing is open."""


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
