"""Find the mappings in which page faults happened."""

import numpy as np

from smapstop.model.callers.page_faults import NO_LONGER_MAPPED
from smapstop.model.tick import Ids
from smapstop.proc.columns import Addresses, Mappings, StringTable, no_mappings


class FaultPlaces:
    """The last two readings of a map: memory may have been unmapped since its faults."""

    def __init__(self) -> None:
        nothing = no_mappings(StringTable()), np.zeros(0, np.int64)
        self._readings: tuple[tuple[Mappings, Ids], tuple[Mappings, Ids]] = nothing, nothing

    def read(self, mappings: Mappings, ids: Ids) -> None:
        """Take over a reading, unless it is the last one again."""
        if mappings is not self._readings[1][0]:
            self._readings = self._readings[1], (mappings, ids)

    def find(self, addresses: Addresses) -> Ids:
        """Return the mapping of each address, shape (n,); `NO_LONGER_MAPPED` for those in neither map."""
        before, now = (_find(mappings, ids, addresses) for mappings, ids in self._readings)
        return np.where(now == NO_LONGER_MAPPED, before, now)

    def find_in_last(self, addresses: Addresses) -> Ids:
        """Return the mapping of each address in the last reading; `NO_LONGER_MAPPED` for those in none."""
        return _find(*self._readings[1], addresses)


def _find(mappings: Mappings, ids: Ids, addresses: Addresses) -> Ids:
    """Return the mapping of each address in one reading."""
    if not len(mappings):
        return np.full(len(addresses), NO_LONGER_MAPPED, np.int64)
    rows = np.searchsorted(mappings.start, addresses, "right").astype(np.intp) - 1
    is_inside = (rows >= 0) & (addresses < mappings.end[rows])
    return np.where(is_inside, ids[rows], NO_LONGER_MAPPED)
