"""The driver of our own terminal leaves it to the kernel to stop smapstop and to let it continue."""

import signal

from textual.app import App

from smapstop.ui.driver import TerminalDriver


async def test_neither_a_stop_nor_a_return_is_handled() -> None:
    TerminalDriver(App[None]())
    assert [signal.getsignal(number) for number in (signal.SIGTSTP, signal.SIGCONT)] == [signal.SIG_DFL] * 2
