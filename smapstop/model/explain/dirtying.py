"""Book pages that stayed resident, but were written, written back, or marked free."""

import numpy as np

from smapstop.model.explain.evidence import Evidence
from smapstop.model.explain.ledger import PC, PD, SC, SD, Ledger


def book_clean_dirty_changes(ledger: Ledger, evidence: Evidence) -> None:
    """Book pages that stayed resident, but were written, written back, or marked free (MADV_FREE)."""
    anonymous, file = evidence.private_anonymous, evidence.private_file
    for clean, dirty in ((PC, PD), (SC, SD), (PC, SD), (SC, PD)):
        written = ledger.transition(clean, dirty)
        redirtied = np.where(anonymous, written, np.where(file, np.minimum(written, evidence.clean_anonymous_kb), 0))
        ledger.explain_transition(clean, dirty, redirtied, "rewrite")
        ledger.explain_transition(clean, dirty, written - redirtied, "shared-write")
        cleaned = ledger.transition(dirty, clean)
        ledger.explain_transition(dirty, clean, np.where(anonymous, cleaned, 0), "lazy-free")
        ledger.explain_transition(dirty, clean, np.where(anonymous, 0, cleaned), "writeback")
