"""A recording as a trace for the viewers of Perfetto and Chrome: the JSON of the Trace Event Format.

A counter track for each total and for each field of a mapping that moved; what happened as instants, in a lane for
each kind of it. Times are those of the monotonic clock, in microseconds, which other tracers can give, too.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Any, get_args

from smapstop import __version__
from smapstop.export import RecordKind
from smapstop.export.flat_records import event_record
from smapstop.export.steps import Step
from smapstop.export.tick_events import TickEvent, tick_events
from smapstop.export.trace_counters import MappingTracks, TotalTracks, short_name
from smapstop.model.events import MECHANISMS
from smapstop.model.history.log_entry import LogEntry
from smapstop.model.history.mapping_history import MappingState
from smapstop.model.protocol import Target
from smapstop.model.tick import LifecycleKind
from smapstop.model.timestamps import format_utc
from smapstop.report.json_csv import json_line
from smapstop.report.json_fields import Record
from smapstop.text.format import printable
from smapstop.text.lifecycle import lifecycle_text
from smapstop.text.mechanisms import EXPLANATIONS, LIFECYCLE_VERBS, label_of, sentence_of
from smapstop.text.status import exit_status_text

_LANES: dict[str, str] = {
    **{what: EXPLANATIONS[what].label for what in MECHANISMS},
    **{what: LIFECYCLE_VERBS[what] for what in get_args(LifecycleKind)},
    "exec": "began a new program",
    "exit": "ended",
}
"""What the lane of each kind of happening is called."""
_LANE_NUMBERS = {what: number for number, what in enumerate(_LANES, 1)}
"""Lanes are threads to the format, and need numbers."""


def as_trace(steps: Iterable[Step], kinds: Collection[RecordKind], target: Target | None) -> Iterator[str]:
    """The trace as pieces of one JSON object, ASCII only.

    Args:
        steps: What to tell.
        kinds: Tracks of totals (ticks), tracks of mappings (changes), instants (events).
        target: Whose recording it is, as far as it is known.
    """
    about: Record = {"tool": f"smapstop {__version__}", "clock": "CLOCK_MONOTONIC"}
    if target is not None:
        about["command_line"] = list(map(printable, target.command_line))
    between = '{"displayTimeUnit": "ms",\n "traceEvents": [\n  '
    writer = _Writer(kinds, target)
    for step in steps:
        if step.first:
            about |= {"pid": step.tick.counters.pid, "first_tick_at": format_utc(step.tick.wall_ns)}
        pieces = ",\n  ".join(map(json_line, writer.events_of(step)))
        if pieces:
            yield between + pieces
            between = ",\n  "
    yield f'\n ],\n "otherData": {json_line(about)}}}\n'


class _Writer:
    """Makes the trace events of one step after the other, and remembers which tracks and lanes have begun."""

    def __init__(self, kinds: Collection[RecordKind], target: Target | None) -> None:
        self._kinds = kinds
        self._name: str | None = None
        self._lanes: set[str] = set()
        self._totals = TotalTracks(target)
        self._mappings = MappingTracks()

    def events_of(self, step: Step) -> Iterator[Record]:
        """The trace events of the next step."""
        counters = step.tick.counters
        at = counters.pid, step.tick.monotonic_ns / 1000
        if counters.name != self._name:
            self._name = counters.name
            yield _metadata(counters.pid, "process_name", name=printable(counters.name))
        if "ticks" in self._kinds:
            yield from self._totals.update(step, at)
        if "changes" in self._kinds:
            yield from self._mappings.update(step, at)
        if "events" in self._kinds:
            for event in tick_events(step):
                yield from self._instant_events(step, event, at)

    def _instant_events(self, step: Step, event: TickEvent, at: tuple[int, float]) -> Iterator[Record]:
        """Something that happened, in its lane."""
        pid, ts = at
        lane = _LANE_NUMBERS[event.what]
        if event.what not in self._lanes:
            self._lanes.add(event.what)
            yield _metadata(pid, "thread_name", tid=lane, name=_LANES[event.what])
            yield _metadata(pid, "thread_sort_index", tid=lane, sort_index=lane)
        title, sentence = _title_and_sentence(step, event.entry)
        told = {name: value for name, value in event_record(step, event).items() if value not in (None, [], {})}
        yield {
            "ph": "i",
            "s": "t",
            "pid": pid,
            "tid": lane,
            "ts": ts,
            "cat": "mechanism" if event.entry.event else "process" if event.entry.mapping is None else "mapping",
            "name": title,
            "args": {"sentence": sentence, **_printable(told)},
        }


def _printable(value: Any) -> Any:
    """A value of which all texts are printable: viewers draw them."""
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
    """What the process or a lane is called, and where it stands."""
    thread = {} if tid is None else {"tid": tid}
    return {"ph": "M", "pid": pid, **thread, "name": what, "args": args}


def _title_and_sentence(step: Step, entry: LogEntry) -> tuple[str, str]:
    """What happened in a few words, and as a sentence."""
    was, now = entry.was or entry.now, entry.now or entry.was
    if was is None or now is None:
        ending = step.tick.ending if entry.what == "end" else None
        text = f"{printable(step.tick.counters.name)}: {exit_status_text(ending) if ending else _LANES['exec']}"
        return text, text
    whose = short_name(now)
    if entry.lifecycle_step:
        text = lifecycle_text(entry.lifecycle_step, was, now, _address_range_of(step, entry.other))
        return f"{whose}: {text}", f"{printable(now.name) or whose}: {text}"
    assert entry.event is not None
    return f"{whose}: {label_of(entry.event)}", sentence_of(entry.event)


def _address_range_of(step: Step, mapping: int | None) -> str:
    """Another mapping, by its addresses after the step."""
    row = None if mapping is None else step.after.row_of(mapping)
    return "another mapping" if row is None else MappingState(step.after.mappings, row).address_range
