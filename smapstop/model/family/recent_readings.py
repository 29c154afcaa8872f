"""The newest readings of a family, as far as memory allows, so that they can be saved."""

from collections import deque
from dataclasses import replace

import numpy as np

from smapstop.lazy_dataclass import dataclass
from smapstop.model.family.members import Members, members_after, with_all_members
from smapstop.model.family.reading import FAMILY_FIELDS, FamilyReading
from smapstop.model.timeline.column_codec import DeltaEncoded, decode, encode

_MAX_BYTES = 32 << 20
"""Memory that they may take: about an hour of 200 processes read each second, of which ten come and go in that time,
and several of 50 that stay."""
_MEMBER_BYTES = 600
"""Memory of what is new about a member, about."""
_READING_BYTES = 500
"""Memory of what is not encoded of a reading, about."""


@dataclass(frozen=True, slots=True, eq=False)
class PackedReading:
    """A reading whose columns are encoded: they take an eighth, as members are much alike."""

    rest: FamilyReading
    """Without its columns."""
    columns: tuple[DeltaEncoded, ...]
    """Its `pids`, `ppids`, `start_times`, `read_ns` and `amounts`."""

    @property
    def nbytes(self) -> int:
        """Memory use, bytes."""
        return sum(column.nbytes for column in self.columns) + _READING_BYTES + _MEMBER_BYTES * len(self.rest.new)


def pack_reading(reading: FamilyReading) -> PackedReading:
    """Encode the columns of a reading."""
    columns = reading.pids, reading.ppids, reading.start_times, reading.read_ns, reading.amounts.ravel()
    none = np.zeros(0, np.int64)
    rest = replace(reading, pids=none, ppids=none, start_times=none, read_ns=none, amounts=none)
    return PackedReading(rest, tuple(map(encode, columns)))


def unpack_reading(packed: PackedReading) -> FamilyReading:
    """Decode the columns of a reading."""
    pids, ppids, start_times, read_ns, amounts = map(decode, packed.columns)
    return replace(
        packed.rest,
        pids=pids,
        ppids=ppids,
        start_times=start_times,
        read_ns=read_ns,
        amounts=amounts.reshape(len(FAMILY_FIELDS), len(pids)),
    )


class RecentReadings:
    """Keeps readings; the oldest are forgotten beyond a bound.

    Args:
        max_bytes: Memory that they may take.
    """

    def __init__(self, max_bytes: int = _MAX_BYTES) -> None:
        self._max_bytes, self._bytes = max_bytes, 0
        self._readings = deque[PackedReading]()
        self._before: Members = {}
        """Members that were there when the last reading was forgotten."""

    def append(self, reading: FamilyReading) -> None:
        """Append the next reading."""
        packed = pack_reading(reading)
        self._readings.append(packed)
        self._bytes += packed.nbytes
        while self._bytes > self._max_bytes and len(self._readings) > 1:
            oldest = self._readings.popleft()
            self._bytes -= oldest.nbytes
            self._before = members_after(self._before, unpack_reading(oldest))

    def between(self, begin_ns: int, end_ns: int) -> list[FamilyReading]:
        """The readings from one time of the monotonic clock to another, ns; the first describes all its members."""
        before, found = self._before, list[FamilyReading]()
        for reading in map(unpack_reading, self._readings):
            if begin_ns <= reading.monotonic_ns <= end_ns:
                found.append(reading if found else with_all_members(before, reading))
            elif not found:
                before = members_after(before, reading)
        return found
