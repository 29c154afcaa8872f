"""Settle which pages were copied after a fork, by the page faults in each mapping."""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from smapstop.model.callers.page_faults import NO_LONGER_MAPPED, PageFaults
from smapstop.model.events import MECHANISMS, Events, sum_events
from smapstop.model.explain.evidence import Rows, has_flag
from smapstop.model.explain.ledger import KbColumn
from smapstop.model.mapping_rows import find_rows
from smapstop.model.tick import Ids
from smapstop.proc.columns import Mappings

_COPIED, _LET_GO = (MECHANISMS.index(what) for what in ("copy-on-write-after-fork", "sole-owner"))
_OTHER_FAULTS = [
    MECHANISMS.index(what)
    for what in ("first-touch", "file-read", "copy-on-write", "swap-in", "ksm-unmerge", "huge-fault", "shared-map")
]
"""What else takes page faults."""
_ANYWHERE = -2
"""No mapping: page faults that were lost, or in system calls."""


class ForkCopies:
    """How many of the pages that are no longer shared were copied, and how many others let go.

    The fields know only the page faults of the whole process: if a child ends while its parent is busy, they fit any
    mapping. A copy takes a fault in its own mapping. Faults may be estimates, of another moment than the map, or of
    writes that copied nothing, so only a clear majority counts, and nothing is sure.
    """

    def __init__(self) -> None:
        self._faults = Counter[int]()
        """Page faults since the last reading of the mappings, by mapping; of `_ANYWHERE` if they may be in any."""

    def settle(self, events: Events, faults: PageFaults | None, mappings: Mappings | None, ids: Ids) -> Events:
        """Settle the copies in the events of a tick.

        Args:
            events: The events.
            faults: Page faults of the tick; None if they are not watched.
            mappings: The mappings, if the tick read them.
            ids: Their ids.
        """
        if faults is not None:
            self._add(faults)
        if mappings is None or not self._faults:
            return events
        since, self._faults = self._faults, Counter[int]()
        open_rows = _open_rows(events, mappings, ids)
        return _settle(events, open_rows, since) if len(open_rows) else events

    def _add(self, faults: PageFaults) -> None:
        """Add the page faults of a tick."""
        for mapping, count in zip(faults.mapping.tolist(), faults.faults.tolist(), strict=True):
            self._faults[mapping] += count
        self._faults[_ANYWHERE] += faults.lost + faults.in_system_calls


def _settle(events: Events, open_rows: Rows, faults: Counter[int]) -> Events:
    """Settle some events by the page faults since the previous reading."""
    of, code = np.unique(events.mapping[open_rows]), events.what[open_rows]
    copied_kb = _sum_up(of, events, open_rows[code == _COPIED])
    unshared_kb = copied_kb + _sum_up(of, events, open_rows[code == _LET_GO])
    others_kb = _sum_up(of, events, np.flatnonzero(np.isin(events.what, _OTHER_FAULTS)))
    seen_kb = np.array([faults[mapping] for mapping in of.tolist()], np.int64) * events.page_kb
    elsewhere = faults[NO_LONGER_MAPPED] + faults[_ANYWHERE]
    most_kb, least_kb = seen_kb + elsewhere * events.page_kb, np.clip(seen_kb - others_kb, 0, unshared_kb)
    settled_kb = np.where(2 * copied_kb < least_kb, least_kb, copied_kb)
    settled_kb = np.where(2 * most_kb < copied_kb, most_kb, settled_kb)
    if (settled_kb == copied_kb).all():
        return events
    return _replace(events, open_rows, of, settled_kb, unshared_kb - settled_kb)


def _open_rows(events: Events, mappings: Mappings, ids: Ids) -> Rows:
    """Events that may be copies or not, each page with a fault of its own: not of hugetlb memory (VmFlags ht)."""
    rows = np.flatnonzero(((events.what == _COPIED) | (events.what == _LET_GO)) & ~events.sure)
    places = find_rows(ids, events.mapping[rows])
    rows, places = rows[places >= 0], places[places >= 0]
    return rows[~has_flag(mappings, places, "ht")]


def _sum_up(mappings: Ids, events: Events, rows: Rows) -> KbColumn:
    """Sums of some events in some mappings, which are in order."""
    sums = np.zeros(len(mappings), np.int64)
    rows = rows[np.isin(events.mapping[rows], mappings)]
    np.add.at(sums, np.searchsorted(mappings, events.mapping[rows]), events.kb[rows])
    return sums


def _replace(events: Events, rows: Rows, of: Ids, copied_kb: KbColumn, let_go_kb: KbColumn) -> Events:
    """Replace some events by others of the mappings `of`."""
    others: NDArray[np.bool_] = np.ones(len(events), bool)
    others[rows] = False
    copied, let_go = copied_kb > 0, let_go_kb > 0
    codes = np.repeat(np.array([_COPIED, _LET_GO], np.int8), [copied.sum(), let_go.sum()])
    settled = sum_events(
        np.concatenate([events.mapping[others], of[copied], of[let_go]]),
        np.concatenate([events.what[others], codes]),
        np.concatenate([events.kb[others], copied_kb[copied], let_go_kb[let_go]]),
        np.concatenate([events.sure[others], np.zeros(len(codes), bool)]),
        events.page_kb,
    )
    return settled.with_names({int(events.mapping[at]): names for at, names in events.names})
