"""Something that happened, once or again and again: what the events are made of."""

from dataclasses import dataclass, replace
from typing import Literal, get_args

from smapstop.model.events import MECHANISMS, Event, Mechanism, SymbolNames
from smapstop.model.kinds import Kind
from smapstop.model.tick import LifecycleKind
from smapstop.proc.columns import Mappings

ProcessNote = Literal["exec", "end", "torn", "missing"]
"""What happened to the process, or to the reading of it."""
EventKind = Mechanism | LifecycleKind | ProcessNote
EVENT_KINDS: tuple[EventKind, ...] = (*MECHANISMS, *get_args(LifecycleKind), *get_args(ProcessNote))
"""Everything that an entry can tell of; the codes here are positions in it, so those of mechanisms are theirs."""

EVENT_CODES = {what: code for code, what in enumerate(EVENT_KINDS)}
ONE_TIME_CODES = tuple(EVENT_CODES[what] for what in ("map", "unmap", "split", "merge"))
"""What happens to a mapping only once: told together of all mappings with the same name."""
KEY_BASE = 64
"""More than there are codes: `Entry.key` is a scope and a code in one number."""
KINDS_SCOPE, PROCESS_SCOPE = -(1 << 40), -(1 << 41)
"""Scopes: from the first on down the kinds of mappings, and the process."""
_LIFECYCLE_STEPS: dict[str, LifecycleKind] = {what: what for what in get_args(LifecycleKind)}
PUBLIC_NAMES: dict[str, str] = {"end": "exit"}
"""What has another name in recordings and exports, whose names stay."""
NAMES_TICKS = 60
"""Of what goes on, the names of pages copied on write are those of the last so many ticks."""


@dataclass(frozen=True, slots=True)
class MappingRef:
    """What a mapping is known by, without the reading that it is from: entries outlive many readings."""

    name: str
    """As the kernel prints it."""
    perms: str
    start: int
    """The first address."""
    end: int
    """The first address after it."""

    @property
    def address_range(self) -> str:
        """The addresses, as the kernel prints them."""
        return format_address_range(self.start, self.end)

    @property
    def size_kb(self) -> int:
        """The length, kB."""
        return (self.end - self.start) >> 10


def ref_of(mappings: Mappings, row: int) -> MappingRef:
    """What the mapping in a row is known by."""
    return MappingRef(mappings.name_of(row), mappings.perms_of(row), int(mappings.start[row]), int(mappings.end[row]))


def format_address_range(start: int, end: int) -> str:
    """Addresses, as the kernel prints them."""
    return f"{start:08x}-{end:08x}"


@dataclass(frozen=True, slots=True)
class LogEntry:
    """Something that happened: in one tick, or again and again in the ticks `first` to `last`."""

    what: EventKind
    scope: int
    """Of whom it tells: of a mapping its id; negative for all with a name, for a kind, and for the process."""
    mapping: int | None
    """The mapping; of several the one with the most of it; None for the process."""
    first: int
    """The tick in which it happened first."""
    last: int
    """The tick in which it happened last."""
    now: MappingRef | None = None
    """The mapping as it was at the last tick; None when it is gone since."""
    was: MappingRef | None = None
    """The mapping as it was before the last tick; None when it was not there yet."""
    kind: Kind | None = None
    mappings: int = 0
    """How many mappings it happened to; to the same ones again and again, the most in a tick."""
    count: int = 1
    """In how many ticks it happened."""
    kb: int = 0
    """How much in all: pages of a mechanism, addresses that were mapped, unmapped, or by which mappings grew."""
    pages: int = 0
    """The pages that a mechanism moved; 0 for what is none."""
    sure: bool = True
    """False where the fields fit another mechanism as well, even once."""
    names: tuple[tuple[int, SymbolNames], ...] = ()
    """What lies on the pages copied on write, with the tick; of several mappings nothing."""
    other: int | None = None
    """The mapping split from, or merged into, where that is known."""

    @property
    def key(self) -> int:
        """What is the same for entries that fold into one."""
        return self.scope * KEY_BASE + EVENT_CODES[self.what]

    @property
    def ref(self) -> MappingRef | None:
        """What the mapping is known by, gone or not; None for the process."""
        return self.now or self.was

    @property
    def identity(self) -> tuple[int, int]:
        """What stays the same while the entry goes on, and is no other entry's."""
        return self.first, self.key

    @property
    def is_of_kind(self) -> bool:
        """Whether it tells of a kind of mappings: there were too many to name them."""
        return PROCESS_SCOPE < self.scope <= KINDS_SCOPE

    @property
    def event(self) -> Event | None:
        """The mechanism with all that it moved; None when this is none."""
        code = EVENT_CODES[self.what]
        if self.mapping is None or code >= len(MECHANISMS):
            return None
        names = tuple(name for _, names in self.names for name in names)
        return Event(self.mapping, MECHANISMS[code], self.kb, self.pages, self.sure, names)

    @property
    def lifecycle_step(self) -> LifecycleKind | None:
        """What became of the mapping as a whole; None for a mechanism, and for the process."""
        return _LIFECYCLE_STEPS.get(self.what)

    def merged_with(self, later: "LogEntry") -> "LogEntry":
        """This entry with the same happening in a later tick."""
        anew = (
            KINDS_SCOPE < self.scope < 0 or EVENT_CODES[self.what] in ONE_TIME_CODES
        )  # these are other mappings each time
        mappings = self.mappings + later.mappings if anew else max(self.mappings, later.mappings)
        names = (*self.names, *later.names) if mappings == 1 else ()
        return replace(
            later,
            first=self.first,
            mappings=mappings,
            count=self.count + later.count,
            kb=self.kb + later.kb,
            pages=self.pages + later.pages,
            sure=self.sure and later.sure,
            names=tuple(named for named in names if named[0] >= later.last - NAMES_TICKS),
        )
