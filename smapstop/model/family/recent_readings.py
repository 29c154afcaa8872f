"""The newest readings of a family, as far as memory allows, so that they can be saved."""

from collections import deque

from smapstop.model.family.members import Members, members_after, with_all_members
from smapstop.model.family.reading import FamilyReading

_MAX_BYTES = 64 << 20
"""Memory that they may take: an hour and a half of 50 processes read each second."""
_MEMBER_BYTES = 600
"""Memory of what is new about a member, about."""


class RecentReadings:
    """Keeps readings; the oldest are forgotten beyond a bound.

    Args:
        max_bytes: Memory that they may take.
    """

    def __init__(self, max_bytes: int = _MAX_BYTES) -> None:
        self._max_bytes, self._bytes = max_bytes, 0
        self._readings = deque[FamilyReading]()
        self._before: Members = {}
        """Members that were there when the last reading was forgotten."""

    def append(self, reading: FamilyReading) -> None:
        """Append the next reading."""
        self._readings.append(reading)
        self._bytes += size_of(reading)
        while self._bytes > self._max_bytes and len(self._readings) > 1:
            oldest = self._readings.popleft()
            self._bytes -= size_of(oldest)
            self._before = members_after(self._before, oldest)

    def between(self, begin_ns: int, end_ns: int) -> list[FamilyReading]:
        """The readings from one time of the monotonic clock to another, ns; the first describes all its members."""
        before, found = self._before, list[FamilyReading]()
        for reading in self._readings:
            if begin_ns <= reading.monotonic_ns <= end_ns:
                found.append(reading if found else with_all_members(before, reading))
            elif not found:
                before = members_after(before, reading)
        return found


def size_of(reading: FamilyReading) -> int:
    """Memory that a reading takes, bytes."""
    arrays = (reading.amounts, reading.pids, reading.ppids, reading.start_times, reading.read_ns)
    return sum(array.nbytes for array in arrays) + _MEMBER_BYTES * len(reading.new)
