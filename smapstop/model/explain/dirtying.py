"""Book pages that stayed resident, but were written, written back, or marked free."""

import numpy as np

from smapstop.model.events import Mechanism
from smapstop.model.explain.evidence import Evidence
from smapstop.model.explain.ledger import PC, PD, SC, SD, Ledger


def book_clean_dirty_changes(ledger: Ledger, evidence: Evidence) -> None:
    """Book pages that stayed resident, but were written, written back, or marked free (MADV_FREE)."""
    anonymous, file = evidence.private_anonymous, evidence.private_file
    on_disk = evidence.shared_file | (file & evidence.owns_swap)
    for clean, dirty in ((PC, PD), (SC, SD), (PC, SD), (SC, PD)):
        written = ledger.transition(clean, dirty)
        redirtied = np.where(anonymous, written, np.where(file, np.minimum(written, evidence.clean_anonymous_kb), 0))
        ledger.explain_transition(clean, dirty, redirtied, "rewrite")
        # a mapping that goes leaves its dirty bits to the page, which is ours alone then: nothing was written now
        whats: tuple[Mechanism, ...] = () if (clean, dirty) == (SC, PD) else ("shared-write",)
        ledger.explain_transition(clean, dirty, written - redirtied, *whats)
        cleaned = ledger.transition(dirty, clean)
        ledger.explain_transition(dirty, clean, np.where(anonymous, cleaned, 0), "lazy-free")
        ledger.explain_transition(dirty, clean, np.where(on_disk, cleaned, 0), "writeback")
        ledger.explain_transition(dirty, clean, np.where(anonymous | on_disk, 0, cleaned))  # went to swap and back
