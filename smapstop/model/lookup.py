"""Which mappings a user means by an address, by a name as the table shows it, or by a part of one."""

import re

import numpy as np

from smapstop.errors import SmapstopError, ambiguous_name_error, unknown_name_error
from smapstop.model.kinds import Kind, kind_of, likely_section
from smapstop.proc.columns import Mappings, strip_deleted

_ADDRESS = re.compile(r"(0x[0-9a-f]{1,16}|[0-9a-f]{5,16})(?:-(?:0x)?[0-9a-f]{5,16})?", re.IGNORECASE)


def find_mappings(mappings: Mappings, text: str) -> list[int]:
    """The rows that are meant, in address order: all that are called so, or else the only one whose name has it.

    An address may be anywhere in the mapping, with or without 0x; a range as in /proc/PID/maps is its start.

    Args:
        mappings: Of one process.
        text: What the user gave: `0x7f12a4001000`, `[heap]`, `libc.so.6`, `experiment .data`, `anonymous`.

    Raises:
        SmapstopError: Nothing is meant, or several mappings may be.
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
    having = [row for row in range(len(mappings)) if text and text in full_name(mappings, row)]
    if len(having) > 1:
        candidates = [f"{mappings.start[row]:#x} {base_name(full_name(mappings, row))}" for row in having]
        what = f"{len(having)} mappings have {text!r} in their name"
        raise ambiguous_name_error(what, candidates, "give one of the addresses, or a name in full")
    if not having:
        known = {name for row in range(len(mappings)) for name in known_names(mappings, row)}
        raise unknown_name_error(f"no mapping is called {text!r}", text, known, "smapstop snapshot -p PID lists them")
    return having


def full_name(mappings: Mappings, row: int) -> str:
    """The name of a mapping in full, with the part of a file that it is: `/usr/lib/libc.so.6 .data`."""
    name = mappings.name_of(row)
    return " ".join(filter(None, (name or kind_of(name).value, section_of(mappings, row))))


def section_of(mappings: Mappings, row: int) -> str:
    """The part of a file that a mapping is, as the table has it; empty for other mappings."""
    return likely_section(mappings.perms_of(row)) if kind_of(mappings.name_of(row)) is Kind.FILE else ""


def base_name(name: str) -> str:
    """The last part of a path, without the kernel's remark that it was deleted; other names as they are."""
    name = strip_deleted(name)
    return name.rpartition("/")[2] if name.startswith("/") else name


def known_names(mappings: Mappings, row: int) -> set[str]:
    """The names that a mapping has in full: with and without its directory, and with and without its part."""
    name = mappings.name_of(row)
    names = {name, strip_deleted(name), base_name(name)} if name else {kind_of(name).value}
    part = section_of(mappings, row)
    return names | {f"{each} {part}" for each in names if part}


def _row_at(mappings: Mappings, address: int) -> int | None:
    """The row of the mapping that an address is in."""
    row = int(np.searchsorted(mappings.start, np.uint64(address), "right")) - 1
    return row if row >= 0 and address < int(mappings.end[row]) else None
