"""Processes that map the same object, in a /proc made for the test."""

import os
from pathlib import Path

import pytest

from smapstop.proc.shared_memory import sharers
from smapstop.proc.shared_memory.sharers import Sharers, find_sharers

MAPS = "7f0000000000-7f0000001000 rw-s 00000000 {} {}                       {}\n"
MEMFD, SEGMENT = "/memfd:x (deleted)", "/SYSV00000000 (deleted)"


def process(root: Path, pid: int, device: str, inode: int, name: str) -> None:
    """A process with one mapping."""
    (root / str(pid)).mkdir()
    (root / str(pid) / "maps").write_text(MAPS.format(device, inode, name))
    (root / str(pid) / "comm").write_text(f"program {pid}\n")


def test_the_same_device_and_inode_is_the_same_object(tmp_path: Path) -> None:
    process(tmp_path, 7, "00:01", 15, MEMFD)
    process(tmp_path, 12, "00:01", 15, MEMFD)
    process(tmp_path, 13, "00:02", 15, MEMFD)
    process(tmp_path, 14, "00:01", 150, MEMFD)
    process(tmp_path, 15, "00:01", 15, SEGMENT)
    (tmp_path / "16").mkdir()  # it ended
    (tmp_path / "sys").mkdir()

    assert find_sharers("00:01", 15, MEMFD, 7, str(tmp_path)) == Sharers(((12, "program 12"),), 0)
    assert find_sharers("00:01", 15, SEGMENT, 7, str(tmp_path)) == Sharers(((15, "program 15"),), 0)


def test_without_time_processes_are_left_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for pid in (7, 8, 9):
        process(tmp_path, pid, "00:01", 15, MEMFD)
    monkeypatch.setattr(sharers, "MAX_SECONDS", -1.0)

    assert find_sharers("00:01", 15, MEMFD, 7, str(tmp_path)) == Sharers((), 2)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_processes_of_others_are_counted() -> None:
    os.seteuid(65534)
    try:
        found = find_sharers("00:01", 2**40, MEMFD, without=1)
    finally:
        os.seteuid(0)
    assert found.processes == ()
    assert found.unread > 0, "we are one of them"
