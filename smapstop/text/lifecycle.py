"""What became of one mapping, as text: its last change, and what happened to it as a whole. No Textual here."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from smapstop.model.events import Event
from smapstop.model.history.log_entry import MappingRef
from smapstop.model.history.mapping_history import MappingHistory, MappingState
from smapstop.model.tick import LifecycleEvent, LifecycleKind, Tick
from smapstop.proc.fields import SECONDARY_FIELDS
from smapstop.text import format as fmt
from smapstop.text.mechanisms import LIFECYCLE_VERBS

MAX_LIFECYCLE_LINES = 40
"""What happened to a mapping as a whole is told up to so many times."""


@dataclass(frozen=True, slots=True)
class LastChange:
    """The last change that a person would call one."""

    ago: str
    fields: tuple[tuple[str, float, float], ...]
    """Name, what it was and what it became, kB; NaN where the field was not printed."""
    lifecycle: tuple[str, ...]
    """What happened to the mapping as a whole then."""
    events: tuple[Event, ...]
    """The mechanisms that account for it."""


def last_change(history: MappingHistory, number: int) -> LastChange | None:
    """The last change of a mapping up to a tick; None when it has not changed since it was first seen."""
    step = history.last_visible_change(history.step_at(number))
    if not step:
        return None
    tick = history.tick_of(step)
    changed = zip(history.fields, history.last_changes(step).tolist(), strict=True)
    names = [name for name, at in changed if at == step and name not in SECONDARY_FIELDS]
    values = [history.field(name, step)[-2:].tolist() for name in names]
    became = [lineage_text(history, when, what) for when, what in history.lifecycle if when == tick.number]
    return LastChange(
        ago=ago_text(tick, history.timeline.header(number)),
        fields=tuple((name, was, now) for name, (was, now) in zip(names, values, strict=True)),
        lifecycle=(*became, *_flags_text(history.states[step - 1].flags, history.states[step].flags)),
        events=tuple(tick.events.of_mapping(history.mapping)),
    )


def _flags_text(was: Sequence[str], now: Sequence[str]) -> list[str]:
    """Which VmFlags came and went."""
    moves = [f"+{code}" for code in now if code not in was] + [f"−{code}" for code in was if code not in now]
    return [f"VmFlags {fmt.printable(' '.join(moves))}"] if moves else []


def ago_text(when: Tick, now: Tick) -> str:
    """How long before a tick another one was; "now" until the next reading is due."""
    return fmt.age((now.monotonic_ns - when.monotonic_ns) / 1e9 - now.interval_ns / 2e9)


def lifecycle_lines(history: MappingHistory, number: int) -> list[tuple[str, str]]:
    """What happened to a mapping as a whole up to a tick, the newest first: the times, and what."""
    told = [(when, step) for when, step in reversed(history.lifecycle) if when <= number]
    lines = [
        (fmt.clock_tenths(history.timeline.header(when).wall_ns), lineage_text(history, when, step))
        for when, step in told[:MAX_LIFECYCLE_LINES]
    ]
    if len(told) > len(lines):
        lines.append(("…", f"and {len(told) - len(lines)} earlier"))
    elif not any(step.what in ("map", "split") and step.mapping == history.mapping for _, step in history.lifecycle):
        lines.append(
            (fmt.clock_tenths(history.tick_of(0).wall_ns), f"first seen at {history.states[0].address_range}")
        )
    return lines


def lineage_text(history: MappingHistory, number: int, step: LifecycleEvent) -> str:
    """One thing that happened to a mapping as a whole at a tick."""
    at = history.step_at(number)
    now, was = history.states[at], history.states[max(0, at - 1)]
    if step.mapping != history.mapping:
        return (
            f"{'took in' if step.what == 'merge' else 'gave up'} {_address_range_of(history, number, step.mapping)}"
        )
    return lifecycle_text(step.what, was.ref, now.ref, _address_range_of(history, number, step.other))


def lifecycle_text(what: LifecycleKind, was: MappingRef, now: MappingRef, other: str) -> str:
    """One thing that became of a mapping, from what it was and is.

    Args:
        what: What it was.
        was: The mapping before; of one that was not there what it is.
        now: The mapping after; of one that is gone what it was.
        other: Where the one is that it was split from, or merged into.
    """
    match what:
        case "map":
            return f"mapped at {now.address_range}"
        case "grow" | "shrink":
            return f"{LIFECYCLE_VERBS[what]} {fmt.signed(now.size_kb - was.size_kb)} to {fmt.amount(now.size_kb)}"
        case "split":
            return f"VMA split from {other}, at {now.address_range}"
        case "merge":
            return f"merged into {other}"
        case "protect":
            return f"protected, {was.perms} → {now.perms}"
        case "move":
            return f"moved from {was.address_range} to {now.address_range}"
        case "rename":
            return f"renamed from {_name(was)} to {_name(now)}"
        case "unmap":
            return "unmapped"


def unchanged_text(life: MappingHistory) -> str:
    """No change, and since when that is known: "no change since attach (16:06:40)"."""
    tick = life.tick_of(0)
    since = "attach" if tick.number == 0 else "its first sample"
    return f"no change since {since} ({fmt.clock(tick.wall_ns)})"


def end_text(history: MappingHistory) -> str:
    """That a mapping is gone, since when and how; empty while it is there."""
    if history.gone_tick is None:
        return ""
    tick = history.timeline.header(history.gone_tick)
    told = [lineage_text(history, when, step) for when, step in history.lifecycle if when == tick.number]
    how = "the process began another program" if tick.executed else ", ".join(told) or "unmapped"
    return f"gone since {fmt.clock(tick.wall_ns)}: {how}; below is its last state"


def _address_range_of(life: MappingHistory, number: int, mapping: int | None) -> str:
    """Another mapping that a tick tells of, by its addresses."""
    if mapping is None:
        return ""
    tick = life.timeline.ticks[number]
    row = np.flatnonzero(tick.ids == mapping).tolist()
    return MappingState(tick.rows, row[0]).address_range if row else "another mapping"


def _name(face: MappingRef) -> str:
    """The name of a mapping as a word of a sentence."""
    return fmt.printable(face.name) or "no name"
