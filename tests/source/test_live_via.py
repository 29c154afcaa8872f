"""The live source on a process that is read through a shell."""

import os
import queue
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import pytest
from stepped_program import DEADLINE_SECONDS, SteppedProgram, wait_until

from smapstop.model.family.reading import FamilyReading
from smapstop.model.protocol import (
    Attach,
    AttachNext,
    Failure,
    FollowFamily,
    LaunchFailed,
    MemberMessage,
    Notice,
    Pace,
    PagesReply,
    PagesRequest,
    SampleMembers,
    SharersReply,
    SharersRequest,
    Target,
    ThreadsReply,
    ThreadsRequest,
)
from smapstop.model.remote_host import RemoteHost
from smapstop.model.tick import Tick
from smapstop.proc.smaps.parser import parse_rollup
from smapstop.source.base import SourceMessage
from smapstop.source.live import LiveSource

T = TypeVar("T")
QUICK = Pace(20_000_000, 1.0)


class Watching:
    """A live source that watches a process through a shell, whose pid is known."""

    def __init__(self, source: LiveSource, directory: Path) -> None:
        self.source, self._pid_file, self.gate = source, directory / "pid", directory / "closed"
        script = directory / "gate.sh"
        script.write_text(f"test -e {self.gate} && exit 1\necho $$ >{self._pid_file}\nexec sh\n")
        self.via = f"sh {script}"
        self._messages: queue.SimpleQueue[SourceMessage] = queue.SimpleQueue()
        source.start(self._messages.put)

    def next(self, kind: type[T]) -> T:
        """The next message of a kind."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            message = self._messages.get(timeout=DEADLINE_SECONDS)
            if isinstance(message, kind):
                return message
            if isinstance(message, Failure):
                raise AssertionError(message.what)
        raise AssertionError(f"no {kind.__name__}")

    def break_off(self) -> None:
        os.kill(int(self._pid_file.read_text()), 9)


@pytest.fixture
def target() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        yield process


@pytest.fixture
def watching(tmp_path: Path) -> Iterator[Watching]:
    with closing(LiveSource()) as source:
        yield Watching(source, tmp_path)


def test_a_process_elsewhere_is_sampled_to_its_end(watching: Watching, target: subprocess.Popen[bytes]) -> None:
    watching.source.request(Attach(target.pid, QUICK, callers=True, via=watching.via))
    told, first = watching.next(Target), watching.next(Tick)
    page_kb = os.sysconf("SC_PAGE_SIZE") // 1024

    assert told.remote_host == RemoteHost(watching.via, os.uname().release, page_kb)
    assert (told.pid, told.command_line, told.executable) == (target.pid, ("cat",), None)
    assert told.missing_callers == "the callers of page faults are seen only where smapstop runs"
    assert first.totals["rss"] > 0
    watching.source.request(ThreadsRequest())
    assert watching.next(ThreadsReply).tids == (target.pid,)
    watching.source.request(PagesRequest(int(first.ids[0])))
    assert watching.next(PagesReply).missing_reason == "pages are seen only where smapstop runs"
    watching.source.request(SharersRequest(int(first.ids[0])))
    assert "only where smapstop runs" in watching.next(SharersReply).missing_reason
    target.communicate()
    while (tick := watching.next(Tick)).ending is None:
        pass
    assert tick.ending is not None
    assert (tick.ending.status, tick.ending.signal, tick.ending.oom) == (None, None, None)
    watching.source.request(AttachNext())
    assert "not waited for" in watching.next(LaunchFailed).what


def test_the_family_elsewhere_is_read_and_its_members_are_sampled(
    watching: Watching, program: Callable[[str], Path]
) -> None:
    with SteppedProgram(program("two_children")) as parent:
        parent.go()
        watching.source.request(Attach(parent.pid, QUICK, via=watching.via))
        watching.source.request(FollowFamily())
        reading = watching.next(FamilyReading)
        while not (reading.read_ns > 0).all():
            reading = watching.next(FamilyReading)
        children = reading.pids.tolist()[1:]
        assert reading.pids[0] == parent.pid
        assert len(children) == 2
        here = parse_rollup(Path(f"/proc/{children[0]}/smaps_rollup").read_bytes())
        assert reading.get("anonymous")[1] == here["anonymous"]
        watching.source.request(SampleMembers(tuple(children)))
        sampled: set[int] = set()
        while sampled != set(children):
            message = watching.next(MemberMessage)
            if isinstance(message.content, Target):
                assert message.content.remote_host is not None
            elif isinstance(message.content, Tick) and message.content.has_mappings:
                assert message.content.totals["anonymous"] > 0
                sampled.add(message.pid)

        watching.gate.touch()
        watching.break_off()
        assert "the connection is lost" in watching.next(Notice).what
        watching.gate.unlink()
        assert watching.next(Notice).what == "connected again"
        parent.go()  # a child has ended
        while len(watching.next(FamilyReading).pids) > 2:
            pass


def test_a_lost_connection_is_said_and_made_again(watching: Watching, target: subprocess.Popen[bytes]) -> None:
    watching.source.request(Attach(target.pid, QUICK, via=watching.via))
    last = watching.next(Tick)
    watching.gate.touch()
    watching.break_off()
    lost = watching.next(Notice)
    watching.gate.unlink()
    back, tick = watching.next(Notice), watching.next(Tick)

    assert lost.what == "the connection is lost: it has ended (signal 9)"
    assert back.what == "connected again"
    assert tick.number > last.number
    assert tick.monotonic_ns - last.monotonic_ns >= 1_000_000_000  # the first try


def test_what_is_asked_while_the_connection_is_lost_ends_nothing(
    watching: Watching, target: subprocess.Popen[bytes]
) -> None:
    watching.source.request(Attach(target.pid, QUICK, via=watching.via))
    watching.next(Tick)
    watching.gate.touch()
    watching.break_off()
    watching.next(Notice)
    watching.source.request(ThreadsRequest())
    assert watching.next(ThreadsReply).missing_reason == "the threads cannot be read: the connection is lost"
    watching.gate.unlink()
    assert watching.next(Notice).what == "connected again"


def test_a_command_that_gives_no_shell_is_a_failure(watching: Watching) -> None:
    watching.gate.touch()
    watching.source.request(Attach(1, QUICK, via=watching.via))
    with pytest.raises(AssertionError, match="it has ended \\(status 1\\)"):
        watching.next(Tick)


def test_nothing_stays_when_the_source_is_closed(tmp_path: Path, target: subprocess.Popen[bytes]) -> None:
    with closing(LiveSource()) as source:
        watching = Watching(source, tmp_path)
        source.request(Attach(target.pid, QUICK, via=watching.via))
        watching.next(Tick)
    shell = int((tmp_path / "pid").read_text())
    wait_until(lambda: not Path(f"/proc/{shell}").exists())
