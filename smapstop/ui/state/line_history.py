"""History of the lines typed before, walked with up and down."""

from collections.abc import Iterable

MAX_LINES = 50
"""So many lines are kept, the newest."""


class LineHistory:
    """Lines entered before; a walk visits those that begin with what was typed when it started.

    Args:
        lines: Lines to begin with, the oldest first.
    """

    def __init__(self, lines: Iterable[str] = ()) -> None:
        self._lines = list(lines)[-MAX_LINES:]
        self._walk: list[str] = []
        self._at = 0

    @property
    def lines(self) -> tuple[str, ...]:
        """All lines, the oldest first."""
        return tuple(self._lines)

    def add(self, line: str) -> None:
        """Add a line as the newest; an equal older one is dropped."""
        if line:
            self._lines = [*(each for each in self._lines if each != line), line][-MAX_LINES:]

    def step(self, typed: str, direction: int) -> str:
        """Step to an earlier (-1) or later (1) line; stays at the ends, of which the latest is what was typed.

        Args:
            typed: What the input holds: unless it is the line of the last step, a new walk starts from it.
        """
        if not self._walk or self._walk[self._at] != typed:
            self._walk = [*(line for line in self._lines if line.startswith(typed) and line != typed), typed]
            self._at = len(self._walk) - 1
        self._at = min(max(self._at + direction, 0), len(self._walk) - 1)
        return self._walk[self._at]
