"""The source of a replay: a recording tells again what its process told; also one that is still being written."""

import threading
from collections.abc import Callable, Iterator

from smapstop.errors import SmapstopError
from smapstop.model.protocol import EndOfRecording, Failure, Notice, PagesReply, PagesRequest, Request
from smapstop.recording.reader import Recording
from smapstop.source.base import SourceMessage

FOLLOW_SECONDS = 0.25
"""How often a recording that is being written is looked at for more."""
NOT_RECORDED = "a recording has the amounts of a mapping, not its single pages: they can be seen live"


class ReplaySource:
    """A source that reads a recording: it owns the one reader thread, and closes the recording."""

    terminal_fd: int | None = None

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._deliver: Callable[[SourceMessage], object] | None = None

    def start(self, deliver: Callable[[SourceMessage], object]) -> None:
        """Deliver what was recorded, from the reader thread."""
        self._deliver = deliver
        self._thread = threading.Thread(target=self._read, args=(deliver,), name="smapstop-reader", daemon=True)
        self._thread.start()

    def messages(self) -> Iterator[SourceMessage]:
        """The target and every tick; while the recording is being written those that come, too."""
        target = self._recording.target
        if target is None:
            yield Failure("nothing was recorded yet", "try again when its recorder has begun")
            return
        yield target
        ended = False
        try:
            while True:
                going_on = self._recording.is_being_written  # asked first: what it wrote until then is read below
                for tick in self._recording.ticks():
                    ended = tick.ending is not None
                    yield tick
                if not going_on:
                    break
                if self._closing.wait(FOLLOW_SECONDS):
                    return
        except SmapstopError as error:
            yield Failure(error.what, error.remedy, error.status)
            return
        why = self._recording.stop_reason
        if not ended and not why:
            yield Notice("the recording breaks off", "its recorder was killed; at most one tick is missing")
        yield EndOfRecording(why)

    def request(self, request: Request) -> None:
        """Nothing can be done in the past; what could be seen then and was not recorded is said."""
        if isinstance(request, PagesRequest) and self._deliver is not None:
            self._deliver(PagesReply(request.mapping, 0, 0, 0, 0, None, NOT_RECORDED))

    def close(self) -> None:
        """End the reader, and close the recording."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()
        self._recording.close()

    def detach(self) -> None:
        """End like `close`."""
        self.close()

    def _read(self, deliver: Callable[[SourceMessage], object]) -> None:
        """The reader thread."""
        for news in self.messages():
            if self._closing.is_set():
                return
            deliver(news)
