"""Pseudo terminals (pty(7)): one for the program that is launched, whose other side is a pane of the dashboard."""

import os
import termios

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
