"""Start, end (with SIGKILL if need be) and restart the launched program."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace

from smapstop.model.protocol import GRACE_SECONDS, Launch, Pace, Signal
from smapstop.source.base import Source

Rebuilds = Callable[[], AsyncIterator[None]]
"""Yields once for every rebuild of the program."""


class ProgramLauncher:
    """Requests the launch of one program from a source, any number of times.

    The caller passes on what the source reports: see `note_start`, `note_launch_failure` and `note_end`.

    Args:
        source: The source that launches the program.
        launch: The launch request.
    """

    def __init__(self, source: Source, launch: Launch) -> None:
        self.is_restarting = False
        """Whether a restart is under way: from ending the program until it has started or failed to."""
        self._source, self._launch = source, launch
        self._has_requested = False
        self._reply_event, self._end_event = asyncio.Event(), asyncio.Event()

    @property
    def command(self) -> tuple[str, ...]:
        """Command line of the program."""
        return self._launch.command

    # reports of the source

    def note_start(self) -> None:
        """Note that the program started."""
        self._end_event.clear()
        self._reply_event.set()

    def note_launch_failure(self) -> None:
        """Note that the program could not be started."""
        self._reply_event.set()

    def note_end(self) -> None:
        """Note that the program ended, or that the source stopped."""
        self._end_event.set()
        self._reply_event.set()

    # requests

    def set_pace(self, pace: Pace) -> None:
        """Set the pace of sampling for the next launch."""
        self._launch = replace(self._launch, pace=pace)

    def start(self) -> None:
        """Start the program, unless a launch was already requested."""
        if not self._has_requested:
            self._request_launch()

    def _request_launch(self) -> None:
        self._has_requested = True
        self._reply_event.clear()
        self._source.request(self._launch)

    async def end(self) -> None:
        """Send SIGHUP, as a closing terminal would; then SIGTERM and SIGKILL if the program does not exit."""
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGKILL):
            if not self._end_event.is_set():
                self._source.request(Signal(number))
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._end_event.wait(), GRACE_SECONDS)

    async def restart(self) -> None:
        """End the program if it runs, and start it again; return when it has started or failed to start."""
        await self._reply_event.wait()
        self.is_restarting = True
        try:
            await self.end()
            self._request_launch()
            await self._reply_event.wait()
        finally:
            self.is_restarting = False
