"""Book pages that became resident: touched for the first time, or mapped from a file."""

import numpy as np

from smapstop.model.explain.evidence import Evidence
from smapstop.model.explain.ledger import CLEAN_FIRST, DIRTY_FIRST, PC, PD, SC, SD, KbColumn, Ledger, Mask


def book_arrivals(ledger: Ledger, evidence: Evidence, copied: KbColumn, doubtful: Mask) -> None:
    """Book pages that became resident: touched for the first time, or mapped from a file.

    Where pages were also copied, the amount read is a lower bound: some copies may have replaced resident pages.

    Args:
        ledger: The ledger.
        evidence: The evidence.
        copied: Pages of each mapping that were copied on write, kB.
        doubtful: Mappings to which pages may have moved.
    """
    touched = np.where(evidence.private_anonymous, ledger.gain("anonymous", "rss"), 0)
    ledger.explain_gain(touched, DIRTY_FIRST)
    # a collapse fills the gaps between small pages, and KSM parts pages that were the zero page
    doubtful = doubtful | (ledger.booked_kb("huge-collapse") > 0) | evidence.mergeable
    ledger.book("first-touch", touched, sure=~doubtful & (evidence.faults > 0), rss=1, anonymous=1)
    exclusive = np.minimum(ledger.gain("rss"), ledger.gain(PD) + ledger.gain(PC))
    fresh = np.where(evidence.shared_memory, exclusive, 0)  # pages that others map, too, existed before
    ledger.explain_gain(fresh, (PD, PC, SD, SC))
    ledger.book("first-touch", fresh, rss=1)
    # a page that another process or write() made dirty looks the same when it is read; so does one fault for many
    # pages, which are a large folio
    dirty = np.minimum(ledger.gain("rss"), ledger.gain(PD) + ledger.gain(SD))
    written = np.where(evidence.shared_file & evidence.writable, dirty, 0)
    ledger.explain_gain(written, DIRTY_FIRST)
    ledger.book("shared-write", written, sure=False, rss=1)
    read = np.where(evidence.private_anonymous, 0, ledger.gain("rss"))
    ledger.explain_gain(read, CLEAN_FIRST)
    of_kernel = np.where(evidence.of_kernel, read, 0)
    ledger.book("shared-map", of_kernel, rss=1)
    read = read - of_kernel
    ledger.book(
        "file-read",
        read,
        sure=(copied == 0) | (evidence.amount_before("rss") <= evidence.amount_before("anonymous")),
        rss=1,
    )
