"""A disk that is soon full."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from leftovers import undone_by


@contextmanager
def small_disk(directory: Path, size: str) -> Iterator[Path]:
    """A directory has a file system of its own, of a size as mount(8) takes it. Skips the test without root."""
    directory.mkdir(exist_ok=True)
    with undone_by('! mountpoint -q "$1" || umount -l "$1"', directory):
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(directory)]
        if subprocess.run(command, capture_output=True).returncode:
            pytest.skip("mounting a small file system needs root")
        yield directory
