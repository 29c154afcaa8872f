"""Readable fds, however large their numbers."""

import fcntl
import os
import resource
from collections.abc import Iterator

import pytest

from smapstop.sampling.ready_fds import ready_fds


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """A pipe whose end to read from is one that select refuses."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(limits[0], min(4096, limits[1])), limits[1]))
    small, written = os.pipe()
    try:
        read = fcntl.fcntl(small, fcntl.F_DUPFD_CLOEXEC, 1500)
    except OSError as error:
        pytest.skip(f"few fds: {error}")
    finally:
        os.close(small)
    yield read, written
    os.close(read)
    os.close(written)
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_readable_are_those_with_something_to_read(pipe: tuple[int, int]) -> None:
    read, written = pipe
    assert read >= 1500
    assert ready_fds([read]) == ready_fds([]) == ready_fds([read], 0.001) == set()
    os.write(written, b"x")
    assert ready_fds([read], 60) == {read}
