"""Group mappings by name, kind or file."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from smapstop.model.kinds import Kind
from smapstop.model.tick import Ids
from smapstop.proc.columns import StringIds, StringTable

Grouping = Literal["none", "name", "kind", "file"]
"""What rows are grouped by: not at all, by full name, by kind, or by file (all that has no file together by kind)."""
GROUPINGS: tuple[Grouping, ...] = ("none", "name", "kind", "file")

_KIND_COUNT = len(Kind)
"""Keys below this are positions in `list(Kind)`, those from here on are codes of names."""


def group_keys(kind: NDArray[np.signedinteger], name: StringIds, by: Grouping) -> NDArray[np.int64]:
    """Key of the group of each mapping: small numbers, those of kinds before those of names.

    Args:
        kind: Positions in `list(Kind)`, shape (n,).
        name: Names of the mappings, shape (n,).
        by: What to group by, which must not be "none".
    """
    of_kind = kind.astype(np.int64)
    if by == "kind":
        return of_kind
    of_name = name.astype(np.int64) + _KIND_COUNT
    return np.where(kind == list(Kind).index(Kind.FILE) if by == "file" else name != 0, of_name, of_kind)


def group_ids(keys: NDArray[np.int64]) -> Ids:
    """Row ids of groups from their keys, and the keys from the ids: the conversion is its own inverse."""
    return -1 - keys


def group_name(texts: StringTable, key: int) -> str:
    """Name of the group with a key."""
    return list(Kind)[key].value if key < _KIND_COUNT else texts[key - _KIND_COUNT]
