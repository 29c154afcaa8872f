"""Divide the pages that mappings of shared-memory objects gained or lost, by what the objects grew or shrank."""

from typing import NamedTuple

import numpy as np

from smapstop.model.explain.ledger import KbColumn, Mask
from smapstop.model.explain.shared_objects import UNLIMITED, ObjectChanges


class NewPages(NamedTuple):
    """Pages of each mapping that are likely new in the object, kB; the others were in memory before."""

    new: KbColumn
    surely_new: KbColumn
    surely_old: KbColumn


class FreedPages(NamedTuple):
    """Pages of each mapping that its object surely gave up, and surely keeps, kB; others may be either."""

    surely_freed: KbColumn
    surely_kept: KbColumn


def new_pages(
    objects: ObjectChanges,
    gained: KbColumn,
    exclusive: KbColumn,
    copied: KbColumn,
    replaced: Mask,
    faulted_kb: KbColumn,
) -> NewPages:
    """Divide pages that became resident; no object has more new ones than it grew.

    Growth that equals the gain is taken for it, unless other mappings of the object changed, too. Else it may be of
    other pages: then only those are surely new that the object cannot have held before, and none is surely old: it
    may have given up others.

    Args:
        objects: The objects.
        gained: Pages that became resident, kB.
        exclusive: Those of them that no other mapping has, kB; new in objects of which nothing is known.
        copied: Pages that private mappings copied, kB: a hole is filled in the object before it is copied.
        replaced: Mappings of objects that may have given up pages and got as many, see `may_be_replaced`.
        faulted_kb: The most pages that can be new: each took a fault, or each large folio. A fault maps only those
            around it that are there already.
    """
    least, most = objects.least_growth, np.maximum(objects.most_growth, 0)
    total = _sums_by_object(objects, gained)
    proven = np.minimum(objects.created, gained)
    proven = np.where(_sums_by_object(objects, proven) > most, 0, proven)  # which mapping was first is not known
    fits = (least <= total) & (total <= most) & (total <= faulted_kb) & (_sums_by_object(objects, copied) == 0)
    fits &= ~objects.other_views_changed
    fits &= gained - exclusive <= total - gained  # a new page that others have was new for one of them, too
    surely_new = np.where(fits, np.maximum(proven, gained - (total - least)), proven)
    new = np.where(total <= most, gained, np.clip(most - _gained_before(objects, gained), 0, gained))
    new = np.where((most < UNLIMITED) | (proven >= gained), new, np.maximum(exclusive, proven))
    return NewPages(new, np.clip(surely_new, 0, new), np.where(objects.is_unchanged & ~replaced, gained - new, 0))


def freed_pages(objects: ObjectChanges, lost: KbColumn, unmapped_kb: KbColumn, replaced: Mask) -> FreedPages:
    """Divide pages that are no longer resident, as `new_pages` does.

    A hole takes the same pages from all mappings, so each can have lost as many as the object; but it leaves no trace
    in those that had not mapped them. An object that grew, or shrank by less than the mapping, may have lost more,
    and gained others.

    Args:
        objects: The objects.
        lost: Pages that are no longer resident, kB.
        unmapped_kb: Addresses that were unmapped besides, kB: the object may have given up their pages.
        replaced: As for `new_pages`.
    """
    least, most = -objects.most_growth, np.maximum(-objects.least_growth, 0)
    total = _sums_by_object(objects, lost)
    loss = np.where((least <= total) & (total <= most), total, lost)
    fits = (least <= loss) & (loss <= most) & ~objects.has_other_views
    proven = np.clip(objects.freed - unmapped_kb, 0, lost)
    surely_freed = np.where(fits, np.maximum(proven, lost - (loss - least)), proven)
    kept = np.where(objects.is_unchanged & ~replaced, lost, 0)
    return FreedPages(np.clip(surely_freed, 0, np.minimum(lost, most)), kept)


def may_be_replaced(objects: ObjectChanges, change: KbColumn) -> Mask:
    """Mappings of objects of which one mapping gained pages and another one lost some."""
    if not objects.is_object.any():
        return objects.is_object
    gained, lost = (_sums_by_object(objects, np.maximum(kb, 0)) for kb in (change, -change))
    mask: Mask = (gained > 0) & (lost > 0)
    return mask


def _sums_by_object(objects: ObjectChanges, kb: KbColumn) -> KbColumn:
    """Sum over the mappings of the same object, for each mapping, kB."""
    sums = np.zeros(int(objects.number.max()) + 2, np.int64)  # the last is of mappings without object
    np.add.at(sums, objects.number, kb)
    out: KbColumn = sums[objects.number]
    return out


def _gained_before(objects: ObjectChanges, gained: KbColumn) -> KbColumn:
    """Gains of the mappings of the same object that come first, kB: the writable ones, since one writes first."""
    order = np.lexsort((~objects.is_writable, objects.number))
    number = objects.number[order]
    sums = np.cumsum(gained[order]) - gained[order]
    first = np.searchsorted(number, number, side="left")
    out = np.empty_like(gained)
    out[order] = sums - sums[first]
    return out
