"""A source that is recorded while it is watched."""

from collections.abc import Callable

from smapstop.errors import SmapstopError
from smapstop.model.requests import Failure, Notice, Request, Target
from smapstop.model.tick import Tick
from smapstop.recording.recorder import Recorder
from smapstop.source import News, Source


class RecordedSource:
    """Tells what another source tells, and records it first; what cannot be recorded is told all the same.

    The recorder is used by the reader thread of that source alone, and closed after it has ended.
    """

    def __init__(self, source: Source, recorder: Recorder) -> None:
        self.terminal_fd = source.terminal_fd
        self._source = source
        self._recorder = recorder
        self._writing = True
        self._ended = False
        self._why = "the dashboard was left"

    def start(self, deliver: Callable[[News], object]) -> None:
        """Begin to deliver and to record, from the source's thread."""
        self._source.start(lambda news: self._hear(news, deliver))

    def request(self, request: Request) -> None:
        """Ask the source."""
        self._source.request(request)

    def close(self) -> None:
        """End the source, and then the recording."""
        self._source.close()
        self._end()

    def leave(self) -> None:
        """End like `close`, but let a launched program go on."""
        self._source.leave()
        self._end()

    def _end(self) -> None:
        """End the recording, once."""
        if not self._ended:
            self._ended = True
            self._recorder.close(self._why)

    def _hear(self, news: News, deliver: Callable[[News], object]) -> None:
        """Record what is told, and pass it on."""
        match news:
            case Target() | Tick() if self._writing:
                try:
                    self._recorder.hear(news)
                except SmapstopError as error:
                    self._writing = False
                    deliver(Notice(f"the recording ended: {error.what}", error.remedy))
                if isinstance(news, Tick) and news.ending is not None:
                    self._why = "the process ended"
            case Failure():
                self._why = news.what
        deliver(news)
