"""A terminal that takes what is drawn slowly: ssh over a bad line."""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from e2e.raw_terminal import SMAPSTOP, RawTerminal
from stepped_program import wait_until

PTY_BYTES = 1 << 16
"""What the kernel keeps of a pseudo terminal that nobody reads."""


def ticks_in(recording: Path) -> int:
    """How many ticks were recorded so far."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{recording}?mode=ro", uri=True)) as database:
        count: int = database.execute("SELECT count(*) FROM ticks").fetchone()[0]
        return count
    return 0


def test_a_key_is_answered_before_all_that_could_have_been_drawn_meanwhile(tmp_path: Path) -> None:
    recording = tmp_path / "meanwhile.smaps"
    options = ["-i", "0.05", "--budget", "100", "-o", str(recording)]
    with RawTerminal([*SMAPSTOP, *options, "-p", str(os.getpid())], columns=160, rows=50) as window:
        window.wait_for("● live")
        seen = ticks_in(recording)
        wait_until(lambda: ticks_in(recording) > seen + 50)  # nobody reads the terminal
        before = len(window.output)
        window.type("q")
        assert window.status() == 0
        assert len(window.output) - before < 2 * PTY_BYTES
