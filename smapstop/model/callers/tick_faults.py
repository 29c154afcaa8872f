"""Page faults of a tick, by mapping and call stack."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from smapstop.model.callers.call_stacks import CallStacks

NO_LONGER_MAPPED = -1
"""Mapping of faults in memory that was mapped and unmapped again between two readings."""

StackIds = NDArray[np.int32]
"""Ids in a `CallStacks`."""


@dataclass(frozen=True, slots=True, eq=False)
class TickFaults:
    """Page faults since the previous tick that has them, of the process alone, not of its children.

    A fault is not a page: the kernel may map its neighbours, too, or a huge page, or nothing.
    """

    minor: int
    """As stat counts them."""
    major: int
    seen: int
    """Faults that were sampled, or that samples stand for."""
    lost: int
    """Faults that could have been seen but were not: there was no room, or the sampling began anew. `faults` counts
    them, with the callers of the others."""
    in_system_calls: int
    """Faults that may not be seen (kernel.perf_event_paranoid 2), where the kernel wrote to or read new memory."""
    mapping: NDArray[np.int64]
    """Mapping of each row, shape (k,); `NO_LONGER_MAPPED` if it is not known any more."""
    stack: StackIds
    """Call stack of each row; `NO_STACK` if it is not known."""
    faults: NDArray[np.int64]
    """Number of faults of each row."""
    stacks: CallStacks = field(repr=False)
    """Table of the call stacks; it grows with later ticks."""

    @property
    def counted(self) -> int:
        """Number of all faults."""
        return self.minor + self.major

    def of_mapping(self, mapping: int) -> "TickFaults":
        """Only the rows of one mapping; the totals remain those of the process."""
        rows = self.mapping == mapping
        return TickFaults(
            *(self.minor, self.major, self.seen, self.lost, self.in_system_calls),
            *(self.mapping[rows], self.stack[rows], self.faults[rows], self.stacks),
        )
