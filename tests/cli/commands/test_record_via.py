"""`smapstop record --via`: a process elsewhere, recorded."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from smapstop.recording.reader import Recording

PAGE_KB = os.sysconf("SC_PAGE_SIZE") // 1024


@pytest.fixture
def target() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        yield process


def record(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "smapstop", "record", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(("redact", "via"), [((), "sh"), (("--redact",), "a command")])
def test_where_it_was_is_in_the_recording(
    tmp_path: Path, target: subprocess.Popen[bytes], redact: tuple[str, ...], via: str
) -> None:
    path = tmp_path / "run.smaps"
    run = record("-o", path, "-i", "0.05", "--budget", "100", "--count", 3, "--via", "sh", "-p", target.pid, *redact)

    assert (run.returncode, run.stdout) == (0, ""), run.stderr
    with closing(Recording(path)) as opened:
        assert opened.target is not None
        assert opened.target.remote_host is not None
        assert (opened.target.remote_host.via, opened.target.remote_host.page_kb) == (via, PAGE_KB)
        assert [tick.number for tick in opened.ticks()] == [0, 1, 2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--via", "false", "-p", "1"), "it has ended (status 1)"),
        (("--via", "sh", "-p", "999999999"), "no process 999999999"),
        (("--via", "sh", "--", "true"), "--via starts no program there"),
    ],
)
def test_what_cannot_be_recorded_there_is_one_line(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    run = record("-o", tmp_path / "run.smaps", *arguments)

    assert run.returncode == 2
    assert message in run.stderr
    assert len(run.stderr.splitlines()) == 1
    assert not (tmp_path / "run.smaps").exists()
