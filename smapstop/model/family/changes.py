"""Changes between the readings of a family, so that only they are recorded and exported."""

from smapstop.lazy_dataclass import dataclass
from smapstop.model.family.reading import FamilyMember, FamilyReading


@dataclass(frozen=True, slots=True)
class FamilyChange:
    """What a reading has that the one before had not."""

    rows: tuple[int, ...]
    """Rows of the members that came, whose memory was read again or cannot be read, or who have another parent."""
    gone: tuple[tuple[int, int], ...]
    """Pid and start time of members that are gone."""
    new: tuple[FamilyMember, ...]
    """Members that came, or differ from what was last reported."""

    def __bool__(self) -> bool:
        """Whether anything is new."""
        return bool(self.rows or self.gone or self.new)


class FamilyChanges:
    """Compares the readings of a family, in order."""

    def __init__(self) -> None:
        self._reported: dict[tuple[int, int], FamilyMember] = {}
        self._last: dict[tuple[int, int], tuple[int, int, str]] = {}
        """Parent, time of the last reading of memory and why there is none, of the members that are there."""

    def update(self, reading: FamilyReading) -> FamilyChange:
        """Compare the next reading with the one before."""
        missing = dict(reading.missing)
        now = {
            key: (ppid, read_ns, missing.get(key[0], ""))
            for key, ppid, read_ns in zip(reading.keys, reading.ppids.tolist(), reading.read_ns.tolist(), strict=True)
        }
        rows = tuple(row for row, (key, facts) in enumerate(now.items()) if self._last.get(key) != facts)
        gone = tuple(key for key in self._last if key not in now)
        new = tuple(member for member in reading.new if self._reported.get(member.key) != member)
        self._reported |= {member.key: member for member in new}
        for key in gone:
            self._reported.pop(key, None)
        self._last = now
        return FamilyChange(rows, gone, new)
