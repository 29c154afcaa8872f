"""Figures of a fleet at one moment: memory, mappings, page moves and limits of each of its processes."""

from collections.abc import Mapping
from dataclasses import field

from smapstop.lazy_dataclass import dataclass
from smapstop.model.events import Mechanism
from smapstop.proc.limits import NO_LIMITS, Limits

PageMove = tuple[Mechanism, bool]
"""A mechanism, and whether it is sure."""
GROUP_FIELDS = ("rss", "pss", "uss", "swap")
"""Amounts of a group of mappings."""


@dataclass(frozen=True, slots=True)
class MapFigures:
    """What the last reading of every mapping of a process says, and the ticks until then."""

    read_ns: int
    """When it began, monotonic clock, ns."""
    interval_ns: int
    """Time between such readings, ns."""
    mappings: int
    """Number of mappings."""
    groups: Mapping[str, Mapping[str, int]]
    """Amounts of the mappings by group and `GROUP_FIELDS`, kB."""
    pages: Mapping[PageMove, int]
    """Pages that the kernel moved since the process is sampled, by mechanism; all mechanisms are there."""
    limits: Limits = NO_LIMITS


@dataclass(frozen=True, slots=True)
class ProcessFigures:
    """Figures of one process."""

    process: str
    """Name under which the user asked for it."""
    slot: int
    """Its place among the processes of this name, from 0: one that ends leaves it to the next that starts."""
    pid: int
    name: str
    """Process name (comm)."""
    started_s: float
    """Start time, seconds since the epoch."""
    read_ns: int = 0
    """When the totals were read, monotonic clock, ns; 0 for never."""
    totals: Mapping[str, int] = field(default_factory=dict)
    """Totals by field, kB; empty if they could not be read."""
    minor_faults: int | None = None
    major_faults: int | None = None
    maps: MapFigures | None = None
    """Figures of its mappings; None if those are not read."""


@dataclass(frozen=True, slots=True)
class FleetFigures:
    """Figures of a fleet."""

    names: tuple[str, ...]
    """Names that the user asked for; a name may have no process yet, or no longer."""
    processes: tuple[ProcessFigures, ...] = ()
    scanned_ns: int = 0
    """When it was found out last which processes there are, monotonic clock, ns; 0 for never."""
    interval_ns: int = 1_000_000_000
    """Requested time between readings, ns."""
    budget: float = 0.05
    """Share of one CPU that reading may take."""
    cost_ns: int = 0
    """Time that all readings took so far, ns."""
    families: bool = False
    """Whether the processes of a name are whole families."""
