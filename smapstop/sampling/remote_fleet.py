"""Watch the processes of some names elsewhere, one after the other through one shell."""

import time
from collections.abc import Callable, Sequence, Set
from contextlib import suppress
from dataclasses import replace

from smapstop.errors import SmapstopError
from smapstop.model.fleet.figures import TOTAL_FIELDS, FleetFigures
from smapstop.model.fleet.fleet_log import FleetLog, FleetMember, ProcessKey
from smapstop.model.grouping import Grouping
from smapstop.model.protocol import Pace
from smapstop.proc.process_tree import ProcessStat
from smapstop.proc.remote.process import RemoteMachine, RemoteProcDir
from smapstop.proc.remote.processes import RemoteProcesses
from smapstop.proc.remote.shell import RETRY_SECONDS, START_SECONDS, ConnectionLostError, RemoteShell
from smapstop.sampling.fleet_reader import FleetName
from smapstop.sampling.fleet_watch import choose_sampled
from smapstop.sampling.remote_link import FIRST_WAIT_NS, LONGEST_WAIT_NS
from smapstop.sampling.sampler import Sampler

_SCAN_NS = 10_000_000_000
"""Shortest time between two lists of the processes there."""


class RemoteFleet:
    """Watch a fleet elsewhere, as `FleetWatch` does here; a connection that breaks is made again.

    A shell is in one directory at a time: it enters that of a process before each sample.

    Args:
        command: Gives a shell there.
        words: Names of the processes, and pids.
        pace: Interval and budget.
        by: How mappings are grouped.
        top: Number of groups with a label of their own.
        say: Called with what the user should know, a line each.

    Raises:
        SmapstopError: The command gives no shell.
    """

    def __init__(
        self,
        command: str,
        words: Sequence[str],
        pace: Pace,
        *,
        by: Grouping,
        top: int,
        say: Callable[[str], object] = lambda _: None,
    ) -> None:
        self._command = command
        self._pace = pace
        self._samplers: dict[ProcessKey, tuple[RemoteProcDir, Sampler]] = {}
        self._started: dict[ProcessKey, float] = {}
        self._say = say
        self._said: set[str] = set()
        self._wait_ns = FIRST_WAIT_NS
        self._scan_due_ns = time.monotonic_ns()
        self._shell: RemoteShell | None = None
        self._connect(START_SECONDS, may_ask=True)
        try:
            self.names = self._find_names(words)
        except BaseException:
            self.close()
            raise
        labels = tuple(dict.fromkeys(each.name for each in self.names))
        self._log = FleetLog(FleetFigures(labels, interval_ns=pace.interval_ns, budget=pace.budget), by, top)

    @property
    def due_ns(self) -> int:
        """When the next list or sample is due, or the next try to connect, monotonic clock, ns."""
        if self._shell is None:
            return self._scan_due_ns
        return min([self._scan_due_ns, *(sampler.pacer.due_ns for _, sampler in self._samplers.values())])

    def step(self) -> None:
        """Do what is due."""
        try:
            if self._shell is None:
                self._connect(RETRY_SECONDS, may_ask=False)
                self._say("connected again")
            if time.monotonic_ns() >= self._scan_due_ns:
                self._scan()
            for key, (_, sampler) in list(self._samplers.items()):
                if time.monotonic_ns() >= sampler.pacer.due_ns:
                    self._sample(key)
        except (ConnectionLostError, SmapstopError) as error:
            self._lose(str(error))

    def figures(self) -> FleetFigures:
        """Figures of all that is known now."""
        return self._log.figures()

    def close(self) -> None:
        """Close the shell."""
        if self._shell is not None:
            self._shell.close()
            self._shell = None

    def _connect(self, seconds: float, *, may_ask: bool) -> None:
        """Have a shell."""
        self._shell = RemoteShell(self._command, seconds, may_ask=may_ask)
        try:
            self._machine = RemoteMachine(self._shell)
        except BaseException:
            self.close()
            raise
        self._processes = RemoteProcesses(self._machine)
        self._wait_ns = FIRST_WAIT_NS

    def _lose(self, why: str) -> None:
        """Close what is left of the connection, and wait before it is made again."""
        if self._shell is not None:
            self._say(f"the connection is lost: {why}; smapstop tries again")
            self.close()
        self._scan_due_ns = time.monotonic_ns() + self._wait_ns
        self._wait_ns = min(2 * self._wait_ns, LONGEST_WAIT_NS)

    def _find_names(self, words: Sequence[str]) -> list[FleetName]:
        """Names to watch; a pid stands for the process that has it now.

        Raises:
            SmapstopError: There is no such process, or it may not be read.
        """
        names = []
        for word in words:
            if word.isascii() and word.isdecimal():
                process = RemoteProcDir(self._machine, self._processes.find(word))
                process.require_memory()
                counters = process.counters()
                names.append(FleetName(counters.name, (process.pid, counters.start_time)))
            else:
                names.append(FleetName(word))
        return names

    def _scan(self) -> None:
        """Find out which processes have the names, and sample the largest."""
        began_ns = time.monotonic_ns()
        found: dict[ProcessKey, tuple[str, ProcessStat]] = {}
        for stat, names in self._processes.read_names():
            key = stat.pid, stat.start_time
            name = next(
                (each.name for each in self.names if each.key == key or (not each.key and each.name in names)), ""
            )
            if name:
                found[key] = name, stat
        self._log.add_cost(time.monotonic_ns() - began_ns)
        self._say_who_is_missing({name for name, _ in found.values()})
        self._scan_due_ns = began_ns + max(self._pace.interval_ns, _SCAN_NS)
        self._started = {key: self._started.get(key) or self._started_s(key) for key in found}
        self._log.set_members(
            [FleetMember(key, name, stat.name, self._started[key]) for key, (name, stat) in found.items()], began_ns
        )
        sizes = {key[0]: stat.rss_kb for key, (_, stat) in found.items()}
        chosen = choose_sampled([key[0] for key in self._samplers], sizes)
        self._samplers = {key: each for key, each in self._samplers.items() if key in found and key[0] in chosen}
        for key in found:
            if key[0] in chosen and key not in self._samplers:
                with suppress(SmapstopError):  # it has just ended
                    process = RemoteProcDir(self._machine, key[0])
                    self._samplers[key] = process, Sampler(process, self._pace)
        pace = replace(self._pace, budget=self._pace.budget / max(1, len(self._samplers)))
        for _, sampler in self._samplers.values():
            sampler.pacer.pace = pace

    def _say_who_is_missing(self, found: Set[str]) -> None:
        """Say, once for each name, that no process has it yet."""
        for name in dict.fromkeys(each.name for each in self.names):
            if name not in found and name not in self._said:
                self._said.add(name)
                self._say(f"no process is named {name!r} there yet")

    def _started_s(self, key: ProcessKey) -> float:
        """Start time of a process there, seconds since the epoch."""
        return time.time() - self._machine.uptime_ns() / 1e9 + key[1] / self._machine.clock_ticks

    def _sample(self, key: ProcessKey) -> None:
        """Sample a process; one that is gone is sampled no more."""
        process, sampler = self._samplers[key]
        try:
            if not process.return_through(self._machine):
                raise ProcessLookupError
            tick = sampler.sample()
        except (FileNotFoundError, ProcessLookupError):
            del self._samplers[key]
            return
        self._log.add_tick(key, tick)
        self._log.add_cost(tick.read_ns)
        if tick.tier != "counters":  # they have no Pss
            faults = tick.counters.minor_faults, tick.counters.major_faults
            totals = {} if tick.missing else {name: tick.totals.get(name, 0) for name in TOTAL_FIELDS}
            self._log.add_totals(key, totals, tick.monotonic_ns, faults)
