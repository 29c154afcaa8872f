"""A tick: what one poll of the process learned; the log of ticks is what every reader reads."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from smapstop.model.events import NO_EVENTS, Events
from smapstop.proc.columns import Counters, Mappings

Ids = NDArray[np.int64]
"""Mapping ids: issued once per stream, kept while a mapping grows, shrinks, moves or changes protection."""

LifecycleKind = Literal["map", "unmap", "grow", "shrink", "split", "merge", "protect", "move", "rename"]
"""What happened to a mapping as a whole."""


Tier = Literal["counters", "rollup", "smaps"]
"""What a tick reads: the counters always; the totals, or every mapping, when the budget allows."""


@dataclass(frozen=True, slots=True)
class LifecycleEvent:
    """One step in the life of a mapping."""

    what: LifecycleKind
    mapping: int
    """Id of the mapping it happened to; of a split, the new part; of a merge, the one that is no more."""
    other: int | None = None
    """Id of the mapping split from, or merged into."""


@dataclass(frozen=True, slots=True)
class ThreadStack:
    """That a mapping is the stack of a thread, by its stack pointer."""

    mapping: int
    tid: int
    """0: it is nobody's any more."""
    name: str
    """Of the thread (comm)."""


@dataclass(frozen=True, slots=True)
class ExitStatus:
    """How the process ended, as far as it can be known from outside."""

    status: int | None = None
    """Exit status, 0 to 255; None when a signal ended it, or when nobody could tell us."""
    signal: int | None = None
    """The signal that killed it."""
    zombie: bool = False
    """Ended, but its parent has not asked for its status yet."""


@dataclass(frozen=True, slots=True, eq=False)
class Tick:
    """What one poll learned. Ticks are addressed by ordinal; rates divide by `monotonic_ns` of two readings."""

    number: int
    """Ordinal in the stream, from 0."""
    monotonic_ns: int
    """When the reading began, on the monotonic clock."""
    wall_ns: int
    """The same moment on the wall clock, for display."""
    read_ns: int
    """How long the reading took."""
    cpu_ns: int
    """CPU time that the sampler spent on the tick, the kernel's part included."""
    interval_ns: int
    """The time between ticks."""
    smaps_interval_ns: int
    """The time between ticks that read every mapping: longer when the budget does not allow it at each."""
    counters: Counters
    tier: Tier
    """How much this tick read."""
    totals: dict[str, int]
    """Totals of the process by field name, kB; see `totals_of`. What could not be read is not in it."""
    keyframe: bool
    """`rows` holds every mapping of the process, and what is not in it is gone."""
    ids: Ids
    """Ids of the rows, shape (k,)."""
    rows: Mappings
    """The mappings that changed since the previous tick, or were born; all of them in a keyframe."""
    gone: Ids
    """Ids of the mappings that are no more."""
    lineage: tuple[LifecycleEvent, ...] = ()
    events: Events = NO_EVENTS
    """Which kernel mechanisms moved the rows, as far as the fields tell."""
    stacks: tuple[ThreadStack, ...] = ()
    """What is new of whose stack is where."""
    torn: bool = False
    """The map changed while it was read; overlapping records were dropped."""
    executed: bool = False
    """The process began a new program since the previous tick."""
    ending: ExitStatus | None = None
    """Set on the last tick of a process."""
    missing: str = ""
    """Why the mappings could not be read this time, and what to do; `rows` then says nothing."""

    @property
    def has_mappings(self) -> bool:
        """Whether it read every mapping; else it leaves the map as it was."""
        return self.tier == "smaps" and not self.missing and self.ending is None
