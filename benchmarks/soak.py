"""The dashboard left alone for a long time: whether its memory, its latency and its pace stay as they were.

    python -m benchmarks.soak [MINUTES] [TARGET ARGUMENT]

By default an hour on a process with 65,000 mappings, a twentieth of which come and go. Every few minutes a line:
memory of the dashboard and of its sampler, CPU of both since the last line, and how long a cursor key takes.
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
    "| minute | dashboard MiB | sampler MiB | CPU % | key to frame, median ms | most ms |\n|---|---|---|---|---|---|"
)


def main(arguments: Sequence[str]) -> None:
    """Watch a target, and print a line now and then."""
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
    """What there is to say of a dashboard."""
    dashboard, sampler = (pss_of(pid) / 1024 for pid in process_and_children(terminal.pid)[:2])
    latencies = sorted(_key_latency(terminal, press) for press in range(KEY_PRESSES))
    told = (minute, dashboard, sampler, share * 100, latencies[KEY_PRESSES // 2] * 1e3, latencies[-1] * 1e3)
    return f"| {' | '.join(f'{value:.0f}' for value in told)} |"


def _cpu_seconds(terminal: Terminal) -> float:
    """CPU time of the dashboard and its sampler, seconds."""
    return sum(map(cpu_ticks_of, process_and_children(terminal.pid))) / os.sysconf("SC_CLK_TCK")


def _key_latency(terminal: Terminal, press: int) -> float:
    """How long it takes until a cursor key is drawn."""
    terminal.drain(0.3)
    began = time.perf_counter()
    os.write(terminal.fd, b"jk"[press % 2 : press % 2 + 1])
    return terminal.wait_for(b"\x1b[1;") - began


if __name__ == "__main__":
    main(sys.argv[1:])
