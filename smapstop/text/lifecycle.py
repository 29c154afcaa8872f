"""Text of a mapping's history: its last change, and its lifecycle events (mapped, grew, moved, …)."""

from collections.abc import Callable, Sequence

import numpy as np

from smapstop.lazy_dataclass import dataclass
from smapstop.model.events import Event
from smapstop.model.history.culprits import Culprit, culprit_of
from smapstop.model.history.log_entry import LogEntry, MappingRef
from smapstop.model.history.mapping_history import MappingHistory, MappingState
from smapstop.model.kinds import Kind
from smapstop.model.tick import LifecycleEvent, LifecycleKind, Tick
from smapstop.proc.fields import FIELD_BY_NAME, SECONDARY_FIELDS
from smapstop.text import format as fmt
from smapstop.text.mechanisms import LIFECYCLE_VERBS
from smapstop.text.units import AUTO, UnitFormat

MAX_LIFECYCLE_LINES = 40
"""Maximum number of lifecycle events to list for a mapping."""


@dataclass(frozen=True, slots=True)
class LastChange:
    """Last change of a mapping, not counting fields that change without the process."""

    ago: str
    fields: tuple[tuple[str, float, float], ...]
    """Name, value before and value after, kB; NaN where the kernel did not print the field."""
    lifecycle: tuple[str, ...]
    """Text of the lifecycle events and flag changes at that tick."""
    events: tuple[Event, ...]
    """Mechanisms that explain it."""
    kind: Kind
    """Kind of the mapping."""
    culprit: Culprit | None = None
    """Whose doing they were."""


def last_change(
    history: MappingHistory, number: int, unit: UnitFormat = AUTO, overdue_ns: int = 0
) -> LastChange | None:
    """Last change of a mapping up to a tick; None if it has not changed since its first sample.

    Args:
        history: History of the mapping.
        number: The tick.
        unit: Format of amounts.
        overdue_ns: How long that tick has been over, ns, if the next one is overdue.
    """
    step = history.last_visible_change(history.step_at(number))
    if not step:
        return _arrival(history, number, unit, overdue_ns)
    tick = history.tick_of(step)
    changed = zip(history.fields, history.last_changes(step).tolist(), strict=True)
    names = [name for name, at in changed if at == step and name not in SECONDARY_FIELDS]
    values = [history.field(name, step)[-2:].tolist() for name in names]
    lifecycle = [lineage_text(history, when, what, unit) for when, what in history.lifecycle if when == tick.number]
    events = tuple(tick.events.of_mapping(history.mapping))
    return LastChange(
        ago=ago_text(tick, history.timeline.header(number), overdue_ns),
        fields=tuple((name, was, now) for name, (was, now) in zip(names, values, strict=True)),
        lifecycle=(*lifecycle, *_flags_text(history.states[step - 1].flags, history.states[step].flags)),
        events=events,
        kind=history.states[step].kind,
        culprit=culprit_of(history.timeline.faults.since_reading(tick.number), history.mapping, events),
    )


def _arrival(history: MappingHistory, number: int, unit: UnitFormat, overdue_ns: int) -> LastChange | None:
    """How a mapping that has not changed since came; None if it was there at the first tick, or that is forgotten."""
    tick = history.tick_of(0)
    events = tuple(tick.events.of_mapping(history.mapping))
    lifecycle = [lineage_text(history, when, what, unit) for when, what in history.lifecycle if when == tick.number]
    if not events and not lifecycle:
        return None
    ago = ago_text(tick, history.timeline.header(number), overdue_ns)
    culprit = culprit_of(history.timeline.faults.since_reading(tick.number), history.mapping, events)
    return LastChange(ago, (), tuple(lifecycle), events, history.states[0].kind, culprit)


def others_text(
    history: MappingHistory, number: int, unit_of: Callable[[str], UnitFormat] = lambda _: AUTO, overdue_ns: int = 0
) -> str:
    """Changes by other processes to the pages of a mapping since its last own change, up to a tick; empty if none.

    Args:
        history: History of the mapping.
        number: The tick.
        unit_of: Formats of the fields.
        overdue_ns: See `last_change`.
    """
    step = history.step_at(number)
    for name in ("pss", "private_clean", "private_dirty"):
        at = int(history.last_changes(step)[history.fields.index(name)]) if name in history.fields else 0
        if at > history.last_visible_change(step):
            was, now = history.field(name, at)[-2:].tolist()
            ago = ago_text(history.tick_of(at), history.timeline.header(number), overdue_ns)
            when = ago if ago == "now" else f"{ago} ago"
            verb = "mapped" if now < was else "unmapped"
            return (
                f"{FIELD_BY_NAME[name].label} {unit_of(name).change(now - was)} {when}: others {verb} the same pages"
            )
    return ""


def _flags_text(was: Sequence[str], now: Sequence[str]) -> list[str]:
    """VmFlags that were set and cleared."""
    changes = [f"+{code}" for code in now if code not in was] + [f"−{code}" for code in was if code not in now]
    return [f"VmFlags {fmt.printable(' '.join(changes))}"] if changes else []


def ago_text(when: Tick, now: Tick, overdue_ns: int = 0) -> str:
    """Age of one tick at another, or when that has been over for some time; "now" until the next reading is due."""
    return fmt.age((now.monotonic_ns + overdue_ns - when.monotonic_ns) / 1e9 - now.interval_ns / 2e9)


