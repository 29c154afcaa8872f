"""Read the processes of some names, which come and go; and their families, if asked to."""

import time
from collections.abc import Iterator, Mapping, Sequence, Set

from smapstop.lazy_dataclass import dataclass
from smapstop.model.family.reading import FamilyReading
from smapstop.proc.process_lookup import all_names
from smapstop.proc.process_tree import ProcessStat, ancestors_of, family_of
from smapstop.sampling.family_files import FamilyFiles
from smapstop.sampling.family_reader import LEAST_INTERVAL_NS, FamilyReader

_YOUNG_SECONDS = 3
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
        files: Files of all processes; None for those here.
    """

    def __init__(self, names: Sequence[FleetName], *, families: bool, files: FamilyFiles | None = None) -> None:
        super().__init__(0, files)
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
        young = self._scanned_ticks - _YOUNG_SECONDS * self._files.clock_ticks
        self._programs = {key: program for key, program in self._programs.items() if key[1] < young}
        self._scanned_ticks = self._files.uptime_ns() * self._files.clock_ticks // 1_000_000_000
        super().scan()
        if not self.scans_always:  # else it is in the cost of the reading
            self.cost_ns += self.scan_cost_ns

    def read(self, spend_ns: int, interval_ns: int = LEAST_INTERVAL_NS) -> FamilyReading:
        """Read the memory of the processes that changed or were not read for long, in turn."""
        reading = super().read(spend_ns, interval_ns)
        self.cost_ns += reading.cost_ns
        return reading

    def started_s(self, start_time: int) -> float:
        """Start time of a process there, seconds since the epoch."""
        return time.time() - self._files.uptime_ns() / 1e9 + start_time / self._files.clock_ticks

    def _candidates(self, processes: Mapping[int, ProcessStat]) -> list[ProcessStat]:
        """All processes that may have one of the names."""
        readers = self._files.reader_pids(processes)
        return [stat for pid, stat in processes.items() if _has_memory(stat) and pid not in readers]

    def _find_members(self, processes: Mapping[int, ProcessStat]) -> list[int]:
        """Pids of the processes that have the names, and of their families."""
        readers = self._files.reader_pids(processes)
        own = readers | {ancestor for pid in readers for ancestor in ancestors_of(pid, processes)}
        if self.scans_always:  # in a container, a parent of the shell may be what matters
            own -= {1}
        found: dict[int, str] = {}
        self._names = {key: names for key, names in self._names.items() if key in self._programs}
        for wanted in self._wanted:
            for pid in self._find_named(wanted, processes, own):
                for member in self._family(pid, processes) if self._families and pid not in found else (pid,):
                    if _has_memory(processes[member]) and member not in readers:
                        found.setdefault(member, wanted.name)
        self.process_names = found
        return list(found)

    def _find_named(self, wanted: FleetName, processes: Mapping[int, ProcessStat], own: Set[int]) -> Iterator[int]:
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
