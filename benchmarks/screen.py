"""P4, P6 to P8: start, latency, idle CPU and memory of the dashboard, on a pty of 200 columns and 50 rows."""

import fcntl
import os
import pty
import random
import re
import select
import shutil
import signal
import struct
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from statistics import median

from benchmarks.figures import Measurement
from benchmarks.measure import measure_ratio, run_target

BARE_APP = """
from textual.app import App
from textual.widgets import Static
class Bare(App):
    def compose(self):
        yield Static("painted")
Bare().run()
"""
"""App that paints one word."""
PRESSES, ROUNDS = 200, 5
KEY_EFFECTS = {
    "painted cursor, the inspector open": (re.compile(rb"\x1b\[1;"), 50),
    "the inspector on the new row": (re.compile(rb"[0-9a-f]{8,}-[0-9a-f]{8,}"), 150),
}
"""What is timed, what is drawn then (the bold cursor, the addresses in the inspector's title), and the goal in ms."""
MOST_SLOWER = 2
"""How many times longer a key may take while sampling than without."""


def measurements() -> Iterator[Measurement]:
    """Measure start, idle cost and key latency."""
    with run_target("many", 500) as few:
        smapstop = (sys.executable, "-m", "smapstop", "-p", str(few.pid))
        seconds_to_paint(smapstop, b"live")  # the first start compiles our modules
        times, ours, bare = measure_ratio(
            lambda: seconds_to_paint(smapstop, b"live"),
            lambda: seconds_to_paint((sys.executable, "-c", BARE_APP), b"painted"),
        )
        detail = f"{ours * 1e3:.0f} ms against {bare * 1e3:.0f} ms"
        yield Measurement("P6", "start to the first table", "a bare Textual app", times, 1.3, detail)
        share, resident = measure_idle(smapstop, b"live")
        yield Measurement(
            "P7", "CPU of the dashboard and its sampler, 500 mappings at 1 Hz", "a core", share * 100, 3, "", "%"
        )
        yield Measurement("P8", "memory of the dashboard and its sampler", "", resident / 1024, 90, "", "MiB")
        written = output_bytes_per_second(smapstop, b"live") / 1024
        yield Measurement("", "output to the terminal, an idle process", "", written, 11, "", "kB/s")
        if htop := shutil.which("htop"):
            watching = (htop, "-d", "10", "-p", str(few.pid))
            share, resident = measure_idle(watching, b"Load average")
            start_ms = seconds_to_paint(watching, b"Load average") * 1e3
            detail = f"{start_ms:.0f} ms to its first screen, {resident / 1024:.0f} MiB"
            yield Measurement("", "peer: CPU of htop, one process at 1 Hz", "a core", share * 100, None, detail, "%")
    with run_target("moving", 60_000) as many:
        yield from _measure_keys((sys.executable, "-m", "smapstop", "-p", str(many.pid)), many.pid)


