"""The family that is watched while smapstop is killed, and whether that did it any harm."""

import os
import signal
import struct
from contextlib import suppress
from pathlib import Path

from stepped_program import wait_until

BEATS = struct.Struct("4Q")
"""The first process, its two children, and those that are forked one after the other."""


class Heartbeat:
    """The file in which tests/programs/heartbeat.c counts."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(bytes(4096))
        self.path = path

    def beats(self) -> tuple[int, ...]:
        """How often each process was at work."""
        with self.path.open("rb") as file:
            return BEATS.unpack(file.read(BEATS.size))

    def wait_for_life(self) -> None:
        """Wait until each of them was at work again."""
        before = self.beats()
        wait_until(lambda: all(now > then for now, then in zip(self.beats(), before, strict=True)))


def harm_done(pid: int) -> list[str]:
    """What is wrong with the family: a process is stopped, traced, or has files that are not its own."""
    found = []
    for each in [pid, *children_of(pid)]:
        # one that was forked ended; as a zombie it is root's
        with suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            status = Path(f"/proc/{each}/status").read_text()
            if status.partition("\nState:\t")[2][0] in "Tt":
                found.append(f"{each} is stopped")
            if status.partition("\nTracerPid:\t")[2].split()[0] != "0":
                found.append(f"{each} is traced")
            if files := files_of(each):
                found.append(f"{each} has files of ours: {files}")
    return found


def children_of(pid: int) -> list[int]:
    """Children of a process; none when it has ended."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def files_of(pid: int) -> list[str]:
    """Files that a process has open, apart from standard input, output and error."""
    folder = Path(f"/proc/{pid}/fd")
    found = []
    for name in os.listdir(folder):
        if int(name) > 2:
            with suppress(FileNotFoundError):  # closed meanwhile
                found.append(os.readlink(folder / name))
    return sorted(found)


def end_family(pid: int) -> None:
    """End it: its children end with it."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
