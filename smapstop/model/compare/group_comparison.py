"""Which mappings of two processes people would call the same, and what those have on either side.

Addresses differ from run to run, so mappings are known by name and kind; those that share a name are a group. Only
" (deleted)" is no part of a name: it is the same file. Names that differ otherwise, by a pid, a version or the path
of a build, are different names: nothing is matched by guess.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from smapstop.model.kinds import Kind, kind_of
from smapstop.model.totals import REQUIRED_FIELDS, SUMMED_FIELDS
from smapstop.proc.columns import ABSENT, Addresses, Amounts, Mappings, strip_deleted
from smapstop.proc.fields import PROPERTY_FIELDS

MatchKey = Literal["name", "kind", "file", "part"]
"""What mappings are the same by: the name (all memory without one is one group), the kind, the file (what has none by
its kind), or the part of a file: its permissions and offset."""

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class GroupSums:
    """One of the two maps, summed by group; g groups."""

    mapping_count: Counts
    """How many mappings each group has here, shape (g,); 0 when it is only on the other side."""
    fields: tuple[str, ...]
    """The fields that this kernel prints and that can be summed."""
    amounts: Amounts
    """Shape (len(fields), g), kB; `ABSENT` where none of a group's mappings has the field, 0 without mappings."""

    def get(self, name: str) -> Amounts | None:
        """A field of each group, or one of `SUMMED_FIELDS`, shape (g,); None when this kernel does not print it."""
        if name in self.fields:
            column: Amounts = self.amounts[self.fields.index(name)]
            return column
        if name not in SUMMED_FIELDS or not set(self.fields) >= REQUIRED_FIELDS:
            return None
        parts = self.amounts[[self.fields.index(part) for part in SUMMED_FIELDS[name] if part in self.fields]]
        sums: Amounts = np.where((parts == ABSENT).any(axis=0), ABSENT, parts.sum(axis=0))
        return sums


@dataclass(frozen=True, slots=True, eq=False)
class GroupComparison:
    """Two maps by groups, in alphabetical order."""

    names: tuple[str, ...]
    """The kind's name for nameless memory, and for groups of a whole kind."""
    kinds: tuple[Kind, ...]
    perms: tuple[str, ...]
    """Of parts of files; empty otherwise."""
    offsets: tuple[int, ...]
    """Of parts of files, bytes, as on the later side where they differ; 0 otherwise."""
    before: GroupSums
    after: GroupSums

    def __len__(self) -> int:
        return len(self.names)


def compare_groups(before: Mappings, after: Mappings, by: MatchKey = "name") -> GroupComparison:
    """Match the mappings of two maps, of any two processes and kernels; they need not share their texts."""
    names, group = merge_keys([names_of(mappings, by) for mappings in (before, after)])
    perms_texts, perms = merge_keys([_perms(mappings, by) for mappings in (before, after)])
    offset = np.concatenate([before.offset, after.offset])
    offset[perms == 0] = 0
    later = np.arange(len(group)) >= len(before)
    number = _parts(group, perms, offset, later) if by == "part" else group
    count = int(number.max(initial=-1)) + 1
    row = np.empty(count, np.intp)
    row[number] = np.arange(len(number))  # of several the last one: that of the later side, if there is any
    return GroupComparison(
        names=tuple(names[at][0] for at in group[row].tolist()),
        kinds=tuple(names[at][1] for at in group[row].tolist()),
        perms=tuple(perms_texts[at] for at in perms[row].tolist()),
        offsets=tuple(offset[row].tolist()),
        before=_group_sums(before, number[~later], count),
        after=_group_sums(after, number[later], count),
    )


_Key = TypeVar("_Key", str, tuple[str, Kind])
CodedKeys = tuple[list[_Key], NDArray[np.intp]]
"""Distinct keys, and which of them each row has."""


