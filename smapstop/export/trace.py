"""Write a recording as JSON in the Trace Event Format, for Perfetto and Chrome.

Each total, and each field of a mapping that changed, is a counter track; events, and callers of page faults,
are instants, in one lane per kind.
Timestamps are CLOCK_MONOTONIC in microseconds, so that traces of other tools can be aligned.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Any, get_args

from smapstop import __version__
from smapstop.export import RecordKind
from smapstop.export.flat_records import event_record
from smapstop.export.member_tracks import MemberTracks
from smapstop.export.steps import Step
from smapstop.export.tick_events import TickEvent, tick_events
from smapstop.export.trace_callers import LANE_TITLE, caller_instants
from smapstop.export.trace_counters import MappingTracks, TotalTracks, short_name
from smapstop.model.events import MECHANISMS
from smapstop.model.history.log_entry import LogEntry
from smapstop.model.history.mapping_history import MappingState
from smapstop.model.marks import Mark
from smapstop.model.protocol import Target
from smapstop.model.tick import LifecycleKind
from smapstop.model.timestamps import format_utc
from smapstop.report.json_csv import json_line
from smapstop.report.json_fields import Record
from smapstop.text.format import printable
from smapstop.text.lifecycle import lifecycle_text, resident_text
from smapstop.text.mechanisms import EXPLANATIONS, LIFECYCLE_VERBS, event_label, sentence_of
from smapstop.text.status import exit_status_text

_FAULTS = "faults"
_LANES: dict[str, str] = {
    **{what: EXPLANATIONS[what].label for what in MECHANISMS},
    **{what: LIFECYCLE_VERBS[what] for what in get_args(LifecycleKind)},
    "exec": "started a new program",
    "exit": "ended",
    _FAULTS: LANE_TITLE,
}
"""Title of the lane of each kind of event."""
_LANE_NUMBERS = {what: number for number, what in enumerate(_LANES, 1)}
"""Lane numbers; the format treats lanes as threads."""


def as_trace(
    steps: Iterable[Step], kinds: Collection[RecordKind], target: Target | None, marks: Collection[Mark] = ()
) -> Iterator[str]:
    """Write the trace as pieces of one JSON object, ASCII only.

    Args:
        steps: Ticks to export.
        kinds: Tracks of totals (ticks), of mappings (changes), of the family (members), instants (events, callers).
        target: Recorded process, if known.
        marks: Moments that the user marked, which are instants of the whole trace.
    """
    metadata: Record = {"tool": f"smapstop {__version__}", "clock": "CLOCK_MONOTONIC"}
    if target is not None:
        metadata["command_line"] = list(map(printable, target.command_line))
    between = '{"displayTimeUnit": "ms",\n "traceEvents": [\n  '
    writer = _Writer(kinds, target, marks)
    for step in steps:
        if step.first:
            metadata |= {"pid": step.tick.counters.pid, "first_tick_at": format_utc(step.tick.wall_ns)}
        pieces = ",\n  ".join(map(json_line, writer.events_of(step)))
        if pieces:
            yield between + pieces
            between = ",\n  "
    yield f'\n ],\n "otherData": {json_line(metadata)}}}\n'


class _Writer:
    """Converts steps to trace events; keeps track of the tracks and lanes that have started."""

    def __init__(self, kinds: Collection[RecordKind], target: Target | None, marks: Collection[Mark]) -> None:
        self._kinds, self._marks = kinds, marks
        self._name: str | None = None
        self._lanes: set[str] = set()
        self._totals = TotalTracks(target)
        self._mappings = MappingTracks()
        self._members = MemberTracks()

    def events_of(self, step: Step) -> Iterator[Record]:
        """Trace events of the next step."""
        counters = step.tick.counters
        at = counters.pid, step.tick.monotonic_ns / 1000
        if counters.name != self._name:
            self._name = counters.name
            yield _metadata(counters.pid, "process_name", name=printable(counters.name))
        if "ticks" in self._kinds:
            yield from self._totals.update(step, at)
        if "changes" in self._kinds:
            yield from self._mappings.update(step, at)
        if "members" in self._kinds:
            yield from self._members.update(step, counters.pid)
        if "events" in self._kinds:
            for event in tick_events(step):
                yield from self._instant_events(step, event, at)
        if "callers" in self._kinds:
            for title, arguments in caller_instants(step):
                known = {name: value for name, value in arguments.items() if value is not None}
                content = {"cat": "faults", "name": title, "args": {"sentence": title, **known}}
                yield from self._instant(_FAULTS, at, content)
        if "events" in self._kinds:
            for mark in self._marks:
                if mark.tick == step.tick.number:
                    name = f"mark {printable(mark.letter)}".rstrip()
                    yield {"ph": "i", "s": "g", "pid": at[0], "ts": at[1], "cat": "mark", "name": name}

    def _instant_events(self, step: Step, event: TickEvent, at: tuple[int, float]) -> Iterator[Record]:
        """Trace events for an event, in its lane."""
        title, sentence = _title_and_sentence(step, event.entry)
        arguments = {name: value for name, value in event_record(step, event).items() if value not in (None, [], {})}
        category = "mechanism" if event.entry.event else "process" if event.entry.mapping is None else "mapping"
        content = {"cat": category, "name": title, "args": {"sentence": sentence, **_printable(arguments)}}
        yield from self._instant(event.what, at, content)

    def _instant(self, what: str, at: tuple[int, float], content: Record) -> Iterator[Record]:
        """Trace events for an instant in the lane of its kind, which begins with the first one."""
        pid, ts = at
        lane = _LANE_NUMBERS[what]
        if what not in self._lanes:
            self._lanes.add(what)
            yield _metadata(pid, "thread_name", tid=lane, name=_LANES[what])
            yield _metadata(pid, "thread_sort_index", tid=lane, sort_index=lane)
        yield {"ph": "i", "s": "t", "pid": pid, "tid": lane, "ts": ts, **content}


def _printable(value: Any) -> Any:
    """Make all strings in a value printable, since viewers draw them."""
    match value:
        case str():
            return printable(value)
        case list():
            return [_printable(part) for part in value]
        case dict():
            return {name: _printable(part) for name, part in value.items()}
        case _:
            return value


def _metadata(pid: int, what: str, tid: int | None = None, **args: str | int) -> Record:
    """Metadata event: name of the process or a lane, or position of a lane."""
    thread = {} if tid is None else {"tid": tid}
    return {"ph": "M", "pid": pid, **thread, "name": what, "args": args}


def _title_and_sentence(step: Step, entry: LogEntry) -> tuple[str, str]:
    """Title and sentence of an event."""
    was, now = entry.was or entry.now, entry.now or entry.was
    if was is None or now is None:
        ending = step.tick.ending if entry.what == "end" else None
        text = f"{printable(step.tick.counters.name)}: {exit_status_text(ending) if ending else _LANES['exec']}"
        return text, text
    subject = short_name(now)
    if entry.lifecycle_step:
        text = lifecycle_text(entry.lifecycle_step, was, now, _address_range_of(step, entry.other))
        text += resident_text(entry)
        return f"{subject}: {text}", f"{printable(now.name) or subject}: {text}"
    assert entry.event is not None
    return f"{subject}: {event_label(entry.event)}", sentence_of(entry.event, now.kind)


def _address_range_of(step: Step, mapping: int | None) -> str:
    """Addresses of another mapping after the step."""
    row = None if mapping is None else step.after.row_of(mapping)
    return "another mapping" if row is None else MappingState(step.after.mappings, row).address_range
