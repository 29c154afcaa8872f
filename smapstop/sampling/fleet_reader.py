"""Read the processes of some names, which come and go; and their families, if asked to."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence

from smapstop.lazy_dataclass import dataclass
from smapstop.model.family.reading import FamilyReading
from smapstop.proc.process import ProcDir
from smapstop.proc.process_lookup import all_names
from smapstop.proc.process_tree import ProcessStat, ancestors_of, family_of
from smapstop.proc.successor import boot_time_s
from smapstop.sampling.family_reader import FamilyReader

_YOUNG_TICKS = 3 * ProcDir.clock_ticks
"""What a process runs is looked up again while it is so young: between fork and exec it is that of its parent."""


@dataclass(frozen=True, slots=True)
class FleetName:
    """A name whose processes are read."""

    name: str
    key: tuple[int, int] | None = None
    """Pid and start time of the only process to read; None for all that have the name."""


class FleetReader(FamilyReader):
    """Read the memory of all processes of some names, in turn.

    Args:
        names: The names; a process that has several counts for the first.
        families: Read the families of these processes, too.
    """

    def __init__(self, names: Sequence[FleetName], *, families: bool) -> None:
        super().__init__(0)
        self._wanted = names
        self._families = families
        self._names: dict[tuple[int, int, str], tuple[object, set[str]]] = {}
        self._scanned_ticks = 0
        self.process_names: Mapping[int, str] = {}
        """Name of each process that was found last, as it was asked for, by pid."""
        self.cost_ns = 0
        """Time that everything took so far, ns."""

    def scan(self) -> None:
        """Find out which processes have the names, among all of the machine."""
        young = self._scanned_ticks - _YOUNG_TICKS
        self._programs = {key: program for key, program in self._programs.items() if key[1] < young}
        self._scanned_ticks = int(boot_time_s() * ProcDir.clock_ticks)
        super().scan()
        self.cost_ns += self.scan_cost_ns

    def read(self, spend_ns: int) -> FamilyReading:
        """Read the memory of the processes that changed or were not read for long, in turn."""
        reading = super().read(spend_ns)
        self.cost_ns += reading.cost_ns
        return reading

    def _find_members(self, processes: Mapping[int, ProcessStat]) -> list[int]:
        """Pids of the processes that have the names, and of their families."""
        own = {os.getpid(), *ancestors_of(os.getpid(), processes)}
        found: dict[int, str] = {}
        self._names = {key: names for key, names in self._names.items() if key in self._programs}
        for wanted in self._wanted:
            for pid in self._named(wanted, processes, own):
                for member in self._family(pid, processes) if self._families and pid not in found else (pid,):
                    if _has_memory(processes[member]) and member != os.getpid():
                        found.setdefault(member, wanted.name)
        self.process_names = found
        return list(found)

    def _named(self, wanted: FleetName, processes: Mapping[int, ProcessStat], own: set[int]) -> Iterator[int]:
        """Pids of the processes of a name; smapstop and its parents have none."""
        if wanted.key is not None:
            pid, start_time = wanted.key
            if pid in processes and processes[pid].start_time == start_time:
                yield pid
            return
        for pid, stat in processes.items():
            if _has_memory(stat) and pid not in own and wanted.name in self._names_of(stat):
                yield pid

    def _family(self, pid: int, processes: Mapping[int, ProcessStat]) -> list[int]:
        return family_of(pid, processes, lambda a, b: self._is_same_program(processes[a], processes[b]))

    def _names_of(self, stat: ProcessStat) -> set[str]:
        """Names of a process, and of the script that it runs."""
        key, program = (stat.pid, stat.start_time, stat.name), self._program(stat)
        known = self._names.get(key)
        if known is None or known[0] is not program:
            info = {"name": stat.name, "exe": program.executable, "cmdline": list(program.command_line)}
            known = self._names[key] = program, all_names(info)
        return known[1]


def _has_memory(stat: ProcessStat) -> bool:
    """Whether a process has memory: no kernel thread, no zombie; one whose main thread has ended reports none."""
    return stat.rss_kb > 0 or (stat.threads > 1 and stat.state in "ZX")


def started_s(start_time: int, clock_ticks: int = ProcDir.clock_ticks) -> float:
    """Start time of a process of this machine, seconds since the epoch."""
    return time.time() - boot_time_s() + start_time / clock_ticks
