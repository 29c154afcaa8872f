"""Text of event log entries."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from smapstop.lazy_dataclass import dataclass
from smapstop.model.events import COST_OF, MECHANISMS, Cost, Mechanism
from smapstop.model.history.activity import Highlight
from smapstop.model.history.culprits import culprit_of, culprit_of_entry
from smapstop.model.history.log_entry import EVENT_KINDS, LogEntry
from smapstop.model.history.mapping_history import label_at
from smapstop.model.history.tick_entries import tick_entries
from smapstop.model.kinds import SHARED_ANONYMOUS, SHARED_ANONYMOUS_TEXT, Kind
from smapstop.model.short_names import without_path
from smapstop.model.tick import Tick
from smapstop.model.timeline.timeline import Timeline
from smapstop.proc.fields import EVIDENCE_FIELDS, EXTERNALLY_DRIVEN, FIELD_BY_NAME
from smapstop.text import format as fmt
from smapstop.text.culprit import culprit_text
from smapstop.text.lifecycle import resident_text
from smapstop.text.mechanisms import EXPLANATIONS, LIFECYCLE_VERBS, event_label, event_verdict
from smapstop.text.status import exit_status_text
from smapstop.text.units import AUTO, UnitFormat

_ROOM_FOR_EVIDENCE, ROOM_FOR_TIMES = 24, 8
"""Cells for evidence: the least for fields that changed, and for how often an event happened."""
_TIMES_CELLS = 5
_SAME = "Rss unchanged"
BETWEEN = " · "
"""Between the verdicts on the events of one tick."""


@dataclass(frozen=True, slots=True)
class EntryText:
    """A log entry as printable text."""

    when: str
    """Time of its last tick."""
    what: str
    is_named: bool
    """Whether it is about particular mappings, not about a whole kind of mappings."""
    is_about_reading: bool
    """Whether it is about the reading, not about the process."""


@dataclass(frozen=True, slots=True)
class EventWidths:
    """Widths of the columns in cells; a column of width 0 is left out. Two cells separate columns."""

    when: int
    subject: int
    """Without the kind's letter in front, which takes two more cells."""
    what: int
    evidence: int
    """When narrow, it shows only how often the event happened."""


