"""The copy-on-write experiment: a program made for it, ready to be launched."""

import mmap
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_HERE = Path(__file__).parent
_NAME = "experiment"
_PAGES = 4
"""How long the file of the experiment in Python is."""
_INTRO = f"Type {{program}}, a letter, Enter: a page of {_NAME} .data turns Anonymous; Rss stays"
COLUMNS = ("name", "perms", "rss", "delta", "private_clean", "private_dirty", "anonymous", "history", "happened")
"""The columns of the dashboard that the experiment is about."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """A program that shows copy-on-write in the mapping of a file called `experiment`."""

    command: tuple[str, ...]
    intro: str
    """What to do and to watch, in a line; {NAME} is a key of the dashboard."""


@contextmanager
def prepare_experiment() -> Iterator[Experiment]:
    """The experiment in a directory of its own, removed at the end: in C, or without a compiler in Python."""
    with tempfile.TemporaryDirectory(
        prefix="smapstop-demo-", dir=_disk_directory(), ignore_cleanup_errors=True
    ) as directory:
        yield compile_experiment(Path(directory)) or build_python_experiment(Path(directory))


def _disk_directory() -> str | None:
    """Where to put it: /tmp is often memory, whose pages are dirty from the start; /var/tmp is on a disk."""
    return None if "TMPDIR" in os.environ or not os.access("/var/tmp", os.W_OK) else "/var/tmp"


def compile_experiment(directory: Path) -> Experiment | None:
    """Compile the experiment with `$CC`, cc, gcc or clang; None when there is none of them, or it fails."""
    executable = directory / _NAME
    wanted = shlex.split(os.environ.get("CC", ""))
    for compiler in filter(None, (wanted, ["cc"], ["gcc"], ["clang"])):
        if shutil.which(compiler[0]) is None:
            continue
        page = f"-DPAGE={mmap.PAGESIZE}"
        arguments = [*compiler, "-O0", page, "-o", str(executable), str(_HERE / "experiment.c")]
        compiled = subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if compiled.returncode == 0 and os.access(executable, os.X_OK):
            _flush_to_disk(executable)
            return Experiment((str(executable),), _INTRO)
    return None


def build_python_experiment(directory: Path) -> Experiment:
    """The experiment in Python: it maps a file of some pages, instead of having page1 in its own executable."""
    file = directory / _NAME
    file.write_bytes(b"c" * mmap.PAGESIZE * _PAGES)
    _flush_to_disk(file)
    command = (sys.executable, str(_HERE / "experiment.py"), str(file))
    return Experiment(command, f"{_INTRO} (a Python program: no C compiler)")


def _flush_to_disk(path: Path) -> None:
    """Write a new file to the disk: until then its pages count as dirty, and Private_Clean has nothing to lose."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
