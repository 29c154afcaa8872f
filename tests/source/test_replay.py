"""A replay tells what the live source told, tick for tick; a source that is recorded tells all the same."""

import queue
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from factories import mappings_of, tick_of
from list_source import ListSource, target
from model.family.readings import SECOND_NS, reading_of
from stepped_program import DEADLINE_SECONDS, SteppedProgram
from tick_equality import tick_values

from smapstop.model.family.reading import FamilyReading
from smapstop.model.marks import Mark, Unmark
from smapstop.model.protocol import (
    Attach,
    EndOfRecording,
    Failure,
    Notice,
    Pace,
    PagesReply,
    PagesRequest,
    SharersReply,
    SharersRequest,
    Target,
)
from smapstop.model.tick import ExitStatus, Tick
from smapstop.model.timeline.timeline import Timeline
from smapstop.recording.reader import Recording
from smapstop.recording.writer import Recorder
from smapstop.source.base import Source, SourceMessage
from smapstop.source.live import LiveSource
from smapstop.source.replay import ReplaySource
from smapstop.source.tee import RecordingTee

Program = Callable[[str], Path]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.smaps"


class Heard:
    """What a source tells, one by one."""

    def __init__(self, source: Source) -> None:
        self.news: queue.SimpleQueue[SourceMessage] = queue.SimpleQueue()
        source.start(self.news.put)

    def next(self) -> SourceMessage:
        return self.news.get(timeout=DEADLINE_SECONDS)

    def until(self, holds: Callable[[SourceMessage], bool]) -> list[SourceMessage]:
        """All up to what holds."""
        news = [self.next()]
        while not holds(news[-1]):
            news.append(self.next())
        return news


def is_end(news: SourceMessage) -> bool:
    return isinstance(news, Tick) and news.ending is not None


def test_a_replay_shows_tick_for_tick_what_the_dashboard_showed(program: Program, path: Path) -> None:
    """The timelines are the same at every tick, in every mapping."""
    source = RecordingTee(LiveSource(), lambda _: Recorder(path))
    with SteppedProgram(program("two_at_once"), path.with_suffix(".mapped")) as stepping, closing(source):
        received = Heard(source)
        source.request(Attach(stepping.pid, Pace(20_000_000, 1.0)))
        seen = received.until(lambda news: isinstance(news, Tick) and news.number == 2)
        stepping.go()
        seen += received.until(lambda news: isinstance(news, Tick) and len(news.events) > 0)
        stepping.kill()
        seen += received.until(is_end)
    live = Timeline()
    for news in seen:
        if isinstance(news, Tick):
            live.append(news)

    again = Timeline()
    with closing(ReplaySource(Recording(path))) as replay:
        first, *ticks, over = replay.messages()
        for tick in ticks:
            assert isinstance(tick, Tick)
            again.append(tick)

    assert first == seen[0]
    assert over == EndOfRecording("the process ended")
    assert len(again) == len(live)
    for number in range(len(live)):
        assert tick_values(live.ticks[number]) == tick_values(again.ticks[number])
        expected, actual = live.at(number), again.at(number)
        assert (expected.ids.tolist(), expected.last_changed.tolist()) == (
            actual.ids.tolist(),
            actual.last_changed.tolist(),
        )


def test_a_recording_that_is_being_written_is_followed(path: Path) -> None:
    recorder = Recorder(path)
    recorder.write(target())
    recorder.write(tick_of(0, mappings_of((0, 4)), [0]))
    with closing(ReplaySource(Recording(path))) as replay:
        received = Heard(replay)
        assert [type(received.next()), type(received.next())] == [type(target()), Tick]

        recorder.write(tick_of(1, mappings_of((0, 4)), [0]))
        tick = received.next()
        assert isinstance(tick, Tick)
        assert tick.number == 1

        recorder.close("SIGINT")
        assert received.next() == EndOfRecording("SIGINT")


