"""What a run of the tests starts ends with it, and what it sets is set back, even when it is killed.

All processes of a run have its mark in their environment. When the run ends, a pipe closes; another process, which
runs this file, waits for that. It ends all processes that have the mark, and removes the temporary directories.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # who ends a run has no pytest
    import pytest

MARK = "SMAPSTOP_TESTS"
GRACE_SECONDS = 1.0
"""What has not ended until then is killed."""
DEADLINE_SECONDS = 60.0


def pytest_configure(config: "pytest.Config") -> None:
    """Begin a run, of which the workers of pytest-xdist are a part: the hook of pytest, for conftest.py."""
    if not hasattr(config, "workerinput"):
        stack = ExitStack()
        stack.enter_context(leaving_nothing())
        config.add_cleanup(stack.close)
    tempfile.template = f"{os.environ[MARK]}-"  # what the names of temporary directories begin with


@contextmanager
def leaving_nothing() -> Iterator[None]:
    """Processes that are started meanwhile end with the `with` statement, or with this process."""
    os.environ[MARK] = mark = f"tests-{os.urandom(4).hex()}"
    with _outliving(sys.executable, "-I", "-S", __file__, mark):
        yield


@contextmanager
def undone_by(script: str, *words: str | Path, fds: Sequence[int] = ()) -> Iterator[None]:
    """Have a shell undo something at the end of the `with` statement, or of this process.

    Args:
        script: What the shell does.
        words: $1, $2 …
        fds: File descriptors, such as of a lock, that stay open until it is done.
    """
    with _outliving("sh", "-c", f"trap '' HUP INT TERM; read end\n{script}", "sh", *words, fds=fds) as shell:
        yield
    assert shell.returncode == 0, script


@contextmanager
def _outliving(*command: str | Path, fds: Sequence[int] = ()) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a command whose standard input ends when this process ends or the `with` statement, which waits for it."""
    unmarked = {name: value for name, value in os.environ.items() if name != MARK}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, env=unmarked, pass_fds=fds, start_new_session=True
    ) as process:
        yield process


@contextmanager
def terminating(pid: int) -> Iterator[None]:
    """End a server with the `with` statement: one that writes its title over its environment has no mark there."""
    with undone_by('kill -TERM "$1"; kill -CONT "$1"; :', str(pid)):
        yield


def _find_processes(mark: str) -> Iterator[tuple[int, str]]:
    """All running processes with a mark, with their command lines; no zombies."""
    for name in filter(str.isdecimal, os.listdir("/proc")):
        with suppress(OSError):  # it has ended, or is somebody else's
            if f"{MARK}={mark}".encode() in Path(f"/proc/{name}/environ").read_bytes().split(b"\0"):
                words = Path(f"/proc/{name}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
                yield int(name), os.fsdecode(b" ".join(words))


def _end_run(mark: str) -> None:
    """Wait for the end of a run, and end what is left of it."""
    sys.stdin.buffer.read()
    began, known = time.monotonic(), set[int]()
    while (left := list(_find_processes(mark))) and (seconds := time.monotonic() - began) < DEADLINE_SECONDS:
        for pid, command_line in left:
            with suppress(OSError):  # it has ended meanwhile; or nobody reads our standard error any more
                if pid not in known:
                    known.add(pid)
                    os.kill(pid, signal.SIGTERM)
                    os.kill(pid, signal.SIGCONT)
                    print(f"ended what the tests had left: {pid} {command_line[:200]!r}", file=sys.stderr, flush=True)
                elif seconds > GRACE_SECONDS:
                    os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
    for parent in {tempfile.gettempdir(), "/var/tmp", "/dev/shm", "/usr/lib/debug"}:
        for directory in Path(parent).glob(f"{mark}-*"):
            shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    _end_run(sys.argv[1])
