"""Real programs that stand still between steps, so that they can be looked at."""

import inspect
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

DEADLINE_SECONDS = 60.0
"""How long what must come may take, however busy the machine is: no test measures by it."""


class SteppedProgram:
    """A running program that writes a line at each step and waits for a byte before it goes on.

    Its memory does not change while it waits. Leaving the `with` statement kills it, and reaps it.
    """

    def __init__(self, *command: str | Path) -> None:
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self.pid = self._process.pid
        self.words: list[str] = []
        """The words of the step that the program stands at."""

    def __enter__(self) -> Self:
        try:
            self._read_step()
        except AssertionError:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def go(self, command: str = "") -> Self:
        """Let the program go on to its next step, with a command if it takes any."""
        self.resume(command)
        self._read_step()
        return self

    def resume(self, command: str = "") -> None:
        """Let the program go on, and do not wait for it."""
        _pipe(self._process.stdin).write(command.encode() + b"\n")

    def kill(self) -> None:
        """Kill the program, and leave it a zombie."""
        self._process.kill()

    def wait(self) -> int:
        """Wait for the program's end and reap it; the exit status, negative for a signal."""
        return self._process.wait()

    def _read_step(self) -> None:
        """Wait for the line of the next step."""
        self.words = _pipe(self._process.stdout).readline().decode().split()
        assert self.words, f"the program ended with {self._process.wait()}"
        _wait_for_stillness(self.pid)

    @property
    def address(self) -> int:
        """The address that the program said."""
        return int(self.words[1], 16)


STILL_SECONDS = 0.5
"""CPU time that a program that has just written may take; those that run on on purpose are not waited for."""


def _wait_for_stillness(pid: int) -> None:
    """Wait until a process and its children wait: who has just written still touches pages.

    A busy machine may leave it little of the CPU, for long: what counts is what it had of it.
    """
    deadline, first = time.monotonic() + DEADLINE_SECONDS, None
    most_ticks = STILL_SECONDS * os.sysconf("SC_CLK_TCK")
    with suppress(OSError):  # it has ended
        while time.monotonic() < deadline:
            states, ticks = zip(*_states(pid), strict=True)
            first = sum(ticks) if first is None else first
            if set(states) <= set("SZTtX") or sum(ticks) - first > most_ticks:
                break
            time.sleep(0.0005)


def _states(pid: int) -> Iterator[tuple[str, int]]:
    """States and CPU time of the threads of a process and of its children, with that of those who ended (proc(5))."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        state, *fields = (thread / "stat").read_text().rpartition(")")[2].split()
        yield state, sum(map(int, fields[10:14]))
        for child in (thread / "children").read_text().split():
            yield from _states(int(child))


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe


def stepped_python(code: str) -> SteppedProgram:
    """A Python program that does `code` and stands at a step when it calls `step()`."""
    step = "import os, sys\ndef step(): os.write(1, b'step 0\\n'); os.read(0, 1) or os._exit(0)\n"
    return SteppedProgram(sys.executable, "-S", "-c", step + code)


def has_ended(pid: int) -> bool:
    """Whether a process has ended; one that is not ours may be reaped at any moment."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def wait_for_exec(pid: int) -> None:
    """Wait until a process has the name and arguments of its program: `Popen` returns before the kernel sets them."""
    wait_until(lambda: Path(f"/proc/{pid}/cmdline").read_bytes())


def wait_until(holds: Callable[[], object], seconds: float = DEADLINE_SECONDS) -> None:
    """Wait until a condition holds; one that takes long to check leaves the processor to what is waited for."""
    checked = time.monotonic()
    deadline = checked + seconds
    while not holds():
        now = time.monotonic()
        assert now < deadline, f"never, in {seconds:.0f} s: {inspect.getsource(holds).strip()}"
        time.sleep(min(0.1, max(0.001, 3 * (now - checked))))
        checked = time.monotonic()
