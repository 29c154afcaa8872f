"""Book pages that stayed resident, but were written, written back, or marked free."""

import numpy as np

from smapstop.model.events import Mechanism
from smapstop.model.explain.evidence import LARGE_FOLIO, Evidence
from smapstop.model.explain.fork_sharing import is_fork_seen, unspent_faults
from smapstop.model.explain.ledger import PC, PD, SC, SD, KbColumn, Ledger, Mask

_FREE_BATCH = 31
"""Pages marked free that a CPU collects before the kernel counts them (include/linux/pagevec.h, PAGEVEC_SIZE)."""
_THERE_AND_BACK: tuple[Mechanism, ...] = ("swap-out", "swap-in")


def book_clean_dirty_changes(ledger: Ledger, evidence: Evidence, may_be_left_dirty: Mask) -> None:
    """Book pages that stayed resident, but were written, written back, or marked free (MADV_FREE).

    Args:
        ledger: The ledger.
        evidence: The evidence.
        may_be_left_dirty: Mappings of files of which another mapping lost pages: it leaves its dirty bits to them
            (mm/memory.c, zap_present_folio_ptes), and then nothing was written now.
    """
    anonymous, file = evidence.private_anonymous, evidence.private_file
    lazily, free = evidence.freed_lazily_kb, evidence.free_kb
    merged = (evidence.amount_before("ksm") > 0) | evidence.merged_unseen
    # what came back from swap clean, or was given up and touched again, took a fault for each page or large folio
    most_faulted_kb = (
        unspent_faults(ledger, evidence) * evidence.page_kb * np.where(evidence.large_folios, LARGE_FOLIO, 1)
    )
    on_disk = evidence.shared_file | (file & evidence.owns_swap)
    for clean, dirty in ((PC, PD), (SC, SD), (PC, SD), (SC, PD)):
        written = ledger.transition(clean, dirty)
        redirtied = _book_rewritten(ledger, evidence, written, most_faulted_kb)
        ledger.explain_transition(clean, dirty, written)
        stored = written - redirtied
        if (clean, dirty) != (SC, PD):
            was_shared = may_be_left_dirty & (clean == SC)
            stored = np.where(was_shared, 0, stored)
            ledger.book("shared-write", np.maximum(stored - ledger.clean_or_dirty_kb, 0))
        else:  # the page is ours alone now: the mapping that is gone may have written it, if we took no fault
            stored = np.where(evidence.shared_file & evidence.writable, stored, 0)
            ledger.book("shared-write", np.minimum(stored, most_faulted_kb), sure=False)
        cleaned = ledger.transition(dirty, clean)
        freed = np.where(anonymous & ~merged, cleaned, np.where(anonymous, np.minimum(cleaned, lazily), 0))
        surely = np.clip(np.maximum(freed - most_faulted_kb, lazily), 0, freed)
        uncounted = freed <= free + _FREE_BATCH * evidence.page_kb
        marked = np.maximum(surely, np.where(uncounted, freed, np.minimum(freed, free)))
        lazily, free = lazily - np.minimum(lazily, surely), free - np.minimum(free, marked)
        ledger.explain_transition(dirty, clean, freed)
        ledger.book("lazy-free", surely)
        ledger.book("lazy-free", marked - surely, sure=False)
        for what in _THERE_AND_BACK:  # dirty ones went to swap, and they or others came back, read only
            ledger.book(what, freed - marked, sure=False)
        stored = np.where(on_disk, np.where(file, np.minimum(cleaned, evidence.dirty_file_kb), cleaned), 0)
        ledger.explain_transition(dirty, clean, stored, "writeback")
        if clean[0] != dirty[0]:  # private ones became shared as well
            forked = redirtied if dirty == SD else freed
            is_sure = ~(merged | evidence.moving) & is_fork_seen(ledger)
            ledger.book("shared-by-fork", np.where(anonymous, forked, 0), sure=is_sure)
        # the others went to swap and back, or KSM merged and separated them
        ledger.explain_transition(dirty, clean, cleaned - freed - stored)


def _book_rewritten(ledger: Ledger, evidence: Evidence, written: KbColumn, most_faulted_kb: KbColumn) -> KbColumn:
    """Book clean anonymous pages that became dirty, of all that did.

    Returns:
        Their amount, kB; the others are the file's.
    """
    file = evidence.private_file
    file_kb = np.where(file, evidence.file_pages_kb, 0)  # each may have been written, but for those below
    copies_kb = np.where(file, evidence.clean_anonymous_kb, 0)
    surely = np.where(evidence.private_anonymous, written, np.clip(written - file_kb, 0, copies_kb))
    likely = np.where(evidence.owns_swap, np.minimum(written, copies_kb), 0)  # programs write to copies
    redirtied = np.maximum(surely, likely)
    collapsed = ledger.booked_kb("huge-collapse")  # makes all of the huge page dirty (mm/khugepaged.c)
    surely = np.maximum(surely - np.maximum(collapsed, most_faulted_kb), 0)
    ledger.book("rewrite", surely)
    ledger.book("rewrite", np.maximum(redirtied - collapsed - surely, 0), sure=False)
    return redirtied
