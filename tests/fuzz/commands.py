"""Commands of the `:` line on a dashboard of two mappings: they are carried out, or say why they make no sense."""

import asyncio
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from factories import mappings_of, tick_of
from list_source import ListSource
from textual.pilot import Pilot

from smapstop.cli.output import sanitize_line
from smapstop.errors import SmapstopError
from smapstop.model.protocol import Attach
from smapstop.settings import Settings
from smapstop.ui.app import Dashboard
from smapstop.ui.commands.table import COMMANDS, complete_line, find_command, run_line
from smapstop.ui.screens.dashboard import MainScreen

ROWS = mappings_of((0x1000, 0x1100, "rw-p", "[heap]", 40), (0x2000, 0x2100, "r-xp", "/usr/lib/libc.so.6", 30))
LEAVE = {"save", "snapshot", "quit", "copy", "run"}
"""They write files, or end the dashboard: only their completions are asked for."""
MOST_LINES = 8


class _Dashboard:
    """A dashboard that stays open from input to input."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        ticks = (tick_of(number, ROWS, [0, 1], keyframe=True) for number in range(4))
        self.app = Dashboard(ListSource(*ticks), Attach(4711), Settings())
        self._running = self.app.run_test(size=(80, 24))
        self._pilot: Pilot[Any] = self._runner.run(self._begin())

    def run(self, lines: Sequence[str]) -> None:
        """Run lines, carry out what they begin, and leave what they opened."""
        self._runner.run(self._run(lines))

    def close(self) -> None:
        """End it."""
        self._runner.run(self._end())
        self._runner.close()

    async def _begin(self) -> Pilot[Any]:
        pilot = await self._running.__aenter__()
        await pilot.pause()
        return pilot

    async def _run(self, lines: Sequence[str]) -> None:
        for line in lines:
            _run_line(self.app.main_screen, line)
        await self._pilot.pause()
        while self.app.screen is not self.app.main_screen:
            self.app.pop_screen()
            await self._pilot.pause()
        assert self.app.is_running, "a command ended the dashboard"

    async def _end(self) -> None:
        await self._running.__aexit__(None, None, None)


@cache
def _dashboard() -> _Dashboard:
    return _Dashboard()


def check(data: bytes) -> None:
    """Complete and run some lines."""
    _dashboard().run(data.decode("utf-8", "surrogateescape").split("\n")[:MOST_LINES])


def _run_line(screen: MainScreen, line: str) -> None:
    """Complete a line and run it."""
    for completion in complete_line(screen, line)[:3]:
        assert completion.casefold().startswith(line.casefold())
    try:
        if find_command(line.strip().partition(" ")[0]).name not in LEAVE:
            run_line(screen, line)
    except SmapstopError as error:
        assert error.what
        assert sanitize_line(str(error)).isprintable()


def close() -> None:
    """End the dashboard; the next input has a new one."""
    if _dashboard.cache_info().currsize:
        _dashboard().close()
        _dashboard.cache_clear()


def seeds() -> Iterator[bytes]:
    """Each command, and what its usage shows; several lines at once, since leaving what they open takes time."""
    lines = [
        "sort pss asc|group kind|goto 16:12:50|zoom 10m|theme nord|interval 0.2|width name 40|mark a|unmark a",
        "unmark all|compare a b|goto -1h|budget 1e9|filter rss>\udcff|find (|columns rss,pss,,x|units pages",
        "interval nan|goto 99:99|play 1e308|zoom 0s|w|",
    ]
    lines = [line for several in lines for line in several.split("|")]
    for command in COMMANDS:
        words = command.usage.replace("|", " ").replace("[", " ").replace("]", " ").split()
        lines += [command.name, *(f"{command.name} {word.lower()}" for word in words[:2])]
    for at in range(0, len(lines), MOST_LINES):
        yield "\n".join(lines[at : at + MOST_LINES]).encode("utf-8", "surrogateescape")
