"""Exit cleanly on signals, with the terminal restored, and when the terminal is gone."""

import asyncio
import os
import select
import signal
from collections.abc import Callable


def exit_on_signals(leave: Callable[[int], object]) -> None:
    """Exit with 128 + signal number on SIGTERM, SIGHUP and SIGINT; needs a running event loop.

    If stdin is a terminal that does not control us, as in `su -c`, no SIGHUP says that it is gone: watch it for that.
    """
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        loop.add_signal_handler(number, _exit, leave, 128 + number)
    if os.isatty(0):
        hangup = select.epoll()
        hangup.register(0, 0)  # EPOLLHUP is always reported
        loop.add_reader(hangup, _exit_on_hangup, hangup, leave)


def _exit_on_hangup(hangup: select.epoll, leave: Callable[[int], object]) -> None:
    """Exit as on SIGHUP, once."""
    asyncio.get_running_loop().remove_reader(hangup)
    hangup.close()
    _exit(leave, 128 + signal.SIGHUP)


def _exit(leave: Callable[[int], object], status: int) -> None:
    """Exit; if the terminal is gone, redirect output first, or Textual would wait forever to write the last of it."""
    if not os.isatty(0):
        null_fd = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null_fd, fd)
    leave(status)
