"""What happened in a tick, one thing after the other, with what shows it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from smapstop.export.steps import Step
from smapstop.model.events import Event, Mechanism
from smapstop.model.life import State
from smapstop.model.moment import Moment
from smapstop.model.rows import rows_of
from smapstop.model.tick import Ending, Ids, Lineage, What
from smapstop.proc.columns import ABSENT
from smapstop.proc.fields import PLAIN
from smapstop.snapshot import without_deleted

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
    symbols: tuple[str, ...] = ()
    """What lies on the pages that were copied on write."""

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
    def evidence(self) -> dict[str, int]:
        """How the fields of the mapping changed, those that did, and `rss` always; from or to nothing at its ends."""
        was, now = _amounts(self.was), _amounts(self.now)
        fields = now.keys() & was.keys() if now and was else now.keys() | was.keys()
        changes = {name: now.get(name, 0) - was.get(name, 0) for name in (now or was) if name in fields}
        return {name: kb for name, kb in changes.items() if kb or name == "rss"}

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
    before, after, shown = _states(step.before, ids), _states(step.after, ids), step.shows(ids).tolist()
    for it, was, now, show in zip(told, before, after, shown, strict=True):
        match it:
            case Lineage() if show:
                yield Happening(was, now, became=it)
            case Event() if show:
                copied = it.what == "copy-on-write"
                yield Happening(was, now, event=it, symbols=tick.symbols_of(it.mapping) if copied else ())
    if tick.ending:
        yield Happening(ending=tick.ending)


def _states(moment: Moment | None, ids: Ids) -> list[State | None]:
    """Some mappings as they were at a moment; None where one was not there."""
    if moment is None:
        return [None] * len(ids)
    rows = rows_of(moment.ids, ids).tolist()
    return [State(moment.mappings, row) if row >= 0 else None for row in rows]


def _amounts(state: State | None) -> dict[str, int]:
    """The fields of a mapping that can grow, those that were printed."""
    if state is None:
        return {}
    amounts = state.rows.amounts[:, state.row].tolist()
    return {
        name: kb for name, kb in zip(state.rows.fields, amounts, strict=True) if kb != ABSENT and name not in PLAIN
    }


def _face(state: State) -> dict[str, str]:
    """What a mapping is known by, as records have it."""
    name = without_deleted(state.name)
    return {"name": name, "start": f"{state.start:#x}", "end": f"{state.end:#x}", "perms": state.perms}
