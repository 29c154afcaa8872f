"""Group mappings by name, kind, file or purpose."""

from dataclasses import field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.kinds import Kind
from smapstop.model.mapping_rows import find_rows
from smapstop.model.purpose_groups import PURPOSE_GROUPS, PurposeGroup
from smapstop.model.tick import Ids
from smapstop.proc.columns import StringIds, StringTable

Grouping = Literal["none", "name", "kind", "file", "purpose"]
"""How rows are grouped: not at all, by full name, by kind, by file with its .bss (others by kind), or by purpose."""
GROUPINGS: tuple[Grouping, ...] = ("none", "name", "kind", "file", "purpose")

_FIXED_NAMES = (*(kind.value for kind in Kind), *(group.value for group in PURPOSE_GROUPS))
"""Names of the groups with fixed keys: kinds, then purposes; keys of names are greater by their number."""
_KIND_COUNT = len(Kind)
_PURPOSE_KEYS = range(_KIND_COUNT, len(_FIXED_NAMES))
_FILE = list(Kind).index(Kind.FILE)


def group_keys(
    kind: NDArray[np.signedinteger], name: StringIds, purpose: NDArray[np.signedinteger], by: Grouping
) -> NDArray[np.int64]:
    """Group key of each mapping, shape (n,): small numbers, kinds before purposes before names.

    Args:
        kind: Positions in `list(Kind)`, shape (n,).
        name: Names of the mappings, shape (n,).
        purpose: Positions in `PURPOSE_GROUPS`, shape (n,); read only to group by purpose.
        by: What to group by; "none" gives one group of all.
    """
    if by == "none":
        return np.zeros(len(kind), np.int64)
    of_kind = kind.astype(np.int64)
    if by == "kind":
        return of_kind
    if by == "purpose":
        return purpose.astype(np.int64) + _KIND_COUNT
    of_name = name.astype(np.int64) + len(_FIXED_NAMES)
    return np.where(kind == _FILE if by == "file" else name != 0, of_name, of_kind)


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


@dataclass(frozen=True, slots=True, eq=False)
class GroupScope:
    """Which mappings are grouped, and by what."""

    by: Grouping
    only: Ids | None = None
    """Ids of the mappings to include; None for all."""
    zeroed: Ids = field(default_factory=lambda: np.zeros(0, np.int64))
    """Ids of the mappings that are zeroed data of a file (.bss), which is part of the file."""
    owners: StringIds = field(default_factory=lambda: np.zeros(0, np.int32))
    """Names of these files."""

    def keys(
        self,
        ids: Ids,
        kind: NDArray[np.signedinteger],
        name: StringIds,
        purpose: NDArray[np.signedinteger],
    ) -> NDArray[np.int64]:
        """Group keys of mappings, see `group_keys`; -1 for those not included."""
        if self.by == "file" and len(self.zeroed):
            rows = find_rows(self.zeroed, ids)
            kind, name = np.where(rows >= 0, _FILE, kind), np.where(rows >= 0, self.owners[rows], name)
        keys = group_keys(kind, name, purpose, self.by)
        return keys if self.only is None else np.where(find_rows(self.only, ids) >= 0, keys, -1)

    def matches(self, other: "GroupScope") -> bool:
        """Whether it has the same groups of the same mappings."""
        if self is other:
            return True
        only = (None if each.only is None else np.sort(each.only) for each in (self, other))
        return (
            self.by == other.by
            and _equal(*only)
            and np.array_equal(self.zeroed, other.zeroed)
            and np.array_equal(self.owners, other.owners)
        )


def _equal(a: Ids | None, b: Ids | None) -> bool:
    """Whether both have the same ids."""
    return a is b or (a is not None and b is not None and np.array_equal(a, b))
