"""Build the copy-on-write experiment, ready to launch."""

import mmap
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from smapstop.lazy_dataclass import dataclass

_HERE = Path(__file__).parent
_NAME, _SYMBOL = "experiment", "page1"
_PAGES = 4
"""Length of the Python experiment's file, pages."""
COLUMNS = ("name", "perms", "rss", "delta", "private_clean", "private_dirty", "anonymous", "history", "happened")
"""Dashboard columns relevant to the experiment."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """A program that shows copy-on-write in the mapping of a file named `experiment`."""

    command: tuple[str, ...]
    file: str
    """Name of the file whose page is copied, without directories."""
    symbol: str = ""
    """Symbol on the page; empty for none."""
    note: str = ""
    """What else the user should know."""


@contextmanager
def prepare_experiment() -> Iterator[Experiment]:
    """Build the experiment in a temporary directory, removed on exit: in C, or in Python if there is no compiler."""
    with tempfile.TemporaryDirectory(
        prefix="smapstop-demo-", dir=_disk_directory(), ignore_cleanup_errors=True
    ) as directory:
        yield compile_experiment(Path(directory)) or build_python_experiment(Path(directory))


def _disk_directory() -> str | None:
    """Return the directory to build in: /tmp is often a tmpfs, whose pages are always dirty; /var/tmp is on disk."""
    return None if "TMPDIR" in os.environ or not os.access("/var/tmp", os.W_OK) else "/var/tmp"


def compile_experiment(directory: Path) -> Experiment | None:
    """Compile the experiment with `$CC`, cc, gcc or clang; `None` if there is no compiler or all of them fail."""
    executable = directory / _NAME
    cc_command = shlex.split(os.environ.get("CC", ""))
    for compiler in filter(None, (cc_command, ["cc"], ["gcc"], ["clang"])):
        if shutil.which(compiler[0]) is None:
            continue
        page = f"-DPAGE={mmap.PAGESIZE}"
        arguments = [*compiler, "-O0", "-g", page, "-o", str(executable), str(_HERE / "experiment.c")]
        compiled = subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if compiled.returncode == 0 and os.access(executable, os.X_OK):
            _flush_to_disk(executable)
            return Experiment((str(executable),), _NAME, _SYMBOL)
    return None


def build_python_experiment(directory: Path) -> Experiment:
    """Build the experiment in Python: it maps a file of a few pages, instead of having page1 in its executable."""
    file = directory / _NAME
    file.write_bytes(b"c" * mmap.PAGESIZE * _PAGES)
    _flush_to_disk(file)
    command = (sys.executable, str(_HERE / "experiment.py"), str(file))
    return Experiment(command, _NAME, note=" (a Python program: no C compiler)")


def _flush_to_disk(path: Path) -> None:
    """Flush a new file to disk: until then its pages are dirty, and Private_Clean could not drop."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
