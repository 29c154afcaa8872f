"""Read a family of processes: who is in it, and their memory in turn, as far as time allows."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace

import numpy as np

from smapstop.errors import SmapstopError
from smapstop.lazy_dataclass import dataclass
from smapstop.model.family.reading import MEMORY_FIELDS, FamilyMember, FamilyReading
from smapstop.proc.columns import ABSENT
from smapstop.proc.process import access_error
from smapstop.proc.process_tree import ProcessStat, ancestors_of, family_of
from smapstop.proc.smaps.totals import read_totals
from smapstop.sampling.family_files import FamilyFiles, LocalFamilyFiles, MemberFiles, MemberProgram

STALE_NS = 5_000_000_000
"""Memory is read again after this time even if nothing shows that it changed: others may have come or gone."""

LEAST_INTERVAL_NS = 1_000_000_000
"""Shortest time between two readings of a family."""


@dataclass(slots=True, eq=False)
class _MemberState:
    """What is known of one member."""

    pid: int
    files: MemberFiles
    start_time: int
    reported: FamilyMember | None = None
    """What was last reported about it."""
    stat_at_reading: ProcessStat | None = None
    """Its stat when its memory was read last."""
    memory: dict[str, int] = field(default_factory=dict)
    """Its memory then, by field, kB."""
    read_ns: int = 0
    missing: str = ""


class FamilyReader:
    """Read the family of one process; the process itself may end meanwhile.

    Args:
        pid: The process; its memory is read first.
        files: Files of all processes; None for those here.
    """

    def __init__(self, pid: int, files: FamilyFiles | None = None) -> None:
        self._pid = pid
        self._files: FamilyFiles = files or LocalFamilyFiles()
        self.scans_always = not isinstance(self._files, LocalFamilyFiles)
        """Whether it must be found out before each reading who is in the family, as that is one round trip."""
        self._states: dict[int, _MemberState] = {}
        self._programs: dict[tuple[int, int, str], MemberProgram] = {}
        self._stats: list[ProcessStat] = []
        self.scan_cost_ns = 0
        """Time that finding out who is in the family took last."""

    def scan(self) -> None:
        """Find out who is in the family, among all processes of the machine."""
        began_ns = time.monotonic_ns()
        processes = self._files.read_processes()
        self._programs = {key: program for key, program in self._programs.items() if key[0] in processes}
        if self.scans_always:
            self._load_programs(self._candidates(processes))
        family = self._find_members(processes)
        if self.scans_always:
            self._load_programs([processes[pid] for pid in family])
        self._update_members(family, processes)
        self._stats = [processes[pid] for pid in family if pid in self._states]
        self.scan_cost_ns = time.monotonic_ns() - began_ns

    def read(self, spend_ns: int, interval_ns: int = LEAST_INTERVAL_NS) -> FamilyReading:
        """Read the memory of the members that changed or were not read for long, in turn.

        Args:
            spend_ns: Time that this may take; it reads at least one member that is due.
            interval_ns: Time until the next reading: what must be asked for before is asked for now.
        """
        began_ns, wall_ns, stats = time.monotonic_ns(), time.time_ns(), self._stats
        self._read_due(stats, began_ns, spend_ns)
        if self.scans_always:
            self._files.plan([stat.pid for stat in self._due(stats, began_ns + interval_ns)], spend_ns)
        states = [self._states[stat.pid] for stat in stats]
        return FamilyReading(
            wall_ns=wall_ns,
            monotonic_ns=began_ns,
            cost_ns=time.monotonic_ns() - began_ns + self._files.cost_ns,
            pids=np.array([stat.pid for stat in stats], np.int64),
            ppids=np.array([stat.ppid for stat in stats], np.int64),
            start_times=np.array([stat.start_time for stat in stats], np.int64),
            states="".join(stat.state for stat in stats),
            read_ns=np.array([state.read_ns for state in states], np.int64),
            amounts=_amounts(stats, states),
            new=tuple(self._changed_members(stats)),
            missing=tuple((state.pid, state.missing) for state in states if state.missing),
        )

    def _read_due(self, stats: Sequence[ProcessStat], began_ns: int, spend_ns: int) -> None:
        """Read the memory of members that are due; what must be asked for is read at the next reading."""
        for stat in self._due(stats, began_ns):
            if self._files.is_ready(stat.pid):
                self._read_memory(self._states[stat.pid], stat)
            if time.monotonic_ns() - began_ns > spend_ns:
                break

    def close(self) -> None:
        """Close the files."""
        for state in self._states.values():
            state.files.close()
        self._states.clear()

    def _candidates(self, processes: Mapping[int, ProcessStat]) -> list[ProcessStat]:
        """Processes whose programs are asked for together before `_find_members`: the process and its ancestors."""
        if self._pid not in processes:
            return []
        return [processes[pid] for pid in (self._pid, *ancestors_of(self._pid, processes))]

    def _find_members(self, processes: Mapping[int, ProcessStat]) -> list[int]:
        """Pids of the members: the family, and relatives whose parent has ended, with theirs."""
        known = [pid for pid, state in self._states.items() if _is_same(state, processes.get(pid))]
        alive = [pid for pid in known if processes[pid].state not in ("Z", "X")]
        is_there = self._pid in processes and not self._is_reused(self._pid, processes[self._pid])
        members = dict[int, None]()
        for pid in (self._pid, *alive) if is_there else alive:
            if pid not in members:
                members |= dict.fromkeys(
                    family_of(pid, processes, lambda a, b: self._is_same_program(processes[a], processes[b]))
                )
        if not is_there and alive:
            self._pid = alive[0]  # the states are in the order of the tree: the one highest in it
        return list(members)

    def _is_reused(self, pid: int, stat: ProcessStat) -> bool:
        """Whether a pid is that of another process than before."""
        return pid in self._states and not _is_same(self._states[pid], stat)

    def _is_same_program(self, child: ProcessStat, parent: ProcessStat) -> bool:
        """Whether a process runs the program of its parent; of interpreters the same script, of shells only a script.

        One without a script, such as a worker that Python's multiprocessing spawned, is its parent's.
        """
        a, b = self._program(child), self._program(parent)
        if a.file != b.file if a.file and b.file else child.name != parent.name:  # another user's may not be read
            return False
        if a.is_shell or b.is_shell:
            return bool(a.script) and a.script == b.script
        return not a.script or a.script == b.script

    def _program(self, stat: ProcessStat) -> MemberProgram:
        """The program of a process, which is looked up once, and again after an exec."""
        key = (stat.pid, stat.start_time, stat.name)
        if key not in self._programs:
            self._load_programs([stat])
        return self._programs[key]

    def _load_programs(self, stats: Iterable[ProcessStat]) -> None:
        """Look up the programs of processes that are not known yet, together."""
        new = {stat.pid: (stat.pid, stat.start_time, stat.name) for stat in stats}
        pids = [pid for pid, key in new.items() if key not in self._programs]
        self._programs |= {new[pid]: program for pid, program in self._files.read_programs(pids).items()}

    def _changed_members(self, stats: Iterable[ProcessStat]) -> Iterator[FamilyMember]:
        """What is new about members, and remember that it is reported."""
        for stat in stats:
            state, program = self._states[stat.pid], self._program(stat)
            member = FamilyMember(stat.pid, stat.start_time, stat.name, program.command_line, program.executable)
            if member != state.reported:
                state.reported = member
                yield member

    def _update_members(self, family: Iterable[int], processes: Mapping[int, ProcessStat]) -> None:
        """Open the members that are new, close those that are gone."""
        known, self._states = self._states, {}
        for pid in family:
            state, stat = known.pop(pid, None), processes[pid]
            if state is None or not _is_same(state, stat):
                if state is not None:
                    state.files.close()
                try:
                    state = _MemberState(pid, self._files.open(pid), stat.start_time)
                except SmapstopError:  # it has just ended
                    continue
            self._states[pid] = state
        for state in known.values():
            state.files.close()

    def _due(self, stats: Iterable[ProcessStat], now_ns: int) -> list[ProcessStat]:
        """The members whose memory is to be read: the watched one first, the others in turn."""
        order = []
        for stat in stats:
            state = self._states[stat.pid]
            before = state.stat_at_reading
            is_fresh = before is not None and not _may_have_changed(before, stat)
            if is_fresh and now_ns - state.read_ns < STALE_NS:
                continue
            order.append((stat.pid != self._pid, state.read_ns, stat.pid, stat))
        return [stat for *_, stat in sorted(order, key=lambda each: each[:3])]

    def _read_memory(self, state: _MemberState, stat: ProcessStat) -> None:
        """Read the memory of a member."""
        state.stat_at_reading, state.read_ns, state.missing = stat, time.monotonic_ns(), ""
        program = self._program(stat)
        if program.command_line != (words := state.files.command_line()) and words:  # it has set its title
            self._programs[(stat.pid, stat.start_time, stat.name)] = replace(program, command_line=words)
        try:
            state.memory = read_totals(state.files)
        except PermissionError as error:
            state.memory, state.missing = {}, str(access_error(stat.pid, error, is_local=not self.scans_always))
        except (FileNotFoundError, ProcessLookupError):
            state.memory = {}  # it has just ended


def _is_same(state: _MemberState, stat: ProcessStat | None) -> bool:
    """Whether a process is still the one that has this state."""
    return stat is not None and stat.start_time == state.start_time


def _may_have_changed(before: ProcessStat, now: ProcessStat) -> bool:
    """Whether stat shows that memory may have changed: pages come by faults, and go with Rss."""
    return (before.minor_faults, before.major_faults, before.rss_kb) != (
        now.minor_faults,
        now.major_faults,
        now.rss_kb,
    )


def _amounts(stats: list[ProcessStat], states: list[_MemberState]) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Amounts of the members, by `FAMILY_FIELDS`."""
    memory = [[state.memory.get(name, ABSENT) for state in states] for name in MEMORY_FIELDS]
    counted = (
        [stat.threads for stat in stats],
        [stat.minor_faults for stat in stats],
        [stat.major_faults for stat in stats],
        [stat.cpu_ticks for stat in stats],
        [stat.rss_kb for stat in stats],
    )
    return np.array([*memory, *counted], np.int64).reshape(len(MEMORY_FIELDS) + len(counted), len(stats))
