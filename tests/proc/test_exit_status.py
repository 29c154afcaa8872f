"""Exit status of processes that are not our children."""

import os
import platform
import signal

import pytest

from smapstop.proc.exit_status import read_wait_status, split_wait_status

KERNEL = tuple(int(part) for part in platform.release().split("-")[0].split(".")[:2])


def test_status_and_signal() -> None:
    assert split_wait_status(0) == (0, None)
    assert split_wait_status(3 << 8) == (3, None)
    assert split_wait_status(signal.SIGKILL) == (None, signal.SIGKILL)
    core_dumped = 0x80
    assert split_wait_status(signal.SIGSEGV | core_dumped) == (None, signal.SIGSEGV)


def ended(status: int) -> tuple[int, int | None]:
    """Wait status of a child from waitpid, and from its pidfd afterwards."""
    pid = os.fork()
    if not pid:
        if status < 0:
            os.kill(os.getpid(), -status)
        os._exit(status)
    pidfd = os.pidfd_open(pid)
    try:
        _, known = os.waitpid(pid, 0)
        return known, read_wait_status(pidfd)
    finally:
        os.close(pidfd)


@pytest.mark.skipif(KERNEL < (6, 15), reason="the kernel keeps the exit status in a pidfd since 6.15")
@pytest.mark.parametrize("status", [0, 3, 255, -signal.SIGKILL, -signal.SIGTERM])
def test_pidfd_reports_the_status_of_a_reaped_process(status: int) -> None:
    known, told = ended(status)

    assert os.waitstatus_to_exitcode(known) == status
    assert known == told


def test_pidfd_of_a_running_process_reports_nothing() -> None:
    pidfd = os.pidfd_open(os.getpid())
    try:
        assert read_wait_status(pidfd) is None
    finally:
        os.close(pidfd)


def test_kernel_that_does_not_know_the_question_reports_nothing() -> None:
    not_a_pidfd = os.open("/dev/null", os.O_RDONLY)
    try:
        assert read_wait_status(not_a_pidfd) is None
    finally:
        os.close(not_a_pidfd)
