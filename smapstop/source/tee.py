"""A source whose messages are recorded while they are delivered."""

from collections import deque
from collections.abc import Callable
from contextlib import suppress

from smapstop.errors import SmapstopError
from smapstop.model.family.reading import FamilyReading
from smapstop.model.marks import Mark, Unmark
from smapstop.model.protocol import Failure, Notice, Request, Target
from smapstop.model.tick import Tick
from smapstop.recording.writer import Recorder
from smapstop.source.base import Source, SourceMessage


class RecordingTee:
    """Record the messages of another source, then deliver them; delivery continues when recording fails.

    A recorder is used only by the reader thread of that source; the last one is closed after that thread has ended.

    Args:
        source: The other source.
        begin: Opens the recording of a run by its number: of run 1 now, of later runs when their programs are
            launched. May raise a `SmapstopError`.
        close_reason: Stop reason of a recording that is closed before its process has ended.
    """

    def __init__(
        self,
        source: Source,
        open_recorder: Callable[[int], Recorder],
        *,
        close_reason: str = "the dashboard was left",
    ) -> None:
        self.terminal_fd = source.terminal_fd
        self._source = source
        self._open_recorder = open_recorder
        self._recorder: Recorder | None = open_recorder(1)
        self._marks = deque[Mark | Unmark]()
        """Marks to be recorded, or removed, in this order."""
        self._run_number = 0
        self._finished = False
        self._close_reason = self._reason = close_reason
        self.write_error: SmapstopError | None = None
        """Why the current run can no longer be written; None while it can."""

    def start(self, deliver: Callable[[SourceMessage], object]) -> None:
        """Start to record and deliver, in the source's thread."""
        self._source.start(lambda message: self._record_and_deliver(message, deliver))

    def request(self, request: Request) -> None:
        """Pass a request to the source; a mark is recorded with the next message, by the thread that records."""
        if isinstance(request, Mark | Unmark):
            self._marks.append(request)
        else:
            self._source.request(request)

    def close(self) -> None:
        """Close the source, then the recording."""
        self._source.close()
        self._close_recorder()

    def detach(self) -> None:
        """Close, but leave a launched program running."""
        self._source.detach()
        self._close_recorder()

    def end_recording(self, why: str) -> None:
        """End the recording of the current run, with a reason; the source continues. The first reason counts.

        Callable from any thread: a tick that is just being written is still recorded.
        """
        if not self._finished:
            self._reason, self._finished = why, True

    def _close_recorder(self) -> None:
        """Close the recorder, once."""
        if self._recorder is not None:
            with suppress(SmapstopError):
                self._record_marks(self._recorder)
            self._recorder.close(self._reason)
            self._recorder = None

    def _record_and_deliver(self, message: SourceMessage, deliver: Callable[[SourceMessage], object]) -> None:
        """Record a message, then deliver it."""
        match message:
            case Target():
                self._run_number += 1
                if self._run_number > 1:
                    self._begin_next_run(deliver)
                self._record(message, deliver)
            case Tick():
                self._record(message, deliver)
                if message.ending is not None and not self._finished:
                    self._reason = "the process ended"
            case FamilyReading():
                self._record(message, deliver)
            case Failure() if not self._finished:
                self._reason = message.what
        deliver(message)

    def _record_marks(self, recorder: Recorder) -> None:
        """Record the marks set since the last message, and remove those that the user removed.

        Raises:
            SmapstopError: They cannot be written.
        """
        for mark in [self._marks.popleft() for _ in range(len(self._marks))]:
            if self.write_error is None and isinstance(mark, Mark):
                recorder.write_marks(mark)
            elif self.write_error is None:
                recorder.remove_mark(mark.letter)

    def _begin_next_run(self, deliver: Callable[[SourceMessage], object]) -> None:
        """Close the recording of one run and open that of the next."""
        self._close_recorder()
        self._reason, self._finished, self.write_error = self._close_reason, False, None
        try:
            self._recorder = self._open_recorder(self._run_number)
        except SmapstopError as error:
            deliver(Notice(f"run {self._run_number} is not recorded: {error.what}", error.remedy))

    def _record(self, message: Target | Tick | FamilyReading, deliver: Callable[[SourceMessage], object]) -> None:
        """Record a target, a tick or a reading of the family, unless the recording has ended or failed."""
        if self._recorder is None or self._finished or self.write_error is not None:
            return
        try:
            self._recorder.write(message)
            self._record_marks(self._recorder)
        except SmapstopError as error:
            self.write_error = error
            deliver(Notice(f"the recording ended: {error.what}", error.remedy))
