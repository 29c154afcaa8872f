"""Book huge pages: mapped by one fault, collapsed, split, or gone as a whole; and hugetlb memory."""

import numpy as np

from smapstop.model.events import Mechanism
from smapstop.model.explain.evidence import Evidence
from smapstop.model.explain.fork_sharing import unspent_faults
from smapstop.model.explain.ledger import DIRTY_FIRST, HP, HS, KbColumn, Ledger, Mask, round_down

_FROM_SMALL: tuple[Mechanism, ...] = ("huge-fault", "huge-split")


def skip_whole_huge_pages(ledger: Ledger, evidence: Evidence, lost_kb: KbColumn) -> None:
    """Skip huge pages that may have left as a whole: the mechanisms that took them are booked instead.

    Args:
        ledger: The ledger.
        evidence: The evidence.
        lost_kb: All pages that are no longer resident, kB.
    """
    ledger.unexplained["huge"] += round_down(np.minimum(ledger.loss("huge"), lost_kb), evidence.huge_kb)


def book_huge(ledger: Ledger, evidence: Evidence) -> None:
    """Book huge pages: mapped by one fault, collapsed from small pages and the holes between them, or split."""
    gained = ledger.gain("huge", "rss")
    fresh = round_down(gained, evidence.huge_kb) if evidence.faults else np.zeros_like(gained)
    # one that was collapsed had a small page at least, by which Rss grew less
    had_small = (ledger.gain("huge") - gained) // evidence.page_kb
    surely = np.maximum(fresh - had_small * evidence.huge_kb, 0)
    _explain_huge_arrivals(ledger, evidence, fresh)
    ledger.book("huge-fault", surely, huge=1)
    ledger.book("huge-fault", fresh - surely, sure=False, huge=1)
    collapsed = ledger.gain("huge")
    holes = np.minimum(collapsed, ledger.gain("rss"))
    holes[holes <= evidence.faults * evidence.page_kb] = 0  # more likely touched one by one
    _explain_huge_arrivals(ledger, evidence, holes)
    # or the small pages were given up, and each huge page touched again
    surely = np.maximum(collapsed - evidence.faults * evidence.huge_kb, 0)
    ledger.book("huge-collapse", surely, huge=1)
    ledger.book("huge-collapse", collapsed - surely, sure=False, huge=1)
    ledger.book("huge-split", ledger.loss("huge"), huge=-1)


def doubt_huge(ledger: Ledger, evidence: Evidence, where: Mask) -> None:
    """Doubt huge pages of some mappings that may have been small ones, if there were the faults to touch them all.

    They may have been collapsed since (MADV_COLLAPSE); or a huge page was given up, and as many small ones touched
    elsewhere. All else must be booked.
    """
    if (unspent_faults(ledger, evidence) + 1) * evidence.page_kb >= evidence.huge_kb:  # and the one of the huge page
        ledger.doubt(where, _FROM_SMALL)


def _explain_huge_arrivals(ledger: Ledger, evidence: Evidence, kb: KbColumn) -> None:
    """Explain pages that became resident as part of huge pages, of any kind of memory."""
    ledger.unexplained["rss"] -= kb
    ledger.unexplained["anonymous"] -= np.where(
        evidence.private_anonymous, kb, np.where(evidence.private_file, np.minimum(kb, ledger.gain("anonymous")), 0)
    )
    ledger.explain_gain(kb, DIRTY_FIRST)


def book_hugetlb(ledger: Ledger, evidence: Evidence) -> None:
    """Book hugetlb pages that came or went; `book_sharing` books those that were shared, or are exclusive again.

    They count in Private_Hugetlb or Shared_Hugetlb, and not in Rss (fs/proc/task_mmu.c, smaps_hugetlb_range).
    """
    change = ledger.unexplained[HP] + ledger.unexplained[HS]
    if not change.any():
        return
    lost = np.maximum(-change, 0)
    ledger.explain_loss(lost, (HP, HS))
    unmapped = np.minimum(lost, evidence.lost_kb)
    had = evidence.amount_before(HP) + evidence.amount_before(HS)
    # others may have been given up where the mapping still is
    ledger.book("unmapped", unmapped, sure=unmapped <= np.maximum(had - evidence.kept_kb, evidence.known_lost_kb))
    ledger.book("discard", lost - unmapped)
    gained = np.maximum(change, 0)
    ledger.explain_gain(gained, (HP, HS))
    ledger.book("huge-fault", gained)
