"""One reading of a family of processes."""

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.proc.columns import ABSENT

MEMORY_FIELDS = (
    *("rss", "pss", "shared_clean", "shared_dirty", "private_clean", "private_dirty"),
    *("shared_hugetlb", "private_hugetlb", "anonymous", "swap", "swap_pss"),
)
"""Fields of a member's smaps_rollup, kB."""
STAT_FIELDS = ("threads", "minor_faults", "major_faults", "cpu_ticks", "stat_rss")
"""Fields of a member's stat; `stat_rss` is its resident memory as the kernel counts it without looking, kB."""
FAMILY_FIELDS = (*MEMORY_FIELDS, *STAT_FIELDS)
"""Rows of `FamilyReading.amounts`."""


@dataclass(frozen=True, slots=True)
class FamilyMember:
    """A process of the family, as it was when it was first seen."""

    pid: int
    start_time: int
    """Clock ticks after boot; with the pid it identifies the process."""
    name: str
    """Process name (comm)."""
    command_line: tuple[str, ...]
    """Arguments; empty if they may not be read."""
    executable: str | None

    @property
    def key(self) -> tuple[int, int]:
        """Pid and start time."""
        return self.pid, self.start_time


@dataclass(frozen=True, slots=True, eq=False)
class FamilyReading:
    """The family at one moment: a row for each member, in the order of the tree (after its parent, by age)."""

    wall_ns: int
    """Wall clock, ns."""
    monotonic_ns: int
    """Monotonic clock, ns."""
    cost_ns: int
    """Time that the reading took, ns."""
    pids: NDArray[np.int64]
    """Shape (n,)."""
    ppids: NDArray[np.int64]
    """Pids of the parents, shape (n,)."""
    start_times: NDArray[np.int64]
    """Shape (n,)."""
    states: str
    """State of each, one letter, see `Counters.state`."""
    read_ns: NDArray[np.int64]
    """When the memory of each was read, monotonic clock, ns: maybe at an earlier reading; 0 for never."""
    amounts: NDArray[np.int64]
    """Amounts by `FAMILY_FIELDS`, shape (fields, n); `ABSENT` where unknown."""
    new: tuple[FamilyMember, ...] = ()
    """Members that were not there at the reading before, or have executed another program since."""
    missing: tuple[tuple[int, str], ...] = ()
    """Pids of members whose memory could not be read, and why."""

    def get(self, name: str) -> NDArray[np.int64]:
        """Amounts of one field, shape (n,)."""
        column: NDArray[np.int64] = self.amounts[FAMILY_FIELDS.index(name)]
        return column

    @property
    def keys(self) -> list[tuple[int, int]]:
        """Pid and start time of each member."""
        return list(zip(self.pids.tolist(), self.start_times.tolist(), strict=True))

    def sum_of(self, *names: str) -> NDArray[np.int64]:
        """Sum of fields of each member, shape (n,); `ABSENT` where the first is unknown, others count as 0 then."""
        columns = [self.get(name) for name in names]
        total: NDArray[np.int64] = np.sum([np.maximum(column, 0) for column in columns], axis=0)
        return np.where(columns[0] == ABSENT, ABSENT, total)
