"""Find the pages that a process and each of its descendants copied on write."""

from collections.abc import Iterable, Mapping
from dataclasses import field

from smapstop.errors import SmapstopError
from smapstop.lazy_dataclass import dataclass
from smapstop.proc.elf.mapped_files import ElfCache
from smapstop.proc.process import ProcDir
from smapstop.proc.process_tree import ProcessStat, descendants_of, read_processes
from smapstop.report.pages.cow import CowPart, cow_pages
from smapstop.report.pages.inherited import (
    AnonymousPages,
    InheritedMapping,
    Lineage,
    Place,
    anonymous_pages,
    inherited_mappings,
)
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
    image: int = 0
    """Identity of its program, see `Lineage`."""
    anonymous: Mapping[Place, AnonymousPages] = field(default_factory=dict)
    """Its pages that have no file."""

    @property
    def pages(self) -> int:
        """Number of copied pages."""
        return sum(part.pages for part in self.parts)

    @property
    def own_pages(self) -> int:
        """Number of copied pages that no other process maps."""
        return sum(part.own_pages for part in self.parts)


def find_inherited(members: Iterable[CowMember]) -> list[InheritedMapping]:
    """Anonymous memory that members inherited by fork."""
    return inherited_mappings(
        [Lineage(member.stat.pid, member.stat.ppid, member.image, member.anonymous) for member in members]
    )


def cow_of_family(pid: int) -> list[CowMember]:
    """Find the copied pages of a process and its descendants, parents first; those that end meanwhile are left out.

    Raises:
        SmapstopError: No such process, or its pages may not be read.
    """
    processes, files = read_processes(), ElfCache()
    depths: dict[int, int] = {}
    found = []
    for member in descendants_of(pid, processes) or [pid]:
        parts, missing, image = tuple[CowPart, ...](), "", 0
        anonymous: Mapping[Place, AnonymousPages] = {}
        try:
            with ProcDir(member) as process:
                mappings = read_map(process)
                parts = tuple(cow_pages(process, mappings, files))
                anonymous, image = anonymous_pages(process, mappings), process.counters().image
        except OSError:  # it has just ended
            continue
        except SmapstopError as error:
            if member == pid:
                raise
            missing = str(error)
        stat = processes.get(member)
        now = read_processes().get(member) if missing or stat is None else stat
        if now is None or (stat is not None and now.start_time != stat.start_time):
            continue
        depths[member] = depths.get(now.ppid, -1) + 1
        found.append(CowMember(now, depths[member], parts, missing, image, anonymous))
    return found
