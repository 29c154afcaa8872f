"""What the kernel tells of processes, and how to be somebody who may not look at those of root."""

import os
import shutil
from pathlib import Path

import pytest

NOBODY = 65534


def state_of(pid: int) -> str:
    """The state of a process, as ps(1) has it: `S`, `T`, `Z` …"""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def name_of(pid: int) -> str:
    """The name of the program that a process runs."""
    return Path(f"/proc/{pid}/comm").read_text().rstrip("\n")


def user_of(pid: int) -> int:
    """Whose rights a process has: its effective user."""
    return int(Path(f"/proc/{pid}/status").read_text().partition("\nUid:")[2].split()[1])


def write_back(path: Path) -> None:
    """Have a file's pages written to the disk: then they are clean."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def unprivileged_prefix() -> str:
    """What to put before a command so that it may not look at the processes of root.

    For root that is to be another user, who may still read all files: the interpreter is perhaps in /root.
    """
    if os.geteuid() != 0:
        return ""
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv is not installed")
    keep = "--inh-caps=-all,+dac_read_search --ambient-caps=+dac_read_search --bounding-set=-all,+dac_read_search"
    return f"setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups {keep}"
