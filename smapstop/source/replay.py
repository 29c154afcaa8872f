"""The replay source: deliver the messages of a recording, also of one that is still being written."""

import heapq
import threading
from collections.abc import Callable, Iterator

from smapstop.errors import SmapstopError
from smapstop.model.family.reading import FamilyReading
from smapstop.model.marks import Mark
from smapstop.model.protocol import (
    EndOfRecording,
    Failure,
    Notice,
    PagesReply,
    PagesRequest,
    Request,
    SharersReply,
    SharersRequest,
)
from smapstop.model.tick import Tick
from smapstop.recording.reader import Recording
from smapstop.source.base import SourceMessage

FOLLOW_SECONDS = 0.25
"""Polling interval for new ticks of a recording that is being written."""
NOT_RECORDED = "recordings have the amounts of each mapping but not its pages; pages can be shown live only"
SHARERS_NOT_RECORDED = "not recorded"


def _time_of(message: Tick | FamilyReading) -> int:
    """Time of a message, monotonic clock, ns."""
    return message.monotonic_ns


class ReplaySource:
    """Replay a recording: owns the reader thread, and closes the recording."""

    terminal_fd: int | None = None

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._deliver: Callable[[SourceMessage], object] | None = None

    def start(self, deliver: Callable[[SourceMessage], object]) -> None:
        """Start the reader thread, which delivers the recorded messages."""
        self._deliver = deliver
        self._thread = threading.Thread(target=self._read, args=(deliver,), name="smapstop-reader", daemon=True)
        self._thread.start()

    def messages(self) -> Iterator[SourceMessage]:
        """Read the target and every tick, and follow a recording that is still being written."""
        target = self._recording.target
        if target is None:
            yield Failure("nothing was recorded yet", "try again when the recorder has started")
            return
        yield target
        ended, count, sent = False, 0, set[Mark]()
        try:
            while True:
                # checked before reading, so that the last ticks are not missed
                is_being_written = self._recording.is_being_written
                parts: tuple[Iterator[Tick | FamilyReading], ...] = self._recording.ticks(), self._recording.family()
                for message in heapq.merge(*parts, key=_time_of):
                    if isinstance(message, Tick):
                        ended, count = message.ending is not None, message.number + 1
                    yield message
                for mark in self._recording.marks():
                    if mark.tick < count and mark not in sent:
                        sent.add(mark)
                        yield mark
                if not is_being_written:
                    break
                if self._closing.wait(FOLLOW_SECONDS):
                    return
        except SmapstopError as error:
            yield Failure(error.what, error.remedy, error.status)
            return
        reason = self._recording.stop_reason
        if not ended and not reason:
            yield Notice("the recording breaks off", "its recorder was killed; at most one tick is missing")
        yield EndOfRecording(reason)

    def request(self, request: Request) -> None:
        """Answer requests with the reason that their data is not recorded; ignore other requests."""
        if self._deliver is None:
            return
        match request:
            case PagesRequest(mapping):
                self._deliver(PagesReply(mapping, 0, 0, 0, 0, None, NOT_RECORDED))
            case SharersRequest(mapping):
                self._deliver(SharersReply(mapping, missing_reason=SHARERS_NOT_RECORDED))

    def close(self) -> None:
        """Stop the reader thread and close the recording."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()
        self._recording.close()

    def detach(self) -> None:
        """Close; a replay has no program."""
        self.close()

    def _read(self, deliver: Callable[[SourceMessage], object]) -> None:
        """Body of the reader thread: read and deliver messages."""
        for message in self.messages():
            if self._closing.is_set():
                return
            deliver(message)
