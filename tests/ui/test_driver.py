"""The driver of our own terminal: it loses no output, and leaves it to the kernel to stop and continue smapstop."""

import os
import signal
import subprocess
import sys

from interrupted_writer import output_across_a_stop
from textual.app import App

from smapstop.ui.driver import TerminalDriver

LENGTH = 1_000_000
CODE = f"""
import asyncio
from textual.app import App
from smapstop.ui.driver import TerminalDriver

async def write():
    file = TerminalDriver(App())._file
    file.write("x" * {LENGTH})
    file.flush()

asyncio.run(write())
"""

WITHOUT_TERMINAL = """
import asyncio
from textual.app import App
from smapstop.ui.driver import TerminalDriver

async def write():
    driver = TerminalDriver(App())
    input()
    driver._file.write("x" * 100_000)
    driver._file.flush()

asyncio.run(write())
print("written")
"""


def test_a_stop_while_a_frame_is_written_loses_nothing_of_it() -> None:
    assert output_across_a_stop(CODE) == b"x" * LENGTH


async def test_neither_a_stop_nor_a_return_is_handled() -> None:
    TerminalDriver(App[None]())
    assert [signal.getsignal(number) for number in (signal.SIGTSTP, signal.SIGCONT)] == [signal.SIG_DFL] * 2


def test_what_is_drawn_once_the_terminal_is_gone_is_dropped() -> None:
    """An error would end the thread that writes, for which the app waits."""
    master, slave = os.openpty()
    command = [sys.executable, "-c", WITHOUT_TERMINAL]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=slave) as process:
        os.close(slave)
        os.close(master)
        assert process.communicate(b"\n")[0] == b"written\n"
