"""Match the mappings of two processes by name, and sum their fields on either side.

Addresses differ from run to run, so mappings are matched by name and kind; those that share a name form a group. Only
a trailing " (deleted)" is ignored: it is the same file. Any other difference, such as a pid, a version or a build
path, makes a different name: nothing is matched by guess.
"""

from collections.abc import Sequence
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.kinds import Kind, kind_codes
from smapstop.model.purpose_groups import KIND_OF_GROUP, PURPOSE_GROUPS, purpose_groups
from smapstop.model.purposes import purposes_of
from smapstop.model.tick import LifecycleKind
from smapstop.model.totals import REQUIRED_FIELDS, SUMMED_FIELDS
from smapstop.proc.columns import ABSENT, Addresses, Amounts, Mappings, strip_deleted
from smapstop.proc.fields import PROPERTY_FIELDS

MatchKey = Literal["name", "kind", "file", "part", "purpose", "address"]
"""What mappings are matched by: name (all nameless memory is one group), kind, file (those of no file by kind), part
of a file (its permissions and offset), purpose (as far as names and shapes show it), or address (in readings of one
process)."""

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class GroupSums:
    """Sums of one of the two maps by group; g groups."""

    mapping_count: Counts
    """Mappings of each group on this side, shape (g,); 0 if the group is only on the other side."""
    fields: tuple[str, ...]
    """Fields that this kernel prints and that can be summed."""
    amounts: Amounts
    """Shape (len(fields), g), kB; `ABSENT` where none of a group's mappings has the field, 0 without mappings."""

    def get(self, name: str) -> Amounts | None:
        """A field of each group, or one of `SUMMED_FIELDS`, shape (g,); `None` if this kernel does not print it.

        Args:
            name: Its name; also a sum, such as `uss+swap`.
        """
        if "+" in name:
            return _add([self.get(part) for part in name.split("+")])
        if name in self.fields:
            column: Amounts = self.amounts[self.fields.index(name)]
            return column
        if name not in SUMMED_FIELDS or not set(self.fields) >= REQUIRED_FIELDS:
            return None
        parts = self.amounts[[self.fields.index(part) for part in SUMMED_FIELDS[name] if part in self.fields]]
        sums: Amounts = np.where((parts == ABSENT).any(axis=0), ABSENT, parts.sum(axis=0))
        return sums


def _add(columns: Sequence[Amounts | None]) -> Amounts | None:
    """Sum of columns, `ABSENT` where one of them is; None if one is."""
    total: Amounts | None = None
    for column in columns:
        if column is None:
            return None
        total = column if total is None else np.where((total == ABSENT) | (column == ABSENT), ABSENT, total + column)
    return total


@dataclass(frozen=True, slots=True)
class MappingChange:
    """Where a mapping is in two readings of one process, and what happened to it as a whole."""

    before: tuple[int, int] | None
    """Its first address, and the one after its end; None if it is new."""
    after: tuple[int, int] | None
    """The same later; None if it is gone."""
    what: tuple[LifecycleKind, ...]


@dataclass(frozen=True, slots=True, eq=False)
class GroupComparison:
    """Two maps summed by group; groups in alphabetical order, or in that of addresses."""

    names: tuple[str, ...]
    """Names of the groups; the kind's for nameless memory, and for groups of a whole kind."""
    kinds: tuple[Kind, ...]
    perms: tuple[str, ...]
    """Permissions of parts of files; empty otherwise."""
    offsets: tuple[int, ...]
    """Offsets of parts of files, bytes, from the later side where they differ; 0 otherwise."""
    before: GroupSums
    after: GroupSums
    mappings: tuple[MappingChange, ...] = ()
    """The mapping that each group is, matched by address; empty otherwise."""

    def __len__(self) -> int:
        return len(self.names)


def compare_groups(before: Mappings, after: Mappings, by: MatchKey = "name") -> GroupComparison:
    """Match the mappings of two maps, of any two processes and kernels; their string tables may differ."""
    names, group = merge_keys([names_of(mappings, by) for mappings in (before, after)])
    perms_texts, perms = merge_keys([_perms(mappings, by) for mappings in (before, after)])
    offset = np.concatenate([before.offset, after.offset])
    offset[perms == 0] = 0
    later = np.arange(len(group)) >= len(before)
    number = _parts(group, perms, offset, later) if by == "part" else group
    count = int(number.max(initial=-1)) + 1
    row = np.empty(count, np.intp)
    row[number] = np.arange(len(number))  # the last row of each group: of the later side, if it has any
    return GroupComparison(
        names=tuple(names[at][0] for at in group[row].tolist()),
        kinds=tuple(names[at][1] for at in group[row].tolist()),
        perms=tuple(perms_texts[at] for at in perms[row].tolist()),
        offsets=tuple(offset[row].tolist()),
        before=sum_groups(before, number[~later], count),
        after=sum_groups(after, number[later], count),
    )