def _measure_keys(command: Sequence[str], moving: int) -> Iterator[Measurement]:
    """Measure keys by turns while sampling and without: other load on the machine makes most of the longest times."""
    rounds = [
        (key_latencies(command, moving), key_latencies((*command, "--interval", "3600"), None)) for _ in range(ROUNDS)
    ]
    for at, (what, (_, goal)) in enumerate(KEY_EFFECTS.items()):
        times = [(sorted(sampling[at]), sorted(without[at])) for sampling, without in rounds]
        p99, p99_without = (median(each[side][-1 - PRESSES // 100] for each in times) for side in (0, 1))
        middle = median(each[0][PRESSES // 2] for each in times) * 1e3
        detail = f"median {middle:.0f} ms; the median p99 of {ROUNDS} rounds of {PRESSES} keys"
        what = f"key to {what} at 60,000 mappings, p99"
        yield Measurement("P4", what, "", p99 * 1e3, goal, detail, "ms")
        detail = f"{p99 * 1e3:.0f} ms against {p99_without * 1e3:.0f} ms"
        yield Measurement("P4", what, "without sampling", p99 / p99_without, MOST_SLOWER, detail)


_OVERLAP = 64
"""Bytes that are searched again with what follows: longer than any word that is waited for."""


class Terminal:
    """A program on a pty."""

    def __init__(self, command: Sequence[str]) -> None:
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # users do not compile the modules at every start
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", TEXTUAL_ANIMATIONS="none")
            os.execv(command[0], list(command))
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))

    def wait_for(self, word: bytes, seconds: float = 30.0) -> float:
        """Wait for a word; the time when it was drawn, seconds of `perf_counter`."""
        return self.wait_for_all([re.compile(re.escape(word))], seconds)[0]

    def wait_for_all(self, patterns: Sequence[re.Pattern[bytes]], seconds: float = 30.0) -> list[float]:
        """Wait for several patterns, in any order; the time when each was drawn, seconds of `perf_counter`."""
        deadline, seen, drawn = time.perf_counter() + seconds, b"", dict[re.Pattern[bytes], float]()
        while (left := deadline - time.perf_counter()) > 0:
            if select.select([self.fd], [], [], left)[0]:
                seen = seen[-_OVERLAP:] + os.read(self.fd, 1 << 16)
                for pattern in patterns:
                    if pattern not in drawn and pattern.search(seen):
                        drawn[pattern] = time.perf_counter()
                if len(drawn) == len(patterns):
                    return [drawn[pattern] for pattern in patterns]
        raise TimeoutError(f"{[pattern.pattern for pattern in patterns if pattern not in drawn]} was not drawn")

    def drain(self, seconds: float) -> int:
        """Read and discard output for some seconds; return its length, bytes."""
        deadline, length = time.perf_counter() + seconds, 0
        while (left := deadline - time.perf_counter()) > 0:
            if select.select([self.fd], [], [], left)[0]:
                length += len(os.read(self.fd, 1 << 16))
        return length

    def close(self) -> None:
        """Kill the program."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def seconds_to_paint(command: Sequence[str], word: bytes) -> float:
    """Time from the start of a program until it draws a word, seconds."""
    began = time.perf_counter()
    terminal = Terminal(command)
    try:
        return terminal.wait_for(word) - began
    finally:
        terminal.close()


def process_and_children(pid: int) -> list[int]:
    """A process and its children."""
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [pid, *map(int, file.read().split())]


def measure_idle(command: Sequence[str], word: bytes, seconds: float = 20.0) -> tuple[float, float]:
    """Share of a core that an idle dashboard uses, and its memory, kB."""
    terminal = Terminal(command)
    try:
        terminal.wait_for(word)
        terminal.drain(3)
        before = sum(map(cpu_ticks_of, process_and_children(terminal.pid)))
        terminal.drain(seconds)
        spent = sum(map(cpu_ticks_of, process_and_children(terminal.pid))) - before
        return spent / os.sysconf("SC_CLK_TCK") / seconds, sum(map(pss_of, process_and_children(terminal.pid)))
    finally:
        terminal.close()


def cpu_ticks_of(pid: int) -> int:
    """CPU time of a process, user and system, clock ticks."""
    with open(f"/proc/{pid}/stat") as file:
        return sum(map(int, file.read().rpartition(")")[2].split()[11:13]))


def pss_of(pid: int) -> int:
    """Pss of a process, kB: memory shared with its children is not counted twice."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Pss:"))


def output_bytes_per_second(command: Sequence[str], word: bytes, seconds: float = 20.0) -> float:
    """What an idle dashboard writes to the terminal."""
    terminal = Terminal(command)
    try:
        terminal.wait_for(word)
        terminal.drain(3)
        return terminal.drain(seconds) / seconds
    finally:
        terminal.close()


def key_latencies(command: Sequence[str], moving: int | None) -> tuple[list[float], ...]:
    """Times from cursor keys to each of the `KEY_EFFECTS`, seconds, while mappings of a process change.

    Args:
        command: The dashboard.
        moving: The process, a target "moving"; None if it is not sampled.
    """
    chance, terminal, times = random.Random(7), Terminal(command), list[list[float]]()
    patterns = [pattern for pattern, _ in KEY_EFFECTS.values()]
    try:
        terminal.wait_for(b"live")
        terminal.drain(3)
        for press in range(PRESSES):
            if press % 10 == 0 and moving is not None:
                os.kill(moving, signal.SIGUSR1)
            terminal.drain(0.05 + chance.random() * 0.1)
            began = time.perf_counter()
            os.write(terminal.fd, b"jk"[press % 2 : press % 2 + 1])
            times.append([drawn - began for drawn in terminal.wait_for_all(patterns)])
    finally:
        terminal.close()
    return tuple(map(list, zip(*times, strict=True)))
