"""The terminal on which programs are launched, one after the other."""

import os
import termios
from collections.abc import Iterator
from contextlib import contextmanager


class Stage:
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
    def slave(self) -> Iterator[int]:
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
