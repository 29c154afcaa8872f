"""A process that stands still at each tick, what the sampler says of it, and what of that is not true."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from stepped_program import wait_until

from smapstop.errors import SmapstopError
from smapstop.model.events import Event
from smapstop.model.protocol import Pace
from smapstop.model.tick import Tick
from smapstop.model.timeline.timeline import Timeline
from smapstop.proc.columns import Mappings
from smapstop.proc.process import ProcDir
from smapstop.proc.smaps.parser import parse_smaps
from smapstop.sampling.sampler import Sampler
from truth.bounds import ARRIVALS, DEPARTURES, MappingPages, Move, most_pages, pages_of_mapping
from truth.page_table import PAGE, PageTable, read_page_table


@dataclass(frozen=True, slots=True)
class Done:
    """What is known of a tick besides its pages."""

    moves: Sequence[Move] = ()
    impossible: frozenset[str] = frozenset()
    """Mechanisms that nothing done in this tick can have set off."""
    others: bool = True
    """Another mapping or process may have filled a memory file."""
    gave_up: bool = True
    """Pages may have been given up, and read as zeros afterwards."""
    single: bool = True
    """Only one thing was done: something must be said of it."""


@dataclass(frozen=True, slots=True)
class Account:
    """What was said of a tick."""

    events: tuple[tuple[str, Event], ...]
    """Each event, with the name of its mapping."""
    lies: tuple[str, ...]
    """What of it the truth contradicts."""
    before: PageTable
    after: PageTable

    def of_address(self, address: int) -> list[Event]:
        """Events of the mapping at an address, or else of the one that was there before."""
        mapping = self.after.mapping_at(address)
        if mapping is None:
            mapping = self.before.mapping_at(address)
        return [event for _, event in self.events if event.mapping == mapping]


class Witness:
    """Samples a process, and reads its page table each time."""

    def __init__(self, process: ProcDir) -> None:
        self.process = process
        self._sampler = Sampler(process, Pace(budget=1.0))
        self.timeline = Timeline()
        self.torn = 0
        """Ticks not looked into: khugepaged, or a child, changed something between smaps and the page table."""
        self._is_torn = self._was_torn = False
        self.table = self._read()

    def _read(self) -> PageTable:
        tick = self._sampler.sample()
        assert tick.tier == "smaps"
        table = read_page_table(self.process, self.timeline.append(tick))
        self._is_torn, self._was_torn = _differ(table.mappings, parse_smaps(self.process.read_smaps())), self._is_torn
        return table

    def tick(self, done: Done = Done()) -> Account:
        """What is said of what happened since the last tick, and what of it is not true."""
        before, self.table = self.table, self._read()
        events = self.last.events
        said = tuple((self._name(before, event.mapping), event) for event in events)
        lies: list[str] = []
        if self._is_torn or self._was_torn:  # which of the two moments is the truth is not known
            self.torn += 1
            return Account(said, (), before, self.table)
        for mapping in np.unique(events.mapping).tolist():
            pages, family = (pages_of_mapping(before, self.table, mapping, done.moves, of) for of in (False, True))
            name = self._name(before, mapping)
            lies += [f"{name}: {lie}" for lie in contradictions(events.of_mapping(mapping), pages, family, done)]
        for mapping, count in _changes_of_rss(before, self.table).items():
            if mapping not in events.mapping and done.single and not done.moves:
                lies.append(f"{self._name(before, mapping)}: nothing is said of {count:+} pages")
        return Account(said, tuple(lies), before, self.table)

    @property
    def last(self) -> Tick:
        assert self.timeline.last is not None
        return self.timeline.last.tick

    def _name(self, before: PageTable, mapping: int) -> str:
        """Address and name of a mapping, as it is or was."""
        table = self.table if self.table.map.row_of(mapping) is not None else before
        row = table.map.row_of(mapping)
        assert row is not None
        mappings = table.mappings
        return (
            f"{int(mappings.start[row]):x}-{int(mappings.end[row]):x} {mappings.string_at(mappings.perms, row)} "
            f"{mappings.name_of(row)}"
        ).rstrip()


def _differ(mappings: Mappings, later: Mappings) -> bool:
    """Whether anything of two readings differs that the page table says, too."""
    names = ("rss", "shared_clean", "shared_dirty", "private_clean", "private_dirty", "anon_huge_pages", "swap")
    columns = [(mappings.get(name), later.get(name)) for name in names]
    return len(mappings) != len(later) or any(
        one is not None and other is not None and not np.array_equal(one, other) for one, other in columns
    )


def wait_for_stillness(process: ProcDir) -> None:
    """Wait until a process and its children wait: who has just answered still writes to its stack."""
    _wait_for(process)
    for pid in process.read(f"task/{process.pid}/children").split():
        with suppress(SmapstopError, OSError), ProcDir(int(pid)) as child:
            _wait_for(child)


def _wait_for(process: ProcDir) -> None:
    wait_until(lambda: process.counters().state in "SZTX")


def _changes_of_rss(before: PageTable, after: PageTable) -> dict[int, int]:
    """Pages that each mapping gained or lost that was neither resized nor moved, by its id; without the others."""
    was, now = ({int(row_id): row for row, row_id in enumerate(table.map.ids)} for table in (before, after))
    old, new = before.mappings, after.mappings
    out = {}
    for mapping in was.keys() & now.keys():
        then, row = was[mapping], now[mapping]
        if old.start[then] == new.start[row] and old.end[then] == new.end[row]:
            rss = [table.mappings.get("rss") for table in (before, after)]
            if rss[0] is not None and rss[1] is not None and rss[0][then] != rss[1][row]:
                out[mapping] = int(rss[1][row] - rss[0][then]) * 1024 // PAGE
    return out


def reported(event: Event) -> str:
    """An event in a few words, with its alternatives where it is not sure."""
    doubt = "" if event.sure else f"? ({' or '.join(event.alternatives)})"
    return f"{event.what}{doubt} {event.pages}"


def contradictions(events: Sequence[Event], pages: MappingPages, family: MappingPages, done: Done) -> list[str]:
    """What the events of one mapping say that its pages contradict.

    What is not sure may have happened in another part of a mapping that was split, or as an alternative says.
    """
    lies = []
    most = {sure: most_pages(of, done.others, done.gave_up) for sure, of in ((True, pages), (False, family))}
    left_shared = family.was.anonymous & ~family.was.exclusive & ~family.now.held
    most[False]["copy-on-write-after-fork"] += int(left_shared.sum())  # copied, and given up then
    # a page that went to swap and came back between two looks is as it was in the page table
    for what in ("swap-in", "swap-out"):
        most[False][what] += int((family.was.anonymous & family.now.anonymous).sum())
    for event in events:
        if not event.sure and done.moves:
            continue  # it may be a move
        fits = [what for what in (event.what, *event.alternatives) if what not in done.impossible]
        possible = sum(most[event.sure].get(what, 0) for what in fits)
        if event.pages > possible:
            lies.append(f"{reported(event)}, but at most {possible}")
    if not all(event.sure for event in events):
        pages = family
    was, now = pages.was, pages.now
    came = (now.held & ~was.held) | (now.present & was.swapped)
    went = (was.held & ~now.held) | (now.swapped & ~was.swapped)
    for group, moved in ((ARRIVALS, came), (DEPARTURES, went)):
        said = [event for event in events if event.what in group and (event.sure or not done.moves)]
        if sum(event.pages for event in said) > int(moved.sum()) + _not_seen_moving(events, pages):
            lies.append(f"{' and '.join(map(reported, said))}, but {int(moved.sum())} moved in all")
    return lies


def _not_seen_moving(events: Sequence[Event], pages: MappingPages) -> int:
    """Pages that may be counted though the page table does not show them move: shared memory in swap; copies."""
    if pages.in_memory or any(reported(event).startswith("zero-page") for event in events):
        return len(pages.block)
    back = any(event.what == "swap-in" and not event.sure for event in events)
    return int((pages.was.anonymous & (pages.now.file | (back & pages.now.anonymous))).sum())
