"""Find the part of a split mapping where each thing happened: the part that has the field now.

The whole was known before, and each part is known now. What a part had before lies between two bounds: at least what
did not fit into the other addresses of the whole, at most what fits into its own. So each part can have gained or
lost only so much, and where the others cannot have done it all, it did the rest.
"""

from typing import NamedTuple

import numpy as np

from smapstop.model.events import Mechanism
from smapstop.model.explain.families import Families, Rows, sizes_kb
from smapstop.model.explain.ledger import PC, PD, SC, SD, KbColumn, Mask
from smapstop.proc.columns import ABSENT, Mappings

_Fields = tuple[str, ...]

_HUGE = ("anon_huge_pages", "shmem_pmd_mapped", "file_pmd_mapped", "private_hugetlb", "shared_hugetlb")
_PRIVATE, _SHARED = (PD, PC, "private_hugetlb"), (SD, SC, "shared_hugetlb")
_CLEAN, _DIRTY = (PC, SC), (PD, SD)
_RESIDENT = ("rss", "private_hugetlb", "shared_hugetlb")
_MOVES: dict[Mechanism, tuple[_Fields, _Fields]] = {
    "first-touch": (_RESIDENT, ()),
    "file-read": (_RESIDENT, ()),
    "shared-map": (_RESIDENT, ()),
    "copy-on-write": (("anonymous",), ()),
    "copy-on-write-after-fork": (_PRIVATE, _SHARED),
    "sole-owner": (_PRIVATE, _SHARED),
    "shared-by-fork": (_SHARED, _PRIVATE),
    "shared-write": (_DIRTY, ()),
    "rewrite": (_DIRTY, _CLEAN),
    "writeback": (_CLEAN, _DIRTY),
    "lazy-free": (_CLEAN, _DIRTY),
    "swap-out": (("swap",), ("rss",)),
    "swap-in": (("rss",), ("swap",)),
    "reclaim": ((), _RESIDENT),
    "discard": ((), (*_RESIDENT, "swap")),
    "shared-unmap": ((), _RESIDENT),
    "zero-page": ((), _RESIDENT),
    "huge-fault": (_HUGE, ()),
    "huge-collapse": (_HUGE, ()),
    "huge-split": ((), _HUGE),
    "ksm-merge": (("ksm",), ()),
    "ksm-unmerge": ((), ("ksm",)),
}
"""Fields that a mechanism adds to, and takes from, each as a sum. Others but `unmapped` go to the head of the
family."""


class Bookings(NamedTuple):
    """Bookings of a mechanism, shape (b,)."""

    mapping: Rows
    """Positions of the mappings."""
    what: Mechanism
    kb: KbColumn
    sure: Mask


