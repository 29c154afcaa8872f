"""Book pages of shared memory: allocated or freed in the object, or only mapped or unmapped here.

Page tables of shared memory say little: a page that appears may have been in the object for long, and one that leaves
stays there. What tells is the object's growth (mm/shmem.c: shmem_recalc_inode), as far as it is known.
"""

from typing import NamedTuple

import numpy as np

from smapstop.model.explain.ledger import CLEAN_FIRST, DIRTY_FIRST, PC, PD, SC, SD, KbColumn, Ledger
from smapstop.model.explain.shared_objects import UNLIMITED, ObjectChanges

_NEW_FIRST = (PD, PC, SD, SC)


def book_object_arrivals(ledger: Ledger, objects: ObjectChanges) -> None:
    """Book pages of objects that became resident: new as far as the object grew, else in memory already.

    Of an object that is not known, pages that no other mapping has are likelier to be new than others.
    """
    gained = np.where(objects.is_object, ledger.gain("rss"), 0)
    if not gained.any():
        return
    share = _new_pages(objects, gained, np.minimum(gained, ledger.gain(PD) + ledger.gain(PC)))
    ledger.explain_gain(share.moved, _NEW_FIRST)
    ledger.explain_gain(gained - share.moved, CLEAN_FIRST)
    ledger.book("first-touch", share.moved_surely, rss=1)
    ledger.book("first-touch", share.moved - share.moved_surely, sure=False, rss=1)
    ledger.book("shared-map", share.stayed_surely, rss=1)
    ledger.book("shared-map", gained - share.moved - share.stayed_surely, sure=False, rss=1)


def book_object_departures(ledger: Ledger, objects: ObjectChanges) -> None:
    """Book pages of objects that are no longer resident: freed as far as the object shrank, else kept by it.

    Copies in private mappings are not the object's.
    """
    dropped = ledger.loss("rss", "anonymous")
    replaced = np.where(objects.is_object, ledger.loss("anonymous") - dropped, 0)
    ledger.explain_loss(replaced, DIRTY_FIRST)  # a copy was dropped, and the object's page mapped again
    ledger.explain_gain(replaced, CLEAN_FIRST)
    ledger.book("discard", replaced, anonymous=-1)
    ledger.book("shared-map", replaced)
    lost = np.where(objects.is_object, ledger.loss("rss") - dropped, 0)
    if not lost.any():
        return
    share = _freed_pages(objects, lost)
    ledger.explain_loss(lost, DIRTY_FIRST)
    ledger.book("discard", share.moved_surely, rss=-1)
    ledger.book("shared-unmap", share.stayed_surely, rss=-1)
    ledger.book("shared-unmap", lost - share.moved_surely - share.stayed_surely, sure=False, rss=-1)


class _Share(NamedTuple):
    """Pages of each mapping for which the object grew, or shrank, kB; the others it held before, or still holds."""

    moved: KbColumn
    moved_surely: KbColumn
    stayed_surely: KbColumn


def _new_pages(objects: ObjectChanges, gained: KbColumn, exclusive: KbColumn) -> _Share:
    """Divide pages that became resident into new ones and old ones; no object has more new ones than it grew.

    Growth that equals the gain is taken for it. Growth that does not may be of other pages: then only those are
    surely new that the object cannot have held before.
    """
    least, most = objects.least_growth, np.maximum(objects.most_growth, 0)
    total = _sums_by_object(objects, gained)
    rest = np.where(most < UNLIMITED, most, total) - _gained_before(objects, gained)
    new = np.where(total <= most, gained, np.clip(rest, 0, gained))
    known = (most < UNLIMITED) | (objects.created >= gained)
    new = np.where(known, new, np.maximum(exclusive, np.minimum(objects.created, gained)))
    proven = np.minimum(objects.created, gained)
    proven = np.where(_sums_by_object(objects, proven) > most, 0, proven)  # which mapping was first is not known
    fits = (least <= total) & (total <= most)
    surely = np.where(fits, np.maximum(proven, gained - (total - least)), proven)
    return _Share(new, np.clip(surely, 0, new), np.clip(gained - most, 0, gained - new))


def _freed_pages(objects: ObjectChanges, lost: KbColumn) -> _Share:
    """Divide pages that are no longer resident into freed ones and kept ones, as in `_new_pages`.

    A hole takes the same pages from all mappings, so each can have lost as many as the object.
    """
    least, most = -objects.most_growth, np.maximum(-objects.least_growth, 0)
    total = _sums_by_object(objects, lost)
    freed = np.minimum(lost, most)
    proven = np.minimum(objects.freed, lost)
    sums = np.where((least <= total) & (total <= most), total, lost)
    fits = (least <= sums) & (sums <= most)
    surely = np.where(fits, np.maximum(proven, lost - (sums - least)), proven)
    return _Share(freed, np.clip(surely, 0, freed), np.clip(lost - most, 0, lost))


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
