"""Pseudo-terminals (pty(7)): opened and sized for the program that runs in one."""

import fcntl
import os
import struct
import termios


def open_terminal(rows: int, columns: int) -> tuple[int, int]:
    """A new pty of this size: its master, for whoever shows it, and its slave, for the program."""
    master, slave = os.openpty()
    resize_terminal(master, rows, columns)
    return master, slave


def resize_terminal(fd: int, rows: int, columns: int) -> None:
    """Give a pty another size; the kernel tells the program by SIGWINCH."""
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
