"""Turn ticks into flat records, with the same names as in a snapshot's JSON."""

from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache

from smapstop.export import RecordKind
from smapstop.export.caller_records import CALLER_COLUMNS, caller_records, culprit_record
from smapstop.export.member_records import MEMBER_COLUMNS
from smapstop.export.steps import Step, changed_rows
from smapstop.export.tick_events import TickEvent, tick_events
from smapstop.model.marks import Mark
from smapstop.model.timestamps import format_utc
from smapstop.model.totals import DERIVED_TOTALS
from smapstop.proc.columns import ABSENT, Amounts, strip_deleted
from smapstop.proc.fields import PROPERTY_FIELDS, ROLLUP_ONLY
from smapstop.report.json_fields import Record, all_field_names, header_records

_WHEN = ("tick", "at", "seconds")
_TICK_COLUMNS = (
    *_WHEN,
    *("monotonic_s", "tier", "read_ms", "torn", "missing", "pid", "name", "state", "threads"),
    *("minor_faults", "major_faults", "rss_kb", "vm_hwm_kb", "mappings"),
)
_CHANGE_COLUMNS = (
    *(*_WHEN, "mapping", "name", "start", "end", "perms", "offset", "device", "inode", "deleted", "kind", "vm_flags"),
)
_EVENT_COLUMNS = (
    *(*_WHEN, "mapping", "name", "start", "end", "perms", "what", "pages", "kb", "ambiguous", "also", "symbols"),
    *("by", "by_source", "by_all", "by_sure"),
    *("other", "was_name", "was_start", "was_end", "was_perms", "status", "signal"),
    *("oom_sure", "oom_limit_bytes", "oom_cgroup"),
)


@lru_cache(8)
def _fields_of(kind: RecordKind, printed: tuple[str, ...]) -> tuple[str, ...]:
    """Fields in the records of a kind: all known ones, and unknown ones that this kernel printed."""
    match kind:
        case "ticks":
            summable = [name for name in printed if name not in PROPERTY_FIELDS]
            return (*all_field_names(summable, without=tuple(PROPERTY_FIELDS)), *DERIVED_TOTALS)
        case "changes":
            return tuple(all_field_names(printed, without=ROLLUP_ONLY))
        case "events":
            fields = all_field_names(printed, without=ROLLUP_ONLY)
            return tuple(name for name in fields if name not in PROPERTY_FIELDS)
        case "callers" | "members":
            return ()


def columns_of(kind: RecordKind, printed: tuple[str, ...]) -> tuple[str, ...]:
    """Table columns of the records of a kind; events have a column of evidence per field.

    Args:
        kind: Kind of record.
        printed: Fields that the kernel printed.
    """
    columns = {
        "ticks": _TICK_COLUMNS,
        "changes": _CHANGE_COLUMNS,
        "events": _EVENT_COLUMNS,
        "callers": CALLER_COLUMNS,
        "members": MEMBER_COLUMNS,
    }
    return columns[kind] + _fields_of(kind, printed)


def mark_records(step: Step, marks: Iterable[Mark]) -> Iterator[Record]:
    """Records of the marks that the user set at a step's tick; the letter is None for the mark without one."""
    for mark in marks:
        if mark.tick == step.tick.number:
            yield {"type": "mark", **_when(step), "letter": mark.letter or None, "mapping": mark.mapping}


def _when(step: Step) -> Record:
    """Number and time of a step's tick."""
    return {"tick": step.tick.number, "at": format_utc(step.tick.wall_ns), "seconds": round(step.seconds, 6)}


def records(step: Step, kinds: Collection[RecordKind]) -> Iterator[Record]:
    """Records of a step: the tick, the mappings that changed, and the events. None means unknown."""
    when = _when(step)
    if "ticks" in kinds:
        yield {"type": "tick", **when, **_tick_record(step)}
    if "changes" in kinds:
        yield from _change_records(step, when)
    if "events" in kinds:
        yield from ({"type": "event", **when, **event_record(step, event)} for event in tick_events(step))
    if "callers" in kinds:
        yield from ({"type": "caller", **when, **record} for record in caller_records(step))


def _tick_record(step: Step) -> Record:
    """Record of the process at a tick; the tick at which the process ended has no numbers."""
    tick, counters = step.tick, step.tick.counters
    record: Record = {
        "monotonic_s": round(tick.monotonic_ns / 1e9, 6),
        "tier": tick.tier,
        "read_ms": round(tick.read_ns / 1e6, 3) if tick.read_ns else None,
        "torn": tick.torn,
        "missing": tick.missing or None,
        "pid": counters.pid or None,
        "name": counters.name,
        "state": counters.state or None,
        "threads": counters.threads,
        "minor_faults": counters.minor_faults,
        "major_faults": counters.major_faults,
        "rss_kb": counters.rss,
        "vm_hwm_kb": counters.vm_hwm,
        "mappings": len(step.after.ids) if step.after.reading_tick is tick else None,
    }
    record |= {name: tick.totals.get(name) for name in _fields_of("ticks", step.after.mappings.fields)}
    if tick.ending:
        return {name: value if name in ("monotonic_s", "pid", "name") else None for name, value in record.items()}
    return record


def _change_records(step: Step, when: Record) -> Iterator[Record]:
    """Records of the mappings that changed, in their new state."""
    rows = changed_rows(step)
    rows = rows[step.shown_mask(step.after.ids[rows])]
    if not len(rows):
        return
    mappings = step.after.mappings.take(rows)
    fields = _fields_of("changes", mappings.fields)
    columns = [_column_values(mappings.get(name), len(rows)) for name in fields]
    ids = step.after.ids[rows].tolist()
    for mapping, head, amounts in zip(ids, header_records(mappings), zip(*columns, strict=True), strict=True):
        what = {"type": "change", **when, "mapping": mapping, "name": head["name"]}
        yield what | head | dict(zip(fields, amounts, strict=True))


def _column_values(column: Amounts | None, count: int) -> list[int | None]:
    """Values of a column; None if the kernel did not print them."""
    if column is None:
        return [None] * count
    return [None if kb == ABSENT else kb for kb in column.tolist()]


def event_record(step: Step, it: TickEvent) -> Record:
    """Record of an event."""
    entry, event, ref = it.entry, it.entry.event, it.entry.ref
    record: Record = {
        "mapping": entry.mapping,
        "name": strip_deleted(ref.name) if ref else step.tick.counters.name,
        "start": f"{ref.start:#x}" if ref else None,
        "end": f"{ref.end:#x}" if ref else None,
        "perms": ref.perms if ref else None,
        "what": it.what,
        "pages": entry.pages if event or entry.pages else None,
        "kb": it.kb,
        "ambiguous": not entry.sure,
        "also": list(event.alternatives_in(ref.kind if ref else None)) if event else [],
        "evidence": it.evidence,
    }
    if event and event.names:
        record["symbols"] = list(event.names)
    record |= culprit_record(entry)
    if entry.other is not None:
        record["other"] = entry.other
    if it.previous_values:
        record["was"] = it.previous_values
    ending = step.tick.ending
    if entry.what == "end" and ending:
        oom = ending.oom
        limit = oom.limit if oom else None
        record |= {
            "status": ending.status,
            "signal": ending.signal,
            "oom_sure": oom.sure if oom else None,
            "oom_limit_bytes": limit.limit_bytes if limit else None,
            "oom_cgroup": limit.path if limit else None,
        }
    return record
