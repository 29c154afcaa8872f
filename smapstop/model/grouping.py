"""Group mappings by name, kind, file or purpose."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from smapstop.model.kinds import Kind
from smapstop.model.purpose_groups import PURPOSE_GROUPS, PurposeGroup
from smapstop.model.tick import Ids
from smapstop.proc.columns import StringIds, StringTable

Grouping = Literal["none", "name", "kind", "file", "purpose"]
"""How rows are grouped: not at all, by full name, by kind, by file (others by kind), or by what they are for."""
GROUPINGS: tuple[Grouping, ...] = ("none", "name", "kind", "file", "purpose")

_FIXED_NAMES = (*(kind.value for kind in Kind), *(group.value for group in PURPOSE_GROUPS))
"""Names of the groups with fixed keys: kinds, then purposes; keys of names are greater by their number."""
_KIND_COUNT = len(Kind)
_PURPOSE_KEYS = range(_KIND_COUNT, len(_FIXED_NAMES))


def group_keys(
    kind: NDArray[np.signedinteger], name: StringIds, purpose: NDArray[np.signedinteger], by: Grouping
) -> NDArray[np.int64]:
    """Group key of each mapping, shape (n,): small numbers, kinds before purposes before names.

    Args:
        kind: Positions in `list(Kind)`, shape (n,).
        name: Names of the mappings, shape (n,).
        purpose: Positions in `PURPOSE_GROUPS`, shape (n,); read only to group by purpose.
        by: What to group by; must not be "none".
    """
    of_kind = kind.astype(np.int64)
    if by == "kind":
        return of_kind
    if by == "purpose":
        return purpose.astype(np.int64) + _KIND_COUNT
    of_name = name.astype(np.int64) + len(_FIXED_NAMES)
    return np.where(kind == list(Kind).index(Kind.FILE) if by == "file" else name != 0, of_name, of_kind)


def group_ids(keys: NDArray[np.int64]) -> Ids:
    """Convert group keys to row ids, or back: the conversion is its own inverse."""
    return -1 - keys


def purpose_of_group(group: int) -> PurposeGroup | None:
    """What the mappings of a group are for, by its row id; None unless they are grouped by that."""
    key = -1 - group
    return PURPOSE_GROUPS[key - _KIND_COUNT] if key in _PURPOSE_KEYS else None


def group_name(texts: StringTable, key: int) -> str:
    """Name of the group with this key."""
    return _FIXED_NAMES[key] if key < len(_FIXED_NAMES) else texts[key - len(_FIXED_NAMES)]
