"""Counter tracks of the members of a family in a trace: Pss and Uss of each, below its own process."""

from collections.abc import Iterator

from smapstop.export.member_records import MemberRecords
from smapstop.export.steps import Step
from smapstop.export.trace_counters import counter
from smapstop.report.json_fields import Record
from smapstop.text.format import printable

TRACKED_TOTALS = ("pss", "uss")
"""Totals of a member that get a track."""


class MemberTracks:
    """Tracks of all members, in order of time."""

    def __init__(self) -> None:
        self._records = MemberRecords()
        self._names: dict[int, str] = {}
        self._last: dict[tuple[int, str], int] = {}
        """Last value of each track, by pid and total."""

    def update(self, step: Step, target_pid: int) -> Iterator[Record]:
        """Events for the members of the readings from a tick to the next; a member that is gone falls to 0.

        Args:
            step: The tick.
            target_pid: The recorded process, which has its name already.
        """
        for record in self._records.of_step(step):
            pid, name = record["pid"], printable(record["name"] or "")
            ts = step.tick.monotonic_ns / 1000 + (record["seconds"] - step.seconds) * 1e6
            if pid != target_pid and self._names.get(pid) != name:
                self._names[pid] = name
                yield {"ph": "M", "pid": pid, "name": "process_name", "args": {"name": name}}
            for total in TRACKED_TOTALS:
                value = 0 if record["gone"] and (pid, total) in self._last else record[total]
                if value is not None and self._last.get((pid, total)) != value:
                    self._last[pid, total] = value
                    yield counter(f"(family) {total}", "kB", (pid, round(ts, 3)), value)
