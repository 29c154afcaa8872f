"""Pseudo terminals (pty(7)) for launched programs; the dashboard's program pane has the master side."""

import os
import termios
from collections.abc import Iterator
from contextlib import contextmanager

_IUTF8 = 0o40000
"""Erase whole UTF-8 characters when a line is edited (termios(3)); Python 3.11 has no constant for it."""


def open_terminal(rows: int, columns: int) -> tuple[int, int]:
    """Open a pseudo terminal of the given size.

    Returns:
        The fds of its master and slave, both non-inheritable.
    """
    master, slave = os.openpty()
    attributes = termios.tcgetattr(slave)
    attributes[0] |= _IUTF8
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    resize_terminal(master, rows, columns)
    return master, slave


def resize_terminal(fd: int, rows: int, columns: int) -> None:
    """Set a terminal's size, through either side; the kernel notifies its foreground process group (SIGWINCH)."""
    termios.tcsetwinsize(fd, (rows, columns))


class ProgramTerminal:
    """A pseudo terminal (pty(7)) whose slave is open only while a program is started on it.

    Args:
        master: Its master, read elsewhere.
        slave: Its slave, used for the first program.
    """

    def __init__(self, master: int, slave: int) -> None:
        self.master = master
        self._slave: int | None = slave
        self._name = os.ttyname(slave)
        self._attributes = termios.tcgetattr(slave)

    @contextmanager
    def open_slave(self) -> Iterator[int]:
        """Open the slave for a program to be started, with the initial terminal attributes restored.

        It is closed afterwards: once the program and its children have exited, reads from the master end (EIO).
        """
        slave, self._slave = self._slave, None
        if slave is None:
            slave = os.open(self._name, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        try:
            termios.tcsetattr(slave, termios.TCSANOW, self._attributes)
            yield slave
        finally:
            os.close(slave)
