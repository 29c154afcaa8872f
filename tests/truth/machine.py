"""Settings of the machine that some mechanisms need: swap, huge pages of hugetlb, KSM.

They are put back at the end, also when the tests are killed: until then nobody else has the lock.
"""

import fcntl
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from leftovers import undone_by

SWAPS = Path("/proc/swaps")
HUGE_PAGES = Path("/proc/sys/vm/nr_hugepages")
KSM = Path("/sys/kernel/mm/ksm")
LARGE_PAGES = Path("/sys/kernel/mm/transparent_hugepage/hugepages-64kB/enabled")
PATIENCE_SECONDS = 40


@contextmanager
def locked(path: Path) -> Iterator[int]:
    """Alone among all tests of this machine with what has one value for all of it; the fd of the lock.

    Args:
        path: A file of the kernel that shows the value: it is the same for all users, and none is left behind.

    Raises:
        BlockingIOError: Another run has it, for longer than a test may wait: `make truth` keeps it for minutes.
    """
    with path.open("rb") as file:
        end = time.monotonic() + PATIENCE_SECONDS
        while not _lock(file.fileno()):
            if time.monotonic() > end:
                raise BlockingIOError(f"another run keeps {path}")
            time.sleep(0.05)
        yield file.fileno()


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
    with _settings({HUGE_PAGES: str(count)}) as made:
        yield made and int(HUGE_PAGES.read_text()) >= count


@contextmanager
def swap_space(mib: int = 64) -> Iterator[bool]:
    """A swap file on a disk: /tmp may be memory. Whether it could be made.

    Pages that are in one file when it is taken away come back, or go to another: only one test has any at a time.
    """
    with ExitStack() as stack:
        try:
            lock = stack.enter_context(locked(SWAPS))
        except OSError:
            yield False
            return
        file = Path(tempfile.mkdtemp(dir="/var/tmp")) / "swap"
        undo = f'if grep -q "^$1 " {SWAPS}; then swapoff "$1"; fi && rm -r "$2"'
        stack.enter_context(undone_by(undo, file, file.parent, fds=(lock,)))
        file.touch(mode=0o600)
        file.write_bytes(bytes(mib << 20))
        commands = (("mkswap", file), ("swapon", file))
        yield not any(subprocess.run(command, capture_output=True).returncode for command in commands)


def ksm_running() -> AbstractContextManager[bool]:
    """KSM merges pages; whether it could be switched on."""
    return _settings({KSM / "run": "1", KSM / "sleep_millisecs": "1"})


def ksm_dropping_zeros() -> AbstractContextManager[bool]:
    """KSM merges pages, and those of zeros with the zero page; whether it could be switched on."""
    return _settings({KSM / "run": "1", KSM / "sleep_millisecs": "1", KSM / "use_zero_pages": "1"})


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
    """Settings of the kernel, which only one test has at a time; whether they could be made."""
    if not all(os.access(path, os.W_OK) for path in values):
        yield False
        return
    with ExitStack() as stack:
        try:
            for path, value in values.items():
                lock = stack.enter_context(locked(path))
                before = re.sub(r".*\[(.*)\].*", r"\1", path.read_text().strip())
                stack.enter_context(undone_by('echo "$1" >"$2"', before, path, fds=(lock,)))
                path.write_text(value)
        except OSError:
            yield False
        else:
            yield True
