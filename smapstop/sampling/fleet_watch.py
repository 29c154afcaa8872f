"""Watch the processes of some names: the totals of all, the mappings of the largest, within the budget."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from smapstop.model.family.members import Members, members_after
from smapstop.model.family.reading import MEMORY_FIELDS, FamilyReading
from smapstop.model.fleet.figures import FleetFigures
from smapstop.model.fleet.fleet_log import FleetLog, FleetMember
from smapstop.model.grouping import Grouping
from smapstop.model.protocol import Pace
from smapstop.model.tick import Tick
from smapstop.proc.columns import ABSENT
from smapstop.proc.process import ProcDir
from smapstop.proc.remote.process import RemoteMachine
from smapstop.sampling.family_files import FamilyFiles
from smapstop.sampling.family_watch import TARGET_SHARE, FamilyWatch
from smapstop.sampling.fleet_reader import FleetName, FleetReader

MAX_SAMPLED = 32
"""So many processes, the largest, have all their mappings read."""
MAX_NEW = 8
"""So many of them begin to be sampled after a reading: the first sample costs several times as much as others."""
_TIMES_LARGER = 2
"""A process takes the place of a sampled one when it is so many times as large."""


class FleetWatch:
    """Watch a fleet on this machine. It has no thread: the owner calls `step` when something is due.

    Args:
        names: Names of the processes.
        pace: Interval and budget.
        by: How mappings are grouped.
        top: Number of groups with a label of their own.
        families: Watch the families of these processes, too.
        say: Called with what the user should know, a line each.
        files: Files of all processes; None for those here.
        open_process: Opens the directory of a process to sample it.
        via: The command that gives a shell where they are; empty for here.
    """

    def __init__(
        self,
        names: Sequence[FleetName],
        pace: Pace,
        *,
        by: Grouping,
        top: int,
        families: bool,
        say: Callable[[str], object] = lambda _: None,
        files: FamilyFiles | None = None,
        open_process: Callable[[int], ProcDir] = ProcDir,
        via: str = "",
    ) -> None:
        self._reader = FleetReader(names, families=families, files=files)
        self._place = " there" if via else ""
        shared = replace(pace, budget=pace.budget / (1 - TARGET_SHARE))  # no target has a share of its own
        self._watch = FamilyWatch(self._reader, shared, open_process=open_process, via=via)
        labels = tuple(dict.fromkeys(each.name for each in names))
        self._settings = FleetFigures(labels, interval_ns=pace.interval_ns, budget=pace.budget, families=families)
        self._log = FleetLog(self._settings, by, top)
        self._members: Members = {}
        self._started: dict[tuple[int, int], float] = {}
        self._sampled: tuple[int, ...] = ()
        self._say = say
        self._said: set[str] = set()

    @property
    def due_ns(self) -> int:
        """When the next reading or sample is due, monotonic clock, ns."""
        return self._watch.due_ns

    def step(self) -> None:
        """Do what is due."""
        for message in self._watch.step():
            if isinstance(message, FamilyReading):
                self._take_reading(message)
            elif isinstance(message.content, Tick):
                self._take_tick(message.pid, message.content)

    def figures(self) -> FleetFigures:
        """Figures of all that is known now."""
        self._log.add_cost(self._reader.cost_ns)
        self._reader.cost_ns = 0
        return self._log.figures()

    def return_through(self, machine: RemoteMachine) -> None:
        """Go on reading elsewhere through another shell, as the one before has ended."""
        self._watch.return_through(machine)

    def close(self) -> None:
        """Close all files."""
        self._watch.close()

    def _take_reading(self, reading: FamilyReading) -> None:
        """Take over a reading of totals, and choose which processes are sampled from now on."""
        self._members = members_after(self._members, reading)
        self._started = {key: self._started.get(key) or self._reader.started_s(key[1]) for key in self._members}
        names, labels = self._reader.process_names, self._settings.names
        self._log.set_members(
            [FleetMember(key, names[key[0]], each.name, self._started[key]) for key, each in self._members.items()],
            reading.monotonic_ns,
        )
        uss = reading.sum_of("private_clean", "private_dirty", "private_hugetlb")
        columns = [(name, reading.get(name).tolist()) for name in MEMORY_FIELDS] + [("uss", uss.tolist())]
        faults = zip(reading.get("minor_faults").tolist(), reading.get("major_faults").tolist(), strict=True)
        for row, (key, read_ns, counts) in enumerate(
            zip(reading.keys, reading.read_ns.tolist(), faults, strict=True)
        ):
            totals = {name: column[row] for name, column in columns if column[row] != ABSENT}
            self._log.add_totals(key, totals, read_ns, counts)
        self._say_what_is_missing(reading, labels)
        self._sampled = choose_sampled(self._sampled, _sizes(reading))
        list(self._watch.sample_members(self._sampled))  # again: one that could not be opened may be now

    def _say_what_is_missing(self, reading: FamilyReading, names: Iterable[str]) -> None:
        """Say, once for each name, that no process has it, or that one may not be read."""
        found = self._reader.process_names
        unknown = set(names) - set(found.values())
        reasons = {name: f"no process is named {name!r}{self._place} yet" for name in unknown}
        reasons |= {found[pid]: reason for pid, reason in reversed(reading.missing)}
        for name in reasons.keys() - self._said:
            self._say(reasons[name])
        self._said |= reasons.keys()

    def _take_tick(self, pid: int, tick: Tick) -> None:
        """Take over a tick of a process that is sampled."""
        self._log.add_tick((pid, tick.counters.start_time), tick)
        self._log.add_cost(tick.read_ns)


def _sizes(reading: FamilyReading) -> dict[int, int]:
    """Resident memory of the processes that may be read, kB."""
    unreadable = {pid for pid, _ in reading.missing}
    sizes = zip(reading.pids.tolist(), reading.get("stat_rss").tolist(), strict=True)
    return {pid: size for pid, size in sizes if pid not in unreadable}


def choose_sampled(sampled: Sequence[int], sizes: dict[int, int]) -> tuple[int, ...]:
    """Choose the processes to sample: the largest, but those that are sampled already go on as long as possible.

    Args:
        sampled: Pids of the processes that are sampled.
        sizes: Sizes of all processes that can be, by pid.
    """
    chosen = [pid for pid in sampled if pid in sizes]
    for pid in sorted(sizes.keys() - set(chosen), key=lambda each: (-sizes[each], each))[:MAX_NEW]:
        if len(chosen) >= MAX_SAMPLED:
            smallest = min(chosen, key=lambda each: sizes[each])
            if sizes[pid] <= _TIMES_LARGER * sizes[smallest]:
                break
            chosen.remove(smallest)
        chosen.append(pid)
    return tuple(chosen)
