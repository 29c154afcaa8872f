"""Pseudo terminals (pty(7)): one for the program that is launched, whose other side is a pane of the dashboard."""

import os
import termios
from collections.abc import Iterator
from contextlib import contextmanager

_IUTF8 = 0o40000
"""Erase whole characters of UTF-8 while a line is edited (termios(3)); Python 3.11 has no name for it."""


def open_terminal(rows: int, columns: int) -> tuple[int, int]:
    """Open a pseudo terminal of a size.

    Returns:
        Its master and its slave, neither of them inheritable.
    """
    master, slave = os.openpty()
    attributes = termios.tcgetattr(slave)
    attributes[0] |= _IUTF8
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    resize_terminal(master, rows, columns)
    return master, slave


def resize_terminal(fd: int, rows: int, columns: int) -> None:
    """Set a terminal's size, through either side; the kernel tells its foreground programs (SIGWINCH)."""
    termios.tcsetwinsize(fd, (rows, columns))


class ProgramTerminal:
    """A pseudo terminal (pty(7)) whose slave is open only for the program that has it.

    Args:
        master: Its master, which somebody else reads.
        slave: Its slave, for the first program.
    """

    def __init__(self, master: int, slave: int) -> None:
        self.master = master
        self._slave: int | None = slave
        self._name = os.ttyname(slave)
        self._attributes = termios.tcgetattr(slave)

    @contextmanager
    def open_slave(self) -> Iterator[int]:
        """The slave, to be given to a program; whatever another one did to it before, it is as at the beginning.

        It is closed then: when the program and its children are gone, so is the terminal, as who reads it sees.
        """
        slave, self._slave = self._slave, None
        if slave is None:
            slave = os.open(self._name, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        try:
            termios.tcsetattr(slave, termios.TCSANOW, self._attributes)
            yield slave
        finally:
            os.close(slave)
