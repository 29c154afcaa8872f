"""What happened in a tick as it is exported, one thing after the other, with what shows it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from smapstop.export.steps import Step
from smapstop.model.history.log_entry import PUBLIC_NAMES, LogEntry, MappingRef
from smapstop.model.history.tick_entries import single_entries, tick_entries
from smapstop.model.mapping_rows import find_rows
from smapstop.model.tick import Ids
from smapstop.model.timeline.map_snapshot import MapSnapshot
from smapstop.proc.columns import ABSENT, Amounts, strip_deleted
from smapstop.proc.fields import PROPERTY_FIELDS

_ADDRESS_CHANGES = ("map", "unmap", "grow", "shrink", "split", "merge")
"""What gives or takes addresses."""


@dataclass(frozen=True, slots=True)
class TickEvent:
    """One thing that happened in a tick: a mechanism, what became of a mapping, or else an exec or the end."""

    entry: LogEntry
    evidence: dict[str, int] = field(default_factory=dict)
    """How the fields of the mapping changed, those that did, and `rss` always; from and to nothing at its ends."""

    @property
    def what(self) -> str:
        """What it was."""
        return PUBLIC_NAMES.get(self.entry.what, self.entry.what)

    @property
    def kb(self) -> int | None:
        """How much a mechanism moved, or how many addresses were given or taken; None for what has no amount."""
        return self.entry.kb if self.entry.pages or self.entry.what in _ADDRESS_CHANGES else None

    @property
    def previous_values(self) -> dict[str, str]:
        """What something that became of the mapping has replaced of its name, addresses and permissions."""
        entry = self.entry
        if not entry.lifecycle_step or not entry.was or not entry.now:
            return {}
        was, now = _ref_record(entry.was), _ref_record(entry.now)
        return {name: text for name, text in was.items() if text != now[name]}


def tick_events(step: Step) -> Iterator[TickEvent]:
    """What happened in a step: an exec, what became of mappings, the mechanisms that moved pages, and the end."""
    entries = single_entries(tick_entries(step.tick), step.before, step.after)
    notes = {entry.what: entry for entry in entries if entry.mapping is None}
    if "exec" in notes:
        yield TickEvent(notes["exec"])
    told = [entry for entry in entries if entry.lifecycle_step] + [entry for entry in entries if entry.pages]
    ids = np.array([entry.mapping for entry in told], np.int64)
    for entry, evidence, show in zip(told, _evidence(step, ids), step.shown_mask(ids).tolist(), strict=True):
        if show:
            yield TickEvent(entry, evidence)
    if "end" in notes:
        yield TickEvent(notes["end"])


def _evidence(step: Step, ids: Ids) -> list[dict[str, int]]:
    """How the fields of some mappings changed; a recording has the same fields at all of its moments."""
    names = step.after.mappings.fields
    now, was = (_amounts(moment, ids, len(names)) for moment in (step.after, step.before))
    known = (now != ABSENT) & (was != ABSENT)
    change = np.where(known, now - was, 0)
    told = change != 0
    for at, name in enumerate(names):
        if name in PROPERTY_FIELDS:
            told[at] = False
        elif name == "rss":
            told[at] = known[at]
    evidence: list[dict[str, int]] = [{} for _ in ids]
    of, at_field = (column.tolist() for column in np.nonzero(told.T))
    for mapping, at, kb in zip(of, at_field, change.T[told.T].tolist(), strict=True):
        evidence[mapping][names[at]] = kb
    return evidence


def _amounts(moment: MapSnapshot | None, ids: Ids, fields: int) -> Amounts:
    """Every field of some mappings at a moment, shape (fields, len(ids)); 0 where one was not there."""
    if moment is None or not len(moment.ids):
        return np.zeros((fields, len(ids)), np.int64)
    rows = find_rows(moment.ids, ids)
    amounts = moment.mappings.amounts.take(rows, axis=1)
    amounts[:, rows < 0] = 0
    return amounts


def _ref_record(face: MappingRef) -> dict[str, str]:
    """What a mapping is known by, as records have it."""
    name = strip_deleted(face.name)
    return {"name": name, "start": f"{face.start:#x}", "end": f"{face.end:#x}", "perms": face.perms}
