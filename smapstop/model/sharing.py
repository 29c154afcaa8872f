"""Anonymous pages that a fork shared, or that are one process's own again: copied, or let go by the others."""

import numpy as np

from smapstop.model.events import Mechanism
from smapstop.model.evidence import Evidence
from smapstop.model.ledger import PC, PD, SC, SD, Amounts, Ledger

_PAGES_A_FAULT: dict[Mechanism, int] = {
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
    memory, file = evidence.memory, evidence.file
    copies = evidence.level("anonymous")
    for source, target in ((PD, SD), (PC, SC)):
        forked = ledger.turned(source, target)
        of_copies = np.clip(forked - evidence.dirty_of_file, 0, copies)
        forked = np.where(memory, forked, np.where(file & (source == PD), of_copies, 0))
        ledger.turn(source, target, forked)
        ledger.book("shared-by-fork", forked, sure=~evidence.mergeable)
    unshared = np.zeros_like(copies)
    lo, hi = _unspent_faults(ledger, evidence)
    for source in (SD, SC):
        parted = ledger.turned(source, PD)
        of_copies = np.clip(parted if hi else parted - evidence.dirty_of_file, 0, copies)
        parted = np.where(memory, parted, np.where(file & (source == SD), of_copies, 0))
        ledger.turn(source, PD, parted)
        unshared += parted
    _book_unsharing(ledger, unshared, lo * evidence.page_kb, hi * evidence.page_kb)
    ledger.turn(SC, PC, np.where(memory, ledger.turned(SC, PC), 0), "sole-owner")
    for source, target in ((PD, SD), (SD, PD), (PC, SC), (SC, PC)):
        ledger.turn(source, target, np.where(memory, 0, ledger.turned(source, target)))


def _unspent_faults(ledger: Ledger, evidence: Evidence) -> tuple[int, int]:
    """How many faults, at least and at most, what is booked so far did not need; nothing known is 0 and all."""
    least = most = 0
    for what, kb, _ in ledger.booked:
        if what in _PAGES_A_FAULT:
            pages = kb // evidence.page_kb
            least += int((-(-pages // _PAGES_A_FAULT[what])).sum())
            most += int(pages.sum()) if what == "file-read" else int((-(-pages // _PAGES_A_FAULT[what])).sum())
    if least > evidence.faults:  # large folios came, or the counters were read a little earlier than the map
        return 0, evidence.faults
    return max(0, evidence.faults - most), evidence.faults - least


def _book_unsharing(ledger: Ledger, unshared: Amounts, lo_kb: int, hi_kb: int) -> None:
    """Book pages that are no longer shared: copied by a write, which takes a fault each, or let go by the others.

    Args:
        ledger: Where to book; the states have moved already.
        unshared: How much of each mapping.
        lo_kb: What the faults that nothing else needed could have copied, at least.
        hi_kb: The same, at most.
    """
    total = int(unshared.sum())
    most_let_go = 2 * hi_kb < total
    maybe_copied = np.minimum(unshared, hi_kb)
    let_go = unshared - maybe_copied
    copied = (let_go > 0) | (not most_let_go)
    ledger.book("copy-on-write-after-fork", np.where(copied, maybe_copied, 0), sure=lo_kb == hi_kb == total)
    ledger.book("sole-owner", np.where(copied, 0, maybe_copied), sure=False)
    ledger.book("sole-owner", let_go, sure=most_let_go)
