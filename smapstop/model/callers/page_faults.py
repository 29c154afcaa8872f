"""Page faults over some time, by mapping and call stack."""

from collections.abc import Iterable
from dataclasses import field, replace

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.callers.call_stacks import CallStacks

NO_LONGER_MAPPED = -1
"""Mapping of faults in memory that was mapped and unmapped again between two readings."""

StackIds = NDArray[np.int32]
"""Ids in a `CallStacks`."""


@dataclass(frozen=True, slots=True, eq=False)
class PageFaults:
    """Page faults of a tick, since the previous one that has any, or of several ticks.

    They are those of the process, not of its children. A fault is not a page: the kernel may map its neighbours,
    too, or a huge page, or nothing. Rows and totals may differ by the faults in memory that was mapped since the
    mappings were read: the totals have them at once, the rows as soon as their mapping is known.
    """

    minor: int
    """As stat counts them."""
    major: int
    seen: int
    """Faults that were sampled, or that samples stand for."""
    lost: int
    """Faults that could have been seen but were not: there was no room, or the sampling restarted. `faults` counts
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

    def of_mapping(self, mapping: int) -> "PageFaults":
        """Only the rows of one mapping; the totals remain those of the process."""
        return self.where(self.mapping == mapping)

    def where(self, rows: NDArray[np.bool_]) -> "PageFaults":
        """Only some rows; the totals remain those of the process."""
        return replace(self, mapping=self.mapping[rows], stack=self.stack[rows], faults=self.faults[rows])


_COLUMNS = ("mapping", "stack", "faults")
_TOTALS = ("minor", "major", "seen", "lost", "in_system_calls")


def sum_faults(parts: Iterable[PageFaults]) -> PageFaults | None:
    """Sum up the faults of several ticks, in order of mapping and stack; None for no ticks."""
    known = list(parts)
    if not known:
        return None
    stacks = known[0].stacks
    if any(part.stacks is not stacks for part in known):
        stacks = CallStacks()
        known = [_with_stacks(part, stacks) for part in known]
    mapping, stack, faults = (np.concatenate([getattr(part, name) for part in known]) for name in _COLUMNS)
    order = np.lexsort((stack, mapping))
    mapping, stack, faults = mapping[order], stack[order], faults[order]
    is_first = np.ones(len(order), bool)
    is_first[1:] = (mapping[1:] != mapping[:-1]) | (stack[1:] != stack[:-1])
    first = np.flatnonzero(is_first)
    minor, major, seen, lost, in_system_calls = (sum(getattr(part, name) for part in known) for name in _TOTALS)
    sums = np.add.reduceat(faults, first) if len(first) else faults
    return PageFaults(minor, major, seen, lost, in_system_calls, mapping[first], stack[first], sums, stacks)


def _with_stacks(faults: PageFaults, stacks: CallStacks) -> PageFaults:
    """The same faults, with their stacks in another table."""
    moved = [stacks.intern(faults.stacks.frames_of(stack)) for stack in faults.stack.tolist()]
    return replace(faults, stack=np.array(moved, np.int32), stacks=stacks)
