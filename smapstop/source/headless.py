"""Recording without a dashboard: run a recorded source until its process ends, or until enough was recorded."""

import queue
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from smapstop.errors import SmapstopError
from smapstop.model.protocol import GRACE_SECONDS, Attach, Failure, Launch, Signal
from smapstop.model.tick import ExitStatus, Tick
from smapstop.source.base import SourceMessage
from smapstop.source.tee import RecordingTee

RECORDER_FAILED = "the recorder failed"
"""Why a recording ended that neither its process nor the user ended."""


@dataclass(frozen=True, slots=True)
class _Stop:
    """Enough was recorded."""


class HeadlessRun:
    """One run of a recorded source, from its first request to its end.

    Args:
        source: Records what it delivers; closing it is up to the caller, and writes why the recording ended.
        begin: What to watch. A program that it launches is ended with the run.
        count: Stop after so many recorded ticks.
        seconds: Stop so long after the first tick.
        on_tick: Called with each tick, in the thread of `run`.
        on_write_error: Called in that thread when the recording cannot be written any more, while the process goes
            on; it may raise the error, which ends the run.
    """

    def __init__(
        self,
        source: RecordingTee,
        begin: Attach | Launch,
        *,
        count: int | None = None,
        seconds: float | None = None,
        on_tick: Callable[[Tick], object],
        on_write_error: Callable[[SmapstopError], object],
    ) -> None:
        self._source = source
        self._first_request = begin
        self._count, self._seconds = count, seconds
        self._on_tick, self._on_write_error = on_tick, on_write_error
        self._recorded_ticks = 0
        self._messages: queue.SimpleQueue[SourceMessage | _Stop] = queue.SimpleQueue()

    def stop(self, why: str) -> None:
        """End the recording now, and the run soon; may be called from a signal handler, and from any thread."""
        self._source.finish(why)
        self._messages.put(_Stop())

    def run(self) -> ExitStatus | None:
        """Record until the process ends or the run is stopped.

        Returns:
            How the process ended; None when the run was stopped before.

        Raises:
            SmapstopError: The source failed.
        """
        self._source.start(self._deliver)
        self._source.request(self._first_request)
        ending = self._wait_for_end()
        if ending is None and isinstance(self._first_request, Launch):
            self._end_program()
        return ending

    def _deliver(self, news: SourceMessage) -> None:
        """Queue what was delivered and recorded; in the source's thread, so that no tick too many is recorded."""
        self._messages.put(news)
        if isinstance(news, Tick) and news.ending is None and self._source.write_error is None:
            self._recorded_ticks += 1
            if self._recorded_ticks == self._count:
                self.stop("--count")

    def _wait_for_end(self) -> ExitStatus | None:
        """Wait until the process ends or the run is stopped; how the process ended."""
        deadline, error = None, None
        while True:
            news = self._next_message(deadline)
            if self._source.write_error is not error:
                error = self._source.write_error
                if error is not None:
                    self._on_write_error(error)
            match news:
                case _Stop():
                    return None
                case Failure():
                    self._source.finish(RECORDER_FAILED)
                    raise SmapstopError(news.what, news.remedy, status=news.status)
                case Tick():
                    self._on_tick(news)
                    if news.ending is not None:
                        return news.ending
                    if deadline is None and self._seconds is not None:
                        deadline = time.monotonic() + self._seconds

    def _next_message(self, deadline: float | None) -> SourceMessage | _Stop:
        """Return what comes next; at the deadline stop the run."""
        try:
            return self._messages.get(timeout=None if deadline is None else max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            self._source.finish("--duration")
            return _Stop()

    def _end_program(self) -> None:
        """End the launched program, by force when it takes longer than the grace period."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            self._source.request(Signal(number))
            deadline = time.monotonic() + GRACE_SECONDS
            with suppress(queue.Empty):
                while True:
                    news = self._messages.get(timeout=max(0.0, deadline - time.monotonic()))
                    if isinstance(news, Failure) or (isinstance(news, Tick) and news.ending is not None):
                        return
