"""Explain anonymous pages that a fork shared, or that became exclusive again: copied, or freed by the others."""

import numpy as np

from smapstop.model.events import Mechanism
from smapstop.model.explain.evidence import LARGE_FOLIO, Evidence
from smapstop.model.explain.ledger import HP, HS, PC, PD, SC, SD, KbColumn, Ledger

_MADE_OTHERWISE: tuple[Mechanism, ...] = ("sole-owner",)
"""A page that KSM merged is shared no longer when the others are written; a huge page is a copy of small ones."""
_PAGES_PER_FAULT: dict[Mechanism, int] = {
    "first-touch": 1,
    "copy-on-write": 1,
    "swap-in": 1,
    "ksm-unmerge": 1,
    "huge-fault": LARGE_FOLIO,
}
"""Maximum number of pages per fault where folios of anonymous memory are small.

Pages of files are left out: a fault beyond the end of the file is not counted (SIGBUS; mm_account_fault in
mm/memory.c), but may have mapped pages around it before (do_fault_around).
"""


def book_sharing(ledger: Ledger, evidence: Evidence) -> None:
    """Book anonymous pages that a fork shared, or that are exclusive again.

    File pages become shared or private when other processes map or unmap the file: no event of this process.
    """
    merged = (
        evidence.amount_before("ksm") > 0
    )  # such a page is shared, or no longer, when others are merged or written
    for source, target in ((PD, SD), (PC, SC)):
        forked = _anonymous_part(ledger, evidence, source, target)
        ledger.explain_transition(source, target, forked)
        is_sure = ~(evidence.merged_unseen | merged | evidence.moving)
        # clean ones may have been in swap since a fork, and been read back by both processes one after the other
        ledger.book("shared-by-fork", forked, sure=is_sure if source == PD else is_sure & is_fork_seen(ledger))
    # pages of a private mapping of a hugetlb file may be the file's
    forked = np.where(evidence.private_anonymous, ledger.transition(HP, HS), 0)
    ledger.explain_transition(HP, HS, forked, "shared-by-fork")
    unshared = np.zeros_like(evidence.lost_kb)
    for source in (SD, SC):
        exclusive = _anonymous_part(ledger, evidence, source, PD)
        ledger.explain_transition(source, PD, exclusive)
        unshared += exclusive
    huge = np.where(evidence.private_anonymous, ledger.transition(HS, HP), 0)
    ledger.explain_transition(HS, HP, huge)
    _book_unsharing(ledger, unshared, huge, evidence)
    _book_unshared_clean(ledger, evidence)
    collapsed = ledger.booked_kb("huge-collapse") > 0  # copies the pages that a fork shared (mm/khugepaged.c)
    ledger.doubt(merged | evidence.moving | collapsed, _MADE_OTHERWISE)
    for source, target in ((HP, HS), (HS, HP)):  # other processes map the same pages of shared memory
        ledger.explain_transition(source, target, ledger.transition(source, target))
    for source, target in ((PD, SD), (SD, PD), (PC, SC), (SC, PC)):
        ledger.explain_transition(
            source, target, np.where(evidence.private_anonymous, 0, ledger.transition(source, target))
        )


def is_fork_seen(ledger: Ledger) -> bool:
    """Whether dirty pages of any mapping were shared in the tick: a fork shares some of the stack at least."""
    return any(sure and what == "shared-by-fork" and bool(kb.any()) for what, kb, sure in ledger.bookings)


def _book_unshared_clean(ledger: Ledger, evidence: Evidence) -> None:
    """Book clean pages that are no longer shared: others let them go, or all processes did, to swap.

    In the latter case this one has brought them back, with a fault for each page or large folio.
    """
    unshared = _anonymous_part(ledger, evidence, SC, PC)
    ledger.explain_transition(SC, PC, unshared)
    folio = np.where(evidence.large_folios, LARGE_FOLIO, 1)
    surely = np.maximum(unshared - unspent_faults(ledger, evidence) * evidence.page_kb * folio, 0)
    ledger.book("sole-owner", surely)
    ledger.book("sole-owner", unshared - surely, sure=False)


def _anonymous_part(ledger: Ledger, evidence: Evidence, source: str, target: str) -> KbColumn:
    """Pages that changed state and are surely anonymous, kB; in file mappings only dirty ones can be.

    Pages of files on a disk are taken for clean as far as they can be; those of memory are dirty as a rule.
    """
    changed = ledger.transition(source, target)
    if PC in (source, target) or SC in (source, target):
        return np.where(evidence.private_anonymous, changed, 0)
    dirty_file_kb = np.where(evidence.owns_swap, evidence.dirty_file_kb, evidence.file_pages_kb)
    copies = np.clip(changed - dirty_file_kb, 0, evidence.amount_before("anonymous"))
    return np.where(evidence.private_anonymous, changed, np.where(evidence.private_file, copies, 0))


def unspent_faults(ledger: Ledger, evidence: Evidence) -> int:
    """The most faults that the bookings so far do not account for."""
    spent = 0
    for what, kb, sure in ledger.bookings:
        if (sure or what == "swap-in") and what in _PAGES_PER_FAULT:  # what is not sure may be pages that moved
            folio = np.where(evidence.large_folios, LARGE_FOLIO, _PAGES_PER_FAULT[what])
            spent += int((-(-kb // evidence.page_kb // folio)).sum())
    # more spent than there were: large folios, or counters read slightly before the map: no information
    return evidence.faults - spent if spent <= evidence.faults else evidence.faults


def _book_unsharing(ledger: Ledger, small: KbColumn, huge: KbColumn, evidence: Evidence) -> None:
    """Book pages that are no longer shared: copied by a write, at one fault each, or freed by the other processes.

    Faults are a bound and no proof: some leave no trace (a write to a page that is no longer shared, a page mapped
    again), so a copy is never sure.

    Args:
        ledger: The ledger; the transitions of the states are explained already.
        small: Pages of each mapping that are no longer shared, kB.
        huge: Pages of hugetlb memory among others, kB: each is copied as a whole, by one fault.
        evidence: The evidence.
    """
    most_copied = unspent_faults(ledger, evidence)
    units = [(small, evidence.page_kb), (huge, evidence.huge_kb)]
    total = sum(int((kb // unit_kb).sum()) for kb, unit_kb in units)
    most_freed = 2 * most_copied < total
    for kb, unit_kb in units:
        pages = kb // unit_kb
        # few copies could be in any mapping, but programs write only where they may
        likely_copied = evidence.writable & (2 * pages > total if most_freed else pages > 0)
        copied = np.where(likely_copied, np.minimum(pages, most_copied), 0) * unit_kb
        ledger.book("copy-on-write-after-fork", copied, sure=False)
        # pages may have been given up, and as many touched: by one fault for a large folio
        replaced_kb = most_copied * unit_kb * np.where(evidence.large_folios, LARGE_FOLIO, 1)
        freed = np.where(likely_copied, np.clip(kb - replaced_kb, 0, kb - copied), 0)
        ledger.book("sole-owner", freed, sure=most_freed)
        ledger.book("sole-owner", np.where(likely_copied, kb - copied - freed, 0), sure=False)
        ledger.book("sole-owner", np.where(likely_copied, 0, kb), sure=most_copied == 0)
