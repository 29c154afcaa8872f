"""Find what each process of a family has copied on write: a process and its descendants."""

from dataclasses import dataclass

from smapstop.errors import SmapstopError
from smapstop.proc.elf.mapped_files import ElfCache
from smapstop.proc.process import ProcDir
from smapstop.proc.process_tree import ProcessStat, descendants_of, read_processes
from smapstop.report.pages.cow import CowPart, cow_pages
from smapstop.report.pages.page_list import read_map


@dataclass(frozen=True, slots=True)
class CowMember:
    """One process of the family."""

    stat: ProcessStat
    depth: int
    """Number of its ancestors in the family."""
    parts: tuple[CowPart, ...]
    """What it copied, largest first; empty if its pages could not be read."""
    missing: str
    """Why they could not be read; empty if they could."""

    @property
    def pages(self) -> int:
        """Number of copied pages."""
        return sum(part.pages for part in self.parts)

    @property
    def own_pages(self) -> int:
        """Number of copied pages that no other process maps."""
        return sum(part.own_pages for part in self.parts)


def cow_of_family(pid: int) -> list[CowMember]:
    """Find the copied pages of a process and its descendants, parents first; those that end meanwhile are left out.

    Raises:
        SmapstopError: No such process, or its pages may not be read.
    """
    processes, files = read_processes(), ElfCache()
    depths: dict[int, int] = {}
    found = []
    for member in descendants_of(pid, processes) or [pid]:
        parts, missing = tuple[CowPart, ...](), ""
        try:
            with ProcDir(member) as process:
                parts = tuple(cow_pages(process, read_map(process), files))
        except SmapstopError as error:
            if member == pid:
                raise
            missing = str(error)
        stat = processes.get(member)
        now = read_processes().get(member) if missing or stat is None else stat
        if now is None or (stat is not None and now.start_time != stat.start_time):
            continue
        depths[member] = depths.get(now.ppid, -1) + 1
        found.append(CowMember(now, depths[member], parts, missing))
    return found
