"""Book pages that are no longer resident: unmapped, dropped by the process, or reclaimed by the kernel."""

import numpy as np

from smapstop.model.explain.evidence import Evidence
from smapstop.model.explain.ledger import CLEAN_FIRST, DIRTY_FIRST, PC, PD, SC, SD, KbColumn, Ledger, Mask, round_down


def book_unmapped(ledger: Ledger, evidence: Evidence, moved: KbColumn, doubtful: Mask) -> Mask:
    """Book pages that went with their part of the mapping, in memory or in swap (mm/mmap.c, do_vmi_munmap).

    Of the pages that a mapping lost, as many as fit into the addresses that it lost; and no fewer than did not fit
    into those that it kept. More may have been given up in the addresses that it kept (malloc_trim), unless they are
    known to have been in the others.

    Args:
        ledger: The ledger.
        evidence: The evidence.
        moved: Pages that moved away from each mapping, kB.
        doubtful: Mappings whose pages may have moved away, or were given up before.

    Returns:
        Mappings of which some pages seem to have gone while they were in swap, or others did that came from there.
    """
    lost_kb = evidence.lost_kb
    if not lost_kb.any():
        return lost_kb > 0
    private = evidence.owns_swap
    swap = np.where(private, ledger.unexplained["swap"], 0)
    had = evidence.amount_before("rss") - moved + np.where(private, evidence.amount_before("swap"), 0)
    least = np.clip(had - evidence.kept_kb, 0, lost_kb)
    missing = np.maximum(-ledger.unexplained["rss"] - swap, 0)
    gone = np.maximum(np.minimum(missing, lost_kb), least)
    swapped = np.minimum(np.maximum(gone - ledger.loss("rss"), 0), np.where(private, ledger.loss("swap"), 0))
    resident = gone - swapped
    ledger.unexplained["swap"] += swapped
    ledger.unexplained["anonymous"] += np.where(
        evidence.private_anonymous, resident, np.minimum(resident, ledger.loss("anonymous"))
    )
    ledger.unexplained["ksm"] += np.minimum(ledger.loss("ksm"), resident)
    ledger.unexplained["huge"] += round_down(np.minimum(ledger.loss("huge"), resident), evidence.huge_kb)
    ledger.explain_loss(np.where(evidence.private_anonymous, resident, 0), DIRTY_FIRST)
    ledger.explain_loss(np.where(evidence.private_anonymous, 0, resident), CLEAN_FIRST)
    ledger.unexplained["rss"] += resident
    moved_within = (evidence.gained_kb > 0) & (gone > missing)  # mremap, to addresses that overlap the old ones
    doubtful = doubtful | moved_within
    ledger.book("unmapped", gone, sure=~doubtful & (gone <= np.maximum(least, evidence.known_lost_kb - moved)))
    mixed: Mask = (swapped > 0) & (evidence.faults > 0) & (evidence.kept_kb > 0)
    return mixed


def book_departures(ledger: Ledger, evidence: Evidence, doubtful: Mask) -> None:
    """Book pages that are no longer resident in addresses that the mapping still has.

    Args:
        ledger: The ledger.
        evidence: The evidence.
        doubtful: Mappings whose anonymous pages may still be there: moved, or replaced by the zero page.
    """
    swap_known = "swap" in ledger.printed_fields  # if not, they may have been swapped out
    lost = ledger.loss("anonymous", "rss")
    clean = np.maximum(-(ledger.unexplained[PC] + ledger.unexplained[SC]), 0)  # forks change private to shared ones
    freed = np.where(
        evidence.private_anonymous, np.minimum(lost, clean), 0
    )  # marked free (MADV_FREE), and reclaimed later
    ledger.explain_loss(freed, (PC, SC))
    ledger.book("reclaim", freed, sure=False, rss=-1, anonymous=-1)
    dropped = lost - freed
    ledger.explain_loss(dropped, DIRTY_FIRST)
    is_sure = ~(doubtful | evidence.droppable | evidence.mergeable) & swap_known
    ledger.book("discard", dropped, sure=is_sure, rss=-1, anonymous=-1)
    dirty = np.minimum(ledger.loss("rss"), ledger.loss(PD) + ledger.loss(SD))
    dirty = np.where(evidence.shared_memory, ledger.loss("rss"), dirty)
    ledger.explain_loss(dirty, DIRTY_FIRST)
    # those of a file on disk may have been written back first
    ledger.book("discard", dirty, sure=swap_known & evidence.shared_memory, rss=-1)
    clean = np.where(evidence.private_anonymous, 0, ledger.loss("rss"))
    ledger.explain_loss(clean, CLEAN_FIRST)
    ledger.book("reclaim", clean, sure=False, rss=-1)
    replaced = np.where(evidence.private_file, ledger.loss("anonymous"), 0)
    ledger.explain_loss(replaced, DIRTY_FIRST)  # a copy was dropped, and the file's page mapped again
    ledger.explain_gain(replaced, CLEAN_FIRST)
    # or the page was read elsewhere
    unmapped = np.clip(evidence.lost_kb - ledger.booked_kb("unmapped"), 0, replaced)
    ledger.book("unmapped", unmapped, sure=False, anonymous=-1)
    ledger.book("discard", replaced - unmapped, anonymous=-1)
    ledger.book("file-read", replaced)
