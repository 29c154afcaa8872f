"""A family over time: a bounded history for each member."""

from dataclasses import field

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.family.reading import FamilyMember, FamilyReading
from smapstop.proc.columns import ABSENT

MEMORY_SERIES: dict[str, tuple[str, ...]] = {
    "rss": ("rss",),
    "pss": ("pss",),
    "uss": ("private_clean", "private_dirty", "private_hugetlb"),
    "dirty": ("private_dirty", "shared_dirty"),
    "swap": ("swap",),
    "swap_pss": ("swap_pss",),
    "family": ("shared_dirty", "shared_hugetlb"),
    "others": ("shared_clean",),
    "faults": ("minor_faults", "major_faults"),
    "major_faults": ("major_faults",),
    "cpu_ticks": ("cpu_ticks",),
}
"""What is kept of each member, and the fields that add up to it. `family`: memory that was written and is shared, so
since a fork or as shared memory; `others`: pages of files, which any process may share."""
SERIES = tuple(MEMORY_SERIES)
_MAX_POINTS = 500_000
"""Points that all histories may have together: 96 bytes each."""
_MAX_GONE = 200
"""Members that are gone whose history is kept."""
_LEAST_POINTS = 120
"""Points that each history may have, however many members there are."""


@dataclass(slots=True, eq=False)
class MemberHistory:
    """One member over time."""

    member: FamilyMember
    """As it was last reported."""
    ppid: int
    first_ns: int
    """First reading that had it, monotonic clock, ns."""
    state: str = ""
    gone_ns: int | None = None
    """First reading that no longer had it; None while it is there."""
    missing: str = ""
    """Why its memory cannot be read; empty if it can."""
    _count: int = 0
    _times_ns: NDArray[np.int64] = field(default_factory=lambda: np.zeros(16, np.int64))
    _values: NDArray[np.int64] = field(default_factory=lambda: np.zeros((len(SERIES), 16), np.int64))

    @property
    def times_ns(self) -> NDArray[np.int64]:
        """When its memory was read, monotonic clock, ns, shape (n,)."""
        return self._times_ns[: self._count]

    def series(self, name: str) -> NDArray[np.int64]:
        """Amounts at these times, shape (n,); `ABSENT` where unknown."""
        column: NDArray[np.int64] = self._values[SERIES.index(name), : self._count]
        return column

    def point_at(self, at_ns: int) -> int | None:
        """Last point that was read by a time; None if none was."""
        point = int(self.times_ns.searchsorted(at_ns, side="right")) - 1
        return None if point < 0 else point

    def value_of(self, name: str, point: int | None) -> int | None:
        """Amount of a point; None where unknown, or without a point."""
        value = ABSENT if point is None else int(self._values[SERIES.index(name), point])
        return None if value == ABSENT else value

    def value_at(self, name: str, at_ns: int) -> int | None:
        """Amount at a time; None where unknown."""
        return self.value_of(name, self.point_at(at_ns))

    def is_alive_at(self, at_ns: int) -> bool:
        """Whether it was there at a time."""
        return self.first_ns <= at_ns and (self.gone_ns is None or at_ns < self.gone_ns)

    def is_zombie_at(self, at_ns: int) -> bool:
        """Whether it had ended at a time without being reaped by its parent: it has no memory."""
        return self.is_alive_at(at_ns) and self.state in ("Z", "X") and self.value_at("pss", at_ns) is None

    def append(self, time_ns: int, values: NDArray[np.int64], max_points: int) -> None:
        """Append a point, and forget the oldest ones beyond a number."""
        if self._count >= max_points:
            kept = slice(self._count - max_points * 3 // 4, self._count)  # not at every point
            times_ns, columns = self._times_ns[kept].copy(), self._values[:, kept].copy()
            self._times_ns, self._values, self._count = times_ns, columns, len(times_ns)
        if self._count == len(self._times_ns):
            more = max(16, len(self._times_ns))
            self._times_ns = np.pad(self._times_ns, (0, more))
            self._values = np.pad(self._values, ((0, 0), (0, more)))
        self._times_ns[self._count], self._values[:, self._count] = time_ns, values
        self._count += 1


class FamilyLog:
    """Readings of a family, as a history for each member."""

    def __init__(self) -> None:
        self._members: dict[tuple[int, int], MemberHistory] = {}
        self.last: FamilyReading | None = None
        """The reading appended last."""
        self.first_tick_ns = 0
        """When the first reading was, monotonic clock, ns."""
        self.first_wall_ns = 0
        """When the first reading was, wall clock, ns."""
        self.interval_ns: int | None = None
        """Time between the last two readings, ns; None before the second."""

    @property
    def members(self) -> list[MemberHistory]:
        """All members that ever were, those that came first before the others."""
        return list(self._members.values())

    def member(self, pid: int) -> MemberHistory | None:
        """The member with a pid; of several, the last one."""
        return next((each for (known, _), each in reversed(self._members.items()) if known == pid), None)

    def append(self, reading: FamilyReading) -> None:
        """Append the next reading."""
        if self.last is None:
            self.first_tick_ns, self.first_wall_ns = reading.monotonic_ns, reading.wall_ns
        else:
            self.interval_ns = reading.monotonic_ns - self.last.monotonic_ns
        reported = {(member.pid, member.start_time): member for member in reading.new}
        missing = dict(reading.missing)
        values = np.stack([reading.sum_of(*names) for names in MEMORY_SERIES.values()])
        max_points = max(_LEAST_POINTS, _MAX_POINTS // max(1, len(reading.pids)))
        for row, key in enumerate(reading.keys):
            history = self._members.get(key)
            if history is None:
                history = self._members[key] = MemberHistory(
                    reported[key], int(reading.ppids[row]), reading.monotonic_ns
                )
            history.member = reported.get(key, history.member)
            history.ppid, history.state = int(reading.ppids[row]), reading.states[row]
            history.missing = missing.get(key[0], "")
            read_ns = int(reading.read_ns[row])
            if read_ns and (not len(history.times_ns) or history.times_ns[-1] < read_ns):
                history.append(read_ns, values[:, row], max_points)
        self._note_ends(set(reading.keys), reading.monotonic_ns)
        self.last = reading

    def _note_ends(self, present: set[tuple[int, int]], now_ns: int) -> None:
        """Note which members are gone, and forget those that went first beyond a number."""
        for key, history in self._members.items():
            if key not in present and history.gone_ns is None:
                history.gone_ns = now_ns
        gone = [(history.gone_ns, key) for key, history in self._members.items() if history.gone_ns is not None]
        for _, key in sorted(gone)[: max(0, len(gone) - _MAX_GONE)]:
            del self._members[key]
