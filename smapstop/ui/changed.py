"""What happened to a row of the table in the tick in which it last changed, in a few words."""

from collections.abc import Sequence

from smapstop.model.history.log_entry import Entry
from smapstop.model.mapping_rows import RESTLESS
from smapstop.model.tick import Tick
from smapstop.model.timeline.timeline import Timeline
from smapstop.ui import format as fmt
from smapstop.ui.happened import what_of
from smapstop.ui.why import VERBS, labels


def change_text(timeline: Timeline, mapping: int, number: int) -> str:
    """What happened to a mapping at a tick: the mechanisms, else what became of it, else the fields that moved."""
    tick = timeline.head(number)
    became = [VERBS[step.what] for step in tick.lineage if step.mapping == mapping]
    why = labels(tick.events.of(mapping), tick.symbols_of(mapping))
    if why or became:
        return "; ".join(filter(None, [why, ", ".join(became)]))
    deltas = timeline.change(mapping, number)
    told = [f"{name} {fmt.signed(delta)}" for name, delta in deltas.items() if delta and name not in RESTLESS]
    return " ".join(told) or _otherwise(tick)


def group_change_text(timeline: Timeline, entries: Sequence[Entry], number: int) -> str:
    """What happened to a group at a tick, -1 for never: the mechanisms in all of its mappings, and the rest."""
    if number < timeline.first:
        return ""
    return "; ".join(what_of(entry, timeline) for entry in entries) or _otherwise(timeline.head(number))


def _otherwise(tick: Tick) -> str:
    """What happened to mappings that nothing else is told of."""
    return "exec: another program" if tick.executed else "flags changed"
