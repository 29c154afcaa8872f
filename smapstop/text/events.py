"""What an entry of the chronicle says, as text. No Textual here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from smapstop.model.history.log_entry import LogEntry
from smapstop.model.history.mapping_history import label_at
from smapstop.model.history.tick_entries import tick_entries
from smapstop.model.kinds import Kind, likely_section
from smapstop.model.tick import Tick
from smapstop.model.timeline.timeline import Timeline
from smapstop.proc.fields import EVIDENCE_FIELDS, EXTERNALLY_DRIVEN, FIELD_BY_NAME
from smapstop.text import format as fmt
from smapstop.text.mechanisms import LIFECYCLE_VERBS, label_of, labels
from smapstop.text.status import exit_status_text

_ROOM_FOR_EVIDENCE, _ROOM_FOR_TIMES = 24, 8
_SAME = "Rss unchanged"


@dataclass(frozen=True, slots=True)
class EntryText:
    """An entry as text, printable."""

    when: str
    """The time of its last tick."""
    what: str
    is_named: bool
    """Whether it tells of mappings with a name, or of too many to name them."""
    is_about_reading: bool
    """It is about the reading, not about the process."""


@dataclass(frozen=True, slots=True)
class EventWidths:
    """Cells of the columns; a column of 0 is left out. Between two of them are two cells."""

    when: int
    subject: int
    """After the letter of the kind, which takes two more."""
    what: int
    evidence: int
    """Where this is little, it says only how often."""


def event_widths(width: int, *, named: bool) -> EventWidths:
    """The columns of a pane of so many cells; the evidence takes what is left.

    Args:
        width: All of them.
        named: Whether the mapping is named.
    """
    when = 10 if width >= 40 else 0
    whose = min(40, max(12, width * 22 // 100)) if named else 0
    room = width - (when and when + 2) - (whose and whose + 4)
    what = max(30, min(44, room // 2))
    if room - what < _ROOM_FOR_EVIDENCE:
        what = max(0, room - _ROOM_FOR_TIMES)
    return EventWidths(when, whose, what, max(0, room - what - 2))


def entry_text(entry: LogEntry, timeline: Timeline) -> EntryText:
    """What an entry says, but for the mapping and the evidence."""
    return EntryText(
        when=fmt.clock_tenths(timeline.header(entry.last).wall_ns),
        what=what_text(entry, timeline),
        is_named=not entry.is_of_kind,
        is_about_reading=entry.what in ("torn", "missing"),
    )


def subject_text(entry: LogEntry, timeline: Timeline, width: int) -> str:
    """The name of the mapping, of all with this name, of the kind, or of the process, in at most so many cells."""
    face = entry.ref
    if face is None or entry.kind is None:
        return fmt.shorten(timeline.header(entry.last).counters.name, width)
    if entry.mappings > 1 and (not face.name or entry.is_of_kind):
        return fmt.clip(entry.kind, width)
    if not face.name:
        label = entry.now and entry.mapping is not None and label_at(timeline, len(timeline) - 1, entry.mapping)
        return fmt.clip(fmt.printable(f"{label or 'anon'} {face.start:x}"), width)
    name = fmt.printable(face.name)
    if entry.kind is not Kind.FILE:
        return fmt.shorten(name, width)
    name = name[name.rfind("/") + 1 :]
    part = likely_section(face.perms) if entry.mappings == 1 else ""
    full = f"{name} {part}".rstrip()
    return full if fmt.cell_width(full) <= width else fmt.shorten(name, width)


def what_text(entry: LogEntry, timeline: Timeline) -> str:
    """What happened, and how much."""
    tick = timeline.header(entry.last)
    match entry.what:
        case "exec":
            return "exec: began a new program"
        case "end":
            return exit_status_text(tick.ending) if tick.ending else "ended"
        case "torn":
            return "the map changed while it was read"
        case "missing":
            return fmt.printable(tick.missing)
    some = f"{entry.mappings:,} mappings" if entry.mappings > 1 else ""
    if entry.event:
        each_once = tuple(dict.fromkeys(entry.event.names))
        return label_of(replace(entry.event, names=each_once)) + (some and f" in {some}")
    verb = LIFECYCLE_VERBS[entry.what]
    match entry.what:
        case "grow":
            return f"{some} {verb} {fmt.signed(entry.kb)}".lstrip()
        case "shrink":
            return f"{some} {verb} {fmt.signed(-entry.kb)}".lstrip()
        case "map" | "unmap" | "split" | "merge":
            return f"{verb} {some}".rstrip() + f", {fmt.amount(entry.kb)}"
    return f"{verb} {some}".rstrip()


Piece = tuple[str, int]
"""A piece of a line, and the direction of the change that it tells: 1, -1, or 0 for none."""


def evidence_pieces(entry: LogEntry, timeline: Timeline, width: int) -> list[Piece]:
    """What shows that it happened, in at most so many cells.

    The fields that changed, what was replaced by what, or of something that went on since when.
    """
    if entry.count > 1:
        times = f"×{fmt.count(entry.count)}"
        since = "since" if entry.first >= timeline.oldest else "since before"
        since = f"{times.ljust(5)} {since} {fmt.clock(timeline.header(max(timeline.oldest, entry.first)).wall_ns)}"
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
    pieces = _fit_pieces(full, width)
    if len(pieces) < 2 * len(full):
        return _fit_pieces(short, width)
    room = width - sum(fmt.cell_width(text) for text, _ in pieces)
    same = entry.event and moved and not changes.get("rss", 1) and room >= len(_SAME)
    return [*pieces, (_SAME, 0)] if same else pieces


def _fit_pieces(changes: list[tuple[str, int]], width: int) -> list[Piece]:
    """The first changes of fields, each as two pieces, and a sign when there are more."""
    pieces: list[Piece] = []
    room = width + 2
    for at, (label, kb) in enumerate(changes):
        text = f"{fmt.signed(kb)}  "
        room -= fmt.cell_width(label) + fmt.cell_width(text)
        if room < (3 if at < len(changes) - 1 else 0):
            return [*pieces, (fmt.CUT, 0)]
        pieces += [(label, 0), (text, 1 if kb > 0 else -1)]
    return pieces


def _replacement_text(entry: LogEntry) -> str:
    """What of a mapping was replaced by what; where it was mapped, or was until now."""
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
    """What happened to a mapping at a tick: the mechanisms, else what became of it, else the fields that moved."""
    tick = timeline.header(number)
    entries = list(tick_entries(tick).of_mapping(mapping))
    if entries:
        why = labels(entry.event for entry in entries if entry.event)
        became = ", ".join(LIFECYCLE_VERBS[entry.lifecycle_step] for entry in entries if entry.lifecycle_step)
        return "; ".join(filter(None, [why, became]))
    deltas = timeline.queries.change(mapping, number)
    told = [
        f"{name} {fmt.signed(delta)}" for name, delta in deltas.items() if delta and name not in EXTERNALLY_DRIVEN
    ]
    return " ".join(told) or _fallback_text(tick)


def group_change_text(timeline: Timeline, entries: Sequence[LogEntry], number: int) -> str:
    """What happened to a group at a tick, -1 for never: the mechanisms in all of its mappings, and the rest."""
    if number < timeline.oldest:
        return ""
    return "; ".join(what_text(entry, timeline) for entry in entries) or _fallback_text(timeline.header(number))


def _fallback_text(tick: Tick) -> str:
    """What happened to mappings that nothing else is told of."""
    return "exec: another program" if tick.executed else "flags changed"


_AMPLE_WIDTH = 1_000
"""Cells in which every name has room."""
_ABBREVIATIONS = {"copy-on-write": "cow", "copy-on-write-after-fork": "cow"}
"""What people call a mechanism who type."""


def search_entries(entries: Sequence[LogEntry], words: str, timeline: Timeline) -> tuple[LogEntry, ...]:
    """The entries that have all of these words, and none of those with a `!` before them.

    Words are parts of what `searchable_text` says, in capitals or not; a `!` alone is none yet.
    """
    asked = words.casefold().split()
    wanted = [word for word in asked if word[0] != "!"]
    unwanted = [word[1:] for word in asked if word[0] == "!" and word != "!"]

    def has(text: str) -> bool:
        return all(word in text for word in wanted) and not any(word in text for word in unwanted)

    if not wanted and not unwanted:
        return tuple(entries)
    return tuple(entry for entry in entries if has(searchable_text(entry, timeline).casefold()))


def searchable_text(entry: LogEntry, timeline: Timeline) -> str:
    """What can be sought of an entry: whose it is, with the path; what happened, also as `EventKind` calls it."""
    path = entry.ref.name if entry.ref else ""
    said = [subject_text(entry, timeline, _AMPLE_WIDTH), entry_text(entry, timeline).what]
    return "\n".join([path, *said, entry.what, _ABBREVIATIONS.get(entry.what, "")])
