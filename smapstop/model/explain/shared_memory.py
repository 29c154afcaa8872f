"""Book pages of shared memory: allocated or freed in the object, or only mapped or unmapped here.

Page tables of shared memory say little: a page that appears may have been in the object for long, and one that leaves
stays there. The evidence is the object's growth (mm/shmem.c: shmem_recalc_inode), as far as it is known.
"""

import numpy as np

from smapstop.model.explain.evidence import LARGE_FOLIO, Evidence
from smapstop.model.explain.ledger import (
    CLEAN_FIRST,
    DIRTY_FIRST,
    HP,
    HS,
    PC,
    PD,
    SC,
    SD,
    KbColumn,
    Ledger,
    Mask,
    round_down,
)
from smapstop.model.explain.object_pages import freed_pages, new_pages
from smapstop.model.explain.shared_objects import ObjectChanges

_NEW_FIRST = (PD, PC, SD, SC)


def skip_object_huge_pages(ledger: Ledger, evidence: Evidence, objects: ObjectChanges) -> KbColumn:
    """Skip pages of objects that were mapped as whole huge pages: `book_object_arrivals` books them.

    Returns:
        These pages, kB.
    """
    is_faulted = objects.is_object & (evidence.faults > 0)  # else they were collapsed
    huge = np.where(is_faulted, round_down(ledger.gain("huge", "rss"), evidence.huge_kb), 0)
    ledger.unexplained["huge"] -= huge
    return huge


def skip_swap_with_addresses(ledger: Ledger, evidence: Evidence) -> None:
    """Skip pages of objects in swap that a mapping shows no longer, or shows now, since it lost or gained addresses.

    Swap counts the object's pages there, so nothing happened to them.
    """
    swap = ledger.unexplained["swap"]
    swap += np.where(evidence.owns_swap, 0, np.minimum(ledger.loss("swap"), evidence.lost_kb))
    swap -= np.where(evidence.owns_swap, 0, np.minimum(ledger.gain("swap"), evidence.gained_kb))


def skip_object_swap(ledger: Ledger, evidence: Evidence, objects: ObjectChanges) -> KbColumn:
    """Skip pages of objects that left swap and did not come here: `book_object_departures` books them.

    Returns:
        These pages, kB.
    """
    here = objects.is_object & evidence.shared_memory & (evidence.lost_kb == 0)
    swapped = np.where(here, np.maximum(ledger.loss("swap") - ledger.gain("rss"), 0), 0)
    ledger.unexplained["swap"] += swapped
    return swapped


def book_object_arrivals(
    ledger: Ledger, evidence: Evidence, objects: ObjectChanges, huge: KbColumn, copied: KbColumn, replaced: Mask
) -> None:
    """Book pages of objects that became resident: new as far as the object grew, else in memory already.

    Of an object that is not known, pages that no other mapping has are likelier to be new than others.

    Args:
        ledger: The ledger.
        evidence: The evidence.
        objects: The objects.
        huge: Pages among them that were mapped as whole huge pages, kB; besides hugetlb pages.
        copied: Pages of each mapping that were copied on write, kB.
        replaced: Mappings of objects that may have given up pages and got as many.
    """
    resident = np.where(objects.is_object, ledger.gain("rss"), 0)
    hugetlb = np.maximum(_hugetlb_change(ledger, evidence, objects), 0)
    gained = resident + hugetlb
    if not gained.any():
        return
    exclusive = np.minimum(gained, ledger.gain(PD) + ledger.gain(PC) + ledger.gain(HP))
    may_be_large = evidence.large_folios | (huge + hugetlb > 0)
    faulted_kb = evidence.faults * evidence.page_kb * np.where(may_be_large, LARGE_FOLIO, 1)
    new, surely_new, surely_old = new_pages(objects, gained, exclusive, copied, replaced, faulted_kb)
    small = np.where(hugetlb > 0, 0, new)
    ledger.explain_gain(small, _NEW_FIRST)
    ledger.explain_gain(resident - small, CLEAN_FIRST)
    ledger.explain_gain(hugetlb, (HP, HS))
    ledger.unexplained["rss"] -= resident
    new_huge = np.minimum(new, huge + hugetlb)
    surely_huge = np.minimum(new_huge, surely_new)
    ledger.book("huge-fault", surely_huge)
    ledger.book("huge-fault", new_huge - surely_huge, sure=False)
    ledger.book("first-touch", surely_new - surely_huge)
    ledger.book("first-touch", new - surely_new - (new_huge - surely_huge), sure=False)
    ledger.book("shared-map", surely_old)
    ledger.book("shared-map", gained - new - surely_old, sure=False)


