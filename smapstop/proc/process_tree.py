"""The processes of the machine, and the family of one: its descendants, and its relatives of the same program."""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress

from smapstop.lazy_dataclass import dataclass
from smapstop.proc.stat import PAGE_KB, fields_after_name


@dataclass(frozen=True, slots=True)
class ProcessStat:
    """What stat says about a process (proc(5)), as far as a family needs it."""

    pid: int
    ppid: int
    name: str
    """Process name (comm)."""
    state: str
    """One letter, see `Counters.state`."""
    start_time: int
    """Clock ticks after boot; together with the pid it identifies the process."""
    threads: int
    minor_faults: int
    major_faults: int
    cpu_ticks: int
    """CPU time, user and kernel, clock ticks."""
    rss_kb: int
    """Resident memory as the kernel counts it without looking, kB; it may be some pages off."""


def parse_stat(stat: bytes, page_kb: int = PAGE_KB) -> ProcessStat:
    """Parse the text of /proc/PID/stat; `page_kb` is the page size of its machine.

    Raises:
        ValueError: It is not complete.
        IndexError: It is not complete.
    """
    after = fields_after_name(stat)
    return ProcessStat(
        pid=int(stat[: stat.index(b" ")]),
        ppid=int(after[1]),
        name=os.fsdecode(stat[stat.index(b"(") + 1 : stat.rindex(b")")]),
        state=after[0].decode("ascii", "replace"),
        start_time=int(after[19]),
        threads=int(after[17]),
        minor_faults=int(after[7]),
        major_faults=int(after[9]),
        cpu_ticks=int(after[11]) + int(after[12]),
        rss_kb=int(after[21]) * page_kb,
    )


def read_processes(root: str = "/proc") -> dict[int, ProcessStat]:
    """Read stat of every process, by pid; skip those that end while they are read."""
    processes = {}
    for name in os.listdir(root):
        if name.isdecimal():
            with suppress(OSError, ValueError, IndexError):
                fd = os.open(f"{root}/{name}/stat", os.O_RDONLY | os.O_CLOEXEC)
                try:
                    process = parse_stat(os.read(fd, 4096))
                finally:
                    os.close(fd)
                processes[process.pid] = process
    return processes


def ancestors_of(pid: int, processes: Mapping[int, ProcessStat]) -> list[int]:
    """Pids of the ancestors of a process, its parent first; processes are all, by pid."""
    ancestors: dict[int, None] = {}  # a tree that was read while it changed may have a loop
    while pid in processes and processes[pid].ppid in processes and processes[pid].ppid not in ancestors:
        pid = processes[pid].ppid
        ancestors[pid] = None
    return list(ancestors)


def descendants_of(pid: int, processes: Mapping[int, ProcessStat]) -> list[int]:
    """Pids of a process and its descendants, each after its parent, siblings by age; empty if it is gone."""
    if pid not in processes:
        return []
    children: dict[int, list[ProcessStat]] = {}
    for process in processes.values():
        children.setdefault(process.ppid, []).append(process)
    found: dict[int, None] = {}
    pending = [processes[pid]]
    while pending:
        process = pending.pop()
        if process.pid not in found:
            found[process.pid] = None
            pending += sorted(children.get(process.pid, ()), key=lambda each: (-each.start_time, -each.pid))
    return list(found)


def family_of(
    pid: int, processes: Mapping[int, ProcessStat], is_same_program: Callable[[int, int], bool]
) -> list[int]:
    """Pids of the family of a process, each after its parent, siblings by age.

    The family is everything below its head: the highest of its ancestors that run the same program without a gap. It
    is empty if the process is gone.

    Args:
        pid: The process.
        processes: All processes, by pid.
        is_same_program: Whether two processes run the same program.
    """
    if pid not in processes:
        return []
    head = pid
    for parent in ancestors_of(pid, processes):
        if not is_same_program(head, parent):
            break
        head = parent
    return descendants_of(head, processes)