_Key = TypeVar("_Key", str, tuple[str, Kind])
CodedKeys = tuple[list[_Key], NDArray[np.intp]]
"""Distinct keys, and the index of each row's key."""


def merge_keys(sides: Sequence[CodedKeys[_Key]]) -> CodedKeys[_Key]:
    """Merge both sides' keys into one alphabetical list, with the index of each row, the earlier side's first."""
    keys = sorted({key for distinct, _ in sides for key in distinct})
    place = {key: at for at, key in enumerate(keys)}
    return keys, np.concatenate(
        [np.array([place[key] for key in distinct], np.intp)[inverse] for distinct, inverse in sides]
    )


def names_of(mappings: Mappings, by: MatchKey) -> CodedKeys[tuple[str, Kind]]:
    """Group of each row, computed once per distinct name and kind."""
    kinds = list(Kind)
    if by == "purpose":
        used, groups = np.unique(purpose_groups(mappings, purposes_of(mappings)), return_inverse=True)
        purposes = (PURPOSE_GROUPS[code] for code in used.tolist())
        return [(purpose.value, KIND_OF_GROUP.get(purpose, Kind.ANONYMOUS)) for purpose in purposes], groups
    codes, inverse = np.unique(mappings.name * len(kinds) + kind_codes(mappings), return_inverse=True)
    distinct = (divmod(code, len(kinds)) for code in codes.tolist())
    return [_key(mappings.strings[name], kinds[kind], by) for name, kind in distinct], inverse


def _key(name: str, kind: Kind, by: MatchKey) -> tuple[str, Kind]:
    """Group of the mappings with a name and kind."""
    if not name or by == "kind" or (by == "file" and kind is not Kind.FILE):
        return kind.value, kind
    return strip_deleted(name), kind


def _perms(mappings: Mappings, by: MatchKey) -> CodedKeys[str]:
    """Permissions of rows that are parts of a file; the empty string, always the first, for the others."""
    if by != "part":
        return [""], np.zeros(len(mappings), np.intp)
    codes, inverse = np.unique(mappings.perms, return_inverse=True)
    return ["", *(mappings.strings[code] for code in codes.tolist())], np.where(mappings.inode > 0, inverse + 1, 0)


def _parts(
    group: NDArray[np.intp], perms: NDArray[np.intp], offset: Addresses, later: NDArray[np.bool_]
) -> NDArray[np.intp]:
    """Number of the part of a file that each row is, by permissions and offset.

    Parts of a rebuilt file are at other offsets: those without a counterpart at the same offset are matched in order
    among those with the same permissions.
    """
    exact = dense_ranks(group, perms, offset)
    count = int(exact.max(initial=-1)) + 1
    present = np.zeros((2, count), bool)
    present[later.astype(np.intp), exact] = True
    unmatched = present[0] != present[1]
    row = np.empty(count, np.intp)
    row[exact] = np.arange(len(exact))
    place = np.arange(count)
    place[unmatched] = ordinals(dense_ranks(group[row[unmatched]], perms[row[unmatched]], later[row[unmatched]]))
    return dense_ranks(group, perms, unmatched[exact], place[exact])


def dense_ranks(*columns: NDArray[Any]) -> NDArray[np.intp]:
    """Rank of each row among the distinct rows, ascending; equal rows have the same rank."""
    order = np.lexsort(columns[::-1])
    new = np.zeros(len(order), bool)
    for column in columns:
        new[1:] |= np.diff(column[order]) != 0
    numbers = np.empty(len(order), np.intp)
    numbers[order] = np.cumsum(new)
    return numbers


def ordinals(numbers: NDArray[np.intp]) -> NDArray[np.intp]:
    """Number of rows before each row that have the same number."""
    order = np.argsort(numbers, kind="stable")
    ordered = numbers[order]
    ordinals = np.empty(len(order), np.intp)
    ordinals[order] = np.arange(len(order)) - np.searchsorted(ordered, ordered)
    return ordinals


def sum_groups(mappings: Mappings, number: NDArray[np.intp], count: int) -> GroupSums:
    """Sum a map by group, given the group number of each row."""
    fields = tuple(name for name in mappings.fields if name not in PROPERTY_FIELDS)
    members = np.bincount(number, minlength=count)
    amounts = np.empty((len(fields), count), np.int64)
    for sums, name in zip(amounts, fields, strict=True):
        column = mappings.amounts[mappings.fields.index(name)]
        printed = column != ABSENT
        sums[:] = np.bincount(number, weights=np.where(printed, column, 0), minlength=count)
        sums[(np.bincount(number[printed], minlength=count) == 0) & (members > 0)] = ABSENT
    return GroupSums(members, fields, amounts)
