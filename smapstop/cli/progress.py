"""Progress line of a recording, on a terminal only."""

import sys
import time
from typing import TYPE_CHECKING

from smapstop.cli.output import is_terminal, sanitize_line

if TYPE_CHECKING:  # they import numpy
    from smapstop.model.tick import Tick
    from smapstop.recording.writer import Recorder

_CLEAR_LINE = "\r\x1b[K"
_MIN_REDRAW_SECONDS = 0.2
"""Minimum time between updates of the line."""


class Progress:
    """Progress line on stderr, if that is a terminal.

    Args:
        quiet: Print only the final line, since a launched program uses the terminal.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._on = is_terminal(sys.stderr)
        self._quiet = quiet
        self._start_time = time.monotonic()
        self._last_shown = 0.0
        self._name = ""
        self._notices: list[str] = []

    def show(self, tick: "Tick", recorder: "Recorder") -> None:
        """Update the line: process, elapsed time, ticks, Rss, size of the file."""
        from smapstop.text.format import duration, long_amount, printable
        from smapstop.text.status import oom_notices

        self._notices = oom_notices(tick)
        now = time.monotonic()
        self._name = f"{printable(tick.counters.name)} {tick.counters.pid}"
        if not self._on or self._quiet or now - self._last_shown < _MIN_REDRAW_SECONDS:
            return
        self._last_shown = now
        rss = long_amount(tick.totals.get("rss"))
        parts = (self._name, duration(now - self._start_time), _ticks(recorder), f"rss {rss}", _size(recorder))
        print(f"\r● {' · '.join(parts)}   ctrl-c stops\x1b[K", end="", file=sys.stderr, flush=True)

    def say(self, text: str) -> None:
        """Print a line of its own."""
        print(
            f"{_CLEAR_LINE if self._on and not self._quiet else ''}smapstop: {sanitize_line(text)}", file=sys.stderr
        )

    def finish(self, recorder: "Recorder") -> None:
        """Print what was recorded and how to replay it, and that the OOM killer ended the process if it did."""
        for notice in self._notices:
            self.say(notice)
        if not self._on or not recorder.tick_count:
            return
        from smapstop.text.format import printable

        path = printable(str(recorder.path))
        line = f"recorded {_ticks(recorder)} of {self._name} in {path} ({_size(recorder)}): smapstop replay {path}"
        print(f"{'' if self._quiet else chr(13)}{line}\x1b[K", file=sys.stderr)


def _ticks(recorder: "Recorder") -> str:
    return f"{recorder.tick_count:,} tick{'s' * (recorder.tick_count != 1)}"


def _size(recorder: "Recorder") -> str:
    from smapstop.text.format import long_amount

    return long_amount(recorder.size_bytes // 1024)
