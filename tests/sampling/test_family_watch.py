"""The family of a process is read beside it, and some members are sampled, within three quarters of the budget."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from stepped_program import SteppedProgram, wait_until

from smapstop.model.events import MECHANISMS
from smapstop.model.family.reading import FamilyReading
from smapstop.model.protocol import MemberMessage, MemberRequest, Pace, PagesReply, PagesRequest, Target
from smapstop.model.tick import Tick
from smapstop.proc.process import ProcDir
from smapstop.sampling.family_reader import FamilyReader
from smapstop.sampling.family_watch import FamilyWatch

FAST = Pace(50_000_000, 1.0)


@pytest.fixture
def forked(program: Callable[[str], Path]) -> Iterator[SteppedProgram]:
    """A program with two children, of which each has forty pages in common with it."""
    with SteppedProgram(program("two_children")) as parent:
        yield parent.go()


class Listener:
    """Messages of a watch."""

    def __init__(self, watch: FamilyWatch) -> None:
        self.watch = watch
        self.readings: list[FamilyReading] = []
        self.ticks: dict[int, list[Tick]] = {}

    def listen(self) -> bool:
        for message in self.watch.step():
            if isinstance(message, FamilyReading):
                self.readings.append(message)
            elif isinstance(message.content, Tick):
                self.ticks.setdefault(message.pid, []).append(message.content)
        return True

    def has(self, pid: int, ticks: int) -> bool:
        return self.listen() and len(self.ticks.get(pid, [])) >= ticks


def test_members_are_sampled_and_explained_like_the_target(forked: SteppedProgram) -> None:
    with closing(FamilyWatch(FamilyReader(forked.pid), FAST)) as watch:
        listener = Listener(watch)
        wait_until(lambda: listener.listen() and listener.readings)
        first, second = listener.readings[0].pids.tolist()[1:]
        (target,) = watch.sample_members((second,))
        assert isinstance(target.content, Target)
        assert (target.pid, target.content.pid) == (second, second)
        wait_until(lambda: listener.has(second, 2))
        forked.go().go()  # the first ends, the parent writes: what it shared with the second is that one's own
        before = len(listener.ticks[second])
        wait_until(lambda: listener.has(second, before + 3))
        events = [event for tick in listener.ticks[second] for event in tick.events]
        assert {event.what for event in events} <= {*MECHANISMS}
        assert sum(event.kb for event in events if event.what == "sole-owner") > 0
        assert first not in listener.ticks

        assert list(watch.sample_members(())) == []
        count = len(listener.ticks[second])
        assert not listener.has(second, count + 1)


def test_requests_are_answered_for_members_that_are_sampled(forked: SteppedProgram) -> None:
    with closing(FamilyWatch(FamilyReader(forked.pid), FAST)) as watch:
        listener = Listener(watch)
        wait_until(lambda: listener.listen() and listener.readings)
        child = int(listener.readings[0].pids[1])
        assert watch.answer(MemberRequest(child, PagesRequest(0))) is None
        list(watch.sample_members((child,)))
        assert watch.answer(MemberRequest(child, PagesRequest(0))) is None, "not before its first tick"
        wait_until(lambda: listener.has(child, 1))
        reply = watch.answer(MemberRequest(child, PagesRequest(int(listener.ticks[child][0].ids[0]))))
        assert isinstance(reply, MemberMessage)
        assert isinstance(reply.content, PagesReply)
        assert (reply.pid, reply.content.missing_reason) == (child, "")


def test_the_end_of_a_member_is_reported(forked: SteppedProgram) -> None:
    with closing(FamilyWatch(FamilyReader(forked.pid), FAST)) as watch:
        listener = Listener(watch)
        wait_until(lambda: listener.listen() and listener.readings)
        first = int(listener.readings[0].pids[1])
        list(watch.sample_members((first, 2**22 - 7)))
        wait_until(lambda: listener.has(first, 1))
        forked.go()
        wait_until(lambda: listener.listen() and listener.ticks[first][-1].ending is not None)
        assert watch.fds == [], "it is closed, and the one that never was is left out"


def test_readings_take_half_of_the_budget_and_are_no_more_than_one_a_second(forked: SteppedProgram) -> None:
    with closing(FamilyWatch(FamilyReader(forked.pid), Pace(100_000_000, 0.001))) as watch:
        began_ns = time.monotonic_ns()
        (reading,) = watch.step()
        assert isinstance(reading, FamilyReading)
        assert watch.due_ns >= began_ns + max(1_000_000_000, reading.cost_ns * 3000)
        assert list(watch.step()) == []


class EndingProcess(ProcDir):
    """The directory of a process that ends when so many files of it were read."""

    def __init__(self, process: "subprocess.Popen[bytes]", reads: int, pid: int) -> None:
        super().__init__(pid)
        self._ending, self._reads_left = process, reads

    def read(self, name: str) -> bytes:
        if self._reads_left == 0:
            self._ending.kill()
            self._ending.wait()
        self._reads_left -= 1
        return super().read(name)


def test_a_member_that_ends_while_it_is_opened_leaves_no_file_open() -> None:
    were_sampled = set()
    with closing(FamilyReader(os.getpid())) as reader:
        for reads in range(14):
            with subprocess.Popen(["sleep", "1000"]) as process:
                watch = FamilyWatch(reader, FAST, callers=True, open_process=partial(EndingProcess, process, reads))
                before = sorted(os.listdir("/proc/self/fd"))
                were_sampled.add(bool(list(watch.sample_members((process.pid,)))))
                assert list(watch.sample_members(())) == []
                assert sorted(os.listdir("/proc/self/fd")) == before, f"after {reads} files were read"
                process.kill()
    assert were_sampled == {False, True}
