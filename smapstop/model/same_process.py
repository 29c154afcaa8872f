"""Decide whether two readings are of one process, by the addresses of its memory."""

import numpy as np

from smapstop.model.identity import NO_ROW, Rows
from smapstop.proc.columns import Mappings

_FIXED = frozenset(("[vsyscall]", "[vectors]", "[sigpage]"))
"""Mappings of the kernel that are at the same address in every process, or may be."""


def is_same_process(before: Mappings, after: Mappings, before_rows: Rows) -> bool:
    """Whether two readings can be of one process: they share memory, and the stack is at the same place.

    The addresses of a process are random, those of a program that is linked for a fixed address excepted.

    Args:
        before: The earlier reading.
        after: The later one, with the same string table.
        before_rows: Row of each later mapping in the earlier reading, or `NO_ROW`.
    """
    stacks = [_rows_named(mappings, "[stack]") for mappings in (before, after)]
    if all(len(rows) for rows in stacks):
        (first, *_), (second, *_) = stacks
        if not (before.start[first] < after.end[second] and after.start[second] < before.end[first]):
            return False
    rows = np.flatnonzero(before_rows != NO_ROW)
    old = before_rows[rows]
    in_place = (before.start[old] < after.end[rows]) & (after.start[rows] < before.end[old])
    names = {after.name_of(row) for row in rows[in_place].tolist()}
    return bool(names - _FIXED) or not (_has_process_memory(before) and _has_process_memory(after))


def _rows_named(mappings: Mappings, name: str) -> list[int]:
    """Rows of the mappings with a name."""
    rows: list[int] = np.flatnonzero(mappings.name == mappings.strings.intern(name)).tolist()
    return rows


def _has_process_memory(mappings: Mappings) -> bool:
    """Whether any mapping has an address that identifies its process."""
    return bool({mappings.strings[code] for code in np.unique(mappings.name).tolist()} - _FIXED)
