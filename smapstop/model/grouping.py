"""Group mappings by name, kind or file."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from smapstop.model.kinds import Kind
from smapstop.model.tick import Ids
from smapstop.proc.columns import StringIds, StringTable

Grouping = Literal["none", "name", "kind", "file"]
"""How rows are grouped: not at all, by full name, by kind, or by file (mappings without a file by kind)."""
GROUPINGS: tuple[Grouping, ...] = ("none", "name", "kind", "file")

_KIND_COUNT = len(Kind)
"""Group keys below this are positions in `list(Kind)`; the others are this plus the code of a name."""


def group_keys(kind: NDArray[np.signedinteger], name: StringIds, by: Grouping) -> NDArray[np.int64]:
    """Group key of each mapping, shape (n,): small numbers, kinds before names.

    Args:
        kind: Positions in `list(Kind)`, shape (n,).
        name: Names of the mappings, shape (n,).
        by: What to group by; must not be "none".
    """
    of_kind = kind.astype(np.int64)
    if by == "kind":
        return of_kind
    of_name = name.astype(np.int64) + _KIND_COUNT
    return np.where(kind == list(Kind).index(Kind.FILE) if by == "file" else name != 0, of_name, of_kind)


def group_ids(keys: NDArray[np.int64]) -> Ids:
    """Convert group keys to row ids, or back: the conversion is its own inverse."""
    return -1 - keys


def group_name(texts: StringTable, key: int) -> str:
    """Name of the group with this key."""
    return list(Kind)[key].value if key < _KIND_COUNT else texts[key - _KIND_COUNT]
