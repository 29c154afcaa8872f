"""The live source on real processes: what it tells from the first tick to the last."""

import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from control_groups import LIMIT_BYTES, limited_group
from places import own_name
from stepped_program import DEADLINE_SECONDS, SteppedProgram, has_ended, stepped_python, wait_until

from smapstop.model.protocol import (
    Attach,
    AttachNext,
    Failure,
    FollowFamily,
    Launch,
    LaunchFailed,
    MemberMessage,
    Pace,
    PagesReply,
    PagesRequest,
    Request,
    SampleMembers,
    Signal,
    StopWaiting,
    Target,
    ThreadsReply,
    ThreadsRequest,
)
from smapstop.model.tick import ExitStatus, OomKill, OomLimit, Tick
from smapstop.model.timeline.timeline import Timeline
from smapstop.source.base import SourceMessage
from smapstop.source.live import LiveSource

Program = Callable[[str], Path]
QUICK = Pace(20_000_000, 1.0)


class Listening:
    """A live source, and a reader that keeps what it is told."""

    def __init__(self, terminal: tuple[int, int] | None = None) -> None:
        self.source = LiveSource(terminal)
        self.timeline = Timeline()
        self._news: queue.SimpleQueue[SourceMessage] = queue.SimpleQueue()
        self.source.start(self._news.put)

    def ask(self, request: Request) -> None:
        self.source.request(request)

    def next(self) -> SourceMessage:
        """The next news; the timeline keeps the ticks."""
        news = self._news.get(timeout=DEADLINE_SECONDS)
        if isinstance(news, Tick):
            self.timeline.append(news)
        return news

    def target(self) -> Target:
        news = self.next()
        assert isinstance(news, Target), news
        return news

    def failure(self) -> Failure:
        news = self.next()
        while not isinstance(news, Failure):
            news = self.next()
        return news

    def tick(self, holds: Callable[[Tick], object] = lambda tick: True) -> Tick:
        """The next tick for which something holds."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            news = self.next()
            assert isinstance(news, Tick), news
            if holds(news):
                return news
        raise AssertionError("waited in vain")

    def ending(self) -> ExitStatus:
        ending = self.tick(lambda tick: tick.ending).ending
        assert ending is not None
        return ending

    @property
    def sampler_pid(self) -> int:
        return self.source._sampler.pid

    def close(self) -> None:
        self.source.close()


@pytest.fixture
def listening() -> Iterator[Listening]:
    with closing(Listening()) as listening:
        yield listening


@pytest.fixture
def on_terminal() -> Iterator[Listening]:
    """With a terminal for a launched program."""
    master, slave = os.openpty()
    with closing(Listening((master, slave))) as listening:
        yield listening
    os.close(master)


def children() -> list[int]:
    """Children of this process, of all its threads; a thread may end while they are listed."""
    found: list[int] = []
    for task in Path("/proc/self/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):
            found += map(int, (task / "children").read_text().split())
    return found


def test_target_comes_first_and_then_ticks_in_order(listening: Listening, program: Program) -> None:
    with SteppedProgram(program("grow")) as stepping:
        listening.ask(Attach(stepping.pid, QUICK))
        target = listening.target()
        ticks = [listening.tick() for _ in range(4)]

    assert (target.pid, target.launched, target.stopped_at_exec) == (stepping.pid, False, False)
    assert target.command_line == (str(program("grow")),)
    assert target.executable == str(program("grow"))
    assert target.max_map_count == int(Path("/proc/sys/vm/max_map_count").read_text())
    assert [tick.number for tick in ticks] == [0, 1, 2, 3]
    assert [tick.keyframe for tick in ticks] == [True, False, False, False]
    assert all(tick.counters.pid == stepping.pid for tick in ticks)
    assert all(tick.interval_ns >= QUICK.interval_ns for tick in ticks)
    begun = [tick.monotonic_ns for tick in ticks]
    assert begun == sorted(begun)


def test_pages_are_reported_when_asked_for(listening: Listening, program: Program) -> None:
    with SteppedProgram(program("grow")) as stepping:
        listening.ask(Attach(stepping.pid, QUICK))
        listening.target()
        tick = listening.tick()
        listening.ask(PagesRequest(int(tick.ids[0])))
        news = listening.next()
        while isinstance(news, Tick):
            news = listening.next()

    assert isinstance(news, PagesReply), news
    assert (news.mapping, news.start, news.end) == (tick.ids[0], tick.rows.start[0], tick.rows.end[0])
    assert news.runs is not None
    assert 0 < news.runs.pages <= (news.end - news.start) // news.runs.page_bytes


def test_what_the_program_does_is_reported(listening: Listening, program: Program) -> None:
    with SteppedProgram(program("grow")) as stepping:
        listening.ask(Attach(stepping.pid, QUICK))
        listening.target()
        listening.tick()
        stepping.go()
        tick = listening.tick(lambda tick: tick.lineage)

    (line,) = tick.lineage
    assert line.what == "grow"
    assert tick.rows.name_of(tick.ids.tolist().index(line.mapping)) == "[heap]"


@pytest.mark.parametrize(
    ("code", "ending"),
    [("os._exit(3)", (3, None)), ("os._exit(0)", (0, None)), ("os.kill(os.getpid(), 15)", (None, signal.SIGTERM))],
)
def test_ending_of_a_child_that_nobody_has_asked_for(
    listening: Listening, code: str, ending: tuple[int | None, int | None]
) -> None:
    with stepped_python(f"step(); {code}") as stepping:
        listening.ask(Attach(stepping.pid, QUICK))
        listening.target()
        listening.tick()
        stepping.resume()

        assert ExitStatus(*ending, zombie=True) == listening.ending()


def test_ending_of_a_process_reaped_while_the_sampler_is_stopped(listening: Listening) -> None:
    with stepped_python("step(); os._exit(3)") as stepping:
        listening.ask(Attach(stepping.pid, QUICK))
        listening.target()
        listening.tick()
        os.kill(listening.sampler_pid, signal.SIGSTOP)
        stepping.resume()
        stepping.wait()
        os.kill(listening.sampler_pid, signal.SIGCONT)

        # only a kernel before 6.15 cannot tell
        assert listening.ending() in (ExitStatus(status=3), ExitStatus())


def test_process_that_takes_long_to_give_its_memory_back_has_not_ended_with_0(listening: Listening) -> None:
    with stepped_python("memory = bytearray(1 << 29); memory[:] = bytes(1 << 29); step()") as stepping:
        listening.ask(Attach(stepping.pid, Pace(1_000_000, 1.0)))
        listening.target()
        listening.tick()
        stepping.kill()

        assert ExitStatus(signal=signal.SIGKILL, zombie=True) == listening.ending()


def test_exec_is_noticed(listening: Listening, program: Program) -> None:
    with SteppedProgram(program("again")) as stepping:
        listening.ask(Attach(stepping.pid, QUICK))
        listening.target()
        first = listening.tick()
        stepping.go()
        tick = listening.tick(lambda tick: tick.executed)

        assert tick.keyframe
        assert not set(tick.ids.tolist()) & set(first.ids.tolist())
        assert not listening.tick().executed


def test_process_without_memory_is_a_failure(listening: Listening) -> None:
    with stepped_python("step()") as stepping:
        stepping.kill()
        wait_until(lambda: has_ended(stepping.pid))
        listening.ask(Attach(stepping.pid, QUICK))

        failure = listening.failure()
        assert str(stepping.pid) in failure.what


def test_no_such_process_is_a_failure(listening: Listening) -> None:
    listening.ask(Attach(2**22 + 1, QUICK))

    assert listening.failure().what == "no process 4194305"


def test_sampler_that_was_killed_is_a_failure(listening: Listening, program: Program) -> None:
    with SteppedProgram(program("grow")) as stepping:
        listening.ask(Attach(stepping.pid, QUICK))
        listening.target()
        listening.tick()
        os.kill(listening.sampler_pid, signal.SIGKILL)

        assert listening.failure().what == "the sampler process died (signal 9)"
        listening.ask(Pace())  # nobody hears it, and nobody minds


def test_sampler_that_broke_says_why(listening: Listening) -> None:
    pipe = listening.source._sampler.stdin
    assert pipe is not None
    os.write(pipe.fileno(), b"\2\0\0\0\0\0\0\0{]")

    assert listening.failure().what.startswith("the sampler process died (json.decoder.JSONDecodeError: ")


def test_ticks_can_be_read_without_a_thread(program: Program) -> None:
    with SteppedProgram(program("grow")) as stepping, closing(LiveSource()) as source:
        source.request(Attach(stepping.pid, QUICK))
        news = source.messages()

        assert [type(next(news)) for _ in range(3)] == [Target, Tick, Tick]


def test_pace_can_change(listening: Listening, program: Program) -> None:
    with SteppedProgram(program("grow")) as stepping:
        listening.ask(Attach(stepping.pid, Pace(3600_000_000_000)))
        listening.target()
        assert listening.tick().interval_ns == 3600_000_000_000
        listening.ask(QUICK)

        assert listening.tick().interval_ns == QUICK.interval_ns


def test_close_leaves_nothing_behind(program: Program) -> None:
    before, fds = children(), len(os.listdir("/proc/self/fd"))
    with SteppedProgram(program("grow")) as stepping:
        listening = Listening()
        listening.ask(Attach(stepping.pid, Pace(1_000_000, 1.0)))
        listening.target()
        listening.tick()
        listening.close()
        listening.close()
        listening.ask(QUICK)

        assert set(children()) - set(before) == {stepping.pid}
        assert "smapstop-reader" not in {thread.name for thread in threading.enumerate()}
        assert not Path(f"/proc/{listening.sampler_pid}").exists()
        os.kill(stepping.pid, 0)
    assert len(os.listdir("/proc/self/fd")) <= fds


def test_closed_before_anything_was_asked() -> None:
    with closing(Listening()):
        pass


def test_nothing_is_delivered_after_close(program: Program) -> None:
    told: list[SourceMessage] = []
    with SteppedProgram(program("grow")) as stepping:
        source = LiveSource()
        source.start(told.append)
        source.request(Attach(stepping.pid, Pace(1_000_000, 1.0)))
        wait_until(lambda: len(told) > 5)
        source.close()
        count = len(told)
        assert not any(isinstance(news, Failure) for news in told)
        assert len(told) == count


def test_launched_program_is_seen_from_its_first_instruction(on_terminal: Listening, program: Program) -> None:
    on_terminal.ask(Launch((str(program("again")),), dict(os.environ), QUICK))
    target = on_terminal.target()
    first = on_terminal.tick()
    names = [first.rows.name_of(row) for row in range(len(first.rows))]

    assert target.launched
    assert target.command_line == (str(program("again")),)
    assert str(program("again")) in names
    if target.stopped_at_exec:
        assert not any("libc" in name for name in names), "the loader has not run yet"


@pytest.mark.parametrize(
    ("code", "ending"),
    [("os._exit(3)", ExitStatus(status=3)), ("os.kill(os.getpid(), 9)", ExitStatus(signal=signal.SIGKILL))],
)
def test_ending_of_a_launched_program(on_terminal: Listening, code: str, ending: ExitStatus) -> None:
    on_terminal.ask(Launch((sys.executable, "-S", "-c", f"import os; {code}"), dict(os.environ), QUICK))
    on_terminal.target()

    assert ending == on_terminal.ending()
    assert not Path(f"/proc/{on_terminal.timeline.ticks[0].counters.pid}").exists()


def test_process_that_its_control_group_killed(listening: Listening, program: Program) -> None:
    with limited_group() as group, SteppedProgram(program("eater"), group / "cgroup.procs", "64") as eater:
        eater.go()
        listening.ask(Attach(eater.pid, QUICK))
        listening.target()
        listening.tick()
        listening.tick()
        eater.resume()
        oom = OomKill(sure=True, limit=OomLimit(LIMIT_BYTES, f"/{group.name}"))

        assert listening.ending() == ExitStatus(signal=signal.SIGKILL, zombie=True, oom=oom)


def test_launched_program_gets_signals(on_terminal: Listening) -> None:
    on_terminal.ask(Launch(("sleep", "1000"), dict(os.environ), QUICK))
    on_terminal.target()
    on_terminal.tick()
    on_terminal.ask(Signal(signal.SIGTERM))

    assert on_terminal.ending() == ExitStatus(signal=signal.SIGTERM)


def test_process_that_was_only_attached_to_gets_no_signal(listening: Listening, program: Program) -> None:
    with SteppedProgram(program("grow")) as stepping:
        listening.ask(Attach(stepping.pid, QUICK))
        listening.target()
        listening.ask(Signal(signal.SIGKILL))
        listening.tick()
        number = listening.timeline.ticks[-1].number
        listening.tick(lambda tick: tick.number > number + 3)

        assert stepping.go().words[0] == "grown"


def test_program_that_cannot_be_launched_is_a_failure(on_terminal: Listening) -> None:
    on_terminal.ask(Launch(("/nonexistent/program",), dict(os.environ), QUICK))
    failure = on_terminal.failure()

    assert failure.what.startswith("/nonexistent/program")
    assert failure.status == 127


def output(master: int, word: bytes) -> bytes:
    """What programs wrote on a terminal, until they wrote a word."""
    written = b""
    while word not in written:
        with suppress(OSError):  # EIO: nobody has it open just now
            written += os.read(master, 65536)
    return written


def test_a_program_that_ended_can_be_launched_again_on_the_same_terminal(tmp_path: Path) -> None:
    master, slave = os.openpty()
    name, script = os.ttyname(slave), tmp_path / "script"
    with closing(Listening((master, slave))) as listening:
        for number in range(3):
            script.write_text(f"#!/bin/sh\nstty -echo raw; tty; echo run {number}; exit {number}\n")
            script.chmod(0o755)
            listening.timeline = Timeline()
            listening.ask(Launch((str(script),), dict(os.environ), QUICK))
            target = listening.target()
            assert target.stopped_at_exec
            first = listening.tick()
            assert (first.number, first.keyframe, first.counters.pid) == (0, True, target.pid)
            assert output(master, f"run {number}".encode()).splitlines()[0] == name.encode()
            assert listening.ending() == ExitStatus(status=number)
    os.close(master)


def test_a_program_launched_again_finds_the_terminal_as_the_first_one_did(tmp_path: Path) -> None:
    master, slave = os.openpty()
    with closing(Listening((master, slave))) as listening:
        modes = []
        for _ in range(2):
            listening.ask(Launch(("sh", "-c", "stty -g; stty raw -echo; echo done"), dict(os.environ), QUICK))
            listening.target()
            modes.append(output(master, b"done").split()[0])
            listening.timeline = Timeline()
            listening.ending()
        assert modes[0] == modes[1]
    os.close(master)


def test_what_cannot_be_launched_again_is_a_refusal_and_can_be_tried_once_more(tmp_path: Path) -> None:
    master, slave = os.openpty()
    script = tmp_path / "script"
    with closing(Listening((master, slave))) as listening:
        for content, why in (("#!/bin/sh\n", ""), ("no program", "exec format error"), ("#!/bin/sh\nexit 5\n", "")):
            script.write_text(content)
            script.chmod(0o755)
            listening.timeline = Timeline()
            listening.ask(Launch((str(script),), dict(os.environ), QUICK))
            if why:
                assert listening.next() == LaunchFailed(f"cannot execute {script}", why)
            else:
                listening.target()
                ending = listening.ending()
        assert ending == ExitStatus(status=5)
    os.close(master)


def test_a_program_is_not_launched_while_another_one_runs(on_terminal: Listening) -> None:
    for _ in range(2):
        on_terminal.ask(Launch(("sleep", "1000"), dict(os.environ), QUICK))
    on_terminal.target()
    on_terminal.tick(lambda tick: tick.number > 3)


def test_the_next_process_of_the_same_name_is_awaited_and_watched(listening: Listening, tmp_path: Path) -> None:
    sleep = shutil.which("sleep")
    assert sleep is not None
    program = shutil.copy(sleep, tmp_path / own_name("comes-again"))
    for number in range(2):
        with subprocess.Popen([program, "1000"]) as process:
            listening.timeline = Timeline()
            if number == 0:
                listening.ask(Attach(process.pid, QUICK))
            assert listening.target().pid == process.pid
            assert listening.tick().number == 0
            process.kill()
            assert listening.ending().signal == signal.SIGKILL
        listening.ask(AttachNext(QUICK))


THREADS = """
import threading, time
threading.stack_size(1 << 20)
for number in range(3):
    threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
