"""Exit cleanly on signals, with the terminal restored."""

import asyncio
import os
import signal
from collections.abc import Callable


def exit_on_signals(leave: Callable[[int], object]) -> None:
    """Exit with 128 + signal number on SIGTERM, SIGHUP and SIGINT; needs a running event loop."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        loop.add_signal_handler(number, _exit, leave, 128 + number)


def _exit(leave: Callable[[int], object], status: int) -> None:
    """Exit; if the terminal is gone, redirect output first, or Textual would wait forever to write the last of it."""
    if not os.isatty(0):
        null_fd = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null_fd, fd)
    leave(status)
