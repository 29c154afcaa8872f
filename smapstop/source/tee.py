"""A source that is recorded while it is watched."""

from collections.abc import Callable

from smapstop.errors import SmapstopError
from smapstop.model.protocol import Failure, Notice, Request, Target
from smapstop.model.tick import Tick
from smapstop.recording.writer import Recorder
from smapstop.source.base import Source, SourceMessage


class RecordingTee:
    """Tells what another source tells, and records it first; what cannot be recorded is told all the same.

    A recorder is used by the reader thread of that source alone, and the last one closed after it has ended.

    Args:
        source: The other source.
        begin: Begins the recording of a run: of the first one, 1, now, and of the next ones when their programs are
            launched. May raise a `SmapstopError`.
        left: Why a recording ended that is closed before its process has ended.
    """

    def __init__(
        self, source: Source, begin: Callable[[int], Recorder], *, close_reason: str = "the dashboard was left"
    ) -> None:
        self.terminal_fd = source.terminal_fd
        self._source = source
        self._open_recorder = begin
        self._recorder: Recorder | None = begin(1)
        self._run_number = 0
        self._finished = False
        self._close_reason = self._reason = close_reason
        self.write_error: SmapstopError | None = None
        """Why the current run cannot be written any more."""

    def start(self, deliver: Callable[[SourceMessage], object]) -> None:
        """Begin to deliver and to record, from the source's thread."""
        self._source.start(lambda news: self._record_and_deliver(news, deliver))

    def request(self, request: Request) -> None:
        """Ask the source."""
        self._source.request(request)

    def close(self) -> None:
        """End the source, and then the recording."""
        self._source.close()
        self._close_recorder()

    def detach(self) -> None:
        """End like `close`, but let a launched program go on."""
        self._source.detach()
        self._close_recorder()

    def finish(self, why: str) -> None:
        """End the recording of the current run, for a reason; the source goes on. The first reason counts.

        It may be called from any thread: a tick that is being written at this moment is still recorded.
        """
        if not self._finished:
            self._reason, self._finished = why, True

    def _close_recorder(self) -> None:
        """End the recording, once."""
        if self._recorder is not None:
            self._recorder.close(self._reason)
            self._recorder = None

    def _record_and_deliver(self, news: SourceMessage, deliver: Callable[[SourceMessage], object]) -> None:
        """Record what is told, and pass it on."""
        match news:
            case Target():
                self._run_number += 1
                if self._run_number > 1:
                    self._begin_next_run(deliver)
                self._record(news, deliver)
            case Tick():
                self._record(news, deliver)
                if news.ending is not None and not self._finished:
                    self._reason = "the process ended"
            case Failure() if not self._finished:
                self._reason = news.what
        deliver(news)

    def _begin_next_run(self, deliver: Callable[[SourceMessage], object]) -> None:
        """End the recording of one run, and begin that of the next."""
        self._close_recorder()
        self._reason, self._finished, self.write_error = self._close_reason, False, None
        try:
            self._recorder = self._open_recorder(self._run_number)
        except SmapstopError as error:
            deliver(Notice(f"run {self._run_number} is not recorded: {error.what}", error.remedy))

    def _record(self, news: Target | Tick, deliver: Callable[[SourceMessage], object]) -> None:
        """Record something, unless that was not possible before."""
        if self._recorder is None or self._finished or self.write_error is not None:
            return
        try:
            self._recorder.write(news)
        except SmapstopError as error:
            self.write_error = error
            deliver(Notice(f"the recording ended: {error.what}", error.remedy))
