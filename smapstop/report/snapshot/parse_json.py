"""Parse the JSON of a snapshot, as written by `snapshot.render.as_json`."""

import json
from dataclasses import dataclass

import numpy as np

from smapstop.errors import SmapstopError
from smapstop.proc.columns import ABSENT, DELETED_SUFFIX, Mappings, StringTable
from smapstop.report.json_fields import RESERVED_KEYS, Record
from smapstop.report.snapshot.render import SCHEMA

_NOT_OURS = "smapstop snapshot -p PID --format json writes one"


@dataclass(frozen=True, slots=True, eq=False)
class SavedSnapshot:
    """Contents of a snapshot's JSON."""

    mappings: Mappings
    pid: int | None
    """None if the snapshot was made from saved text; so are `process_name` and `taken_at`."""
    process_name: str | None
    taken_at: str | None


def parse_snapshot_json(text: bytes) -> SavedSnapshot:
    """Parse the JSON of a snapshot.

    Raises:
        SmapstopError: It is not a snapshot, a newer smapstop wrote it, or it has no mappings.
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
    if "mappings" not in document:
        raise SmapstopError("JSON without mappings", "take the snapshot without --group-by and --rollup")
    process, taken_at = document.get("process") or {}, document.get("taken_at")
    try:
        pid, name = process.get("pid"), process.get("name")
        return SavedSnapshot(
            _mappings(document["mappings"]), pid, name, None if taken_at is None else _text(taken_at)
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise SmapstopError(f"malformed JSON of a snapshot ({error})", _NOT_OURS) from error


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
    return mappings.take(np.argsort(mappings.start, kind="stable"))


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
