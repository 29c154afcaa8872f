"""Anonymous pages that a fork shared, or that are one process's own again: copied, or let go by the others."""

import numpy as np

from smapstop.model.events import Mechanism
from smapstop.model.explain.evidence import Evidence
from smapstop.model.explain.ledger import PC, PD, SC, SD, KbColumn, Ledger

_PAGES_PER_FAULT: dict[Mechanism, int] = {
    "first-touch": 1,
    "copy-on-write": 1,
    "swap-in": 1,
    "ksm-unmerge": 1,
    "file-read": 16,
    "huge-fault": 512,
}
"""How many pages one fault brings, at most; of a file it maps the cached neighbours, too (do_fault_around)."""


def book_sharing(ledger: Ledger, evidence: Evidence) -> None:
    """Anonymous pages that a fork shared, or that one process has for itself again.

    The pages of a file are shared and unshared by whoever maps it, which is no event of this process.
    """
    for source, target in ((PD, SD), (PC, SC)):
        forked = _anonymous_part(ledger, evidence, source, target)
        ledger.explain_transition(source, target, forked)
        ledger.book("shared-by-fork", forked, sure=~evidence.mergeable)
    lo, hi = _unspent_faults(ledger, evidence)
    unshared = np.zeros_like(evidence.shrunk_kb)
    for source in (SD, SC):
        parted = _anonymous_part(ledger, evidence, source, PD)
        ledger.explain_transition(source, PD, parted)
        unshared += parted
    _book_unsharing(ledger, unshared, lo * evidence.page_kb, hi * evidence.page_kb)
    ledger.explain_transition(SC, PC, _anonymous_part(ledger, evidence, SC, PC), "sole-owner")
    for source, target in ((PD, SD), (SD, PD), (PC, SC), (SC, PC)):
        ledger.explain_transition(
            source, target, np.where(evidence.private_anonymous, 0, ledger.transition(source, target))
        )


def _anonymous_part(ledger: Ledger, evidence: Evidence, source: str, target: str) -> KbColumn:
    """How much went from one state to another that is anonymous for sure; of a file's mapping it is dirty."""
    turned = ledger.transition(source, target)
    if PC in (source, target) or SC in (source, target):
        return np.where(evidence.private_anonymous, turned, 0)
    copies = np.clip(turned - evidence.dirty_file_pages, 0, evidence.amount_before("anonymous"))
    return np.where(evidence.private_anonymous, turned, np.where(evidence.private_file, copies, 0))


def _unspent_faults(ledger: Ledger, evidence: Evidence) -> tuple[int, int]:
    """How many faults, at least and at most, what is booked so far did not need; nothing known is 0 and all."""
    least = most = 0
    for what, kb, _ in ledger.bookings:
        if what in _PAGES_PER_FAULT:
            pages = kb // evidence.page_kb
            least += int((-(-pages // _PAGES_PER_FAULT[what])).sum())
            most += int(pages.sum()) if what == "file-read" else int((-(-pages // _PAGES_PER_FAULT[what])).sum())
    if least > evidence.faults:  # large folios came, or the counters were read a little earlier than the map
        return 0, evidence.faults
    return max(0, evidence.faults - most), evidence.faults - least


def _book_unsharing(ledger: Ledger, unshared: KbColumn, lo_kb: int, hi_kb: int) -> None:
    """Book pages that are no longer shared: copied by a write, which takes a fault each, or let go by the others.

    Args:
        ledger: Where to book; the states have moved already.
        unshared: How much of each mapping.
        lo_kb: What the faults that nothing else needed could have copied, at least.
        hi_kb: The same, at most.
    """
    total = int(unshared.sum())
    most_let_go = 2 * hi_kb < total
    likely_copied = 2 * unshared > total if most_let_go else unshared > 0  # else the few may be anywhere
    copied = np.where(likely_copied, np.minimum(unshared, hi_kb), 0)
    ledger.book("copy-on-write-after-fork", copied, sure=lo_kb == hi_kb == total)
    ledger.book("sole-owner", np.where(likely_copied, unshared - copied, 0), sure=most_let_go)
    ledger.book("sole-owner", np.where(likely_copied, 0, unshared), sure=hi_kb == 0)
