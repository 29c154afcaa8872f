"""The clipboard of the user's terminal, near or far: written with OSC 52, and inside tmux by tmux itself."""

import os
import subprocess
from collections.abc import Mapping

from textual.app import App

MAX_BYTES = 74_994
"""Longest text: 100,000 characters of base64, which is the most that all terminals with OSC 52 take."""
_TMUX_SECONDS = 2.0


def fit_text(text: str) -> str:
    """The text, or as many of its first lines as a terminal takes; of one line as many characters."""
    encoded = text.encode()
    if len(encoded) <= MAX_BYTES:
        return text
    head = encoded[:MAX_BYTES].decode(errors="ignore")
    return head.rpartition("\n")[0] or head


def write_clipboard(app: App[int], text: str) -> bool:
    """Write a text to the clipboard; whether it is known to have arrived, if only in tmux.

    A terminal does not answer OSC 52. tmux by default ignores it from programs inside (`set-clipboard external`), but
    takes a buffer from a client, and passes it on to the terminal that it is in (`load-buffer -w`, since 3.2).
    """
    if "TMUX" in os.environ and _load_tmux_buffer(text):
        return True
    app.copy_to_clipboard(text)
    return False


def _load_tmux_buffer(text: str) -> bool:
    """Have tmux take a text; False if it cannot be reached, or is too old."""
    try:
        run = subprocess.run(
            ("tmux", "load-buffer", "-w", "-"), input=text.encode(), capture_output=True, timeout=_TMUX_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return run.returncode == 0


_HINTS = (
    ("KITTY_WINDOW_ID", "", "in kitty.conf: clipboard_control write-clipboard write-primary"),
    (
        "TERM_PROGRAM",
        "iTerm",
        "in iTerm2: Settings, General, Selection, Applications in terminal may access clipboard",
    ),
    ("TERM_PROGRAM", "Apple_Terminal", "Terminal.app cannot; iTerm2, kitty, WezTerm and others can"),
    ("VTE_VERSION", "", "terminals of GNOME and others with VTE may not know it; kitty, WezTerm and foot do"),
    ("XTERM_VERSION", "", "in xterm's resources: XTerm*disallowedWindowOps: 20,21,SetXprop"),
    ("TERM", "tmux", "in tmux.conf: set -s set-clipboard on"),
    ("TERM", "screen", "in tmux.conf: set -s set-clipboard on"),
    ("TERM", "xterm-kitty", "in kitty.conf: clipboard_control write-clipboard write-primary"),
)
"""What to set, by the beginning of an environment variable; the first that fits counts."""


def refusal_hint(environment: Mapping[str, str]) -> str:
    """What to set if the terminal forbids programs to write its clipboard."""
    fitting = (hint for name, begin, hint in _HINTS if name in environment and environment[name].startswith(begin))
    return next(fitting, "see: smapstop guide keys")
