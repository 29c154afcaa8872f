"""Settings of the machine that some mechanisms need: swap, huge pages of hugetlb, KSM; put back afterwards."""

import fcntl
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

HUGE_PAGES = Path("/proc/sys/vm/nr_hugepages")
KSM = Path("/sys/kernel/mm/ksm")
LARGE_PAGES = Path("/sys/kernel/mm/transparent_hugepage/hugepages-64kB/enabled")


PATIENCE_SECONDS = 40


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Alone among the tests with what has one value for the whole machine.

    Raises:
        BlockingIOError: Another run has it, for longer than a test may wait: `make truth` keeps it for minutes.
    """
    with (Path(tempfile.gettempdir()) / f"smapstop-tests-{name}.lock").open("w") as file:
        end = time.monotonic() + PATIENCE_SECONDS
        while not _lock(file.fileno()):
            if time.monotonic() > end:
                raise BlockingIOError(f"another run keeps {name}")
            time.sleep(0.05)
        yield


def _lock(fd: int) -> bool:
    """Lock a file unless another process has it locked."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def huge_pages(count: int = 16) -> Iterator[bool]:
    """Pages of 2 MiB for hugetlb; whether all of them could be made."""
    with ExitStack() as stack:
        try:
            stack.enter_context(locked("hugetlb"))
            before = HUGE_PAGES.read_text()
            HUGE_PAGES.write_text(str(count))
            stack.callback(HUGE_PAGES.write_text, before)
        except OSError:
            yield False
        else:
            yield int(HUGE_PAGES.read_text()) >= count


@contextmanager
def swap_space(mib: int = 64) -> Iterator[bool]:
    """A swap file on a disk: /tmp may be memory. Whether it could be made.

    Pages that are in one file when it is taken away come back, or go to another: only one test has any at a time.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(locked("swap"))
        except OSError:
            yield False
            return
        file = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/var/tmp"))) / "swap"
        file.touch(mode=0o600)
        file.write_bytes(bytes(mib << 20))
        commands = (("mkswap", file), ("swapon", file))
        made = not any(subprocess.run(command, capture_output=True).returncode for command in commands)
        if made:
            stack.callback(subprocess.run, ("swapoff", file), check=True)
        yield made


def ksm_running() -> AbstractContextManager[bool]:
    """KSM merges pages; whether it could be switched on."""
    return _settings({KSM / "run": "1", KSM / "sleep_millisecs": "1"})


@contextmanager
def ksm_paused() -> Iterator[None]:
    """KSM does nothing meanwhile; what it has merged stays merged."""
    run = (KSM / "run").read_text()
    (KSM / "run").write_text("0")
    try:
        yield
    finally:
        (KSM / "run").write_text(run)


def large_pages() -> AbstractContextManager[bool]:
    """Anonymous memory may have pages of 64 kB; whether this kernel has them."""
    return _settings({LARGE_PAGES: "madvise"})


@contextmanager
def _settings(values: dict[Path, str]) -> Iterator[bool]:
    """Settings of the kernel; whether they could be made."""
    with ExitStack() as stack:
        try:
            for path, value in values.items():
                before = re.sub(r".*\[(.*)\].*", r"\1", path.read_text())
                path.write_text(value)
                stack.callback(path.write_text, before)
        except OSError:
            yield False
        else:
            yield True
