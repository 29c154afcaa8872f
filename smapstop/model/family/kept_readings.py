"""The newest readings of a family, whole, within a bound of memory: they can be saved."""

from collections import deque
from dataclasses import replace

from smapstop.model.family.reading import FamilyMember, FamilyReading

_MAX_BYTES = 64 << 20
"""Memory that the amounts may take: two hours of 50 processes read each second."""


class KeptReadings:
    """Keeps readings; the oldest are forgotten beyond a bound.

    Args:
        max_bytes: Memory that their amounts may take.
    """

    def __init__(self, max_bytes: int = _MAX_BYTES) -> None:
        self._max_bytes, self._bytes = max_bytes, 0
        self._readings = deque[FamilyReading]()
        self._before: dict[tuple[int, int], FamilyMember] = {}
        """Members that were there when the last reading was forgotten."""

    def append(self, reading: FamilyReading) -> None:
        """Append the next reading."""
        self._readings.append(reading)
        self._bytes += reading.amounts.nbytes
        while self._bytes > self._max_bytes and len(self._readings) > 1:
            oldest = self._readings.popleft()
            self._bytes -= oldest.amounts.nbytes
            self._before = _members_after(self._before, oldest)

    def between(self, begin_ns: int, end_ns: int) -> list[FamilyReading]:
        """The readings from one time of the monotonic clock to another, ns; the first describes all its members."""
        before, found = self._before, list[FamilyReading]()
        for reading in self._readings:
            if begin_ns <= reading.monotonic_ns <= end_ns:
                found.append(reading if found else _described(before, reading))
            elif not found:
                before = _members_after(before, reading)
        return found


def _members_after(
    before: dict[tuple[int, int], FamilyMember], reading: FamilyReading
) -> dict[tuple[int, int], FamilyMember]:
    """Members that are there after a reading."""
    known = before | {member.key: member for member in reading.new}
    return {key: known[key] for key in reading.keys if key in known}


def _described(before: dict[tuple[int, int], FamilyMember], reading: FamilyReading) -> FamilyReading:
    """A reading that describes all of its members."""
    return replace(reading, new=tuple(_members_after(before, reading).values()))
