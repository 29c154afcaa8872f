"""Readiness of the terminal for output; it may be slow: ssh over a bad line, a serial console, a stopped window."""

import select

RETRY_SECONDS = 0.05
"""Interval between checks whether the terminal is ready."""
_OUTPUT_FD = 2
"""File descriptor that Textual draws to."""


def terminal_ready() -> bool:
    """Whether the terminal has accepted all earlier output.

    Until it has, unrequested updates would only queue up ahead of the response to the next key. The kernel reports a
    terminal as writable (n_tty_poll) while no write is blocked on it and its buffer, 64 kB of a pty, has room.
    """
    return bool(select.select([], [_OUTPUT_FD], [], 0)[1])
