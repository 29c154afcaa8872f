"""How shared-memory objects grew or shrank in a tick, as far as is known: what it says about pages of their mappings.

What an object holds is measured before and after smaps is read (`OBJECT_ALLOCATED`), so at the moment of the reading
it held something in between, and its growth from one reading to the next is known within bounds.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from smapstop.model.explain.ledger import KbColumn, Mask
from smapstop.model.kinds import Kind, classify_texts, kind_codes
from smapstop.proc.added_fields import OBJECT_ALLOCATED, OBJECT_GROWN_WHILE_READ
from smapstop.proc.columns import ABSENT, Amounts, Mappings

Rows = NDArray[np.intp]
Codes = NDArray[np.int8]

UNLIMITED = 1 << 60
"""Bound of an amount of which nothing is known, kB."""
_KINDS = list(Kind)
_MAPPED_FIELDS = ("rss", "anonymous", "private_hugetlb", "shared_hugetlb")


@dataclass(frozen=True, slots=True, eq=False)
class ObjectChanges:
    """Objects of k mappings, and their changes; columns of shape (k,)."""

    is_object: Mask
    """Maps a shared-memory object: its pages are the object's, but for private copies. Or memory of a device, which
    neither grows nor shrinks by being mapped."""
    number: Rows
    """Number of the object, the same for mappings of the same one."""
    least_growth: KbColumn
    """The least that the object grew from one reading to the next, kB; negative where it shrank."""
    most_growth: KbColumn
    """The most that it grew."""
    created: KbColumn
    """The least of the pages mapped now that the object did not hold before, kB: more than it held are mapped."""
    freed: KbColumn
    """The least of the pages mapped before that the object no longer holds, kB: more were mapped than it holds."""
    is_writable: Mask

    @property
    def is_unchanged(self) -> Mask:
        """Objects that hold as much as before: what came or went here is in them still."""
        mask: Mask = self.is_object & (self.least_growth == 0) & (self.most_growth == 0)
        return mask

    @property
    def may_have_shrunk(self) -> Mask:
        """Objects that are known, and may hold less than before."""
        known = self.is_object & (self.least_growth > -UNLIMITED)
        mask: Mask = known & (self.least_growth < 0)
        return mask


def object_changes(
    before: Mappings, after: Mappings, after_rows: Rows, was: dict[str, KbColumn], now: dict[str, KbColumn]
) -> ObjectChanges:
    """Find the objects of some mappings.

    Args:
        before: The previous reading.
        after: The current reading, with the same string table.
        after_rows: Rows of the mappings in it, shape (k,); -1 for those that are gone, which count as no object.
        was: Fields at the previous reading, kB.
        now: Fields at the current reading, kB.
    """
    here = np.flatnonzero(after_rows >= 0)
    is_object = np.zeros(len(after_rows), bool)
    is_object[here] = _maps_object(after)[after_rows[here]]
    if not is_object.any():
        zeros = np.zeros(len(after_rows), np.int64)
        return ObjectChanges(is_object, zeros.astype(np.intp), zeros, zeros, zeros, zeros, is_object)
    rows = np.flatnonzero(is_object)
    in_before = np.flatnonzero(_maps_object(before))
    keys = np.concatenate([_keys(after, after_rows[rows]), _keys(before, in_before)], axis=1)
    _, numbers = np.unique(keys, axis=1, return_inverse=True)
    numbers = numbers.reshape(-1)
    number = np.full(len(after_rows), -1, np.intp)
    number[rows] = numbers[: len(rows)]
    earlier = _Sizes.at_reading(before, in_before, numbers[len(rows) :], int(numbers.max()) + 1)
    mapped = [_mapped(amounts, rows, _is_private(after, after_rows[rows])) for amounts in (was, now)]
    held = earlier.take(number[rows])
    later = _Sizes.at_reading(after, after_rows[rows], np.arange(len(rows)), len(rows))
    is_new = ~np.isin(number[rows], numbers[len(rows) :]) & _begins_with_mapping(after, after_rows[rows])
    held = _Sizes(np.where(is_new, 0, held.least), np.where(is_new, 0, held.most))
    known = (held.most < UNLIMITED) & (later.most < UNLIMITED)
    of_device = kind_codes(after, after_rows[rows]) == _KINDS.index(Kind.DEVICE)
    changes = {
        "least_growth": np.where(of_device, 0, np.where(known, later.least - held.most, -UNLIMITED)),
        "most_growth": np.where(of_device, 0, np.where(known, later.most - held.least, UNLIMITED)),
        "created": np.where(of_device, 0, np.maximum(mapped[1] - held.most, 0)),
        "freed": np.where(of_device, 0, np.maximum(mapped[0] - later.most, 0)),
    }
    columns = {name: np.zeros(len(after_rows), np.int64) for name in changes}
    for name, kb in changes.items():
        columns[name][rows] = kb
    writable = np.zeros(len(after_rows), bool)
    writable[rows] = _has_perm(after, after_rows[rows], 1, "w")
    return ObjectChanges(is_object, number, **columns, is_writable=writable)


@dataclass(frozen=True, slots=True, eq=False)
class _Sizes:
    """What objects held at a reading, kB: within bounds, shape (number of objects,)."""

    least: KbColumn
    most: KbColumn
    """`UNLIMITED` where it is not known."""

    @staticmethod
    def at_reading(mappings: Mappings, rows: Rows, number: Rows, count: int) -> "_Sizes":
        """Sizes of the objects of some rows, by number; all rows of an object have the same.

        An object that was not known when smaps was read held at least what was mapped.
        """
        measured, grown = (_column(mappings, name)[rows] for name in (OBJECT_ALLOCATED, OBJECT_GROWN_WHILE_READ))
        amounts = {name: column[rows] for name in _MAPPED_FIELDS if (column := mappings.get(name)) is not None}
        mapped = _mapped(amounts, np.arange(len(rows)), _is_private(mappings, rows))
        is_known, was_known = measured != ABSENT, grown != ABSENT
        earlier = np.where(was_known, measured - grown, measured)
        lower = np.where(was_known, np.minimum(earlier, measured), np.minimum(mapped, measured))
        least, most = np.zeros(count, np.int64), np.full(count, UNLIMITED, np.int64)
        np.maximum.at(least, number[is_known], lower[is_known])
        most[number[is_known]] = np.maximum(earlier, measured)[is_known]
        return _Sizes(least, most)

    def take(self, number: Rows) -> "_Sizes":
        """Sizes of some objects."""
        return _Sizes(*(getattr(self, field.name)[number] for field in fields(self)))


def _maps_object(mappings: Mappings) -> Mask:
    """Mappings of shared memory or of a device, shape (n,)."""
    kinds = kind_codes(mappings)
    mask: Mask = (kinds == _KINDS.index(Kind.SHARED)) | (kinds == _KINDS.index(Kind.DEVICE))
    return mask


def _keys(mappings: Mappings, rows: Rows) -> NDArray[np.uint64]:
    """Identity of the object of each row, shape (3, len(rows)): System V segments have inode numbers of their own."""
    is_sysv = classify_texts(mappings.strings, mappings.name[rows], lambda name: name.startswith("/SYSV"))
    return np.stack([mappings.inode[rows], mappings.device[rows].astype(np.uint64), is_sysv.astype(np.uint64)])


def _begins_with_mapping(mappings: Mappings, rows: Rows) -> Mask:
    """MAP_SHARED | MAP_ANONYMOUS: mmap makes the object, and no file leads to it."""
    is_zero = classify_texts(mappings.strings, mappings.name[rows], lambda name: name == "/dev/zero (deleted)") > 0
    return is_zero & ~_is_private(mappings, rows)


def _is_private(mappings: Mappings, rows: Rows) -> Mask:
    """MAP_PRIVATE: what is written is copied."""
    return _has_perm(mappings, rows, 3, "p")


def _has_perm(mappings: Mappings, rows: Rows, at: int, letter: str) -> Mask:
    """Whether the permissions of each row have a letter at a place."""
    return classify_texts(mappings.strings, mappings.perms[rows], lambda perms: perms[at : at + 1] == letter) > 0


def _column(mappings: Mappings, name: str) -> Amounts:
    """A column; `ABSENT` everywhere where the reading does not have it."""
    column = mappings.get(name)
    return np.full(len(mappings), ABSENT, np.int64) if column is None else column


def _mapped(amounts: dict[str, KbColumn], rows: Rows, private: Mask) -> KbColumn:
    """Pages of the object that are mapped, kB: without copies, and hugetlb pages, which are not in Rss."""
    zeros = np.zeros(len(rows), np.int64)

    def amount(name: str) -> KbColumn:
        return amounts[name][rows] if name in amounts else zeros

    huge = np.where(private, 0, amount("private_hugetlb") + amount("shared_hugetlb"))
    mapped: KbColumn = amount("rss") - amount("anonymous") + huge
    return mapped
