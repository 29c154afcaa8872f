"""`--family` with `--via`, of snapshot, record and metrics: through ssh, in a bare chroot, and sh."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from metrics_server import metrics
from stepped_program import SteppedProgram, wait_until
from ways_elsewhere import hide_rollup

from smapstop.recording.reader import Recording

PLACES = ("ssh", "chroot", "busybox sh", "sh")
"""All are read by the same reader, tested on each: of the verbs that have it sample on, each is tried on two."""


@pytest.fixture
def parent(program: Callable[[str], Path], tmp_path: Path) -> Iterator[SteppedProgram]:
    """A program with two children, and a name that no other test's has."""
    own = shutil.copy(program("two_children"), tmp_path / f"fv{os.getpid()}-{time.monotonic_ns() % 10**6}")
    with SteppedProgram(own) as running:
        yield running.go()


def smapstop(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run smapstop in pipes."""
    command = [sys.executable, "-m", "smapstop", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def name_of(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().strip()


def children_of(pid: int) -> list[int]:
    return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


@pytest.mark.parametrize("place", PLACES)
def test_a_snapshot_of_a_family_there_is_that_of_here(
    place: str, way: Callable[[str], str], parent: SteppedProgram
) -> None:
    def own(text: str) -> list[dict[str, Any]]:
        fields = ("rss", "private_dirty", "shared_dirty", "anonymous")  # others may map the same files
        return [
            {"pid": each["process"]["pid"], "ppid": each["ppid"], "limits": each.get("limits", {}).get("rlimits")}
            | {field: each["rollup"][field] for field in fields}
            for each in json.loads(text)["processes"]
        ]

    there = smapstop("snapshot", "--via", way(place), "-p", name_of(parent.pid), "--family")
    here = smapstop("snapshot", "-p", parent.pid, "--family")

    assert (there.returncode, there.stderr) == (0, "")
    assert own(there.stdout) == own(here.stdout)
    assert len(own(there.stdout)) == 3


@pytest.mark.parametrize("place", PLACES[::2])
def test_a_family_there_is_recorded(
    place: str, way: Callable[[str], str], parent: SteppedProgram, tmp_path: Path
) -> None:
    path, interval = tmp_path / "run.smaps", ("-i", "0.5", "--budget", "100", "--count", 8)
    run = smapstop(
        "record", "-o", path, *interval, "--via", way(place), "-p", name_of(parent.pid), "--family", "--no-callers"
    )

    assert (run.returncode, run.stdout) == (0, ""), run.stderr
    with closing(Recording(path)) as opened:
        readings = list(opened.family())
        assert opened.target is not None
        assert opened.target.pid == parent.pid
    assert set(readings[-1].pids.tolist()) == {parent.pid, *children_of(parent.pid)}
    assert (readings[-1].get("private_dirty") > 0).all()


@pytest.mark.parametrize("place", PLACES[1::2])
def test_a_family_there_has_metrics(place: str, way: Callable[[str], str], parent: SteppedProgram) -> None:
    name = name_of(parent.pid)
    with metrics("-p", name, "--family", "--budget", "100", "--via", way(place)) as running:
        wait_until(lambda: running.value("smapstop_processes", process=name) == 3)
        wait_until(lambda: running.value("smapstop_unread_processes", process=name) == 0)
        scraped = running.scrape()
        rows = [row for row in scraped["smapstop_memory_bytes"].samples if row.labels["field"] == "pss"]
        sums = {row.labels["field"]: row.value for row in scraped["smapstop_family_memory_bytes"].samples}
        assert sums["pss"] == sum(row.value for row in rows)
        wait_until(lambda: running.value("smapstop_mapping_memory_bytes", kind="stack", slot="2") is not None)
        assert running.value("smapstop_mappings_limit", process=name)
        assert running.stop(signal.SIGINT)[0] == 0


def test_where_there_is_no_smaps_rollup_metrics_and_snapshot_sum_smaps(
    parent: SteppedProgram, tmp_path: Path
) -> None:
    name, via = name_of(parent.pid), hide_rollup(tmp_path)
    totals = json.loads(smapstop("snapshot", "--via", via, "-p", name, "--family").stdout)["totals"]
    here = json.loads(smapstop("snapshot", "-p", name, "--family").stdout)["totals"]
    assert (totals["rss"], totals["uss"]) == (here["rss"], here["uss"])
    with metrics("-p", name, "--family", "--budget", "100", "--via", via) as running:
        wait_until(lambda: running.value("smapstop_processes", process=name) == 3)
        wait_until(lambda: running.value("smapstop_unread_processes", process=name) == 0)
        assert running.value("smapstop_family_memory_bytes", field="uss") == here["uss"] * 1024
