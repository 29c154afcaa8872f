"""Mappings as JSON fields."""

from collections.abc import Iterable
from typing import Any

from smapstop.model.kinds import kinds_of
from smapstop.model.labels import Label
from smapstop.proc.added_fields import OBJECT_GROWN_WHILE_READ
from smapstop.proc.columns import ABSENT, DELETED_SUFFIX, Mappings, strip_deleted
from smapstop.proc.fields import FIELD_BY_NAME

RESERVED_KEYS = frozenset(
    (
        *("start", "end", "perms", "offset", "device", "inode", "name", "deleted", "kind", "vm_flags"),
        *("members", "label", "guess"),
    )
)
"""Keys of a record that are not kernel fields; an unknown field with such a name is left out."""
Record = dict[str, Any]
"""A JSON object, such as a mapping or a group of mappings, by key."""


def all_field_names(printed: Iterable[str], *, without: tuple[str, ...]) -> list[str]:
    """Names of all known fields that are shown, then of the unknown ones that this kernel prints."""
    known = [name for name in FIELD_BY_NAME if name not in without]
    return [name for name in dict.fromkeys([*known, *printed]) if name != OBJECT_GROWN_WHILE_READ]


def amounts(names: list[str], columns: list[list[int] | None], row: int) -> Record:
    """Amounts of one row, kB; None for those that the kernel did not print."""
    return {
        name: None if column is None or column[row] == ABSENT else column[row]
        for name, column in zip(names, columns, strict=True)
    }


def header_records(mappings: Mappings) -> list[Record]:
    """Identity of each mapping: addresses, permissions, file, kind and flags."""
    has_flags = bool(mappings.flags.any())
    return [
        {
            "start": f"{mappings.start[row]:#x}",
            "end": f"{mappings.end[row]:#x}",
            "perms": mappings.perms_of(row),
            "offset": int(mappings.offset[row]),
            "device": mappings.string_at(mappings.device, row),
            "inode": int(mappings.inode[row]),
            "name": strip_deleted(mappings.name_of(row)),
            "deleted": mappings.name_of(row).endswith(DELETED_SUFFIX),
            "kind": kind.value,
            "vm_flags": mappings.string_at(mappings.flags, row).split() if has_flags else None,
        }
        for row, kind in enumerate(kinds_of(mappings))
    ]


def label_record(label: Label | None) -> Record:
    """Purpose of a mapping, and whether it is a guess."""
    return {"label": label and label.text, "guess": label and label.guess}
