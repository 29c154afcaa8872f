"""Pair the mappings of two runs of a program, one to one, wherever they are mapped.

Names and permissions must match. Among several candidates, those with the same file offset and size are paired first,
then those with the same offset, then those with the same size, then the rest in order: from the highest address down,
as the kernel places them. Nameless memory that follows a file belongs to the file (its .bss).
"""

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from smapstop.model.compare.group_comparison import dense_ranks, merge_keys, names_of, ordinals
from smapstop.proc.columns import Mappings

RowIndices = NDArray[np.intp]
NO_ROW = -1
"""Row number of a mapping without a partner."""
_Number = TypeVar("_Number", np.uint64, np.int32)


def pair_mappings(before: Mappings, after: Mappings) -> RowIndices:
    """Row of the earlier map for each row of the later one, or `NO_ROW`; their string tables may differ."""
    n = len(before)
    later = np.arange(n + len(after)) >= n
    place, offset = _pairing_keys(before, after), _concatenate(before.offset, after.offset)
    size = _concatenate(before.end - before.start, after.end - after.start)
    partner = np.full(len(later), NO_ROW, np.intp)
    keys: tuple[tuple[NDArray[Any], ...], ...] = ((place, offset, size), (place, offset), (place, size), (place,))
    for key in keys:
        unpaired = np.flatnonzero(partner == NO_ROW)
        if not later[unpaired].any() or later[unpaired].all():
            break
        _pair(dense_ranks(*(column[unpaired] for column in key)), unpaired, later, partner)
    return partner[n:]


def _pair(key: RowIndices, unpaired: RowIndices, later: NDArray[np.bool_], partner: RowIndices) -> None:
    """Pair unpaired rows with the same key, the last of each side first."""
    side = later[unpaired]
    ordinal = ordinals(dense_ranks(key, side)[::-1])[::-1]
    slot = dense_ranks(key, ordinal)
    count = int(slot.max(initial=-1)) + 1
    earlier_row, later_row = np.full(count, NO_ROW, np.intp), np.full(count, NO_ROW, np.intp)
    earlier_row[slot[~side]], later_row[slot[side]] = unpaired[~side], unpaired[side]
    pair = (earlier_row != NO_ROW) & (later_row != NO_ROW)
    partner[later_row[pair]] = earlier_row[pair]
    partner[earlier_row[pair]] = later_row[pair]


def _pairing_keys(before: Mappings, after: Mappings) -> RowIndices:
    """Number of each row for what must match: name, permissions, and the file that owns nameless memory."""
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
    """Distinct permissions, and the index of each row's."""
    codes, inverse = np.unique(mappings.perms, return_inverse=True)
    return [mappings.strings[code] for code in codes.tolist()], inverse


def _concatenate(before: NDArray[_Number], after: NDArray[_Number]) -> NDArray[_Number]:
    """Column of both maps, rows of the earlier one first."""
    return np.concatenate([before, after])
