"""Log of a fleet: the latest state of each process, and the fleet's figures."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from smapstop.lazy_dataclass import dataclass
from smapstop.model.fleet.figures import FleetFigures, ProcessFigures
from smapstop.model.fleet.map_account import MapAccount
from smapstop.model.fleet.slots import SlotTable
from smapstop.model.fleet.top_groups import TopGroups
from smapstop.model.grouping import Grouping
from smapstop.model.tick import Tick

ProcessKey = tuple[int, int]
"""Pid and start time, clock ticks after boot."""


@dataclass(frozen=True, slots=True)
class FleetMember:
    """A process of a fleet."""

    key: ProcessKey
    process: str
    """Name under which the user asked for it."""
    name: str
    """Process name (comm)."""
    started_s: float
    """Start time, seconds since the epoch."""


class FleetLog:
    """What is known of a fleet.

    Args:
        settings: Figures without processes: names, pace and so on.
        by: How mappings are grouped.
        top: Number of groups with a label of their own.
    """

    def __init__(self, settings: FleetFigures, by: Grouping, top: int) -> None:
        self._settings = settings
        self._by = by
        self._slots = SlotTable()
        self._top = {name: TopGroups(top) for name in settings.names}
        self._known: dict[ProcessKey, ProcessFigures] = {}
        self._accounts: dict[ProcessKey, MapAccount] = {}
        self._scanned_ns = self._cost_ns = 0

    def set_members(self, members: Sequence[FleetMember], now_ns: int) -> None:
        """Set which processes there are now, monotonic clock; forget all others."""
        self._scanned_ns = now_ns
        slots = self._slots.assign({member.key: member.process for member in members})
        known = self._known
        self._known = {
            member.key: replace(
                known.get(member.key)
                or ProcessFigures(member.process, 0, member.key[0], member.name, member.started_s),
                slot=slots[member.key],
                name=member.name,
            )
            for member in members
        }
        self._accounts = {key: account for key, account in self._accounts.items() if key in self._known}

    def add_totals(
        self, key: ProcessKey, totals: Mapping[str, int], read_ns: int, faults: tuple[int | None, int | None]
    ) -> None:
        """Add the totals of a process.

        Args:
            key: The process.
            totals: Its totals by field, kB; empty if they could not be read.
            read_ns: When they were read, monotonic clock, ns.
            faults: Its minor and its major page faults.
        """
        if key in self._known:
            self._known[key] = replace(
                self._known[key], totals=totals, read_ns=read_ns, minor_faults=faults[0], major_faults=faults[1]
            )

    def add_tick(self, key: ProcessKey, tick: Tick) -> None:
        """Add a tick of a process that is sampled; the first one is a keyframe."""
        if key in self._known:
            account = self._accounts.setdefault(key, MapAccount(self._by))
            account.append(tick)
            self._known[key] = replace(self._known[key], maps=account.figures)

    def add_cost(self, spent_ns: int) -> None:
        """Add the time that a reading took, ns."""
        self._cost_ns += spent_ns

    def figures(self) -> FleetFigures:
        """Figures of all processes, with the largest groups of mappings of each name."""
        for name, top in self._top.items():
            top.update(self._group_sizes(name))
        return replace(
            self._settings,
            processes=tuple(map(self._with_top_groups, self._known.values())),
            scanned_ns=self._scanned_ns,
            cost_ns=self._cost_ns,
        )

    def _group_sizes(self, name: str) -> dict[str, int]:
        """Rss of the groups of all processes of a name, kB."""
        sizes: dict[str, int] = {}
        for process in self._known.values():
            if process.process == name and process.maps is not None:
                for group, amounts in process.maps.groups.items():
                    sizes[group] = sizes.get(group, 0) + amounts.get("rss", 0)
        return sizes

    def _with_top_groups(self, process: ProcessFigures) -> ProcessFigures:
        if process.maps is None:
            return process
        groups = self._top[process.process].fold(process.maps.groups)
        return replace(process, maps=replace(process.maps, groups=groups))
