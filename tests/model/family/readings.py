"""Readings of families, written short."""

import numpy as np

from smapstop.model.family.reading import FAMILY_FIELDS, FamilyMember, FamilyReading
from smapstop.proc.columns import ABSENT

SECOND_NS = 1_000_000_000


def reading_of(
    second: int, members: dict[int, dict[str, int]], *, new: tuple[int, ...] = (), read: dict[int, int] | None = None
) -> FamilyReading:
    """A reading at a second: amounts by pid; the first is the parent of the others, each started at its pid.

    Args:
        second: When it was, seconds.
        members: Amounts of each member, kB; those that are not named are `ABSENT`.
        new: Pids of those that are new.
        read: Seconds at which the memory of members was read, if not now.
    """
    pids = list(members)
    amounts = [[amount.get(name, ABSENT) for amount in members.values()] for name in FAMILY_FIELDS]
    return FamilyReading(
        wall_ns=(1_700_000_000 + second) * SECOND_NS,
        monotonic_ns=second * SECOND_NS,
        cost_ns=1_000_000,
        pids=np.array(pids, np.int64),
        ppids=np.array([1 if pid == pids[0] else pids[0] for pid in pids], np.int64),
        start_times=np.array(pids, np.int64),
        states="S" * len(pids),
        read_ns=np.array([(read or {}).get(pid, second) * SECOND_NS for pid in pids], np.int64),
        amounts=np.array(amounts, np.int64).reshape(len(FAMILY_FIELDS), len(pids)),
        new=tuple(FamilyMember(pid, pid, f"p{pid}", (f"p{pid}",), None) for pid in new),
    )
