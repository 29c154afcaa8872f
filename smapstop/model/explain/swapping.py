"""Book pages that went to swap or came back, and pages that KSM merged or separated."""

import numpy as np

from smapstop.model.explain.evidence import LARGE_FOLIO, Evidence
from smapstop.model.explain.ledger import CLEAN_FIRST, DIRTY_FIRST, PC, PD, SD, Ledger


def book_swap(ledger: Ledger, evidence: Evidence) -> None:
    """Book pages that were swapped out, swapped in, or dropped while in swap.

    For shared memory, Swap counts the object's pages in swap, whichever process had them mapped: Rss may not change.
    """
    private, own = evidence.private_anonymous, evidence.owns_swap
    out = ledger.gain("swap")
    unmapped = np.where(own, out, np.minimum(out, ledger.loss("rss")))
    lost = np.minimum(unmapped, ledger.loss("anonymous"))
    # of a private file mapping, only copies go to swap: if no more are missing, they were made in this tick
    earlier = np.where(own & evidence.private_file, lost, unmapped)
    ledger.unexplained["anonymous"] += np.where(own, out, lost)
    ledger.unexplained["rss"] += unmapped
    ledger.explain_loss(earlier, DIRTY_FIRST)
    ledger.explain_loss(unmapped - earlier, (PD,))
    ledger.book("swap-out", out, swap=1)
    # of a private file mapping, only copies come back; pages of the file may come or go meanwhile
    came = np.where(own & evidence.private_file, ledger.gain("anonymous"), ledger.gain("rss"))
    back = np.minimum(ledger.loss("swap"), came)
    # dirty ones may have been given up in swap, and as many touched; all were written, or took a fault to be
    dirty = np.where(own, np.maximum(ledger.unexplained[PD] + ledger.unexplained[SD], 0), 0)
    faulted = evidence.faults * evidence.page_kb * np.where(evidence.large_folios, LARGE_FOLIO, 1)
    surely = back - np.minimum.reduce([back, dirty, faulted])
    ledger.unexplained["anonymous"] -= np.where(private, back, np.minimum(back, ledger.gain("anonymous")))
    ledger.explain_gain(back, CLEAN_FIRST)
    ledger.book("swap-in", surely, rss=1, swap=-1)
    ledger.book("swap-in", back - surely, sure=False, rss=1, swap=-1)
    ledger.book("discard", np.where(evidence.owns_swap, ledger.loss("swap"), 0), swap=-1)
    ledger.book("swap-in", ledger.loss("swap"), sure=False, swap=-1)  # by another process; or it was discarded


def book_ksm(ledger: Ledger) -> None:
    """Book pages that KSM merged with equal ones, or that are no longer merged."""
    merged = ledger.gain("ksm")
    ledger.explain_loss(merged, DIRTY_FIRST)
    ledger.explain_gain(merged, (SD, PD))
    ledger.book("ksm-merge", merged, ksm=1)
    for state in (PD, PC):  # written; or MADV_UNMERGEABLE, which leaves the copies clean
        unmerged = np.minimum(ledger.loss("ksm"), ledger.transition(SD, state))
        ledger.explain_transition(SD, state, unmerged)
        ledger.book("ksm-unmerge", unmerged, ksm=-1)
    gone = np.minimum(ledger.loss("ksm"), np.maximum(ledger.loss("rss"), ledger.gain("swap")))
    ledger.unexplained["ksm"] += gone  # the mechanism that took the pages is booked instead
    ledger.book("ksm-unmerge", ledger.loss("ksm"), ksm=-1)  # the last page of a merged set
