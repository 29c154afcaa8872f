"""Collect the page faults of a run, by mapping and call stack."""

import numpy as np

from smapstop.errors import SmapstopError
from smapstop.lazy_dataclass import dataclass
from smapstop.model.callers.page_faults import NO_LONGER_MAPPED, PageFaults, sum_faults
from smapstop.model.labels import Label, labels_of
from smapstop.model.lookup import find_mappings
from smapstop.model.tick import ThreadStack, Tick
from smapstop.model.timeline.map_snapshot import MapSnapshot, apply_tick
from smapstop.proc.columns import Mappings
from smapstop.report.json_fields import Record, header_records, label_record

_JSON_KEYS = ("start", "end", "perms", "name", "kind")


@dataclass(frozen=True, slots=True, eq=False)
class KnownMapping:
    """A mapping in which there were faults, as it was last."""

    mappings: Mappings
    """Only itself."""
    label: Label | None

    def record(self) -> Record:
        """Identity as JSON."""
        header = header_records(self.mappings)[0]
        return {key: header[key] for key in _JSON_KEYS} | {"label": label_record(self.label)["label"]}


@dataclass(frozen=True, slots=True, eq=False)
class FaultReport:
    """Page faults of a process over some time."""

    pid: int
    name: str
    seconds: float
    faults: PageFaults
    mappings: dict[int, KnownMapping]
    """By id; those that were unmapped before they were read are missing."""

    def by_mapping(self) -> list[tuple[KnownMapping | None, PageFaults]]:
        """Faults of each mapping, those with the most first; without one those that are no longer known."""
        ids = np.unique(self.faults.mapping).tolist()
        parts = [(self.mappings.get(mapping), self.faults.of_mapping(mapping)) for mapping in ids]
        return sorted(parts, key=lambda part: -int(part[1].faults.sum()))

    def of_mappings(self, text: str) -> "FaultReport":
        """Report of some mappings only; the totals remain those of the process.

        Args:
            text: An address or a name, as for `find_mappings`.

        Raises:
            SmapstopError: No mapping with faults matches, or several that are not alike.
        """
        chosen = [mapping for mapping, known in self.mappings.items() if _matches(known.mappings, text)]
        if not chosen:
            raise SmapstopError(f"there were no page faults in a mapping {text!r}", "omit --mapping to see where")
        rows = np.isin(self.faults.mapping, chosen)
        faults = self.faults.where(rows)
        return FaultReport(self.pid, self.name, self.seconds, faults, self.mappings)


def _matches(mapping: Mappings, text: str) -> bool:
    """Whether a text names a mapping."""
    try:
        return bool(find_mappings(mapping, text))
    except SmapstopError:
        return False


class FaultCollector:
    """Collects the faults of ticks, in order."""

    def __init__(self) -> None:
        self._parts: list[PageFaults] = []
        self._snapshot: MapSnapshot | None = None
        self._stacks: dict[int, ThreadStack] = {}
        self._mappings: dict[int, KnownMapping] = {}
        self._first_ns = 0

    def add(self, tick: Tick) -> None:
        """Take over the next tick."""
        before, self._snapshot = self._snapshot, apply_tick(self._snapshot, tick)
        self._stacks |= {stack.mapping: stack for stack in tick.stacks}
        if before is None:
            self._first_ns = tick.monotonic_ns
        if tick.faults is not None:
            self._parts.append(tick.faults)
            for snapshot in (before, self._snapshot):
                if snapshot is not None:
                    self._describe(snapshot, set(tick.faults.mapping.tolist()))

    def _describe(self, snapshot: MapSnapshot, mappings: set[int]) -> None:
        """Describe mappings as they are in a snapshot."""
        rows = np.flatnonzero(np.isin(snapshot.ids, list(mappings - {NO_LONGER_MAPPED})))
        if not len(rows):
            return
        stacks = {
            row: stack for row in rows.tolist() if (stack := self._stacks.get(int(snapshot.ids[row]))) and stack.tid
        }
        labels = labels_of(snapshot.mappings, stacks, snapshot.reading_tick.counters.threads)
        for row in rows.tolist():
            alone = snapshot.mappings.take(np.array([row]))
            self._mappings[int(snapshot.ids[row])] = KnownMapping(alone, labels[row])

    def report(self) -> FaultReport:
        """Report what was collected.

        Raises:
            SmapstopError: There were no ticks with faults.
        """
        total = sum_faults(self._parts)
        if total is None or self._snapshot is None:
            raise SmapstopError("no page faults were seen", "the process may have ended at once")
        last = self._snapshot.tick
        seconds = (last.monotonic_ns - self._first_ns) / 1e9
        return FaultReport(last.counters.pid, last.counters.name, seconds, total, self._mappings)
