"""Turn readings of the family into flat records: members that came or went, or whose memory was read again."""

from collections.abc import Iterator

from smapstop.export.steps import Step
from smapstop.model.family.changes import FamilyChanges
from smapstop.model.family.reading import FAMILY_FIELDS, FamilyMember, FamilyReading
from smapstop.model.timestamps import format_utc
from smapstop.model.totals import SUMMED_FIELDS
from smapstop.proc.columns import ABSENT
from smapstop.report.json_fields import Record

_JSON_NAMES = {"stat_rss": "rss_kb"}
"""Names of fields that are others in JSON: those of a snapshot."""
MEMBER_COLUMNS = (
    *("tick", "at", "seconds", "pid", "start_time", "ppid", "name", "state", "gone", "missing"),
    *(_JSON_NAMES.get(name, name) for name in FAMILY_FIELDS),
    "uss",
)
"""Columns of the records as a table."""


class MemberRecords:
    """Converts the readings of a family, in order."""

    def __init__(self) -> None:
        self._changes = FamilyChanges()
        self._members: dict[tuple[int, int], FamilyMember] = {}
        self._first_ns: int | None = None

    def of_step(self, step: Step) -> Iterator[Record]:
        """Records of the readings from a tick to the next; those that are gone have no numbers."""
        if self._first_ns is None:
            self._first_ns = step.tick.monotonic_ns - round(step.seconds * 1e9)
        for reading in step.family:
            yield from self._of_reading(reading, step.tick.number)

    def _of_reading(self, reading: FamilyReading, tick: int) -> Iterator[Record]:
        """Records of a reading."""
        self._members |= {member.key: member for member in reading.new}
        change, missing = self._changes.update(reading), dict(reading.missing)
        for row in change.rows:
            pid, read_ns = int(reading.pids[row]), int(reading.read_ns[row])
            moment_ns = read_ns if read_ns > reading.monotonic_ns else reading.monotonic_ns
            yield {
                **self._head(reading, reading.keys[row], moment_ns, tick),
                "ppid": int(reading.ppids[row]),
                "state": reading.states[row],
                "gone": False,
                "missing": missing.get(pid),
                **_amounts(reading, row),
            }
        for key in change.gone:
            head = self._head(reading, key, reading.monotonic_ns, tick)
            yield dict.fromkeys(("type", *MEMBER_COLUMNS)) | head | {"gone": True}

    def _head(self, reading: FamilyReading, key: tuple[int, int], moment_ns: int, tick: int) -> Record:
        """Begin of a record: when, and who. Memory was read somewhat later than the reading began."""
        member, first_ns = self._members.get(key), self._first_ns or 0
        return {
            "type": "member",
            "tick": tick,
            "at": format_utc(reading.wall_ns + moment_ns - reading.monotonic_ns),
            "seconds": round((moment_ns - first_ns) / 1e9, 6),
            "pid": key[0],
            "start_time": key[1],
            "name": member and member.name,
        }


def _amounts(reading: FamilyReading, row: int) -> Record:
    """Fields of a member, and its Uss; None is unknown."""
    amounts = dict(zip(FAMILY_FIELDS, reading.amounts[:, row].tolist(), strict=True))
    own = [amounts[name] for name in SUMMED_FIELDS["uss"]]
    record: Record = {
        _JSON_NAMES.get(name, name): None if amount == ABSENT else amount for name, amount in amounts.items()
    }
    record["uss"] = None if own[0] == ABSENT else sum(max(0, amount) for amount in own)
    return record
