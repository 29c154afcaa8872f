"""Parse the JSON of a snapshot, as written by `snapshot.render.as_json`."""

import json
from datetime import UTC, datetime

import numpy as np

from smapstop.errors import SmapstopError
from smapstop.model.labels import Label
from smapstop.proc.columns import ABSENT, DELETED_SUFFIX, Counters, Mappings, StringTable
from smapstop.proc.smaps.totals import sum_fields
from smapstop.report.json_fields import RESERVED_KEYS, Record
from smapstop.report.snapshot.limits_record import limits_of_record
from smapstop.report.snapshot.render import SCHEMA
from smapstop.report.snapshot.snapshot import Snapshot
from smapstop.saved_smaps.saved_text import with_sizes

_NOT_OURS = "smapstop snapshot -p PID --format json writes one"
_COUNTERS = ("pid", "start_time", "threads", "minor_faults", "major_faults")
"""Keys of the process that every snapshot has, beside its name and state."""


def parse_snapshot_json(text: bytes) -> Snapshot:
    """Parse the JSON of a snapshot; it may have only the totals.

    Raises:
        SmapstopError: It is not a snapshot, a newer smapstop wrote it, or it has groups instead of mappings.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SmapstopError(f"invalid JSON ({error})", _NOT_OURS) from error
    if not isinstance(document, dict) or not str(document.get("tool")).startswith("smapstop "):
        raise SmapstopError("JSON, but not a smapstop snapshot", _NOT_OURS)
    schema = document.get("schema")
    if isinstance(schema, int) and schema > SCHEMA:
        raise SmapstopError(f"schema {schema} is newer than schema {SCHEMA} of this smapstop", "update smapstop")
    if "rollup" not in document and "mappings" not in document:
        raise SmapstopError("JSON of smapstop, but not of smapstop snapshot", _NOT_OURS)
    if "groups" in document:
        raise SmapstopError("JSON of groups, without mappings", "take the snapshot without --group-by")
    try:
        return _snapshot(document)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise SmapstopError(f"malformed JSON of a snapshot ({error})", _NOT_OURS) from error


def _snapshot(document: Record) -> Snapshot:
    """Build the snapshot."""
    records, process, taken_at, read_ms = (
        document.get(key) for key in ("mappings", "process", "taken_at", "read_ms")
    )
    mappings = None if records is None else _mappings(records)
    totals = {name: _amount(value) for name, value in (document.get("rollup") or {}).items()}
    rollup = {name: amount for name, amount in totals.items() if amount != ABSENT}
    return Snapshot(
        mappings,
        rollup or ({} if mappings is None else sum_fields(mappings)),
        None if process is None else _counters(process),
        tuple(map(_text, (process or {}).get("cmdline") or ())),
        None if taken_at is None else _wall_ns(_text(taken_at)),
        None if read_ms is None else round(float(read_ms) * 1e6),
        _labels(records) if records and "label" in records[0] else None,
        limits=limits_of_record(document["limits"]) if document.get("limits") else None,
    )


def _counters(process: Record) -> Counters:
    """Build the counters, as far as JSON has them."""
    numbers = {name: _amount(process[name]) for name in _COUNTERS}
    return Counters(
        **numbers,
        name=_text(process["name"]),
        state=_text(process["state"]),
        ppid=0,
        image=0,
        user_ticks=0,
        system_ticks=0,
        exit_code=None,
        rss=_optional(process.get("rss_kb")),
        vm_hwm=_optional(process.get("vm_hwm_kb")),
    )


def _optional(value: object) -> int | None:
    """Check that a value is an amount or None."""
    return None if value is None else _amount(value)


def _wall_ns(text: str) -> int:
    """Convert a time as `format_utc` writes it."""
    since = datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1000


def _labels(records: list[Record]) -> list[Label | None]:
    """Purposes of the mappings, in address order."""
    ordered = sorted(records, key=lambda record: int(record["start"], 16))
    labels = ((record["label"], bool(record["guess"])) for record in ordered)
    return [None if text is None else Label(_text(text), guess) for text, guess in labels]


def _mappings(records: list[Record]) -> Mappings:
    """Build the mappings, in address order regardless of how they were sorted."""
    texts = StringTable()
    names = dict.fromkeys(name for record in records for name in record if name not in RESERVED_KEYS)
    columns = {name: [_amount(record.get(name)) for record in records] for name in names}
    printed = {name: column for name, column in columns.items() if any(amount != ABSENT for amount in column)}
    mappings = Mappings(
        start=np.array([int(record["start"], 16) for record in records], np.uint64),
        end=np.array([int(record["end"], 16) for record in records], np.uint64),
        offset=np.array([record["offset"] for record in records], np.uint64),
        inode=np.array([record["inode"] for record in records], np.uint64),
        perms=np.array([texts.intern(_text(record["perms"])) for record in records], np.int32),
        device=np.array([texts.intern(_text(record["device"])) for record in records], np.int32),
        name=np.array([texts.intern(_name(record)) for record in records], np.int32),
        flags=np.array([texts.intern(" ".join(record["vm_flags"] or ())) for record in records], np.int32),
        fields=tuple(printed),
        amounts=np.array(list(printed.values()), np.int64).reshape(len(printed), len(records)),
        strings=texts,
    )
    return with_sizes(mappings.take(np.argsort(mappings.start, kind="stable")))


def _name(record: Record) -> str:
    """Name as the kernel prints it."""
    return _text(record["name"]) + (DELETED_SUFFIX if record["deleted"] else "")


def _text(value: object) -> str:
    """Check that a value is a string.

    Raises:
        TypeError: It is not.
    """
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a string")
    return value


def _amount(value: object) -> int:
    """Check that a value is an amount, or None for `ABSENT`.

    Raises:
        ValueError: It is neither.
    """
    if value is None:
        return ABSENT
    if type(value) is not int or value < 0:
        raise ValueError(f"{value!r} is not an amount")
    return value
