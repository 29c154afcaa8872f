"""Find mappings by what the user typed: an address, a name as shown in the table, or part of a name."""

import re

import numpy as np

from smapstop.errors import SmapstopError, ambiguous_name_error, unknown_name_error
from smapstop.model.kinds import is_data_file, kind_at, section_of
from smapstop.model.short_names import base_name
from smapstop.proc.columns import Mappings, strip_deleted

_ADDRESS = re.compile(r"(0x[0-9a-f]{1,16}|[0-9a-f]{5,16})(?:-(?:0x)?[0-9a-f]{5,16})?", re.IGNORECASE)


def find_mappings(mappings: Mappings, text: str) -> list[int]:
    """Find rows, in address order: all with exactly this name, else the only one whose name contains it.

    An address may be anywhere in the mapping, with or without 0x; of a range as in /proc/PID/maps the start counts.

    Args:
        mappings: Of one process.
        text: The user's input: `0x7f12a4001000`, `[heap]`, `libc.so.6`, `experiment .data`, `anonymous`.

    Raises:
        SmapstopError: No mapping matches, or the text is ambiguous.
    """
    exact = [row for row in range(len(mappings)) if text in known_names(mappings, row)]
    if exact:
        return exact
    address = _ADDRESS.fullmatch(text)
    if address:
        row = _row_at(mappings, int(address[1], 16))
        if row is not None:
            return [row]
        if text[:2] in ("0x", "0X"):
            raise SmapstopError(f"no mapping at {text}", "smapstop snapshot -p PID lists them")
    partial = [row for row in range(len(mappings)) if text and text in full_name(mappings, row)]
    if len(partial) > 1:
        candidates = [f"{mappings.start[row]:#x} {base_name(full_name(mappings, row))}" for row in partial]
        what = f"{len(partial)} mappings have {text!r} in their name"
        raise ambiguous_name_error(what, candidates, "give one of the addresses or a full name")
    if not partial:
        known = {name for row in range(len(mappings)) for name in known_names(mappings, row)}
        raise unknown_name_error(f"no mapping is called {text!r}", text, known, "smapstop snapshot -p PID lists them")
    return partial


def full_name(mappings: Mappings, row: int) -> str:
    """Full name of a mapping, for a file with the section: `/usr/lib/libc.so.6 .data`."""
    name = mappings.name_of(row)
    return " ".join(filter(None, (name or kind_at(mappings, row).value, section_at(mappings, row))))


def section_at(mappings: Mappings, row: int) -> str:
    """Section of a file mapping, as shown in the table; empty for other mappings."""
    kind, name, perms = kind_at(mappings, row), mappings.name_of(row), mappings.perms_of(row)
    return section_of(kind, name, perms, is_data=is_data_file(mappings, row))


def known_names(mappings: Mappings, row: int) -> set[str]:
    """Names that match a mapping exactly: with and without directory, ` (deleted)` and section."""
    name = mappings.name_of(row)
    names = {name, strip_deleted(name), base_name(name)} if name else {kind_at(mappings, row).value}
    section = section_at(mappings, row)
    return names | {f"{each} {section}" for each in names if section}


def _row_at(mappings: Mappings, address: int) -> int | None:
    """Row of the mapping that contains an address; None when it is not mapped."""
    row = int(np.searchsorted(mappings.start, np.uint64(address), "right")) - 1
    return row if row >= 0 and address < int(mappings.end[row]) else None
