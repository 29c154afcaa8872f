"""smapstop at work in an environment that marks all its processes, wherever they go."""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from e2e.raw_terminal import RawTerminal
from stepped_program import DEADLINE_SECONDS

from kills.family import children_of

F10 = "\x1b[21~"
MARK = "SMAPSTOP_KILLS"
"""All processes that come from a case have this in their environment."""


class Smapstop:
    """smapstop, with or without a terminal."""

    def __init__(self, process: "subprocess.Popen[bytes]", window: RawTerminal | None) -> None:
        self.pid = process.pid
        self.window = window
        self._process = process

    def pass_time(self, seconds: float) -> None:
        """Let it run for some time; what it draws is read."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self.window is None:
                time.sleep(left)
            else:
                self.window.read(min(left, 0.05))

    def wait_for_sampler(self) -> int:
        """Wait for its sampler."""
        end = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < end:
            for pid in children_of(self.pid):
                with suppress(OSError):
                    if b"smapstop.sampling" in Path(f"/proc/{pid}/cmdline").read_bytes():
                        return pid
            self.pass_time(0.005)
        raise AssertionError("the sampler never began")

    def quit(self) -> None:
        """Leave the family, and then the dashboard."""
        end = time.monotonic() + DEADLINE_SECONDS
        while self.window is not None and self._process.poll() is None and time.monotonic() < end:
            self.window.type(F10)
            self.pass_time(0.3)

    def status(self) -> int:
        """Wait for its end, and give its exit status."""
        return self._process.wait(DEADLINE_SECONDS) if self.window is None else self.window.status()


@contextmanager
def run_smapstop(command: Sequence[str], environment: Mapping[str, str], *, in_terminal: bool) -> Iterator[Smapstop]:
    """Run it; a terminal that it has is taken away at the end."""
    if in_terminal:
        with RawTerminal(command, environment=environment) as window:
            yield Smapstop(window.process, window)
        return
    with subprocess.Popen(
        command,
        env=os.environ | environment,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield Smapstop(process, None)
        finally:
            process.kill()


class MarkedProcesses:
    """Running processes of a case, apart from zombies.

    Args:
        mark: What marks them.
        program: The executable of the family that is watched.
    """

    def __init__(self, mark: str, program: Path) -> None:
        self._word = f"{MARK}={mark}".encode()
        self._program = program

    def family(self) -> list[int]:
        """Processes of the family that were launched, the first one first."""
        found = []
        for pid in self._pids():
            with suppress(OSError):  # one that was forked ended
                if self._is_family(pid):
                    found.append(pid)
        return sorted(found)

    def others(self) -> list[str]:
        """Command lines of all others."""
        found = []
        for pid in self._pids():
            with suppress(OSError):
                if not self._is_family(pid):
                    found.append(Path(f"/proc/{pid}/cmdline").read_bytes().decode().replace("\0", " ").strip())
        return found

    def _pids(self) -> Iterator[int]:
        for name in filter(str.isdecimal, os.listdir("/proc")):
            with suppress(OSError):
                if self._word in Path(f"/proc/{name}/environ").read_bytes().split(b"\0"):
                    yield int(name)

    def _is_family(self, pid: int) -> bool:
        return Path(f"/proc/{pid}/exe").readlink() == self._program
