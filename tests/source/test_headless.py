"""A recorded source that is run to its end without a dashboard."""

import threading
from contextlib import closing
from pathlib import Path

import pytest
from factories import mappings_of, tick_of
from list_source import ListSource

from smapstop.errors import SmapstopError
from smapstop.model.protocol import Attach, Failure, Launch, Request, Signal
from smapstop.model.tick import ExitStatus, Tick
from smapstop.recording.reader import Recording
from smapstop.recording.writer import Recorder
from smapstop.source import headless as module
from smapstop.source.headless import RECORDER_FAILED, HeadlessRun
from smapstop.source.tee import RecordingTee

ATTACH, LAUNCH = Attach(4711), Launch(("program",), {})
TERM, KILL = Signal(15), Signal(9)


def tick(number: int) -> Tick:
    return tick_of(number, mappings_of((0, 4)), [0])


def ended(number: int, status: int | None = None) -> Tick:
    return tick_of(number, mappings_of(), [], ending=ExitStatus(status))


class Ran:
    """A run of a list source, what it reported, and its recording."""

    def __init__(
        self,
        path: Path,
        inner: ListSource,
        begin: Attach | Launch = ATTACH,
        *,
        count: int | None = None,
        seconds: float | None = None,
    ) -> None:
        self.inner = inner
        self.path = path
        self.recorder = Recorder(path)
        self.source = RecordingTee(inner, lambda _: self.recorder, close_reason=RECORDER_FAILED)
        self.seen: list[int] = []
        self.errors: list[SmapstopError] = []
        self.run = HeadlessRun(
            self.source,
            begin,
            count=count,
            seconds=seconds,
            on_tick=lambda tick: self.seen.append(tick.number),
            on_write_error=self.note,
        )

    def note(self, error: SmapstopError) -> None:
        self.errors.append(error)

    def to_end(self) -> ExitStatus | None:
        with closing(self.source):
            return self.run.run()

    @property
    def recorded(self) -> tuple[list[int], str]:
        """The numbers of the recorded ticks, and why the recording ended."""
        with closing(Recording(self.path)) as recording:
            return [tick.number for tick in recording.ticks()], recording.stop_reason


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.smaps"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GRACE_SECONDS", 0.01)


@pytest.mark.parametrize("begin", [ATTACH, LAUNCH])
def test_the_end_of_the_process_is_the_end_of_the_run(path: Path, begin: Attach | Launch) -> None:
    ran = Ran(path, ListSource(tick(0), ended(1, status=7)), begin)
    assert ran.to_end() == ExitStatus(status=7)
    assert ran.recorded == ([0, 1], "the process ended")
    assert (ran.seen, ran.inner.requests, ran.inner.closed) == ([0, 1], [begin], True)


def test_no_tick_more_than_the_count_is_recorded_however_fast_they_come(path: Path) -> None:
    ran = Ran(path, ListSource(*map(tick, range(5))), count=3)
    assert ran.to_end() is None
    assert ran.recorded == ([0, 1, 2], "--count")


def test_when_the_process_ends_with_the_last_counted_tick_it_is_its_end(path: Path) -> None:
    ran = Ran(path, ListSource(tick(0), ended(1, status=0)), count=2)
    assert ran.to_end() == ExitStatus(status=0)
    assert ran.recorded == ([0, 1], "the process ended")


def test_the_duration_is_counted_from_the_first_tick(path: Path) -> None:
    ran = Ran(path, ListSource(), seconds=0.01)
    timer = threading.Timer(0.2, ran.inner.deliver, [tick(0)])
    timer.start()
    assert ran.to_end() is None
    timer.join()
    assert ran.recorded == ([0], "--duration")


def test_a_stop_from_outside_says_why_and_what_comes_after_it_is_not_recorded(path: Path) -> None:
    class Interrupted(ListSource):
        def request(self, request: Request) -> None:
            super().request(request)
            ran.run.stop("SIGTERM")
            ran.run.stop("SIGHUP")
            self.deliver(tick(1), ended(2, status=0))

    ran = Ran(path, Interrupted(tick(0)))
    assert ran.to_end() is None
    assert ran.recorded == ([0], "SIGTERM")


def test_a_stop_when_the_run_is_over_changes_nothing(path: Path) -> None:
    ran = Ran(path, ListSource(tick(0), ended(1, status=0)))
    with closing(ran.source):
        ran.run.run()
        ran.run.stop("SIGTERM")
    assert ran.recorded == ([0, 1], "the process ended")


@pytest.mark.parametrize(("ends_at", "asked"), [(TERM, [TERM]), (KILL, [TERM, KILL]), (None, [TERM, KILL])])
def test_a_launched_program_is_ended_after_the_run(path: Path, ends_at: Signal | None, asked: list[Signal]) -> None:
    class Program(ListSource):
        def request(self, request: Request) -> None:
            super().request(request)
            if request == ends_at:
                self.deliver(tick(1), ended(2))

    ran = Ran(path, Program(tick(0)), LAUNCH, count=1)
    assert ran.to_end() is None
    assert ran.inner.requests == [LAUNCH, *asked]
    assert ran.recorded == ([0], "--count")


def test_a_process_that_it_attached_to_is_left_alone(path: Path) -> None:
    ran = Ran(path, ListSource(tick(0)), count=1)
    ran.to_end()
    assert ran.inner.requests == [ATTACH]


def test_a_failure_of_the_source_is_raised_with_its_status(path: Path) -> None:
    class Failing(ListSource):
        def request(self, request: Request) -> None:
            super().request(request)
            self.deliver(Failure("not found", "check the spelling", 127))

    ran = Ran(path, Failing(tick(0)), LAUNCH)
    with pytest.raises(SmapstopError, match="not found") as caught:
        ran.to_end()
    assert caught.value.status == 127
    assert ran.inner.requests == [LAUNCH]


class Unwritable(ListSource):
    """After the first tick the disk is read-only."""

    def __init__(self) -> None:
        super().__init__(tick(0))
        self.recorder: Recorder | None = None

    def request(self, request: Request) -> None:
        super().request(request)
        assert self.recorder is not None
        self.recorder._database.execute("PRAGMA query_only = 1")
        self.deliver(tick(1), tick(2), ended(3, status=0))


def test_a_recording_that_cannot_be_written_is_reported_once_and_the_process_goes_on(path: Path) -> None:
    inner = Unwritable()
    ran = Ran(path, inner, LAUNCH, count=2)
    inner.recorder = ran.recorder
    assert ran.to_end() == ExitStatus(status=0)
    assert len(ran.errors) == 1
    assert ran.source.write_error is ran.errors[0]
    assert ran.recorded[0] == [0]


def test_who_cannot_do_without_the_recording_ends_the_run(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(error: SmapstopError) -> None:
        raise error

    monkeypatch.setattr(Ran, "note", staticmethod(refuse))
    inner = Unwritable()
    ran = Ran(path, inner)
    inner.recorder = ran.recorder
    with pytest.raises(SmapstopError, match="cannot write"):
        ran.to_end()
    assert ran.inner.closed
