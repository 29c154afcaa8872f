"""What a recorder does to the file system, and what a recording survives."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from factories import mappings_of, tick_of
from list_source import target
from places import TESTS
from small_disk import small_disk

from smapstop.errors import SmapstopError
from smapstop.model.tick import Tick
from smapstop.recording.reader import Recording
from smapstop.recording.writer import Recorder


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.smaps"


def numbers(path: Path) -> list[int]:
    with closing(Recording(path)) as recording:
        return [tick.number for tick in recording.ticks()]


def wide_tick(number: int, mappings: int = 500) -> Tick:
    rows = ((10 * at, 10 * at + 4, "rw-p", f"/file{at}", 4 * number + at) for at in range(mappings))
    return tick_of(number, mappings_of(*rows), list(range(mappings)))


def test_only_the_owner_may_read_a_recording(path: Path) -> None:
    umask = os.umask(0)
    try:
        recorder = Recorder(path)
        recorder.write_target(target())
    finally:
        os.umask(umask)

    assert {stat.S_IMODE(entry.stat().st_mode) for entry in path.parent.iterdir()} == {0o600}
    recorder.close("stopped")


def test_a_file_that_is_there_is_not_overwritten(path: Path) -> None:
    path.write_text("precious")

    with pytest.raises(SmapstopError, match="already exists"):
        Recorder(path)
    assert path.read_text() == "precious"

    recorder = Recorder(path, overwrite=True)
    recorder.write_ticks(wide_tick(0))
    recorder.close("stopped")
    assert numbers(path) == [0]


def test_a_recording_that_somebody_writes_is_not_overwritten(path: Path) -> None:
    recorder = Recorder(path)

    with pytest.raises(SmapstopError, match="being written"):
        Recorder(path, overwrite=True)

    recorder.close("stopped")
    Recorder(path, overwrite=True).close("stopped")


@pytest.mark.parametrize("name", ["missing/run", "."])
def test_a_file_that_cannot_be_created_is_said(tmp_path: Path, name: str) -> None:
    with pytest.raises(SmapstopError, match=r"cannot create|already exists"):
        Recorder(tmp_path / name)


def test_a_recording_without_a_tick_leaves_no_file(path: Path) -> None:
    recorder = Recorder(path)
    recorder.write_target(target())
    recorder.close("no such process")

    assert not list(path.parent.iterdir())


_RECORD_FOREVER = """
import sys
from itertools import count
from pathlib import Path
sys.path[:0] = {paths!r}
from list_source import target
from test_writer import wide_tick
from smapstop.recording.writer import Recorder
recorder = Recorder(Path(sys.argv[1]))
recorder.write_target(target())
for number in count():
    recorder.write_ticks(wide_tick(number))
    print(number, flush=True)
"""


@pytest.mark.parametrize("ticks", [1, 7, 23])
def test_after_kill_9_at_most_the_last_tick_is_lost(path: Path, ticks: int) -> None:
    paths = [str(Path(__file__).parent), str(TESTS)]
    writer = [sys.executable, "-c", _RECORD_FOREVER.format(paths=paths), str(path)]
    with subprocess.Popen(writer, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = [int(process.stdout.readline()) for _ in range(ticks)]
        process.send_signal(signal.SIGKILL)
        said += map(int, process.stdout.read().split())

    with closing(Recording(path)) as recording:
        found = [tick.number for tick in recording.ticks()]
        assert found[: len(said)] == said
        assert len(found) <= len(said) + 1
        assert recording.stop_reason == ""
        assert not recording.is_being_written


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 600 kB."""
    with small_disk(tmp_path / "small", "600k") as disk:
        yield disk


def test_a_full_disk_keeps_what_was_written(disk: Path) -> None:
    path = disk / "run"
    recorder = Recorder(path)
    recorder.write_target(target())
    with pytest.raises(SmapstopError, match=r"full.*ticks before that are saved"):  # noqa: PT012
        for number in range(1000):
            recorder.write_ticks(wide_tick(number))
    written = recorder.tick_count
    recorder.close("the disk is full")

    assert written > 1
    assert numbers(path) == list(range(written))