def book_object_departures(
    ledger: Ledger, evidence: Evidence, objects: ObjectChanges, swapped: KbColumn, replaced_pages: Mask
) -> None:
    """Book pages of objects that are no longer resident: freed as far as the object shrank, else kept by it.

    Copies in private mappings are not the object's.

    Args:
        ledger: The ledger.
        evidence: The evidence.
        objects: The objects.
        swapped: Pages that left swap, kB: another process brought them back, or they were freed.
        replaced_pages: Mappings of objects that may have given up pages and got as many.
    """
    dropped = ledger.loss("rss", "anonymous")
    replaced = np.where(objects.is_object, ledger.loss("anonymous") - dropped, 0)
    ledger.explain_loss(replaced, DIRTY_FIRST)  # a copy was dropped, and the object's page mapped again
    ledger.explain_gain(replaced, CLEAN_FIRST)
    unmapped = np.clip(evidence.lost_kb - ledger.booked_kb("unmapped"), 0, replaced)
    ledger.book("unmapped", unmapped, sure=False, anonymous=-1)
    ledger.book("discard", replaced - unmapped, anonymous=-1)
    # else the page may be new, and the old one gone
    ledger.book("shared-map", replaced, sure=objects.is_unchanged)
    resident = np.where(objects.is_object, ledger.loss("rss") - dropped, 0)
    hugetlb = np.maximum(-_hugetlb_change(ledger, evidence, objects) - evidence.lost_kb, 0)
    lost = resident + hugetlb
    if not (lost + swapped).any():
        return
    freed, kept = freed_pages(objects, lost + swapped, np.where(swapped > 0, 0, evidence.lost_kb), replaced_pages)
    swapped_freed = np.where(freed >= lost + swapped, swapped, 0)
    swapped_back = np.where(kept >= lost + swapped, swapped, 0)
    mixed = (swapped > 0) & (swapped_freed + swapped_back == 0)  # which of them were freed is not known
    freed, kept = (np.where(mixed, 0, kb - part) for kb, part in ((freed, swapped_freed), (kept, swapped_back)))
    # clean and dirty pages each: other views of the object change private ones to shared ones meanwhile
    clean = np.clip(-(ledger.unexplained[PC] + ledger.unexplained[SC]), 0, resident)
    ledger.explain_loss(resident - clean, (PD, SD))
    ledger.explain_loss(clean, (PC, SC))
    ledger.explain_loss(hugetlb, (HP, HS))
    ledger.unexplained["rss"] += resident
    ledger.book("discard", freed + swapped_freed)
    ledger.book("shared-unmap", kept)
    ledger.book("shared-unmap", lost - freed - kept, sure=False)
    ledger.book("swap-in", swapped_back)
    ledger.book("swap-in", swapped - swapped_freed - swapped_back, sure=False)


def _hugetlb_change(ledger: Ledger, evidence: Evidence, objects: ObjectChanges) -> KbColumn:
    """Change of the hugetlb pages of objects that are mapped shared, kB."""
    change: KbColumn = ledger.unexplained[HP] + ledger.unexplained[HS]
    return np.where(objects.is_object & evidence.shared_memory, change, 0)
