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
    """Each command, and what its usage shows."""
    for command in COMMANDS:
        yield command.name.encode()
        for word in command.usage.replace("|", " ").replace("[", " ").replace("]", " ").split():
            yield f"{command.name} {word.lower()}\n{command.name} {word}".encode()
    yield from (
        b"sort pss asc",
        b"group kind",
        b"goto 16:12:50",
        b"zoom 10m",
        b"theme nord",
        b"interval 0.2",
        b"width name 40",
    )
    yield from (
        b"mark a\nunmark a\nunmark all",
        b"compare a b",
        b"goto -1h",
        b"budget 1e9",
        b"filter rss>\xff",
        b"find (",
    )
    yield from (
        b"columns rss,pss,,x",
        b"units pages",
        b"interval nan",
        b"goto 99:99",
        b"play 1e308",
        b"zoom 0s",
        b"w",
        b"",
    )