def event_widths(width: int, *, named: bool) -> EventWidths:
    """Lay out the columns of the events pane; the evidence takes what is left.

    Args:
        width: Cells of the pane.
        named: Whether there is a column with the mapping's name.
    """
    when = 10 if width >= 40 else 0
    subject = min(40, max(12, width * 22 // 100)) if named else 0
    room = width - (when and when + 2) - (subject and subject + 4)
    what = max(30, min(44, room // 2))
    if room - what < _ROOM_FOR_EVIDENCE:
        what = max(0, room - ROOM_FOR_TIMES)
    return EventWidths(when, subject, what, max(0, room - what - 2))


def entry_text(entry: LogEntry, timeline: Timeline, unit: UnitFormat = AUTO) -> EntryText:
    """Text of an entry without its subject and evidence, its amounts in a format."""
    return EntryText(
        when=fmt.clock_tenths(timeline.header(entry.last).wall_ns),
        what=what_text(entry, timeline, unit),
        is_named=not entry.is_of_kind,
        is_about_reading=entry.what in ("torn", "missing"),
    )


def subject_text(entry: LogEntry, timeline: Timeline, width: int) -> str:
    """Subject of an entry in at most `width` cells: one mapping, all of a name, a kind, or the process."""
    ref = entry.ref
    if ref is None or entry.kind is None:
        return fmt.shorten(timeline.header(entry.last).counters.name, width)
    if entry.mappings > 1 and (not ref.name or entry.is_of_kind):
        return fmt.clip(entry.kind, width)
    if not ref.name:
        label = entry.now and entry.mapping is not None and label_at(timeline, len(timeline) - 1, entry.mapping)
        return fmt.clip(fmt.printable(f"{label or 'anon'} {ref.start:x}"), width)
    if ref.name == SHARED_ANONYMOUS:
        return fmt.shorten(SHARED_ANONYMOUS_TEXT, width)
    name = fmt.printable(ref.name)
    if entry.kind is not Kind.FILE and not ref.section:
        return fmt.shorten(name, width)
    name = fmt.printable(without_path(ref.name))
    part = ref.section if entry.mappings == 1 else ""
    full = f"{name} {part}".rstrip()
    return full if fmt.cell_width(full) <= width else fmt.shorten(name, width)


def what_text(entry: LogEntry, timeline: Timeline, unit: UnitFormat = AUTO) -> str:
    """Text of what happened, with the amount; of an outlier also how many times the usual one."""
    text = _what_text(entry, timeline, unit)
    return f"{text}, {fmt.count(entry.kb // entry.usual_kb)}× usual" if entry.usual_kb else text


def _what_text(entry: LogEntry, timeline: Timeline, unit: UnitFormat) -> str:
    """Text of what happened, with the amount."""
    tick = timeline.header(entry.last)
    match entry.what:
        case "exec":
            return "exec: started a new program"
        case "end":
            return exit_status_text(tick.ending) if tick.ending else "ended"
        case "torn":
            return "the map changed while being read"
        case "missing":
            return fmt.printable(tick.missing)
        case "alert":
            return f"alert {fmt.printable(entry.note)}"
    mappings = f"{entry.mappings:,} mappings" if entry.mappings > 1 else ""
    if entry.event:
        unique_names = tuple(dict.fromkeys(entry.event.names))
        label = event_label(replace(entry.event, names=unique_names))
        addresses = f" of {unit.text(entry.address_kb)}" if entry.address_kb else ""
        by = culprit_text(culprit_of_entry(entry))
        return label + (mappings and f" in {mappings}") + addresses + by
    verb = LIFECYCLE_VERBS[entry.what]
    match entry.what:
        case "grow":
            return f"{mappings} {verb} {unit.change(entry.kb)}".lstrip()
        case "shrink":
            return f"{mappings} {verb} {unit.change(-entry.kb)}".lstrip()
        case "map" | "unmap" | "split" | "merge":
            return f"{verb} {mappings}".rstrip() + f", {unit.text(entry.kb)}" + resident_text(entry)
    return f"{verb} {mappings}".rstrip()


Piece = tuple[str, int]
"""Part of a line, and the direction of the change in it: 1, -1, or 0 for none."""


def evidence_pieces(entry: LogEntry, timeline: Timeline, width: int, unit: UnitFormat = AUTO) -> list[Piece]:
    """Evidence of an entry in at most `width` cells.

    The fields that changed, or what was replaced by what; for a repeated event since when and, at the end, how often.
    """
    if entry.count > 1:
        times = f"×{fmt.count(entry.count)}".ljust(_TIMES_CELLS)
        since = "since" if entry.first >= timeline.oldest else "since before"
        since = f"{since} {fmt.clock(timeline.header(max(timeline.oldest, entry.first)).wall_ns)}  {times}"
        return [(since if fmt.cell_width(since) <= width else fmt.clip(times, width), 0)]
    if entry.mapping is None or entry.mappings > 1 or width < _ROOM_FOR_EVIDENCE - 2:
        return []
    replaced = _replacement_text(entry)
    if replaced:
        return [(fmt.clip(replaced, width), 0)]
    changed = timeline.queries.change(entry.mapping, entry.last)
    changes = {name: kb for name, kb in changed.items() if name in EVIDENCE_FIELDS}
    moved = {name: kb for name, kb in changes.items() if kb}
    full = [(f"{FIELD_BY_NAME[name].label} ", kb) for name, kb in moved.items()]
    short = [(f"{FIELD_BY_NAME[name].short} ", kb) for name, kb in moved.items()]
    pieces = _fit_pieces(full, width, unit)
    if len(pieces) < 2 * len(full):
        return _fit_pieces(short, width, unit)
    room = width - sum(fmt.cell_width(text) for text, _ in pieces)
    same = entry.event and moved and not changes.get("rss", 1) and room >= len(_SAME)
    return [*pieces, (_SAME, 0)] if same else pieces


def _fit_pieces(changes: list[tuple[str, int]], width: int, unit: UnitFormat) -> list[Piece]:
    """The first changes of fields that fit, each as two pieces, and "…" if there are more."""
    pieces: list[Piece] = []
    room = width + 2
    for at, (label, kb) in enumerate(changes):
        text = f"{unit.change(kb)}  "
        room -= fmt.cell_width(label) + fmt.cell_width(text)
        if room < (3 if at < len(changes) - 1 else 0):
            return [*pieces, (fmt.CUT, 0)]
        pieces += [(label, 0), (text, 1 if kb > 0 else -1)]
    return pieces


def _replacement_text(entry: LogEntry) -> str:
    """What was replaced by what; for a mapping that came or went, its permissions and start; else empty."""
    now, was = entry.now, entry.was
    match entry.what:
        case "map" | "split" if now:
            return f"{now.perms} at {now.start:x}"
        case "unmap" | "merge" if was:
            return f"{was.perms} at {was.start:x}"
        case "protect" if now and was:
            return f"{was.perms} → {now.perms}"
        case "move" if now and was:
            return f"{was.start:x} → {now.start:x}"
        case "rename" if now and was:
            return f"{fmt.printable(was.name) or 'no name'} → {fmt.printable(now.name) or 'no name'}"
    return ""


def change_text(timeline: Timeline, mapping: int, number: int) -> str:
    """What happened to a mapping at a tick: mechanisms and lifecycle events, else the fields that changed."""
    tick = timeline.header(number)
    entries = list(tick_entries(tick).of_mapping(mapping))
    if entries:
        mechanisms = [event_verdict(entry.event) for entry in entries if entry.event]
        if mechanisms:
            events = [entry.event for entry in entries if entry.event]
            mechanisms[-1] += culprit_text(culprit_of(timeline.faults.since_reading(number), mapping, events))
        lifecycle = [
            LIFECYCLE_VERBS[entry.lifecycle_step] + resident_text(entry) for entry in entries if entry.lifecycle_step
        ]
        return BETWEEN.join([*mechanisms, *lifecycle])
    deltas = timeline.queries.change(mapping, number)
    changes = [
        f"{name} {fmt.signed(delta)}" for name, delta in deltas.items() if delta and name not in EXTERNALLY_DRIVEN
    ]
    return " ".join(changes) or _fallback_text(tick)


def group_change_text(timeline: Timeline, entries: Sequence[LogEntry], number: int, unit: UnitFormat = AUTO) -> str:
    """What happened to a group of mappings at a tick, from its log entries; empty for -1 (never)."""
    if number < timeline.oldest:
        return ""
    return BETWEEN.join(entry_verdicts(entries, timeline, unit=unit)) or _fallback_text(timeline.header(number))


def entry_verdicts(
    entries: Sequence[LogEntry], timeline: Timeline, *, full: bool = False, unit: UnitFormat = AUTO
) -> list[str]:
    """Verdicts on the entries of a group in a tick, each with its number first, see `event_verdict`; and by whom.

    Whose doing several in a row were is said once, at the last of them.
    """
    doers = [culprit_text(culprit_of_entry(entry), full=full) for entry in entries]
    return [
        _entry_verdict(entry, timeline, unit, full=full) + (by if by != next_by else "")
        for entry, (by, next_by) in zip(entries, pairwise([*doers, ""]), strict=True)
    ]


def _entry_verdict(entry: LogEntry, timeline: Timeline, unit: UnitFormat, *, full: bool) -> str:
    """Verdict on an entry of a group."""
    if entry.event is None:
        return what_text(entry, timeline, unit)
    mappings = f", {entry.mappings:,} mappings" if entry.mappings > 1 and full else ""
    return event_verdict(entry.event, full=full) + mappings


def _fallback_text(tick: Tick) -> str:
    """Text for a changed mapping without events or changed amounts."""
    return "exec: new program" if tick.executed else "flags changed"


def highlight_text(tick: Tick, highlight: Highlight | None, unit: UnitFormat = AUTO) -> tuple[str, str]:
    """What made a tick stand out: its amount and its name, "+50 M" and "first touch"; empty where there is none."""
    if highlight is None or tick.executed or tick.ending is not None:
        return tick_text(tick, unit)
    if highlight.code < len(MECHANISMS):
        return _mechanism_text(MECHANISMS[highlight.code], highlight.kb, unit, sure=highlight.sure)
    return unit.text(highlight.kb) if highlight.kb else "", LIFECYCLE_VERBS[EVENT_KINDS[highlight.code]]


def _mechanism_text(what: Mechanism, kb: float, unit: UnitFormat, *, sure: bool) -> tuple[str, str]:
    """Amount and name of a mechanism: "+50 M" and "first touch", with a question mark where it is not certain."""
    sign = {Cost.MEMORY: 1, Cost.TIME: 1, Cost.RETURNED: -1}.get(COST_OF[what], 0)
    return unit.change(sign * kb) if sign else unit.text(kb), EXPLANATIONS[what].label + "?" * (not sure)


def tick_text(tick: Tick, unit: UnitFormat = AUTO) -> tuple[str, str]:
    """What happened most in a tick: its amount and its name, "+50 M" and "first touch"; empty where there is none."""
    if tick.executed:
        return "", "exec"
    if tick.ending is not None:
        return "", exit_status_text(tick.ending)
    if len(tick.events):
        by_mechanism = np.bincount(tick.events.what, weights=tick.events.kb)
        code = int(np.argmax(by_mechanism))
        sure = bool(tick.events.sure[tick.events.what == code].all())
        return _mechanism_text(MECHANISMS[code], float(by_mechanism[code]), unit, sure=sure)
    steps = Counter(event.what for event in tick.lineage)
    texts = [(f"{count}", LIFECYCLE_VERBS[what]) for what, count in steps.most_common(1)]
    return texts[0] if texts else ("", "")