class Parts:
    """Present parts of the families that have more than one.

    Args:
        families: The families.
        before: The previous reading.
        after: The current reading.
        after_rows: Rows of the mappings in it, -1 for those that are gone.
        preferred: Mappings that were locked now: mlock makes pages resident.
    """

    def __init__(
        self, families: Families, before: Mappings, after: Mappings, after_rows: Rows, preferred: Rows
    ) -> None:
        present = after_rows[families.members] >= 0
        heads = np.unique(families.heads[present])
        part = np.concatenate([heads, families.members[present]])
        head = np.concatenate([heads, families.heads[present]])
        order = np.lexsort((part, head))
        self.part, self.head = part[order], head[order]
        self._before, self._after, self._after_rows = before, after, after_rows
        self._preferred = np.isin(self.part, preferred)
        self._index = np.full(len(after_rows), -1)
        self._index[self.part] = np.arange(len(self.part))
        here = self._index[families.parts] >= 0
        self._pairs = self._index[families.parts[here]], families.sources[here], families.overlap_kb[here]

    def __len__(self) -> int:
        return len(self.part)

    def limits(self, what: Mechanism) -> KbColumn:
        """The most that a mechanism can have done to each part, kB."""
        if what == "unmapped":
            return self._unmapped_kb()
        gained, lost = _MOVES[what]
        least = np.full(len(self), np.iinfo(np.int64).max)
        for names, sign in ((gained, 1), (lost, -1)):
            if names:
                low, high, now = self._bounds(names)
                least = np.minimum(least, now - low if sign > 0 else high - now)
        limits: KbColumn = np.maximum(least, 0)
        return limits

    def _unmapped_kb(self) -> KbColumn:
        """The most that can have gone with addresses, kB: of each earlier mapping, assigned to one of its parts."""
        at, sources, overlap_kb = self._pairs
        order = np.lexsort((at, self.part[at] != self.head[at], sources))
        earlier, first = np.unique(sources[order], return_index=True)
        kept = np.zeros(len(earlier), np.int64)
        np.add.at(kept, np.searchsorted(earlier, sources), overlap_kb)
        gone = np.maximum(sizes_kb(self._before, earlier) - kept, 0)
        limits = np.zeros(len(self), np.int64)
        np.add.at(limits, at[order[first]], np.minimum(gone, _sum(self._before, earlier, (*_RESIDENT, "swap"))))
        return limits

    def _bounds(self, names: _Fields) -> tuple[KbColumn, KbColumn, KbColumn]:
        """Least and most that each part can have had before of a sum of fields, and what it has now, kB."""
        at, sources, overlap_kb = self._pairs
        was = _sum(self._before, sources, names)
        outside_kb = sizes_kb(self._before, sources) - overlap_kb
        low, high = np.zeros(len(self), np.int64), np.zeros(len(self), np.int64)
        np.add.at(low, at, np.maximum(was - outside_kb, 0))
        np.add.at(high, at, np.minimum(was, overlap_kb))
        return low, high, _sum(self._after, self._after_rows[self.part], names)

    def share_out(self, bookings: Bookings) -> Bookings:
        """Share out the bookings of one mechanism, made for the heads, to the parts.

        What may have happened in any of several parts is assigned to the likeliest as far as it can be, then to the
        next, and is not sure.
        """
        if bookings.what not in _MOVES and bookings.what != "unmapped":
            return bookings
        first = np.searchsorted(self.head, bookings.mapping, side="left")
        count = np.searchsorted(self.head, bookings.mapping, side="right") - first
        divided, whole = np.flatnonzero(count), np.flatnonzero(count == 0)
        if not len(divided):
            return bookings
        count, first = count[divided], first[divided]
        starts = np.cumsum(count) - count
        of = np.repeat(np.arange(len(divided)), count)
        at = np.arange(len(of)) + (first - starts)[of]
        limit, wanted = self.limits(bookings.what)[at], bookings.kb[divided]
        room = np.add.reduceat(limit, starts)
        kb = np.clip(wanted[of] - (room[of] - limit), 0, limit)  # what the others cannot have done
        left = wanted - np.add.reduceat(kb, starts)
        roomy = limit - kb >= left[of]
        order = np.lexsort((-limit, ~self._preferred[at], ~roomy, of))
        spare = (limit - kb)[order]
        taken = np.cumsum(spare) - spare
        kb[order] += np.clip(left[of] - (taken - taken[starts][of]), 0, spare)
        kb[order[starts]] += wanted - np.add.reduceat(kb, starts)  # what fits nowhere
        sure = bookings.sure[divided] & (left == 0)
        some = np.flatnonzero(kb)
        return Bookings(
            np.concatenate([bookings.mapping[whole], self.part[at][some]]),
            bookings.what,
            np.concatenate([bookings.kb[whole], kb[some]]),
            np.concatenate([bookings.sure[whole], sure[of][some]]),
        )


def _sum(mappings: Mappings, rows: Rows, names: _Fields) -> KbColumn:
    """Sum of the fields that are printed, kB."""
    out = np.zeros(len(rows), np.int64)
    for name in names:
        column = mappings.get(name)
        if column is not None:
            out += np.where(column[rows] == ABSENT, 0, column[rows])
    return out
