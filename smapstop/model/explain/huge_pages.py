"""Book huge pages: mapped by one fault, collapsed, split, or gone as a whole."""

import numpy as np

from smapstop.model.explain.evidence import Evidence
from smapstop.model.explain.ledger import DIRTY_FIRST, KbColumn, Ledger


def skip_whole_huge_pages(ledger: Ledger, evidence: Evidence) -> None:
    """Skip huge pages that left as a whole: the mechanism that took them is booked instead."""
    ledger.unexplained["huge"] += _round_down(ledger.loss("huge", "rss"), _huge_kb(evidence))


def book_huge(ledger: Ledger, evidence: Evidence) -> None:
    """Book huge pages: mapped by one fault, collapsed from small pages and the holes between them, or split."""
    huge_kb = _huge_kb(evidence)
    fresh = _round_down(ledger.gain("huge", "rss"), huge_kb) if evidence.faults else np.zeros_like(evidence.shrunk_kb)
    ledger.unexplained["anonymous"] -= np.where(evidence.shared_memory, 0, fresh)
    ledger.explain_gain(fresh, DIRTY_FIRST)
    ledger.book("huge-fault", fresh, rss=1, huge=1)
    collapsed = ledger.gain("huge")
    holes = np.minimum(collapsed, ledger.gain("rss"))
    holes[holes <= evidence.faults * evidence.page_kb] = 0  # more likely touched one by one
    ledger.unexplained["anonymous"] -= np.where(evidence.shared_memory, 0, holes)
    ledger.unexplained["rss"] -= holes
    ledger.explain_gain(holes, DIRTY_FIRST)
    ledger.book("huge-collapse", collapsed, huge=1)
    ledger.book("huge-split", ledger.loss("huge"), huge=-1)
    ledger.book("huge-fault", ledger.gain("hugetlb"), hugetlb=1)
    ledger.book("discard", ledger.loss("hugetlb"), hugetlb=-1)


def _huge_kb(evidence: Evidence) -> int:
    """Size of a huge page, kB: the memory that one page of 8-byte page table entries maps."""
    return evidence.page_kb * 1024 // 8 * evidence.page_kb


def _round_down(kb: KbColumn, unit_kb: int) -> KbColumn:
    """Round amounts down to whole units."""
    return kb // unit_kb * unit_kb
