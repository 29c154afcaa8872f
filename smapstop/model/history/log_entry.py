"""Entries of the event log: an event, or several folded into one."""

from dataclasses import replace
from typing import Literal, get_args

from smapstop.lazy_dataclass import dataclass
from smapstop.model.callers.culprit import FunctionFaults
from smapstop.model.events import COST_OF, MECHANISMS, Cost, Event, Mechanism, SymbolNames
from smapstop.model.kinds import Kind, is_data_file, kind_at, section_of
from smapstop.model.tick import LifecycleKind
from smapstop.proc.columns import Mappings

ProcessNote = Literal["exec", "end", "torn", "missing", "alert"]
"""Event of the process as a whole, or of reading it; or an alert, which is in no tick."""
EventKind = Mechanism | LifecycleKind | ProcessNote
EVENT_KINDS: tuple[EventKind, ...] = (*MECHANISMS, *get_args(LifecycleKind), *get_args(ProcessNote))
"""All kinds of events; codes are positions here, and those of mechanisms are the same as in `MECHANISMS`."""

EVENT_CODES = {what: code for code, what in enumerate(EVENT_KINDS)}
ONE_TIME_CODES = tuple(EVENT_CODES[what] for what in ("map", "unmap", "split", "merge"))
"""Codes of events that a mapping has only once: folded over all mappings with the same name."""
KEY_BASE = 64
"""Greater than any code: `LogEntry.key` is a scope and a code in one number."""
KINDS_SCOPE, PROCESS_SCOPE = -(1 << 40), -(1 << 41)
"""Scopes of kinds of mappings, from the first one down, and of the process."""
_COSTS: dict[str, Cost] = {what: cost for what, cost in COST_OF.items()}  # noqa: C416  (its keys are of a wider type)
_LIFECYCLE_STEPS: dict[str, LifecycleKind] = {what: what for what in get_args(LifecycleKind)}
PUBLIC_NAMES: dict[str, str] = {"end": "exit"}
"""Names in recordings and exports where they differ: these must not change."""
NAMES_TICKS = 60
"""An entry keeps symbols on pages copied on write from at most this many ticks before its last one."""


@dataclass(frozen=True, slots=True)
class MappingRef:
    """Name, permissions, addresses and kind of a mapping, without its reading: entries outlive many readings."""

    name: str
    """As printed by the kernel."""
    perms: str
    start: int
    """First address."""
    end: int
    """First address after it."""
    kind: Kind
    is_data: bool = False
    """Whether its file is known to be neither a program nor a library."""

    @property
    def section(self) -> str:
        """Section that it usually holds, such as `.data`; empty unless it is part of a file."""
        return section_of(self.kind, self.name, self.perms, is_data=self.is_data)

    @property
    def address_range(self) -> str:
        """Address range, as the kernel prints it."""
        return format_address_range(self.start, self.end)

    @property
    def size_kb(self) -> int:
        """Size, kB."""
        return (self.end - self.start) >> 10


def ref_of(mappings: Mappings, row: int) -> MappingRef:
    """Name, permissions and addresses of the mapping in a row."""
    start, end = int(mappings.start[row]), int(mappings.end[row])
    name, perms, is_data = mappings.name_of(row), mappings.perms_of(row), is_data_file(mappings, row)
    return MappingRef(name, perms, start, end, kind_at(mappings, row), is_data)


def format_address_range(start: int, end: int) -> str:
    """Format an address range as the kernel prints it."""
    return f"{start:08x}-{end:08x}"


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An event in one tick, or repeated in the ticks `first` to `last`."""

    what: EventKind
    scope: int
    """Subject: id of a mapping; negative for all with a name, for a group, for a kind, and for the process."""
    mapping: int | None
    """Id of the mapping; of several, the one with the largest amount; `None` for the process."""
    first: int
    """First tick in which it happened."""
    last: int
    """Last tick in which it happened."""
    now: MappingRef | None = None
    """The mapping after the last tick; `None` if it is gone."""
    was: MappingRef | None = None
    """The mapping before the last tick; `None` if it is new."""
    kind: Kind | None = None
    mappings: int = 0
    """Number of mappings it happened to; for repeats on the same mappings, the most in one tick."""
    count: int = 1
    """Number of ticks in which it happened."""
    kb: int = 0
    """Total, kB: memory moved by a mechanism, or address space mapped, unmapped, gained or lost."""
    pages: int = 0
    """Pages moved by a mechanism, or unmapped with a mapping that is gone; 0 for other events."""
    address_kb: int = 0
    """Address space that went with pages that were unmapped, kB; 0 where it is not known."""
    sure: bool = True
    """False if, in any of the ticks, the fields fit another mechanism as well."""
    names: tuple[tuple[int, SymbolNames], ...] = ()
    """Symbols on pages copied on write, with the tick; empty for several mappings."""
    other: int | None = None
    """Id of the mapping split from, or merged into, if known."""
    usual_kb: int = 0
    """Mean of the run of which it is an outlier, kB; 0 if it is none."""
    faults: FunctionFaults | None = None
    """Page faults in its mappings and ticks, where they were watched and the event is one that they bring."""
    note: str = ""
    """What an alert says; empty for other events."""

    @property
    def key(self) -> int:
        """Fold key: the same for entries that fold into one."""
        return self.scope * KEY_BASE + EVENT_CODES[self.what]

    @property
    def cost(self) -> Cost:
        """Cost for the process."""
        return _COSTS.get(self.what, Cost.ADDRESSES)

    @property
    def ref(self) -> MappingRef | None:
        """The mapping after the last tick, or before it if it is gone; `None` for the process."""
        return self.now or self.was

    @property
    def identity(self) -> tuple[int, int]:
        """Unique id of the entry, which stays the same as repeats are merged."""
        return self.first, self.key

    @property
    def is_of_kind(self) -> bool:
        """Whether it covers a kind of mappings, because there were too many to name."""
        return PROCESS_SCOPE < self.scope <= KINDS_SCOPE

    @property
    def is_of_process(self) -> bool:
        """Whether it is about the process as a whole, or about reading it."""
        return self.scope == PROCESS_SCOPE

    @property
    def event(self) -> Event | None:
        """The mechanism with its total amounts; `None` for other events."""
        code = EVENT_CODES[self.what]
        if self.mapping is None or code >= len(MECHANISMS):
            return None
        names = tuple(name for _, names in self.names for name in names)
        return Event(self.mapping, MECHANISMS[code], self.kb, self.pages, self.sure, names)

    @property
    def lifecycle_step(self) -> LifecycleKind | None:
        """Lifecycle step of the mapping; `None` for a mechanism, and for the process."""
        return _LIFECYCLE_STEPS.get(self.what)

    def merged_with(self, later: "LogEntry") -> "LogEntry":
        """Merge with the same event of a later tick."""
        # entries of a name, and of one-time events, have different mappings each time
        distinct = KINDS_SCOPE < self.scope < 0 or EVENT_CODES[self.what] in ONE_TIME_CODES
        mappings = self.mappings + later.mappings if distinct else max(self.mappings, later.mappings)
        names = (*self.names, *later.names) if mappings == 1 else ()
        return replace(
            later,
            first=self.first,
            mappings=mappings,
            count=self.count + later.count,
            kb=self.kb + later.kb,
            pages=self.pages + later.pages,
            address_kb=self.address_kb + later.address_kb if self.address_kb and later.address_kb else 0,
            sure=self.sure and later.sure,
            faults=self.faults.merged_with(later.faults) if self.faults and later.faults else None,
            names=tuple(named for named in names if named[0] >= later.last - NAMES_TICKS),
        )
