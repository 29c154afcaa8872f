"""The driver of our own terminal: it loses no output, and leaves it to the kernel to stop and continue smapstop."""

import signal

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


def test_a_stop_while_a_frame_is_written_loses_nothing_of_it() -> None:
    assert output_across_a_stop(CODE) == b"x" * LENGTH


async def test_neither_a_stop_nor_a_return_is_handled() -> None:
    TerminalDriver(App[None]())
    assert [signal.getsignal(number) for number in (signal.SIGTSTP, signal.SIGCONT)] == [signal.SIG_DFL] * 2