def test_the_family_comes_between_the_ticks_at_its_time(path: Path) -> None:
    rows = mappings_of((0, 4))
    recorder = Recorder(path)
    recorder.write(target())
    ticks = [tick_of(number, rows, [0], monotonic_ns=number * SECOND_NS) for number in (0, 1, 2)]
    readings = [reading_of(at, {4711: {"rss": at}}, new=(4711,) if at == 1 else ()) for at in (1, 3)]
    recorder.write_ticks(*ticks)
    recorder.write_family(*readings)
    recorder.close("SIGINT")
    with closing(ReplaySource(Recording(path))) as replay:
        _, *news, _ = replay.messages()
    assert [type(each) for each in news] == [Tick, Tick, FamilyReading, Tick, FamilyReading]


def test_what_a_source_reports_of_the_family_is_recorded(path: Path) -> None:
    source = ListSource(tick_of(0, mappings_of((0, 4)), [0]))
    tee = RecordingTee(source, lambda _: Recorder(path))
    received = Heard(tee)
    with closing(tee):
        source.request(Attach(4711))
        source.deliver(reading_of(1, {4711: {}}, new=(4711,)))
        assert [type(received.next()) for _ in range(3)] == [Target, Tick, FamilyReading]
    with closing(Recording(path)) as recording:
        assert [reading.pids.tolist() for reading in recording.family()] == [[4711]]


def test_a_recording_that_breaks_off_says_so(path: Path) -> None:
    recorder = Recorder(path)
    recorder.write(target())
    recorder.write(tick_of(0, mappings_of((0, 4)), [0]))
    shutil.copy(path, copy := path.with_suffix(".copy"))
    shutil.copy(f"{path}-wal", f"{copy}-wal")  # as it would be after kill -9
    recorder.close("SIGINT")

    with closing(ReplaySource(Recording(copy))) as replay:
        *_, notice, over = replay.messages()
    assert isinstance(notice, Notice)
    assert "breaks off" in notice.what
    assert over == EndOfRecording("")


def test_closing_ends_a_replay_that_follows(path: Path) -> None:
    recorder = Recorder(path)
    recorder.write(target())
    recorder.write(tick_of(0, mappings_of((0, 4)), [0]))
    replay = ReplaySource(Recording(path))
    received = Heard(replay)
    received.next()
    replay.close()
    recorder.close("SIGINT")

    assert replay._thread is not None
    assert not replay._thread.is_alive()


def test_a_damaged_recording_ends_in_a_failure(path: Path) -> None:
    recorder = Recorder(path)
    recorder.write(target())
    for number in range(3):
        recorder.write(tick_of(number, mappings_of((0, 4)), [0]))
    recorder.close("SIGINT")
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE ticks SET wall_ns = 1 WHERE tick = 1")
        database.commit()

    with closing(ReplaySource(Recording(path))) as replay:
        *ticks, failure = replay.messages()
    assert len(ticks) == 2
    assert isinstance(failure, Failure)
    assert "damaged at tick 1" in failure.what


# a source that is recorded


def test_what_cannot_be_recorded_is_reported_all_the_same(path: Path) -> None:
    recorder = Recorder(path)
    inner = ListSource(tick_of(0, mappings_of((0, 4)), [0]))
    source = RecordingTee(inner, lambda _: recorder)
    received = Heard(source)
    source.request(Attach(4711))
    received.until(lambda news: isinstance(news, Tick))
    recorder._database.execute("PRAGMA query_only = 1")  # as on a disk that became read-only

    inner.deliver(tick_of(1, mappings_of((0, 4)), [0]), tick_of(2, mappings_of((0, 4)), [0]))
    notice, *ticks = received.next(), received.next(), received.next()
    source.close()

    assert isinstance(notice, Notice)
    assert "the recording ended" in notice.what
    assert [tick.number for tick in ticks if isinstance(tick, Tick)] == [1, 2]
    with closing(Recording(path)) as recording:
        assert [tick.number for tick in recording.ticks()] == [0]


