"""Find the successor of a process that ended: the same program of the same user, started since."""

import os
import re
import time
from contextlib import suppress

from smapstop.errors import SmapstopError
from smapstop.lazy_dataclass import dataclass
from smapstop.proc.process import ProcDir
from smapstop.proc.program_title import interpreter_of, title_of

_OVERLAP_SECONDS = 2.0
"""A successor may start before its predecessor has ended: a reload starts the new one first."""


@dataclass(frozen=True, slots=True)
class ProgramIdentity:
    """What a process runs, and for whom; taken while it lives."""

    title: str
    """Its name, with its script if it is an interpreter."""
    command_line: tuple[str, ...]
    uid: int

    def is_same_program(self, other: "ProgramIdentity") -> bool:
        """Whether another process runs the same, perhaps with other arguments; code that is an argument counts."""
        is_code = interpreter_of(self.title) is not None
        same = (self.title, self.uid) == (other.title, other.uid)
        return same and (not is_code or self.command_line == other.command_line)


def read_identity(process: ProcDir) -> ProgramIdentity:
    """Read what a process runs.

    Raises:
        OSError: It has ended.
    """
    command_line = process.command_line()
    return ProgramIdentity(
        title_of(process.counters().name, command_line), command_line, _effective_uid(process.read("status"))
    )


def _effective_uid(status: bytes) -> int:
    """The user whose rights a process has, by the text of its status; -1 if it is not there."""
    found = re.search(rb"^Uid:\s+\d+\s+(\d+)", status, re.MULTILINE)
    return int(found[1]) if found else -1


class SuccessorSearch:
    """Repeatable search for a successor.

    Args:
        identity: What the process that ended ran.
        pid: Its pid, which a successor may have again.
        ended_s: When it ended, seconds of CLOCK_BOOTTIME.
    """

    def __init__(self, identity: ProgramIdentity, pid: int, ended_s: float) -> None:
        self.identity = identity
        self._pid = pid
        self._earliest_ticks = int((ended_s - _OVERLAP_SECONDS) * os.sysconf("SC_CLK_TCK"))
        self._rejected: set[int] = set()
        """Processes that started too early, so that each is read once."""

    def find(self) -> ProcDir | None:
        """Find a successor, the one with the same command line first; the caller closes it."""
        running = {int(name) for name in os.listdir("/proc") if name.isdecimal()}
        self._rejected &= running
        found: list[tuple[bool, int, ProcDir]] = []
        for pid in running - self._rejected - {os.getpid(), os.getppid()}:
            with suppress(OSError, SmapstopError):
                self._examine(ProcDir(pid), found)
        found.sort(key=lambda candidate: candidate[:2])
        for _, _, process in found[1:]:
            process.close()
        return found[0][2] if found else None

    def _examine(self, process: ProcDir, found: list[tuple[bool, int, ProcDir]]) -> None:
        """Add a process to those found if it may be a successor, else close it."""
        is_candidate = False
        try:
            counters = process.counters()
            if counters.start_time < self._earliest_ticks:
                self._rejected.add(process.pid)
            elif counters.state not in ("Z", "X"):
                identity = read_identity(process)
                is_candidate = self.identity.is_same_program(identity)
                if is_candidate:
                    found.append((identity.command_line != self.identity.command_line, process.pid, process))
        finally:
            if not is_candidate:
                process.close()


def boot_time_s() -> float:
    """Seconds since the machine started, as start times of processes are counted."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
