"""Tick: the result of one poll of the process. Every reader works on the log of ticks."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.callers.page_faults import PageFaults
from smapstop.model.events import NO_EVENTS, Events
from smapstop.proc.columns import Counters, Mappings
from smapstop.proc.limits import NO_LIMITS, Limits

Ids = NDArray[np.int64]
"""Mapping ids: unique within a stream of ticks, constant while a mapping grows, shrinks, moves or is reprotected."""

LifecycleKind = Literal["map", "unmap", "grow", "shrink", "split", "merge", "protect", "move", "rename"]
"""Changes to a mapping as a whole."""


Tier = Literal["counters", "rollup", "smaps"]
"""Depth of a reading: the counters always; the totals, or every mapping, when the budget allows."""


@dataclass(frozen=True, slots=True)
class LifecycleEvent:
    """Change to a mapping as a whole."""

    what: LifecycleKind
    mapping: int
    """Id of the mapping; of a split, the new part; of a merge, the one that disappeared."""
    other: int | None = None
    """Id of the mapping split from, or merged into."""


@dataclass(frozen=True, slots=True)
class ThreadStack:
    """Thread whose stack pointer is in a mapping; the first of several."""

    mapping: int
    tid: int
    """Thread id; 0 when the mapping is no longer a thread's stack."""
    name: str
    """Name of the thread (comm)."""
    threads: int = 1
    """Number of threads whose stack pointers are in the mapping: more than one in a heap that holds stacks."""


@dataclass(frozen=True, slots=True)
class OomLimit:
    """Memory limit of a control group (cgroup)."""

    limit_bytes: int
    path: str
    """Path of the group, as /proc/PID/cgroup prints it."""


@dataclass(frozen=True, slots=True)
class OomKill:
    """The OOM killer killed the process, or may have."""

    sure: bool
    """False if it may have killed another process, while this one ended for another reason."""
    limit: OomLimit | None = None
    """The limit that was reached; of one that is not sure, perhaps. None if it was the memory of the machine."""


@dataclass(frozen=True, slots=True)
class ExitStatus:
    """Exit status of the process, as far as it is known."""

    status: int | None = None
    """Exit status, 0 to 255; None when a signal killed it, or when unknown."""
    signal: int | None = None
    """Signal that killed it, if any."""
    zombie: bool = False
    """Ended, but not reaped by its parent yet."""
    oom: OomKill | None = None
    """The OOM killer ended it, or may have; None if not, or if that is unknown."""


@dataclass(frozen=True, slots=True, eq=False)
class Tick:
    """Result of one poll. Ticks are addressed by ordinal; rates divide by the difference of `monotonic_ns`."""

    number: int
    """Ordinal in the stream, from 0."""
    monotonic_ns: int
    """Start of the reading on the monotonic clock, ns."""
    wall_ns: int
    """Start of the reading on the wall clock, ns, for display."""
    read_ns: int
    """Duration of the reading, ns."""
    cpu_ns: int
    """CPU time that the sampler spent on the tick, user and system, ns."""
    interval_ns: int
    """Time between ticks, ns."""
    smaps_interval_ns: int
    """Time between ticks that read every mapping, ns; longer when the budget does not allow it at every tick."""
    counters: Counters
    tier: Tier
    """What this tick read."""
    totals: dict[str, int]
    """Totals of the process by field name, kB; see `totals_of`. Totals that could not be read are missing."""
    keyframe: bool
    """`rows` has every mapping of the process; mappings without a row are gone."""
    ids: Ids
    """Mapping ids of the rows, shape (k,)."""
    rows: Mappings
    """Mappings that are new or changed since the previous tick; all of them in a keyframe."""
    gone: Ids
    """Ids of the mappings that disappeared."""
    lineage: tuple[LifecycleEvent, ...] = ()
    events: Events = NO_EVENTS
    """Kernel mechanisms that account for the changes of the rows, as far as the fields show them."""
    stacks: tuple[ThreadStack, ...] = ()
    """Thread stacks found, changed or ended since the previous tick."""
    faults: PageFaults | None = None
    """Page faults since the previous tick that has them, with their callers; None if they were not watched, or if no
    mappings are known yet. A tick that did not read the mappings has those in mappings that were known before; of the
    others only the totals are known, and a later tick has their rows."""
    torn: bool = False
    """The map changed while it was read; overlapping records were dropped."""
    executed: bool = False
    """The process called exec since the previous tick."""
    ending: ExitStatus | None = None
    """How the process ended; None except on its last tick."""
    limits: Limits = NO_LIMITS
    due_ns: int | None = None
    """When the next tick is due, monotonic clock, ns; None if that is not known, as in recordings."""
    missing: str = ""
    """Why the mappings could not be read at this tick, and what to do; `rows` is meaningless then."""

    @property
    def has_mappings(self) -> bool:
        """Whether this tick read every mapping; if not, the map stays as it was."""
        return self.tier == "smaps" and not self.missing and self.ending is None
