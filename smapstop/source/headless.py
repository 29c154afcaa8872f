"""Recording without a dashboard: run a recorded source until its process ends or a limit is reached."""

import queue
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from smapstop.errors import SmapstopError
from smapstop.lazy_dataclass import dataclass
from smapstop.model.family.reading import FamilyReading
from smapstop.model.protocol import GRACE_SECONDS, Attach, Failure, Launch, Notice, Request, Signal
from smapstop.model.tick import ExitStatus, Tick
from smapstop.source.base import SourceMessage
from smapstop.source.tee import RecordingTee

RECORDER_FAILED = "the recorder failed"
"""Stop reason of a recording whose source failed."""


@dataclass(frozen=True, slots=True)
class _Stop:
    """Message that stops the run."""


class HeadlessRun:
    """One run of a recorded source, from its first request to its end.

    Args:
        source: The source, recorded. The caller closes it, which writes why the recording ended.
        begin: What to watch. A launched program is terminated when the run stops.
        further: Requests after that.
        count: Stop after this many recorded ticks.
        seconds: Stop this long after the first tick.
        outlives: When the process has ended, go on while others of its family live.
        on_tick: Called with each tick, in the thread of `run`.
        on_write_error: Called in that thread when the recording can no longer be written but the process still runs;
            it may raise the error, which ends the run.
        on_notice: Called in that thread with each notice, as of a connection that is lost.
        on_family: Called in that thread with each reading of the family.
    """

    def __init__(
        self,
        source: RecordingTee,
        begin: Attach | Launch,
        *,
        further: Sequence[Request] = (),
        count: int | None = None,
        seconds: float | None = None,
        outlives: bool = False,
        on_tick: Callable[[Tick], object],
        on_write_error: Callable[[SmapstopError], object],
        on_notice: Callable[[Notice], object] = lambda _: None,
        on_family: Callable[[FamilyReading], object] = lambda _: None,
    ) -> None:
        self._source = source
        self._first_request, self._further_requests = begin, further
        self._count, self._seconds, self._outlives = count, seconds, outlives
        self._on_tick, self._on_write_error, self._on_notice = on_tick, on_write_error, on_notice
        self._on_family = on_family
        self._recorded_ticks, self._is_over = 0, False
        self._messages: queue.SimpleQueue[SourceMessage | _Stop] = queue.SimpleQueue()

    def stop(self, why: str) -> None:
        """End the recording now and the run soon, if it is not over; callable from a signal handler or any thread."""
        if not self._is_over:
            self._source.end_recording(why)
            self._messages.put(_Stop())

    def run(self) -> ExitStatus | None:
        """Record until the process ends or the run is stopped.

        Returns:
            Exit status of the process; None when the run was stopped before it ended.

        Raises:
            SmapstopError: The source failed.
        """
        self._source.start(self._deliver)
        for request in (self._first_request, *self._further_requests):
            self._source.request(request)
        ending = self._wait_for_end()
        self._is_over = True
        if ending is None and isinstance(self._first_request, Launch):
            self._end_program()
        return ending

    def _deliver(self, message: SourceMessage) -> None:
        """Queue a message; count in the source's thread, so that no tick too many is recorded."""
        self._messages.put(message)
        if isinstance(message, Tick) and message.ending is None and self._source.write_error is None:
            self._recorded_ticks += 1
            if self._recorded_ticks == self._count:
                self.stop("--count")

    def _wait_for_end(self) -> ExitStatus | None:
        """Handle messages until the process ends (its exit status) or the run is stopped before that (None)."""
        deadline, error, ending, has_family = None, None, None, False
        while True:
            message = self._next_message(deadline)
            if self._source.write_error is not error:
                error = self._source.write_error
                if error is not None:
                    self._on_write_error(error)
            match message:
                case _Stop():
                    return ending
                case Failure():
                    self._source.end_recording(RECORDER_FAILED)
                    raise SmapstopError(message.what, message.remedy, status=message.status)
                case Notice() if error is None:  # that of a failed write was reported above
                    self._on_notice(message)
                case FamilyReading():
                    self._on_family(message)
                    has_family = self._outlives and not set(message.states) <= {"Z", "X"}
                    if ending is not None and not has_family:
                        return ending
                case Tick():
                    self._on_tick(message)
                    ending = message.ending
                    if ending is not None and not has_family:
                        return ending
                    if deadline is None and self._seconds is not None:
                        deadline = time.monotonic() + self._seconds

    def _next_message(self, deadline: float | None) -> SourceMessage | _Stop:
        """Wait for the next message; at the deadline stop the run."""
        try:
            return self._messages.get(timeout=None if deadline is None else max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            self._source.end_recording("--duration")
            return _Stop()

    def _end_program(self) -> None:
        """Terminate the launched program; kill it when it takes longer than the grace period."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            self._source.request(Signal(number))
            deadline = time.monotonic() + GRACE_SECONDS
            with suppress(queue.Empty):
                while True:
                    message = self._messages.get(timeout=max(0.0, deadline - time.monotonic()))
                    if isinstance(message, Failure) or (isinstance(message, Tick) and message.ending is not None):
                        return