def test_marks_are_recorded_and_replayed_after_their_ticks(path: Path) -> None:
    inner = ListSource(tick_of(0, mappings_of((0, 4)), [0]))
    source = RecordingTee(inner, lambda _: Recorder(path))
    received = Heard(source)
    source.request(Attach(4711))
    received.until(lambda news: isinstance(news, Tick))
    source.request(Mark("a", 0, 0))
    source.request(Mark("b", 0))
    source.request(Unmark("b"))
    inner.deliver(tick_of(1, mappings_of((0, 4)), [0]))
    source.request(Mark("", 1))  # nothing follows it
    source.close()

    assert inner.requests == [Attach(4711)]
    with closing(ReplaySource(Recording(path))) as replay:
        news = list(replay.messages())
    assert [type(each) for each in news] == [Target, Tick, Tick, Mark, Mark, EndOfRecording]
    assert news[3:5] == [Mark("a", 0, 0), Mark("", 1)]


def test_pages_are_asked_of_a_recording_in_vain_and_it_says_so(path: Path) -> None:
    recorder = Recorder(path)
    recorder.write(target())
    recorder.write(tick_of(0, mappings_of((0, 4)), [0]))
    recorder.close("left")
    with closing(ReplaySource(Recording(path))) as source:
        received = Heard(source)
        received.until(lambda news: isinstance(news, EndOfRecording))
        source.request(PagesRequest(0))
        seen = received.next()
        source.request(SharersRequest(0))
        assert received.next() == SharersReply(0, missing_reason="not recorded")

    assert isinstance(seen, PagesReply)
    assert (seen.mapping, seen.runs) == (0, None)
    assert "recording" in seen.missing_reason


def test_requests_and_the_end_reach_the_source(path: Path) -> None:
    inner = ListSource(tick_of(0, mappings_of((0, 4)), [0]))
    source = RecordingTee(inner, lambda _: Recorder(path))
    received = Heard(source)
    source.request(Attach(4711))
    received.until(lambda news: isinstance(news, Tick))
    inner.deliver(tick_of(1, mappings_of(), [], ending=ExitStatus(0)))
    source.detach()
    source.close()  # as the dashboard does after leaving

    assert inner.requests == [Attach(4711)]
    assert inner.closed
    with closing(Recording(path)) as recording:
        assert recording.stop_reason == "the process ended"


def test_each_run_of_a_program_has_a_recording_of_its_own(tmp_path: Path) -> None:
    inner = ListSource()
    source = RecordingTee(inner, lambda run: Recorder(tmp_path / str(run)))
    source.start(lambda news: None)
    for pid, ticks in ((11, 2), (22, 1)):
        inner.deliver(target(pid=pid), *(tick_of(number, mappings_of((0, 4)), [0]) for number in range(ticks)))
        inner.deliver(tick_of(ticks, mappings_of(), [], ending=ExitStatus(0)))
    inner.deliver(target(pid=33), tick_of(0, mappings_of((0, 4)), [0]))
    source.close()

    kept = []
    for run in (1, 2, 3):
        with closing(Recording(tmp_path / str(run))) as recording:
            assert recording.target is not None
            kept.append((recording.target.pid, len(list(recording.ticks())), recording.stop_reason))
    ended = "the process ended"
    assert kept == [(11, 3, ended), (22, 2, ended), (33, 1, "the dashboard was left")]


def test_a_run_that_cannot_be_recorded_is_reported_and_the_next_one_is_tried(tmp_path: Path) -> None:
    (tmp_path / "2").touch()
    inner = ListSource()
    source = RecordingTee(inner, lambda run: Recorder(tmp_path / str(run)))
    received = Heard(source)
    for _ in range(3):
        inner.deliver(target(), tick_of(0, mappings_of((0, 4)), [0]))
    news = [received.next() for _ in range(7)]
    source.close()

    assert [type(each) for each in news] == [Target, Tick, Notice, Target, Tick, Target, Tick]
    assert isinstance(news[2], Notice)
    assert news[2].what == f"run 2 is not recorded: {str(tmp_path / '2')!r} already exists"
    assert (tmp_path / "2").read_bytes() == b""
    with closing(Recording(tmp_path / "3")) as recording:
        assert len(list(recording.ticks())) == 1
