"""Find the anonymous memory that processes of a family inherited by fork, and how much of it became their own."""

from collections.abc import Mapping, Sequence

import numpy as np

from smapstop.lazy_dataclass import dataclass
from smapstop.model.kinds import backing_of, kind_at
from smapstop.proc.columns import Mappings
from smapstop.proc.pages.page_runs import PageFlags, PageRuns
from smapstop.proc.pages.page_states import Backing
from smapstop.proc.pages.pagemap import PAGE_BYTES, read_anonymous_runs, read_sharing
from smapstop.proc.process import ProcDir
from smapstop.report.pages.page_list import pagemap_error

Place = tuple[int, str]
"""Address and name of a mapping: what a child inherits with it."""


@dataclass(frozen=True, slots=True)
class AnonymousPages:
    """Anonymous pages of a mapping in one process."""

    perms: str
    size_kb: int
    """Size of the mapping, kB."""
    pages: int
    """Pages in memory or in swap."""
    own_pages: int
    """Pages that no other process maps: copied since the fork, by it or by all others, or new since then."""
    swapped_pages: int

    @property
    def own_share(self) -> float | None:
        """Share of the pages that is its own; None without pages."""
        return self.own_pages / self.pages if self.pages else None


@dataclass(frozen=True, slots=True)
class Lineage:
    """What decides whether a process inherited memory from its parent."""

    pid: int
    ppid: int
    image: int
    """Identity of its program, which a fork hands down and an exec replaces; 0 if unknown."""
    anonymous: Mapping[Place, AnonymousPages]


@dataclass(frozen=True, slots=True)
class InheritedMapping:
    """Anonymous memory at the same place in several processes, handed down by fork."""

    start: int
    name: str
    """As the kernel prints it; empty without a name."""
    parts: Mapping[int, AnonymousPages]
    """The mapping in each process that has it, by pid."""

    @property
    def own_pages(self) -> int:
        """Pages that are somebody's own."""
        return sum(part.own_pages for part in self.parts.values())


def anonymous_pages(process: ProcDir, mappings: Mappings) -> dict[Place, AnonymousPages]:
    """Read the anonymous pages of all private mappings without a file.

    Raises:
        SmapstopError: Access to pagemap is not permitted, or the process has ended.
    """
    found = {}
    for row in range(len(mappings)):
        name, perms = mappings.name_of(row), mappings.perms_of(row)
        if backing_of(kind_at(mappings, row), perms) is not Backing.NOTHING or not perms.endswith("p"):
            continue
        start, end = int(mappings.start[row]), int(mappings.end[row])
        try:
            runs = read_sharing(process, read_anonymous_runs(process, start, end))
        except OSError as error:
            raise pagemap_error(process, error) from error
        flags, present = runs.flags, PageFlags.PRESENT
        found[start, name] = AnonymousPages(
            perms=perms,
            size_kb=(end - start) // 1024,
            pages=_count(runs, np.ones(len(runs), bool)),
            own_pages=_count(runs, flags & (present | PageFlags.SHARED) == present),
            swapped_pages=_count(runs, flags & PageFlags.SWAPPED != 0),
        )
    return found


def inherited_mappings(members: Sequence[Lineage]) -> list[InheritedMapping]:
    """Find what children inherited, by place: the most own pages first.

    A child of another program, or one that has executed a program, inherited nothing, whatever its addresses are.
    """
    by_pid = {member.pid: member for member in members}
    parts: dict[tuple[Place, int], dict[int, AnonymousPages]] = {}
    for member in members:
        parent = by_pid.get(member.ppid)
        if parent is None or not member.image or member.image != parent.image:
            continue
        for place in member.anonymous.keys() & parent.anonymous.keys():
            shared = parts.setdefault((place, member.image), {})
            shared[parent.pid], shared[member.pid] = parent.anonymous[place], member.anonymous[place]
    order = {member.pid: at for at, member in enumerate(members)}
    found = [
        InheritedMapping(start, name, {pid: each[pid] for pid in sorted(each, key=order.__getitem__)})
        for ((start, name), _), each in parts.items()
        if any(part.pages for part in each.values())
    ]
    return sorted(found, key=lambda each: (-each.own_pages, each.start))


def _count(runs: PageRuns, chosen: "np.typing.NDArray[np.bool_]") -> int:
    """Number of pages of some runs."""
    return int((runs.end[chosen] - runs.start[chosen]).sum()) // PAGE_BYTES