step()
"""


def test_threads_are_read_with_their_cpu_time_and_the_mappings_of_their_stacks(listening: Listening) -> None:
    with stepped_python(THREADS) as target:
        listening.ask(Attach(target.pid, QUICK))
        listening.target()
        listening.tick()

        def threads() -> ThreadsReply:
            listening.ask(ThreadsRequest())
            while True:
                news = listening.next()
                if isinstance(news, ThreadsReply):
                    return news

        replies: list[ThreadsReply] = []

        def are_known() -> bool:
            replies.append(threads())
            return len(replies[-1].tids) == 4 and min(replies[-1].stacks) >= 0

        wait_until(are_known)
        reply = replies[-1]
        assert reply.total == 4
        assert target.pid in reply.tids
        snapshot = listening.timeline.at(len(listening.timeline) - 1)
        rows = [snapshot.row_of(stack) for stack in reply.stacks]
        names = [snapshot.mappings.name_of(row) for row in rows if row is not None]
        assert sorted(names) == ["", "", "", "[stack]"]
        assert all(ticks >= 0 for ticks in reply.cpu_ticks)
        assert reply.monotonic_ns >= replies[0].monotonic_ns


def test_who_no_longer_waits_is_attached_to_nothing(listening: Listening, tmp_path: Path) -> None:
    sleep = shutil.which("sleep")
    assert sleep is not None
    program = shutil.copy(sleep, tmp_path / own_name("comes-again"))
    with subprocess.Popen([program, "1000"]) as first, subprocess.Popen([sleep, "1000"]) as other:
        listening.ask(Attach(first.pid, QUICK))
        listening.target()
        listening.tick()
        first.kill()
        listening.ending()
        listening.ask(AttachNext(QUICK))
        listening.ask(StopWaiting())
        with subprocess.Popen([program, "1000"]) as second:
            listening.timeline = Timeline()
            listening.ask(Attach(other.pid, QUICK))
            assert listening.target().pid == other.pid
            second.kill()
        other.kill()


def test_launched_program_ends_with_its_terminal_when_the_source_is_closed(program: Program) -> None:
    master, slave = os.openpty()
    with closing(Listening((master, slave))) as listening:
        listening.ask(Launch(("sleep", "1000"), dict(os.environ), QUICK))
        pid = listening.target().pid
        listening.tick()
    os.close(master)

    wait_until(lambda: has_ended(pid))


def test_launched_program_goes_on_when_it_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smapstop.source.live.GRACE_SECONDS", 0.0)  # a sampler that is slow to leave it is waited for
    master, slave = os.openpty()
    fifo, done = tmp_path / "fifo", tmp_path / "done"
    os.mkfifo(fifo)
    listening = Listening((master, slave))
    script = f"read line < {fifo}; seq 100000; echo $line > {done}"
    listening.ask(Launch(("sh", "-c", script), dict(os.environ), QUICK))
    pid = listening.target().pid
    listening.tick()
    listening.source.detach()
    os.close(master)

    fifo.write_text("still here\n")
    wait_until(lambda: done.exists() and done.read_text() == "still here\n")
    wait_until(lambda: has_ended(pid))


def test_a_family_that_is_followed_already_goes_on(listening: Listening, program: Program) -> None:
    with SteppedProgram(program("two_children")) as parent:
        parent.go()
        child = int(Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()[0])

        def tick_of_child() -> int:
            """Number of the next tick of the child; a target of it would begin another history."""
            while True:
                match listening.next():
                    case MemberMessage(pid, Tick() as tick) if pid == child:
                        return tick.number
                    case MemberMessage(pid, Target()) if pid == child:
                        numbers.append(-1)

        numbers: list[int] = []
        for request in (Attach(parent.pid, QUICK), FollowFamily(), SampleMembers((child,))):
            listening.ask(request)
        numbers += [tick_of_child(), tick_of_child()]
        listening.ask(FollowFamily())
        numbers += [tick_of_child(), tick_of_child()]
        assert numbers == [-1, 0, 1, 2, 3]
