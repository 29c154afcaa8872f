"""Signals that end the dashboard, so that it leaves the terminal as it found it."""

import asyncio
import os
import signal
from collections.abc import Callable


def exit_on_signals(leave: Callable[[int], object]) -> None:
    """Have signals leave with the exit status that shells give them; needs a running loop."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        loop.add_signal_handler(number, _exit, leave, 128 + number)
    for number in (signal.SIGTSTP, signal.SIGCONT):
        # Textual takes each SIGCONT for a return from ctrl-z, but one comes with SIGHUP, too
        signal.signal(number, signal.SIG_DFL)


def _exit(leave: Callable[[int], object], status: int) -> None:
    """Leave; without a terminal, Textual would wait forever for its last words to reach it."""
    if not os.isatty(0):
        nowhere = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(nowhere, fd)
    leave(status)
