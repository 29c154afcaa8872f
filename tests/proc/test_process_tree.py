"""Processes of the machine, and families among them."""

import os
import subprocess
import sys

import pytest

from smapstop.proc.process_tree import ProcessStat, family_of, parse_stat, read_processes

PARENTS = {1: 0, 10: 1, 20: 10, 21: 10, 30: 20, 31: 20, 40: 1, 50: 40}
PROGRAMS = {1: "init", 10: "nginx", 20: "nginx", 21: "nginx", 30: "nginx", 31: "sh", 40: "bash", 50: "nginx"}


def process(pid: int, ppid: int) -> ProcessStat:
    return ProcessStat(pid, ppid, PROGRAMS[pid], "S", pid, 1, 0, 0, 0, 0)


PROCESSES = {pid: process(pid, ppid) for pid, ppid in PARENTS.items()}


def same(one: int, other: int) -> bool:
    return PROGRAMS[one] == PROGRAMS[other]


@pytest.mark.parametrize(
    ("pid", "expected"),
    [
        pytest.param(30, [10, 20, 30, 31, 21], id="up to the highest of the same program, and all below it"),
        pytest.param(10, [10, 20, 30, 31, 21], id="the head"),
        pytest.param(31, [31], id="a child that runs another program"),
        pytest.param(50, [50], id="the same program, but another parent"),
        pytest.param(40, [40, 50], id="children of any program"),
        pytest.param(99, [], id="gone"),
    ],
)
def test_family(pid: int, expected: list[int]) -> None:
    assert family_of(pid, PROCESSES, same) == expected


def test_a_loop_read_while_the_tree_changed_ends() -> None:
    looped = {10: process(10, 20), 20: process(20, 10)}
    assert sorted(family_of(10, looped, same)) == [10, 20]


def test_stat_of_a_real_process() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        found = read_processes()
        assert found[child.pid].ppid == os.getpid()
        assert found[os.getpid()].rss_kb > 1000
        assert 1 in found
        child.communicate(b"\n")
    assert child.pid not in read_processes()


def test_hostile_names_do_not_shift_the_fields() -> None:
    stat = b"7 (a) R 1 (b)) S 1 7 7 0 -1 4194304 10 0 3 0 5 6 0 0 20 0 2 0 12345 4096 25 18446744073709551615"
    found = parse_stat(stat)
    assert (found.pid, found.ppid, found.name, found.state) == (7, 1, "a) R 1 (b)", "S")
    assert (found.minor_faults, found.major_faults, found.cpu_ticks) == (10, 3, 11)
    assert (found.threads, found.start_time) == (2, 12345)
    with pytest.raises((ValueError, IndexError)):
        parse_stat(b"7 (a) S 1")
