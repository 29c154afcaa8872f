"""List the events of a tick for export, each with its evidence."""

from collections.abc import Iterator
from dataclasses import field, replace

import numpy as np

from smapstop.export.steps import Step
from smapstop.lazy_dataclass import dataclass
from smapstop.model.history.entry_faults import EntryFaults
from smapstop.model.history.log_entry import PUBLIC_NAMES, LogEntry, MappingRef
from smapstop.model.history.tick_entries import single_entries, tick_entries
from smapstop.model.mapping_rows import find_rows
from smapstop.model.tick import Ids
from smapstop.model.timeline.map_snapshot import MapSnapshot
from smapstop.proc.columns import ABSENT, Amounts, strip_deleted
from smapstop.proc.fields import PROPERTY_FIELDS

_ADDRESS_CHANGES = ("map", "unmap", "grow", "shrink", "split", "merge")
"""Events that map or unmap addresses."""


@dataclass(frozen=True, slots=True)
class TickEvent:
    """An event of a tick: a mechanism, a lifecycle event of a mapping, an exec, or the end of the process."""

    entry: LogEntry
    evidence: dict[str, int] = field(default_factory=dict)
    """Changes of the mapping's fields, kB, without zeros except for `rss`; new or gone mappings count as 0."""

    @property
    def what(self) -> str:
        """Public name of the event."""
        return PUBLIC_NAMES.get(self.entry.what, self.entry.what)

    @property
    def kb(self) -> int | None:
        """Amount that a mechanism moved, or size of the addresses mapped or unmapped, kB; None without either."""
        return self.entry.kb if self.entry.event or self.entry.what in _ADDRESS_CHANGES else None

    @property
    def previous_values(self) -> dict[str, str]:
        """Name, addresses and permissions that a lifecycle event replaced: the old values of those that changed."""
        entry = self.entry
        if not entry.lifecycle_step or not entry.was or not entry.now:
            return {}
        was, now = _ref_record(entry.was), _ref_record(entry.now)
        return {name: text for name, text in was.items() if text != now[name]}


def tick_events(step: Step) -> Iterator[TickEvent]:
    """Events of a step, in order: exec, lifecycle events of mappings, mechanisms, and the end of the process."""
    entries = _with_faults(single_entries(tick_entries(step.tick), step.before, step.after), step)
    notes = {entry.what: entry for entry in entries if entry.mapping is None}
    if "exec" in notes:
        yield TickEvent(notes["exec"])
    of_mappings = [entry for entry in entries if entry.lifecycle_step] + [entry for entry in entries if entry.event]
    ids = np.array([entry.mapping for entry in of_mappings], np.int64)
    for entry, evidence, show in zip(of_mappings, _evidence(step, ids), step.shown_mask(ids).tolist(), strict=True):
        if show:
            yield TickEvent(entry, evidence)
    if "end" in notes:
        yield TickEvent(notes["end"])


def _with_faults(entries: list[LogEntry], step: Step) -> list[LogEntry]:
    """The same entries with the page faults that brought their pages."""
    if step.faults is None:
        return entries
    faults = EntryFaults(tick_entries(step.tick), step.faults)
    return [
        entry if entry.mapping is None else replace(entry, faults=faults.of(entry.what, frozenset((entry.mapping,))))
        for entry in entries
    ]


def _evidence(step: Step, ids: Ids) -> list[dict[str, int]]:
    """Changes of the fields of some mappings, kB; a recording has the same fields at all ticks."""
    names = step.after.mappings.fields
    now, was = (_amounts(snapshot, ids, len(names)) for snapshot in (step.after, step.before))
    known = (now != ABSENT) & (was != ABSENT)
    change = np.where(known, now - was, 0)
    reported = change != 0
    for at, name in enumerate(names):
        if name in PROPERTY_FIELDS:
            reported[at] = False
        elif name == "rss":
            reported[at] = known[at]
    evidence: list[dict[str, int]] = [{} for _ in ids]
    of, at_field = (column.tolist() for column in np.nonzero(reported.T))
    for mapping, at, kb in zip(of, at_field, change.T[reported.T].tolist(), strict=True):
        evidence[mapping][names[at]] = kb
    return evidence


def _amounts(snapshot: MapSnapshot | None, ids: Ids, fields: int) -> Amounts:
    """Fields of some mappings in a snapshot, shape (fields, len(ids)); 0 for mappings that it does not have."""
    if snapshot is None or not len(snapshot.ids):
        return np.zeros((fields, len(ids)), np.int64)
    rows = find_rows(snapshot.ids, ids)
    amounts = snapshot.mappings.amounts.take(rows, axis=1)
    amounts[:, rows < 0] = 0
    return amounts


def _ref_record(ref: MappingRef) -> dict[str, str]:
    """Record of a mapping's identity."""
    name = strip_deleted(ref.name)
    return {"name": name, "start": f"{ref.start:#x}", "end": f"{ref.end:#x}", "perms": ref.perms}
