"""Soak test: whether memory, CPU and key latency of the dashboard stay constant over a long time.

    python -m benchmarks.soak [MINUTES] [TARGET ARGUMENT]

Default: an hour on a process with 65,000 mappings, of which a twentieth come and go; `mortal 200` is an hour in the
view of a family of 200 processes, of which a twentieth end each second. Callers are found out in both. Prints 12
lines, of dashboard and sampler each: memory, open files and threads; CPU of both since the last line, and the latency
of a cursor key, and the load of the machine: with more than its CPUs, latencies say as much of it.
"""

import os
import sys
import time
from collections.abc import Sequence

from benchmarks.measure import run_target
from benchmarks.screen import Terminal, cpu_ticks_of, process_and_children, pss_of

LINES = 12
KEY_PRESSES = 21
MARKDOWN_HEAD = (
    "| minute | dashboard MiB | files | threads | sampler MiB | files | threads | CPU % "
    f"| key to frame, median ms | max ms | load of the machine |\n|{'---|' * 11}"
)


def main(arguments: Sequence[str]) -> None:
    """Watch a target and print a line at intervals."""
    minutes, what = float(arguments[0]) if arguments else 60.0, arguments[1:] or ("coming", 65_000)
    is_family = what[0] in ("family", "mortal")
    print(f"{' '.join(map(str, what))}, {minutes:g} minutes\n\n{MARKDOWN_HEAD}", flush=True)
    with run_target(*what) as process:
        options = ("--family",) if is_family else ()
        terminal = Terminal((sys.executable, "-m", "smapstop", "-p", str(process.pid), *options))
        try:
            terminal.wait_for(b"family of" if is_family else b"live")
            terminal.drain(5)
            began = before = time.monotonic()
            spent = _cpu_seconds(terminal)
            for number in range(1, LINES + 1):
                terminal.drain(began + number * minutes * 60 / LINES - time.monotonic())
                now, cpu = time.monotonic(), _cpu_seconds(terminal)
                share = (cpu - spent) / (now - before)
                before, spent = now, cpu
                print(_format_line((now - began) / 60, share, terminal), flush=True)
        finally:
            terminal.close()


def _format_line(minute: float, share: float, terminal: Terminal) -> str:
    """Format a line of the table; measures memory, files, threads and latency."""
    values = [minute]
    for pid in process_and_children(terminal.pid)[:2]:
        values += (pss_of(pid) / 1024, len(os.listdir(f"/proc/{pid}/fd")), len(os.listdir(f"/proc/{pid}/task")))
    latencies = sorted(_key_latency(terminal, press) for press in range(KEY_PRESSES))
    values += (share * 100, latencies[KEY_PRESSES // 2] * 1e3, latencies[-1] * 1e3, os.getloadavg()[0])
    return f"| {' | '.join(f'{value:.0f}' for value in values)} |"


def _cpu_seconds(terminal: Terminal) -> float:
    """CPU time of the dashboard and its sampler, seconds."""
    return sum(map(cpu_ticks_of, process_and_children(terminal.pid)[:2])) / os.sysconf("SC_CLK_TCK")


def _key_latency(terminal: Terminal, press: int) -> float:
    """Time from a cursor key to its drawing, seconds."""
    terminal.drain(0.3)
    began = time.perf_counter()
    os.write(terminal.fd, b"jk"[press % 2 : press % 2 + 1])
    return terminal.wait_for(b"\x1b[1;") - began


if __name__ == "__main__":
    main(sys.argv[1:])
