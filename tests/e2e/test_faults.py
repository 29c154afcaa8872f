"""What breaks while it is recorded: the disk, the terminal, smapstop. What was recorded until then is whole."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from e2e.raw_terminal import SMAPSTOP, RawTerminal
from small_disk import small_disk
from stepped_program import DEADLINE_SECONDS, wait_until

from smapstop.errors import SmapstopError
from smapstop.recording.reader import Recording


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 300 kB."""
    with small_disk(tmp_path / "small", "300k") as disk:
        yield disk


def ticks(path: Path) -> int:
    """How many ticks are in a recording, all of them whole; none while it is being created."""
    try:
        with closing(Recording(path)) as recording:
            return len(list(recording.ticks()))
    except SmapstopError:
        return 0


def child(pid: int) -> int:
    """The pid of the one child of a process, once it is there."""
    children: list[int] = []

    def look() -> bool:
        children[:] = map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        return len(children) == 1

    wait_until(look)
    return children[0]


def test_a_full_disk_ends_the_recording_alone_and_is_said_again_at_the_end(disk: Path) -> None:
    path = disk / "run.smaps"
    with RawTerminal([*SMAPSTOP, "-i", "0.05", "--budget", "100", "-o", str(path), "-p", str(os.getpid())]) as window:
        window.wait_for("the recording ended")
        window.wait_for("● live")
        window.type("q")
        assert window.status() == 0
        assert b"smapstop: the recording ended: cannot write" in window.output
    assert ticks(path) > 0


def test_a_terminal_that_is_unplugged_leaves_a_whole_recording_and_nothing_that_runs(tmp_path: Path) -> None:
    path = tmp_path / "run.smaps"
    with RawTerminal([*SMAPSTOP, "-i", "0.1", "-o", str(path), "--", "sleep", "1000"]) as window:
        window.wait_for("● live")
        sampler = child(window.process.pid)
        program = child(sampler)
        wait_until(lambda: ticks(path) > 3)
        window.unplug()
        wait_until(lambda: not Path(f"/proc/{program}").exists())
        wait_until(lambda: not Path(f"/proc/{sampler}").exists())
        assert window.process.wait(DEADLINE_SECONDS) == 129
    assert ticks(path) > 3
    assert {file.name for file in tmp_path.iterdir()} == {"run.smaps"}
