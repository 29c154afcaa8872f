"""Totals from the best that a tick has read; of real processes, those of the kernel's own rollup."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from factories import COUNTERS, mappings_of
from stepped_program import SteppedProgram

from smapstop.model.totals import totals_of
from smapstop.proc.columns import ABSENT, Mappings
from smapstop.proc.process import ProcDir
from smapstop.proc.smaps.parser import parse_rollup, parse_smaps

COUNTED = replace(COUNTERS, rss=100, vm_swap=7, rss_anon=70, rss_file=10, rss_shmem=20)


def test_counters_alone() -> None:
    assert totals_of(COUNTED, None, {}) == {"rss": 100, "rss_anon": 70, "rss_file": 10, "rss_shmem": 20, "swap": 7}
    assert totals_of(COUNTERS, None, {}) == {}


def test_rollup_is_better_than_counters() -> None:
    rollup = {"rss": 90, "anonymous": 50, "private_clean": 1, "private_dirty": 2, "shared_dirty": 4, "swap": 8}

    assert totals_of(COUNTED, None, rollup) == rollup | {
        "uss": 3,
        "dirty": 6,
        "rss_anon": 50,
        "rss_shmem": 20,
        "rss_file": 20,
    }


def test_mappings_are_added_up_as_far_as_they_are_printed() -> None:
    mappings = mappings_of(
        (10, 20, "rw-p", "", 8),
        (30, 40, "rw-p", "", 4),
        swap=[ABSENT, 3],
        kernel_page_size=[4, 4],
        thp_eligible=[1, 1],
        protection_key=[0, 2],
        private_clean=[1, 2],
        private_dirty=[3, 4],
        private_hugetlb=[ABSENT, 100],
    )

    assert totals_of(COUNTED, mappings, {}) == {
        "size": 80,
        "rss": 12,
        "rss_anon": 70,
        "rss_file": 10,
        "rss_shmem": 20,
        "swap": 3,
        "private_clean": 3,
        "private_dirty": 7,
        "private_hugetlb": 100,
        "uss": 110,
        "dirty": 7,
    }


def test_parts_of_rss_never_exceed_it() -> None:
    mappings = mappings_of((10, 20, "rw-p", "", 8), anonymous=[4])
    totals = totals_of(COUNTED, mappings, {})

    assert (totals["rss_anon"], totals["rss_shmem"], totals["rss_file"]) == (4, 4, 0)


def unmoved(process: ProcDir) -> tuple[dict[str, int], Mappings]:
    """A rollup and the mappings that it is of: another rollup after them says the same."""
    for _ in range(100):
        rollup = parse_rollup(process.read_rollup())
        mappings = parse_smaps(process.read_smaps())
        if rollup == parse_rollup(process.read_rollup()):
            return rollup, mappings
    pytest.fail("the rollup never stood still")


def test_totals_of_a_real_process_are_those_of_the_kernel(program: Callable[..., Path]) -> None:
    # linked statically: it shares no library, whose Pss goes with whoever else maps it
    with SteppedProgram(program("protect", "-static")) as stepping, ProcDir(stepping.pid) as process:
        rollup, mappings = unmoved(process)
        counters = process.counters()
    ours, kernels = totals_of(counters, mappings, {}), totals_of(counters, None, rollup)
    truncated = {"pss", "pss_dirty", "swap_pss", "locked"}

    assert rollup.keys() & ours.keys() >= {"rss", "pss", "anonymous", "private_dirty", "swap"}
    for name in (rollup.keys() & ours.keys()) - truncated:
        assert (name, kernels[name]) == (name, ours[name])
    for name in rollup.keys() & truncated:
        assert 0 <= kernels[name] - ours[name] < len(mappings), name
    assert ours["rss"] == ours["rss_anon"] + ours["rss_shmem"] + ours["rss_file"]
    assert ours["size"] * 1024 == int((mappings.end - mappings.start).sum())
    assert os.sysconf("SC_PAGE_SIZE") // 1024 * 12 <= ours["rss_anon"]
