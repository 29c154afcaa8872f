"""Who copies while a family is watched, and by which functions."""

import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from stepped_program import DEADLINE_SECONDS

from smapstop.proc.process_tree import descendants_of, read_processes
from smapstop.report.pages.copy_watch import watch_copies

WRITER = """
import os, time
memory = bytearray(64 << 20)
memory[:] = bytes(64 << 20)
if os.fork():
    print("forked", flush=True)
    time.sleep(1000)
for at in range(0, len(memory), 4096):
    memory[at] = 1
    time.sleep(0.002)
time.sleep(1000)
"""


@pytest.fixture
def writer() -> Iterator[int]:
    """A parent whose child writes to what they share, page after page, for half a minute."""
    with subprocess.Popen([sys.executable, "-c", WRITER], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"forked\n"
        pids = descendants_of(parent.pid, read_processes())
        yield parent.pid
        for pid in reversed(pids):
            subprocess.run(["kill", "-9", str(pid)], check=True)


def test_the_child_that_writes_is_named_with_its_functions(writer: int) -> None:
    parent, child = descendants_of(writer, read_processes())
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not (report := watch_copies([parent, child], 0.3)).mappings:  # on a busy machine it rests as long
        assert time.monotonic() < deadline, "the child never wrote"
    assert report.pids == (parent, child)
    assert report.seconds >= 0.3
    memory = max(report.mappings, key=lambda each: each.size)
    assert memory.first_copy is not None
    assert memory.first_copy.pid == child
    assert memory.parts[child].own > 0
    if not report.missing_callers:
        assert sum(count for _, count in memory.copiers) > 0
