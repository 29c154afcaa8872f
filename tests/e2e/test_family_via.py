"""`--family` with `--via`, of snapshot, record and metrics: through ssh, in a bare chroot, and sh."""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from e2e.processes import write_back
from metrics_server import metrics
from places import own_name
from stepped_program import DEADLINE_SECONDS, SteppedProgram, wait_until
from ways_elsewhere import hide_rollup

from smapstop.errors import SmapstopError
from smapstop.recording.reader import Recording

PLACES = ("ssh", "chroot", "busybox sh", "sh")
"""All are read by the same reader, tested on each: of the verbs that have it sample on, each is tried on two."""


@pytest.fixture
def parent(program: Callable[..., Path], tmp_path: Path) -> Iterator[SteppedProgram]:
    """A program with two children, with a name and memory that nobody else has: no libraries."""
    own = shutil.copy(program("two_children", "-static"), tmp_path / own_name("own"))
    write_back(Path(own))  # a page of a file counts as dirty until then: not between two readings
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


def pids_with_memory(path: Path) -> set[int]:
    """Processes in the last reading of a family in a recording whose memory is known."""
    with suppress(SmapstopError), closing(Recording(path)) as opened:  # it is being created
        for reading in list(opened.family())[-1:]:
            return set(reading.pids[reading.get("private_dirty") > 0].tolist())
    return set()


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
    path, command = tmp_path / "run.smaps", [sys.executable, "-m", "smapstop", "record", "--no-callers"]
    command += ["-i", "0.5", "--budget", "100", "--via", way(place), "-p", name_of(parent.pid), "--family"]
    members = {parent.pid, *children_of(parent.pid)}

    with subprocess.Popen([*command, "-o", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        try:
            wait_until(lambda: run.poll() is not None or pids_with_memory(path) == members)
        finally:
            run.terminate()
        printed, errors = run.communicate(timeout=DEADLINE_SECONDS)

    assert (run.returncode, printed) == (0, ""), errors
    assert pids_with_memory(path) == members
    with closing(Recording(path)) as opened:
        assert opened.target is not None
        assert opened.target.pid == parent.pid


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
