"""Pages that mremap moved from one mapping to another, without a fault.

A mapping that moved as a whole, untouched, keeps its identity; here are parts that moved, and what grew or was
touched at its new place, too.
"""

import numpy as np

from smapstop.model.explain.evidence import Evidence
from smapstop.model.explain.ledger import KbColumn, Ledger, Mask


def cancel_moved_pages(ledger: Ledger, evidence: Evidence) -> KbColumn:
    """Cancel anonymous pages that one mapping lost and another gained, more than its faults can have touched.

    Part of a mapping may move, into a new mapping or to the end of another one. Nothing may be booked yet.

    Returns:
        The pages that moved away from each mapping, kB.
    """
    touched_kb = evidence.faults * evidence.page_kb
    gained = np.where(evidence.private_anonymous, ledger.gain("rss", "anonymous"), 0)
    lost = np.where(evidence.private_anonymous, ledger.loss("rss", "anonymous"), 0)
    moved = np.zeros_like(lost)
    for row in np.flatnonzero(gained > touched_kb).tolist():
        sources = np.flatnonzero((lost > 0) & (lost <= gained[row]) & (gained[row] - lost <= touched_kb))
        if len(sources) == 1:
            moved[sources] = lost[sources]
            lost[sources] = 0
            for left in ledger.unexplained.values():
                left[row] += left[sources[0]]
                left[sources[0]] = 0
    return moved


def possible_moves(ledger: Ledger, evidence: Evidence) -> tuple[Mask, Mask]:
    """Mappings whose pages may have moved away, and those to which they may have moved, as far as amounts can tell.

    A mapping lost addresses with pages, and another one with the same permissions gained addresses and as many pages.
    Faults that fit the pages gained, and leave none for the others, say that these were touched.
    """
    gained = np.where(evidence.movable & (evidence.gained_kb > 0), ledger.gain("rss", "anonymous"), 0)
    lost = np.where(evidence.movable, ledger.loss("rss", "anonymous"), 0)
    spare_kb = evidence.faults * evidence.page_kb - int((ledger.gain("anonymous") - ledger.gain("huge")).sum())
    if spare_kb >= 0:
        lost[(lost > spare_kb) | (evidence.lost_kb == 0)] = 0  # MREMAP_DONTUNMAP is told by the lack of faults
    source, target = np.zeros(len(gained), bool), np.zeros(len(gained), bool)
    if gained.any() and lost.any():
        count = int(evidence.perms.max()) + 1
        most, least = np.zeros(count, np.int64), np.full(count, np.iinfo(np.int64).max)
        np.maximum.at(most, evidence.perms, gained)
        np.minimum.at(least, evidence.perms[lost > 0], lost[lost > 0])
        source = (lost > 0) & (lost <= most[evidence.perms])
        target = (gained > 0) & (gained >= least[evidence.perms])
    return source, target
