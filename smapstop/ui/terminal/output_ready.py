"""The way to the terminal, which may be slow: ssh over a bad line, a serial console, a window that is held."""

import select

AGAIN_SECONDS = 0.05
"""How soon to look again whether the terminal is ready."""
_DRAWN_ON = 2
"""The fd that Textual draws on."""


def is_clear() -> bool:
    """Whether the terminal has taken what was drawn before.

    As long as it has not, more of what nobody asked for would only wait in line, before the answer to the next key.
    The kernel says so of a terminal (n_tty_poll) while no write waits in it and its buffer, 64 kB of a pty, has room.
    """
    return bool(select.select([], [_DRAWN_ON], [], 0)[1])
