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


class ProgramLauncher:
    """Asks a source for one program, again and again; it is told what the source told.

    Args:
        source: Who launches it.
        launch: What to ask for.
    """

    def __init__(self, source: Source, launch: Launch) -> None:
        self.is_restarting = False
        """It is being ended, to be started again."""
        self._source, self._launch = source, launch
        self._has_requested = False
        self._reply_event, self._end_event = asyncio.Event(), asyncio.Event()

    @property
    def command(self) -> tuple[str, ...]:
        """What is launched, with its arguments."""
        return self._launch.command

    # what the source told

    def note_start(self) -> None:
        """The program runs."""
        self._end_event.clear()
        self._reply_event.set()

    def note_launch_failure(self) -> None:
        """It could not be started."""
        self._reply_event.set()

    def note_end(self) -> None:
        """It ended, or will never be heard of again."""
        self._end_event.set()
        self._reply_event.set()

    # what is asked for

    def set_pace(self, pace: Pace) -> None:
        """Have it sampled so when it begins again."""
        self._launch = replace(self._launch, pace=pace)

    def start(self) -> None:
        """Start it, the first time."""
        if not self._has_requested:
            self._request_launch()

    def _request_launch(self) -> None:
        self._has_requested = True
        self._reply_event.clear()
        self._source.request(self._launch)

    async def end(self) -> None:
        """End it as a closing terminal would, and by force when it does not listen."""
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGKILL):
            if not self._end_event.is_set():
                self._source.request(Signal(number))
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._end_event.wait(), GRACE_SECONDS)

    async def restart(self) -> None:
        """End it if it runs, and start it again; return when it has begun, or could not."""
        await self._reply_event.wait()
        self.is_restarting = True
        try:
            await self.end()
            self._request_launch()
            await self._reply_event.wait()
        finally:
            self.is_restarting = False
