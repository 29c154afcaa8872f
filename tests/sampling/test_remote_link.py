"""The connection to where a process is: made again when it breaks."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from stepped_program import SteppedProgram, wait_until

from smapstop.errors import SmapstopError
from smapstop.model.protocol import Pace
from smapstop.proc.remote.shell import ConnectionLostError
from smapstop.sampling.remote_link import RemoteLink
from smapstop.sampling.sampler import Sampler


@pytest.fixture
def target() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        yield process


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """A file; while it is there, the command of `via` gives no shell."""
    return tmp_path / "closed"


@pytest.fixture
def via(tmp_path: Path, gate: Path) -> str:
    script = tmp_path / "gate.sh"
    script.write_text(f"test -e {gate} && exit 1\necho $$ >{tmp_path}/pid\nexec sh\n")
    return f"sh {script}"


def break_off(tmp_path: Path) -> None:
    os.kill(int((tmp_path / "pid").read_text()), 9)


def test_a_connection_is_made_again_and_waits_longer_each_time(
    via: str, gate: Path, tmp_path: Path, target: subprocess.Popen[bytes]
) -> None:
    with closing(RemoteLink(via, target.pid)) as link:
        before = link.process.counters().start_time
        break_off(tmp_path)
        with pytest.raises(ConnectionLostError, match="signal 9"):
            link.process.read("stat")
        gate.touch()
        steps: list[Callable[[], bool | None]] = [link.lose, *[link.reconnect] * 6]
        for step, seconds in zip(steps, [1, 2, 4, 8, 16, 30, 30], strict=True):
            began_ns = time.monotonic_ns()
            assert step() is None
            assert began_ns <= (link.due_ns or 0) - seconds * 1_000_000_000 <= time.monotonic_ns()
            with pytest.raises(ConnectionLostError, match="the connection is lost"):
                link.process.read("stat")
        gate.unlink()
        assert link.reconnect() is True
        assert link.due_ns is None
        assert link.process.counters().start_time == before


def test_a_process_that_ended_meanwhile_is_not_there(
    via: str, tmp_path: Path, target: subprocess.Popen[bytes]
) -> None:
    with closing(RemoteLink(via, target.pid)) as link:
        link.lose()
        target.communicate()
        assert link.reconnect() is False


def test_another_process_of_that_pid_is_not_it(via: str, target: subprocess.Popen[bytes]) -> None:
    with closing(RemoteLink(via, target.pid)) as link:
        link.process._start_time -= 1
        link.lose()
        assert link.reconnect() is False


def test_without_the_process_nothing_stays_open(via: str, tmp_path: Path) -> None:
    with pytest.raises(SmapstopError, match="no process 999999999"):
        RemoteLink(via, 999_999_999)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_process_with_threads_is_read_in_two_round_trips(
    program: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with SteppedProgram(program("threads")) as running, closing(RemoteLink("sh", running.pid)) as link:
        sampler = Sampler(link.process, Pace())
        first = sampler.sample()
        calls: list[tuple[str, ...]] = []
        shell = link.process.machine.shell
        request = shell.request

        def counted(*words: str) -> object:
            calls.append(words)
            return request(*words)

        def is_read() -> bool:
            """Whether the mappings were read: after one that took long, the budget has some ticks without."""
            calls.clear()
            return sampler.sample().has_mappings

        monkeypatch.setattr(shell, "request", counted)
        wait_until(is_read)
        sampler.close()

    assert any("worker one" in stack.name for stack in first.stacks)
    assert len(calls) == 2
