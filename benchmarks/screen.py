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
PRESSES, ROUNDS = 100, 3
KEY_EFFECTS = {
    "painted cursor, the inspector open": (re.compile(rb"\x1b\[1;"), 50),
    "the inspector on the new row": (re.compile(rb"[0-9a-f]{8,}-[0-9a-f]{8,}"), 150),
}
"""What is timed, what is drawn then (the bold cursor, the addresses in the inspector's title), and the goal in ms."""


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
        smapstop = (sys.executable, "-m", "smapstop", "-p", str(many.pid))
        for what, (drawn, goal) in KEY_EFFECTS.items():
            rounds = [sorted(key_latencies(smapstop, many.pid, drawn)) for _ in range(ROUNDS)]
            p99 = median(times[-1 - len(times) // 100] for times in rounds)
            detail = f"median {median(times[len(times) // 2] for times in rounds) * 1e3:.0f} ms, {ROUNDS} rounds"
            yield Measurement("P4", f"key to {what} at 60,000 mappings, p99", "", p99 * 1e3, goal, detail, "ms")


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

    def wait_for(self, word: bytes | re.Pattern[bytes], seconds: float = 30.0) -> float:
        """Wait for a word; the time when it was drawn, seconds of `perf_counter`."""
        pattern = word if isinstance(word, re.Pattern) else re.compile(re.escape(word))
        deadline, seen = time.perf_counter() + seconds, b""
        while (left := deadline - time.perf_counter()) > 0:
            if select.select([self.fd], [], [], left)[0]:
                seen = seen[-_OVERLAP:] + os.read(self.fd, 1 << 16)
                if pattern.search(seen):
                    return time.perf_counter()
        raise TimeoutError(f"{pattern.pattern!r} was not drawn")

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


def key_latencies(command: Sequence[str], moving: int, drawn: re.Pattern[bytes]) -> Iterator[float]:
    """Times from a cursor key to what it draws, seconds, while mappings change."""
    chance, terminal = random.Random(7), Terminal(command)
    try:
        terminal.wait_for(b"live")
        terminal.drain(3)
        for press in range(PRESSES):
            if press % 5 == 0:
                os.kill(moving, signal.SIGUSR1)
            terminal.drain(0.1 + chance.random() * 0.2)
            began = time.perf_counter()
            os.write(terminal.fd, b"jk"[press % 2 : press % 2 + 1])
            yield terminal.wait_for(drawn) - began
    finally:
        terminal.close()