def lifecycle_lines(history: MappingHistory, number: int, unit: UnitFormat = AUTO) -> list[tuple[str, str]]:
    """Lifecycle events of a mapping up to a tick, newest first, as (time, text); repeated growth is one line."""
    events = [(when, step) for when, step in reversed(history.lifecycle) if when <= number]
    folds = _fold_repeats(events)
    lines = [
        (_time_text(history, fold[0][0]), _fold_text(history, fold, unit)) for fold in folds[:MAX_LIFECYCLE_LINES]
    ]
    if len(folds) > len(lines):
        lines.append(("…", f"and {sum(map(len, folds[MAX_LIFECYCLE_LINES:]))} earlier"))
    elif not any(step.what in ("map", "split") and step.mapping == history.mapping for _, step in history.lifecycle):
        lines.append(
            (_time_text(history, history.tick_of(0).number), f"first seen at {history.states[0].address_range}")
        )
    return lines


_TimedEvent = tuple[int, LifecycleEvent]
"""A lifecycle event and its tick."""


def _fold_repeats(events: Sequence[_TimedEvent]) -> list[list[_TimedEvent]]:
    """Fold successive events in which the mapping grows, or shrinks."""
    folds: list[list[_TimedEvent]] = []
    for event in events:
        what, mapping = event[1].what, event[1].mapping
        last = folds[-1][-1][1] if folds else None
        if last is not None and what in ("grow", "shrink") and (last.what, last.mapping) == (what, mapping):
            folds[-1].append(event)
        else:
            folds.append([event])
    return folds


def _time_text(history: MappingHistory, number: int) -> str:
    """Time of a tick."""
    return fmt.clock_tenths(history.timeline.header(number).wall_ns)


def _fold_text(history: MappingHistory, fold: Sequence[_TimedEvent], unit: UnitFormat) -> str:
    """Text of an event, or of several that are folded, the newest first."""
    (last, step), (first, _) = fold[0], fold[-1]
    if len(fold) == 1 or step.mapping != history.mapping:
        return lineage_text(history, last, step, unit)
    at = history.step_at(first)
    was, now = history.states[max(0, at - 1)], history.states[history.step_at(last)]
    text = lifecycle_text(step.what, was.ref, now.ref, "", unit)
    return f"{text}  ×{len(fold)} since {fmt.clock(history.timeline.header(first).wall_ns)}"


def lineage_text(history: MappingHistory, number: int, step: LifecycleEvent, unit: UnitFormat = AUTO) -> str:
    """Text of one lifecycle event of a mapping at a tick."""
    at = history.step_at(number)
    now, was = history.states[at], history.states[max(0, at - 1)]
    if step.mapping != history.mapping:
        verb = "absorbed" if step.what == "merge" else "VMA split, new mapping"
        return f"{verb} {_address_range_of(history, number, step.mapping)}"
    return lifecycle_text(step.what, was.ref, now.ref, _address_range_of(history, number, step.other), unit)


def lifecycle_text(what: LifecycleKind, was: MappingRef, now: MappingRef, other: str, unit: UnitFormat = AUTO) -> str:
    """Text of a lifecycle event, from the states of the mapping around it.

    Args:
        what: Kind of event.
        was: The mapping before; for a new mapping its state after.
        now: The mapping after; for one that is gone its state before.
        other: Addresses of the mapping that it was split from or merged into.
        unit: Format of sizes.
    """
    match what:
        case "map":
            return f"mapped at {now.address_range}"
        case "grow" | "shrink":
            return f"{LIFECYCLE_VERBS[what]} {unit.change(now.size_kb - was.size_kb)} to {unit.text(now.size_kb)}"
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


def resident_text(entry: LogEntry) -> str:
    """Text of the pages that went with a mapping: " with 3 pages"; empty where it had none."""
    return f" with {fmt.pages_text(entry.pages)}{'' if entry.sure else '?'}" if entry.pages else ""


def was_read_again(life: MappingHistory, after: int, number: int) -> bool:
    """Whether mappings were read after a tick, up to another: else it is not known whether they have changed since.

    With much memory the budget lets seconds pass between two readings, in which the totals may already grow.
    """
    timeline = life.timeline
    known = range(max(after + 1, timeline.oldest), number + 1)  # history that is kept begins with a reading
    return any(timeline.header(each).has_mappings for each in known)


def unchanged_text(life: MappingHistory, number: int) -> str:
    """Text for a mapping that has not changed up to a tick: "no change since attach (16:06:40)"."""
    tick = life.tick_of(0)
    if not was_read_again(life, life.first_tick, number):
        return f"read once, at {fmt.clock(tick.wall_ns)}"
    since = "attach" if tick.number == 0 else "its first sample"
    return f"no change since {since} ({fmt.clock(tick.wall_ns)})"


def end_text(history: MappingHistory) -> str:
    """Text saying since when and how a mapping is gone; empty while it exists."""
    if history.gone_tick is None:
        return ""
    tick = history.timeline.header(history.gone_tick)
    events = [lineage_text(history, when, step) for when, step in history.lifecycle if when == tick.number]
    how = "the process started a new program (exec)" if tick.executed else ", ".join(events) or "unmapped"
    return f"gone since {fmt.clock(tick.wall_ns)}: {how}; showing its last state"


def _address_range_of(history: MappingHistory, number: int, mapping: int | None) -> str:
    """Addresses of another mapping at a tick; empty for None."""
    if mapping is None:
        return ""
    tick = history.timeline.ticks[number]
    row = np.flatnonzero(tick.ids == mapping).tolist()
    return MappingState(tick.rows, row[0]).address_range if row else "another mapping"


def _name(ref: MappingRef) -> str:
    """Name of a mapping for use in a sentence."""
    return fmt.printable(ref.name) or "no name"
