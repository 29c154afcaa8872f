"""Find the mappings in which page faults happened."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.callers.page_faults import NO_LONGER_MAPPED
from smapstop.model.tick import Ids
from smapstop.proc.columns import Addresses, Mappings, StringTable, no_mappings
from smapstop.sampling.faults.extents import Extents


@dataclass(frozen=True, slots=True, eq=False)
class _Places:
    """The mappings of a reading, in address order."""

    start: Addresses
    end: Addresses
    ids: Ids
    mappings: Mappings
    """As they were read."""

    @staticmethod
    def of(mappings: Mappings, ids: Ids) -> "_Places":
        """The places of a reading."""
        return _Places(mappings.start, mappings.end, ids, mappings)

    def find(self, addresses: Addresses) -> Ids:
        """Return the mapping of each address."""
        if not len(self.ids):
            return np.full(len(addresses), NO_LONGER_MAPPED, np.int64)
        rows = np.searchsorted(self.start, addresses, "right").astype(np.intp) - 1
        is_inside = (rows >= 0) & (addresses < self.end[rows])
        return np.where(is_inside, self.ids[rows], NO_LONGER_MAPPED)

    def grown_to(self, extents: Extents) -> "_Places":
        """The same mappings, as far as they extend now: those that grew or were merged with new memory."""
        if not len(extents.start) or not len(self.ids):
            return self
        start, end = self.mappings.start, self.mappings.end
        now = np.searchsorted(extents.start, start, "right").astype(np.intp) - 1
        is_there = (now >= 0) & (end <= extents.end[now]) & (self.mappings.inode == extents.inode[now])
        is_there &= _perms_of(self.mappings) == extents.perms[now]
        is_joined = (
            (now[1:] == now[:-1]) & is_there[1:] & is_there[:-1]
        )  # of several in one, each reaches to the next
        is_first, is_last = np.append(True, ~is_joined), np.append(~is_joined, True)
        until = np.where(is_last, extents.end[now], np.append(start[1:], np.uint64(0)))
        return replace(
            self,
            start=np.where(is_there & is_first, extents.start[now], start),
            end=np.where(is_there, until, end),
        )


class FaultPlaces:
    """The last two readings of a map: memory may have been unmapped since its faults."""

    def __init__(self) -> None:
        nothing = _Places.of(no_mappings(StringTable()), np.zeros(0, np.int64))
        self._before, self._now = nothing, nothing

    def read(self, mappings: Mappings, ids: Ids) -> None:
        """Take over a reading, unless it is the last one again."""
        if mappings is not self._now.mappings:
            self._before, self._now = self._now, _Places.of(mappings, ids)

    def grow(self, extents: Extents) -> None:
        """Take over how far the mappings of the last reading extend now."""
        self._now = self._now.grown_to(extents)

    def find(self, addresses: Addresses) -> Ids:
        """Return the mapping of each address, shape (n,); `NO_LONGER_MAPPED` for those in neither map."""
        now = self._now.find(addresses)
        return np.where(now == NO_LONGER_MAPPED, self._before.find(addresses), now)

    def find_in_last(self, addresses: Addresses) -> Ids:
        """Return the mapping of each address in the last reading; `NO_LONGER_MAPPED` for those in none."""
        return self._now.find(addresses)


def _perms_of(mappings: Mappings) -> NDArray[np.bytes_]:
    """Permissions of each mapping, as the kernel prints them."""
    codes, of_row = np.unique(mappings.perms, return_inverse=True)
    return np.array([mappings.strings[code].encode() for code in codes.tolist()], "S4")[of_row]
