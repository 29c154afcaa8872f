"""Recognise copy-on-write in private file mappings, and book the copied pages; after a fork see `fork_sharing`."""

import numpy as np

from smapstop.model.explain.evidence import Evidence
from smapstop.model.explain.ledger import CLEAN_FIRST, DIRTY_FIRST, KbColumn, Ledger


def book_copies(ledger: Ledger, evidence: Evidence) -> KbColumn:
    """Book copy-on-write in private file mappings: an anonymous copy replaced the file's page.

    Returns:
        The copied pages, kB.
    """
    copied = np.where(evidence.private_file, ledger.gain("anonymous"), 0)
    fresh = np.minimum(copied, ledger.gain("rss"))  # written without having been mapped before
    ledger.explain_gain(copied, DIRTY_FIRST)
    ledger.explain_loss(copied - fresh, CLEAN_FIRST)
    ledger.unexplained["rss"] -= fresh
    is_sure = ~evidence.mergeable & ("anonymous" in ledger.printed_fields)  # KSM may have parted pages of zeros
    ledger.book("copy-on-write", copied, sure=is_sure, anonymous=1)
    return copied