def merge_keys(sides: Sequence[CodedKeys[_Key]]) -> CodedKeys[_Key]:
    """Both sides' keys in one alphabetical list, and which of it each row has, the earlier side's rows first."""
    keys = sorted({key for distinct, _ in sides for key in distinct})
    place = {key: at for at, key in enumerate(keys)}
    return keys, np.concatenate(
        [np.array([place[key] for key in distinct], np.intp)[inverse] for distinct, inverse in sides]
    )


def names_of(mappings: Mappings, by: MatchKey) -> CodedKeys[tuple[str, Kind]]:
    """The group of each row; one look at each distinct name."""
    codes, inverse = np.unique(mappings.name, return_inverse=True)
    return [_key(mappings.strings[code], by) for code in codes.tolist()], inverse


def _key(name: str, by: MatchKey) -> tuple[str, Kind]:
    """What a mapping of this name is known by."""
    kind = kind_of(name)
    if not name or by == "kind" or (by == "file" and kind is not Kind.FILE):
        return kind.value, kind
    return strip_deleted(name), kind


def _perms(mappings: Mappings, by: MatchKey) -> CodedKeys[str]:
    """The permissions of the rows that are parts of a file; the empty text, always the first, of the others."""
    if by != "part":
        return [""], np.zeros(len(mappings), np.intp)
    codes, inverse = np.unique(mappings.perms, return_inverse=True)
    return ["", *(mappings.strings[code] for code in codes.tolist())], np.where(mappings.inode > 0, inverse + 1, 0)


def _parts(
    group: NDArray[np.intp], perms: NDArray[np.intp], offset: Addresses, later: NDArray[np.bool_]
) -> NDArray[np.intp]:
    """The part that each row is, by its permissions and its offset in the file.

    A file that was built anew has its parts elsewhere: of those that the other side does not have, the first with the
    same permissions are one part, and so are the second.
    """
    exact = dense_ranks(group, perms, offset)
    count = int(exact.max(initial=-1)) + 1
    there = np.zeros((2, count), bool)
    there[later.astype(np.intp), exact] = True
    lone = there[0] != there[1]
    row = np.empty(count, np.intp)
    row[exact] = np.arange(len(exact))
    place = np.arange(count)
    place[lone] = ordinals(dense_ranks(group[row[lone]], perms[row[lone]], later[row[lone]]))
    return dense_ranks(group, perms, lone[exact], place[exact])


def dense_ranks(*columns: NDArray[Any]) -> NDArray[np.intp]:
    """The number of each row among the distinct rows in ascending order; equal rows have the same."""
    order = np.lexsort(columns[::-1])
    new = np.zeros(len(order), bool)
    for column in columns:
        new[1:] |= np.diff(column[order]) != 0
    numbers = np.empty(len(order), np.intp)
    numbers[order] = np.cumsum(new)
    return numbers


def ordinals(stretch: NDArray[np.intp]) -> NDArray[np.intp]:
    """How many rows with the same number stand before each row."""
    order = np.argsort(stretch, kind="stable")
    ordered = stretch[order]
    ordinals = np.empty(len(order), np.intp)
    ordinals[order] = np.arange(len(order)) - np.searchsorted(ordered, ordered)
    return ordinals


def _group_sums(mappings: Mappings, number: NDArray[np.intp], count: int) -> GroupSums:
    """The sums of a map by the number of each row's group."""
    fields = tuple(name for name in mappings.fields if name not in PROPERTY_FIELDS)
    members = np.bincount(number, minlength=count)
    amounts = np.empty((len(fields), count), np.int64)
    for sums, name in zip(amounts, fields, strict=True):
        column = mappings.amounts[mappings.fields.index(name)]
        printed = column != ABSENT
        sums[:] = np.bincount(number, weights=np.where(printed, column, 0), minlength=count)
        sums[(np.bincount(number[printed], minlength=count) == 0) & (members > 0)] = ABSENT
    return GroupSums(members, fields, amounts)
