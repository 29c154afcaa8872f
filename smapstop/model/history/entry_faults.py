"""Page faults that brought the pages of events of a tick."""

import numpy as np

from smapstop.model.callers.culprit import FunctionFaults, function_faults
from smapstop.model.callers.page_faults import PageFaults
from smapstop.model.events import MECHANISMS, PAGES_OF_FAULT
from smapstop.model.history.log_entry import EventKind
from smapstop.model.history.tick_entries import TickEntries

_CODES = frozenset(code for code, what in enumerate(MECHANISMS) if what in PAGES_OF_FAULT)


class EntryFaults:
    """Page faults of the items of a tick.

    Args:
        entries: All items of the mappings that are asked for.
        faults: Page faults that can have brought their pages, see `FaultQueries.since_reading`; None if not watched.
    """

    def __init__(self, entries: TickEntries, faults: PageFaults | None) -> None:
        self._faults = faults
        is_fault = np.isin(entries.what, list(_CODES))
        pairs = np.unique(np.stack([entries.mapping[is_fault], entries.what[is_fault]]), axis=1)
        mappings, counts = np.unique(pairs[0], return_counts=True)
        self._mixed = frozenset(mappings[counts > 1].tolist())
        """Mappings with several events that faults bring."""

    def of(self, what: EventKind, mappings: frozenset[int]) -> FunctionFaults | None:
        """Faults in mappings in which an event happened; None if they do not bring it, or were not watched."""
        if self._faults is None or what not in PAGES_OF_FAULT:
            return None
        return function_faults(self._faults, mappings, is_mixed=not self._mixed.isdisjoint(mappings))
