"""Book pages that are no longer resident."""

import numpy as np

from smapstop.model.explain.evidence import Evidence
from smapstop.model.explain.ledger import CLEAN_FIRST, DIRTY_FIRST, PC, PD, SD, KbColumn, Ledger


def book_departures(ledger: Ledger, evidence: Evidence) -> None:
    """Book pages that are no longer resident: dropped by the process, or reclaimed by the kernel."""
    swap_known = "swap" in ledger.printed_fields  # if not, they may have been swapped out
    lost = ledger.loss("anonymous", "rss")
    freed = np.where(
        evidence.private_anonymous, np.minimum(lost, ledger.loss(PC)), 0
    )  # marked free (MADV_FREE), and reclaimed later
    ledger.unexplained[PC] += freed
    _book_discard_or_reclaim(ledger, evidence, freed, anonymous=-1)
    dropped = lost - freed
    ledger.explain_loss(dropped, DIRTY_FIRST)
    ledger.book("discard", dropped, sure=swap_known, rss=-1, anonymous=-1)
    dirty = np.minimum(ledger.loss("rss"), ledger.loss(PD) + ledger.loss(SD))
    dirty = np.where(evidence.shared_memory, ledger.loss("rss"), dirty)
    ledger.explain_loss(dirty, DIRTY_FIRST)
    ledger.book("discard", dirty, sure=swap_known, rss=-1)
    clean = np.where(evidence.private_anonymous, 0, ledger.loss("rss"))
    ledger.explain_loss(clean, CLEAN_FIRST)
    _book_discard_or_reclaim(ledger, evidence, clean)
    replaced = np.where(evidence.private_file, ledger.loss("anonymous"), 0)
    ledger.explain_loss(replaced, DIRTY_FIRST)  # a copy was dropped, and the file's page mapped again
    ledger.explain_gain(replaced, CLEAN_FIRST)
    ledger.book("discard", replaced, anonymous=-1)
    ledger.book("file-read", replaced)


def _book_discard_or_reclaim(ledger: Ledger, evidence: Evidence, kb: KbColumn, anonymous: int = 0) -> None:
    """Book clean pages that are no longer resident: unmapped as far as the mapping shrank, else likely reclaimed."""
    unmapped = np.minimum(kb, evidence.shrunk_kb)
    ledger.book("discard", unmapped, rss=-1, anonymous=anonymous)
    ledger.book("reclaim", kb - unmapped, sure=False, rss=-1, anonymous=anonymous)
