"""How shared-memory objects grew or shrank in a tick, as far as is known: what it says about pages of their mappings.

What an object holds is measured before and after smaps is read (`OBJECT_ALLOCATED`), so at the moment of the reading
it held something in between, and its growth from one reading to the next is known within bounds.
"""

from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.explain.ledger import KbColumn, Mask
from smapstop.model.explain.object_views import ObjectRows, find_other_views, mapped_kb, mapped_kb_of
from smapstop.model.kinds import SHARED_ANONYMOUS, Kind, classify_texts, is_private, kind_codes
from smapstop.proc.added_fields import OBJECT_ALLOCATED, OBJECT_GROWN_WHILE_READ
from smapstop.proc.columns import ABSENT, Amounts, Mappings

Rows = NDArray[np.intp]

UNLIMITED = 1 << 60
"""Bound of an amount of which nothing is known, kB."""
_KINDS = list(Kind)


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
    has_other_views: Mask
    """Other mappings of the process have the object, too: what it lost may be a hole in their part of it."""
    other_views_changed: Mask
    """Others of them changed as well, or this one is new or resized: what the object gained may be theirs."""

    @staticmethod
    def none(count: int) -> "ObjectChanges":
        """For mappings without objects."""
        kb, masks = ([np.zeros(count, kind) for _ in range(4)] for kind in (np.int64, bool))
        return ObjectChanges(masks[0], np.full(count, -1, np.intp), *kb, *masks[1:])

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
    before: Mappings,
    before_rows: Rows,
    after: Mappings,
    after_rows: Rows,
    was: dict[str, KbColumn],
    now: dict[str, KbColumn],
) -> ObjectChanges:
    """Find the objects of some mappings.

    Args:
        before: The previous reading.
        before_rows: Rows of the mappings in it, shape (k,); -1 for new ones.
        after: The current reading, with the same string table.
        after_rows: Rows of the mappings in it; -1 for those that are gone, which count as no object.
        was: Fields at the previous reading, kB.
        now: Fields at the current reading, kB.
    """
    here = np.flatnonzero(after_rows >= 0)
    is_object = np.zeros(len(after_rows), bool)
    is_object[here] = _maps_object(after, after_rows[here])
    if not is_object.any():
        return ObjectChanges.none(len(after_rows))
    rows = np.flatnonzero(is_object)
    in_before, in_after = (np.flatnonzero(_maps_object(mappings)) for mappings in (before, after))
    all_numbers = _number(np.concatenate([_keys(before, in_before), _keys(after, in_after)], axis=1))
    numbers_before, numbers_after = np.split(all_numbers, [len(in_before)])
    numbers, count = numbers_after[np.searchsorted(in_after, after_rows[rows])], len(all_numbers)
    earlier = _Sizes.at_reading(before, in_before, numbers_before, count)
    all_before, all_after = ObjectRows(before, in_before, numbers_before), ObjectRows(after, in_after, numbers_after)
    others = find_other_views(numbers, all_before, before_rows[rows], all_after, after_rows[rows])
    private = is_private(after, after_rows[rows])
    mapped = [mapped_kb({name: kb[rows] for name, kb in amounts.items()}, private) for amounts in (was, now)]
    held = earlier.take(numbers)
    later = _Sizes.at_reading(after, after_rows[rows], np.arange(len(rows)), len(rows))
    is_new = ~np.isin(numbers, numbers_before) & _begins_with_mapping(after, after_rows[rows])
    held = _Sizes(np.where(is_new, 0, held.least), np.where(is_new, 0, held.most))
    known = (held.most < UNLIMITED) & (later.most < UNLIMITED)
    of_device = kind_codes(after, after_rows[rows]) == _KINDS.index(Kind.DEVICE)
    changes = {
        "least_growth": np.where(of_device, 0, np.where(known, later.least - held.most, -UNLIMITED)),
        "most_growth": np.where(of_device, 0, np.where(known, later.most - held.least, UNLIMITED)),
        "created": np.where(of_device, 0, np.maximum(mapped[1] + others.had_kb - held.most, 0)),
        "freed": np.where(of_device, 0, np.maximum(mapped[0] + others.have_kb - later.most, 0)),
    }
    masks = {
        "is_writable": classify_texts(after.strings, after.perms[after_rows[rows]], lambda perms: perms[1:2] == "w")
        > 0,
        "has_other_views": others.exist,
        "other_views_changed": others.changed,
    }
    out = ObjectChanges.none(len(after_rows))
    for name, column in (changes | masks | {"is_object": np.ones(len(rows), bool), "number": numbers}).items():
        getattr(out, name)[rows] = column
    return out


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
        mapped = mapped_kb_of(mappings, rows)
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


def _maps_object(mappings: Mappings, rows: Rows | slice = slice(None)) -> Mask:
    """Which of some mappings are of shared memory or of a device, shape (n,)."""
    kinds = kind_codes(mappings, rows)
    mask: Mask = (kinds == _KINDS.index(Kind.SHARED)) | (kinds == _KINDS.index(Kind.DEVICE))
    return mask


def _keys(mappings: Mappings, rows: Rows) -> NDArray[np.uint64]:
    """Identity of the object of each row, shape (3, len(rows)): System V segments have inode numbers of their own."""
    is_sysv = classify_texts(mappings.strings, mappings.name[rows], lambda name: name.startswith("/SYSV"))
    return np.stack([mappings.inode[rows], mappings.device[rows].astype(np.uint64), is_sysv.astype(np.uint64)])


def _number(keys: NDArray[np.uint64]) -> Rows:
    """Number each column of `keys`, shape (3, n): the same for equal ones."""
    order = np.lexsort(keys)
    numbers = np.zeros(keys.shape[1], np.intp)
    numbers[order[1:]] = np.cumsum((keys[:, order[1:]] != keys[:, order[:-1]]).any(axis=0))
    return numbers


def _begins_with_mapping(mappings: Mappings, rows: Rows) -> Mask:
    """MAP_SHARED | MAP_ANONYMOUS: mmap makes the object, and no file leads to it."""
    is_zero = classify_texts(mappings.strings, mappings.name[rows], lambda name: name == SHARED_ANONYMOUS) > 0
    return is_zero & ~is_private(mappings, rows)


def _column(mappings: Mappings, name: str) -> Amounts:
    """A column; `ABSENT` everywhere where the reading does not have it."""
    column = mappings.get(name)
    return np.full(len(mappings), ABSENT, np.int64) if column is None else column
