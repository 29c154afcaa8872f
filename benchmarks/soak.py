"""Soak test: whether memory, CPU and key latency of the dashboard stay constant over a long time.

    python -m benchmarks.soak [MINUTES] [TARGET ARGUMENT]

Default: an hour on a process with 65,000 mappings, of which a twentieth come and go. Prints 12 lines: memory of the
dashboard and of its sampler, CPU of both since the last line, and the latency of a cursor key.
"""

import os
import sys
import time
from collections.abc import Sequence

from benchmarks.measure import run_target
from benchmarks.screen import Terminal, cpu_ticks_of, process_and_children, pss_of

LINES = 12
KEY_PRESSES = 10
MARKDOWN_HEAD = (
    "| minute | dashboard MiB | sampler MiB | CPU % | key to frame, median ms | max ms |\n|---|---|---|---|---|---|"
)


def main(arguments: Sequence[str]) -> None:
    """Watch a target and print a line at intervals."""
    minutes, what = float(arguments[0]) if arguments else 60.0, arguments[1:] or ("coming", 65_000)
    print(f"{' '.join(map(str, what))}, {minutes:g} minutes\n\n{MARKDOWN_HEAD}", flush=True)
    with run_target(*what) as process:
        terminal = Terminal((sys.executable, "-m", "smapstop", "-p", str(process.pid)))
        try:
            terminal.wait_for(b"live")
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
    """Format a line of the table; measures memory and latency."""
    dashboard, sampler = (pss_of(pid) / 1024 for pid in process_and_children(terminal.pid)[:2])
    latencies = sorted(_key_latency(terminal, press) for press in range(KEY_PRESSES))
    values = (minute, dashboard, sampler, share * 100, latencies[KEY_PRESSES // 2] * 1e3, latencies[-1] * 1e3)
    return f"| {' | '.join(f'{value:.0f}' for value in values)} |"


def _cpu_seconds(terminal: Terminal) -> float:
    """CPU time of the dashboard and its sampler, seconds."""
    return sum(map(cpu_ticks_of, process_and_children(terminal.pid))) / os.sysconf("SC_CLK_TCK")


def _key_latency(terminal: Terminal, press: int) -> float:
    """Time from a cursor key to its drawing, seconds."""
    terminal.drain(0.3)
    began = time.perf_counter()
    os.write(terminal.fd, b"jk"[press % 2 : press % 2 + 1])
    return terminal.wait_for(b"\x1b[1;") - began


if __name__ == "__main__":
    main(sys.argv[1:])
