"""Which mapping of one run of a program is which mapping of another run: one to one, wherever they lie.

Names and permissions must be the same. Of several that share them, those are a pair that also lie in the same place
of the file and are as long, then those that have one of the two in common, then the others in order: from the highest
address down, as the kernel places them. Memory without a name that follows a file is the file's (its .bss).
"""

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from smapstop.model.compare.group_comparison import dense_ranks, merge_keys, names_of, ordinals
from smapstop.proc.columns import Mappings

RowIndices = NDArray[np.intp]
NO_ROW = -1
"""No row."""
_Number = TypeVar("_Number", np.uint64, np.int32)


def pair_mappings(before: Mappings, after: Mappings) -> RowIndices:
    """The row of the earlier map for each row of the later one, or `NO_ROW`; they need not share their texts."""
    n = len(before)
    later = np.arange(n + len(after)) >= n
    place, offset = _pairing_keys(before, after), _concatenate(before.offset, after.offset)
    size = _concatenate(before.end - before.start, after.end - after.start)
    partner = np.full(len(later), NO_ROW, np.intp)
    keys: tuple[tuple[NDArray[Any], ...], ...] = ((place, offset, size), (place, offset), (place, size), (place,))
    for key in keys:
        loose = np.flatnonzero(partner == NO_ROW)
        if not later[loose].any() or later[loose].all():
            break
        _pair(dense_ranks(*(column[loose] for column in key)), loose, later, partner)
    return partner[n:]


def _pair(key: RowIndices, loose: RowIndices, later: NDArray[np.bool_], partner: RowIndices) -> None:
    """Make pairs of loose rows with the same key, the last of each side first."""
    side = later[loose]
    ordinal = ordinals(dense_ranks(key, side)[::-1])[::-1]
    slot = dense_ranks(key, ordinal)
    count = int(slot.max(initial=-1)) + 1
    earlier_row, later_row = np.full(count, NO_ROW, np.intp), np.full(count, NO_ROW, np.intp)
    earlier_row[slot[~side]], later_row[slot[side]] = loose[~side], loose[side]
    pair = (earlier_row != NO_ROW) & (later_row != NO_ROW)
    partner[later_row[pair]] = earlier_row[pair]
    partner[earlier_row[pair]] = later_row[pair]


def _pairing_keys(before: Mappings, after: Mappings) -> RowIndices:
    """What must be the same, as a number for each row: name, permissions, and whose memory without a name is."""
    _, name = merge_keys([names_of(mappings, "name") for mappings in (before, after)])
    _, perms = merge_keys([_perms(mappings) for mappings in (before, after)])
    files = _concatenate(before.inode, after.inode) > 0
    follows = np.zeros(len(name), bool)
    follows[1:] = _concatenate(before.start, after.start)[1:] == _concatenate(before.end, after.end)[:-1]
    nameless = _concatenate(before.name, after.name) == 0
    owned = np.flatnonzero(follows[1:] & nameless[1:] & files[:-1]) + 1
    owned = owned[owned != len(before)]
    owner = np.zeros(len(name), np.intp)
    owner[owned] = name[owned - 1] + 1
    return dense_ranks(name, perms, owner)


def _perms(mappings: Mappings) -> tuple[list[str], RowIndices]:
    """The distinct permissions, and which of them each row has."""
    codes, inverse = np.unique(mappings.perms, return_inverse=True)
    return [mappings.strings[code] for code in codes.tolist()], inverse


def _concatenate(before: NDArray[_Number], after: NDArray[_Number]) -> NDArray[_Number]:
    """A column of both maps, the rows of the earlier one first."""
    return np.concatenate([before, after])
