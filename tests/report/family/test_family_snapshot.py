"""Snapshots of real families."""

import csv
import io
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from stepped_program import SteppedProgram

from smapstop import __version__
from smapstop.errors import SmapstopError
from smapstop.proc.smaps.parser import parse_rollup
from smapstop.report.family.family_snapshot import FamilySnapshot, take_family_snapshot
from smapstop.report.family.render import as_csv, as_json, as_table


@pytest.fixture
def forked(program: Callable[[str], Path]) -> Iterator[SteppedProgram]:
    """A program with two children, of which each has forty pages in common with it."""
    with SteppedProgram(program("two_children")) as parent:
        yield parent.go()


def pids_of(parent: SteppedProgram) -> list[int]:
    """The family of the program."""
    return [parent.pid, *map(int, Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split())]


def unreadable(family: FamilySnapshot) -> FamilySnapshot:
    """The same, but the last could not be read."""
    *others, last = family.members
    return replace(family, members=(*others, replace(last, snapshot=None, missing="not permitted")))


def test_json_has_each_process_after_its_parent_and_sums(forked: SteppedProgram) -> None:
    pids = pids_of(forked)
    document = json.loads(as_json(take_family_snapshot(forked.pid)))
    assert (document["schema"], document["tool"]) == (1, f"smapstop {__version__}")
    processes = document["processes"]
    assert [(each["process"]["pid"], each["ppid"]) for each in processes] == [
        (forked.pid, os.getpid()),
        (pids[1], forked.pid),
        (pids[2], forked.pid),
    ]
    assert [each["missing"] for each in processes] == [None] * 3
    for each in processes:
        kernels = parse_rollup(Path(f"/proc/{each['process']['pid']}/smaps_rollup").read_bytes())
        assert each["rollup"]["private_dirty"] == kernels["private_dirty"]
    totals = document["totals"]
    assert totals["processes"] == 3
    for name in ("rss", "pss", "swap_pss"):
        assert totals[name] == sum(each["rollup"][name] for each in processes)
    parts = ("private_clean", "private_dirty", "private_hugetlb")
    assert totals["uss"] == sum(each["rollup"][name] or 0 for each in processes for name in parts)


def test_a_child_alone_is_a_family_of_one(forked: SteppedProgram) -> None:
    child = pids_of(forked)[1]
    assert [member.stat.pid for member in take_family_snapshot(child).members] == [child]
    with pytest.raises(SmapstopError, match="no process 4194297"):
        take_family_snapshot(2**22 - 7)


def test_the_table_indents_children_and_has_no_sum_of_rss(forked: SteppedProgram) -> None:
    family = take_family_snapshot(forked.pid)
    lines = as_table(family, width=100).splitlines()
    assert lines[0].split() == ["Pid", "Process", "Rss", "Pss", "Uss", "SDirty", "SClean", "Swap"]
    assert [line.split()[:2] for line in lines[1:4]] == [[str(pid), "two_children"] for pid in pids_of(forked)]
    at = [line.index("two_children") for line in lines[1:4]]
    assert at[1] == at[2] == at[0] + 2
    assert lines[4].strip().startswith("total of 3 processes")
    rss = lines[0].index("Rss")
    assert lines[4][rss - 3 : rss + 3].strip() == "", "pages that processes share would count more than once"
    assert max(map(len, as_table(family, width=40).splitlines())) <= 40


def test_what_could_not_be_read_is_unknown_and_says_why(forked: SteppedProgram) -> None:
    family = unreadable(take_family_snapshot(forked.pid))
    last = json.loads(as_json(family))["processes"][-1]
    assert (last["rollup"], last["missing"]) == (None, "not permitted")
    assert last["process"]["name"] == "two_children"
    lines = as_table(family, width=120).splitlines()
    assert "not permitted" in lines[3]
    assert "total of 3 processes (1 not read)" in lines[4]
    rows = list(csv.DictReader(io.StringIO(as_csv(family))))
    assert [row["missing"] for row in rows] == ["", "", "not permitted"]
    assert (rows[0]["pid"], rows[1]["ppid"], rows[2]["rss"]) == (str(forked.pid), str(forked.pid), "")
