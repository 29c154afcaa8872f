"""The launched program as who asked for it sees it: started, ended, by force if need be, and started again."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace

from smapstop.model.protocol import GRACE_SECONDS, Launch, Pace, Signal
from smapstop.source.base import Source

Rebuilds = Callable[[], AsyncIterator[None]]
"""Tells of every rebuild of the program."""


class Launching:
    """Asks a source for one program, again and again; it is told what the source told.

    Args:
        source: Who launches it.
        launch: What to ask for.
    """

    def __init__(self, source: Source, launch: Launch) -> None:
        self.again_soon = False
        """It is being ended, to be started again."""
        self._source, self._launch = source, launch
        self._asked = False
        self._answered, self._ended = asyncio.Event(), asyncio.Event()

    @property
    def command(self) -> tuple[str, ...]:
        """What is launched, with its arguments."""
        return self._launch.command

    # what the source told

    def began(self) -> None:
        """The program runs."""
        self._ended.clear()
        self._answered.set()

    def refused(self) -> None:
        """It could not be started."""
        self._answered.set()

    def ended(self) -> None:
        """It ended, or will never be heard of again."""
        self._ended.set()
        self._answered.set()

    # what is asked for

    def pace(self, pace: Pace) -> None:
        """Have it sampled so when it begins again."""
        self._launch = replace(self._launch, pace=pace)

    def begin(self) -> None:
        """Start it, the first time."""
        if not self._asked:
            self._ask()

    def _ask(self) -> None:
        self._asked = True
        self._answered.clear()
        self._source.request(self._launch)

    async def end(self) -> None:
        """End it as a closing terminal would, and by force when it does not listen."""
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGKILL):
            if not self._ended.is_set():
                self._source.request(Signal(number))
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._ended.wait(), GRACE_SECONDS)

    async def again(self) -> None:
        """End it if it runs, and start it again; return when it has begun, or could not."""
        await self._answered.wait()
        self.again_soon = True
        try:
            await self.end()
            self._ask()
            await self._answered.wait()
        finally:
            self.again_soon = False
