"""The way to the terminal, which may be slow: ssh over a bad line, a serial console, a window that is held."""

import select

RETRY_SECONDS = 0.05
"""How soon to look again whether the terminal is ready."""
_OUTPUT_FD = 2
"""The fd that Textual draws on."""


def terminal_ready() -> bool:
    """Whether the terminal has taken what was drawn before.

    As long as it has not, more of what nobody asked for would only wait in line, before the answer to the next key.
    The kernel says so of a terminal (n_tty_poll) while no write waits in it and its buffer, 64 kB of a pty, has room.
    """
    return bool(select.select([], [_OUTPUT_FD], [], 0)[1])
