"""Take a snapshot of a process and its descendants: the totals of each."""

import time
from collections.abc import Callable, Mapping

from smapstop.errors import SmapstopError
from smapstop.lazy_dataclass import dataclass
from smapstop.proc.process import ProcDir
from smapstop.proc.process_tree import ProcessStat, descendants_of, read_processes
from smapstop.report.snapshot.snapshot import OpenProcess, Snapshot, take_totals

ReadTree = Callable[[], Mapping[int, ProcessStat]]
"""Reads stat of all processes, by pid."""


@dataclass(frozen=True, slots=True, eq=False)
class FamilyMemberSnapshot:
    """One process of the family."""

    stat: ProcessStat
    depth: int
    """Number of its ancestors in the family."""
    snapshot: Snapshot | None
    """Its totals; None if they could not be read."""
    missing: str
    """Why they could not be read; empty if they could."""


@dataclass(frozen=True, slots=True, eq=False)
class FamilySnapshot:
    """A process and its descendants, parents first."""

    wall_ns: int
    """Beginning of the reading, ns since the epoch."""
    read_ns: int
    """Duration of the reading, ns."""
    members: tuple[FamilyMemberSnapshot, ...]

    def sum_of(self, name: str) -> int | None:
        """Sum of a field over the members that could be read, kB; None if none has it."""
        known = [
            member.snapshot.rollup[name]
            for member in self.members
            if member.snapshot and name in member.snapshot.rollup
        ]
        return sum(known) if known else None


def take_family_snapshot(
    pid: int, read_tree: ReadTree = read_processes, open_process: OpenProcess = ProcDir
) -> FamilySnapshot:
    """Sample a process and its descendants now, one after the other; those that end meanwhile are left out.

    Args:
        pid: The process.
        read_tree: Reads all processes, here or elsewhere.
        open_process: Opens the directory of one of them.

    Raises:
        SmapstopError: No such process, or it may not be read.
    """
    wall_ns, began_ns = time.time_ns(), time.monotonic_ns()
    processes = read_tree()
    depths: dict[int, int] = {}
    members = []
    for member in descendants_of(pid, processes) or [pid]:
        snapshot, missing = None, ""
        try:
            snapshot = take_totals(member, open_process)
        except SmapstopError as error:
            if member == pid:
                raise
            missing = str(error)
        if snapshot is None and not _is_running(processes[member], read_tree):
            continue
        stat = processes[member] if member in processes else read_tree()[member]
        depths[member] = depths.get(stat.ppid, -1) + 1
        members.append(FamilyMemberSnapshot(stat, depths[member], snapshot, missing))
    return FamilySnapshot(wall_ns, time.monotonic_ns() - began_ns, tuple(members))


def _is_running(stat: ProcessStat, read_tree: ReadTree) -> bool:
    """Whether a process is still there."""
    now = read_tree().get(stat.pid)
    return now is not None and now.start_time == stat.start_time
