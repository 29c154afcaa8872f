"""What happened in a tick, one thing after the other, with what shows it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from smapstop.export.steps import Step
from smapstop.model.events import Event, Mechanism
from smapstop.model.history.mapping_history import State
from smapstop.model.mapping_rows import rows_of
from smapstop.model.tick import Ending, Ids, Lineage, What
from smapstop.model.timeline.map_snapshot import Moment
from smapstop.proc.columns import ABSENT, Amounts, without_deleted
from smapstop.proc.fields import PROPERTIES

_SIZED = ("map", "unmap", "grow", "shrink", "split", "merge")
"""What gives or takes addresses."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened in a tick: a mechanism, what became of a mapping, or else an exec or the end."""

    was: State | None = None
    """The mapping before the tick; None when it was not there."""
    now: State | None = None
    """The mapping after it; None when it is gone."""
    event: Event | None = None
    became: Lineage | None = None
    ending: Ending | None = None
    evidence: dict[str, int] = field(default_factory=dict)
    """How the fields of the mapping changed, those that did, and `rss` always; from and to nothing at its ends."""

    @property
    def what(self) -> Mechanism | What | Literal["exec", "exit"]:
        """What it was."""
        it = self.event or self.became
        return it.what if it else "exit" if self.ending else "exec"

    @property
    def mapping(self) -> int | None:
        """The mapping that it happened to; None for the process."""
        it = self.event or self.became
        return it.mapping if it else None

    @property
    def state(self) -> State | None:
        """The mapping as it is now, or as it was when it is gone."""
        return self.now or self.was

    @property
    def kb(self) -> int | None:
        """How much a mechanism moved, or how many addresses were given or taken; None for what has no amount."""
        if self.event:
            return self.event.kb
        if self.what not in _SIZED:
            return None
        return abs((self.now.size_kb if self.now else 0) - (self.was.size_kb if self.was else 0))

    @property
    def replaced(self) -> dict[str, str]:
        """What something that became of the mapping has replaced of its name, addresses and permissions."""
        if not self.became or not self.was or not self.now:
            return {}
        was, now = _face(self.was), _face(self.now)
        return {name: text for name, text in was.items() if text != now[name]}


def happenings(step: Step) -> Iterator[Happening]:
    """What happened in a step: an exec, what became of mappings, the mechanisms that moved pages, and the end."""
    tick = step.tick
    if tick.executed:
        yield Happening()
    told = (*tick.lineage, *tick.events)
    ids = np.array([it.mapping for it in told], np.int64)
    states = _states(step.before, ids), _states(step.after, ids)
    shown = step.shows(ids).tolist()
    for it, was, now, evidence, show in zip(told, *states, _evidence(step, ids), shown, strict=True):
        match it:
            case Lineage() if show:
                yield Happening(was, now, became=it, evidence=evidence)
            case Event() if show:
                yield Happening(was, now, event=it, evidence=evidence)
    if tick.ending:
        yield Happening(ending=tick.ending)


def _states(moment: Moment | None, ids: Ids) -> list[State | None]:
    """Some mappings as they were at a moment; None where one was not there."""
    if moment is None:
        return [None] * len(ids)
    rows = rows_of(moment.ids, ids).tolist()
    return [State(moment.mappings, row) if row >= 0 else None for row in rows]


def _evidence(step: Step, ids: Ids) -> list[dict[str, int]]:
    """How the fields of some mappings changed; a recording has the same fields at all of its moments."""
    names = step.after.mappings.fields
    now, was = (_amounts(moment, ids, len(names)) for moment in (step.after, step.before))
    known = (now != ABSENT) & (was != ABSENT)
    change = np.where(known, now - was, 0)
    told = change != 0
    for at, name in enumerate(names):
        if name in PROPERTIES:
            told[at] = False
        elif name == "rss":
            told[at] = known[at]
    evidence: list[dict[str, int]] = [{} for _ in ids]
    of, at_field = (column.tolist() for column in np.nonzero(told.T))
    for mapping, at, kb in zip(of, at_field, change.T[told.T].tolist(), strict=True):
        evidence[mapping][names[at]] = kb
    return evidence


def _amounts(moment: Moment | None, ids: Ids, fields: int) -> Amounts:
    """Every field of some mappings at a moment, shape (fields, len(ids)); 0 where one was not there."""
    if moment is None or not len(moment.ids):
        return np.zeros((fields, len(ids)), np.int64)
    rows = rows_of(moment.ids, ids)
    amounts = moment.mappings.amounts.take(rows, axis=1)
    amounts[:, rows < 0] = 0
    return amounts


def _face(state: State) -> dict[str, str]:
    """What a mapping is known by, as records have it."""
    name = without_deleted(state.name)
    return {"name": name, "start": f"{state.start:#x}", "end": f"{state.end:#x}", "perms": state.perms}
