"""Which mapping of one run of a program is which mapping of another run: one to one, wherever they lie.

Names and permissions must be the same. Of several that share them, those are a pair that also lie in the same place
of the file and are as long, then those that have one of the two in common, then the others in order: from the highest
address down, as the kernel places them. Memory without a name that follows a file is the file's (its .bss).
"""

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from smapstop.model.compare.group_comparison import joined, names_of, numbered, ordinals
from smapstop.proc.columns import Mappings

RowIndices = NDArray[np.intp]
NONE = -1
"""No row."""
_Number = TypeVar("_Number", np.uint64, np.int32)


def paired(before: Mappings, after: Mappings) -> RowIndices:
    """The row of the earlier map for each row of the later one, or `NONE`; they need not share their texts."""
    n = len(before)
    later = np.arange(n + len(after)) >= n
    place, offset = _places(before, after), _both(before.offset, after.offset)
    size = _both(before.end - before.start, after.end - after.start)
    partner = np.full(len(later), NONE, np.intp)
    keys: tuple[tuple[NDArray[Any], ...], ...] = ((place, offset, size), (place, offset), (place, size), (place,))
    for key in keys:
        loose = np.flatnonzero(partner == NONE)
        if not later[loose].any() or later[loose].all():
            break
        _pair(numbered(*(column[loose] for column in key)), loose, later, partner)
    return partner[n:]


def _pair(key: RowIndices, loose: RowIndices, later: NDArray[np.bool_], partner: RowIndices) -> None:
    """Make pairs of loose rows with the same key, the last of each side first."""
    side = later[loose]
    ordinal = ordinals(numbered(key, side)[::-1])[::-1]
    slot = numbered(key, ordinal)
    count = int(slot.max(initial=-1)) + 1
    earlier_row, later_row = np.full(count, NONE, np.intp), np.full(count, NONE, np.intp)
    earlier_row[slot[~side]], later_row[slot[side]] = loose[~side], loose[side]
    pair = (earlier_row != NONE) & (later_row != NONE)
    partner[later_row[pair]] = earlier_row[pair]
    partner[earlier_row[pair]] = later_row[pair]


def _places(before: Mappings, after: Mappings) -> RowIndices:
    """What must be the same, as a number for each row: name, permissions, and whose memory without a name is."""
    _, name = joined([names_of(mappings, "name") for mappings in (before, after)])
    _, perms = joined([_perms(mappings) for mappings in (before, after)])
    files = _both(before.inode, after.inode) > 0
    follows = np.zeros(len(name), bool)
    follows[1:] = _both(before.start, after.start)[1:] == _both(before.end, after.end)[:-1]
    nameless = _both(before.name, after.name) == 0
    owned = np.flatnonzero(follows[1:] & nameless[1:] & files[:-1]) + 1
    owned = owned[owned != len(before)]
    owner = np.zeros(len(name), np.intp)
    owner[owned] = name[owned - 1] + 1
    return numbered(name, perms, owner)


def _perms(mappings: Mappings) -> tuple[list[str], RowIndices]:
    """The distinct permissions, and which of them each row has."""
    codes, inverse = np.unique(mappings.perms, return_inverse=True)
    return [mappings.strings[code] for code in codes.tolist()], inverse


def _both(before: NDArray[_Number], after: NDArray[_Number]) -> NDArray[_Number]:
    """A column of both maps, the rows of the earlier one first."""
    return np.concatenate([before, after])
