"""Find the copied-on-write pages of private file mappings, by part of file and by symbol."""

from collections import defaultdict
from dataclasses import replace

import numpy as np

from smapstop.lazy_dataclass import dataclass
from smapstop.model.kinds import backing_of, kind_at
from smapstop.model.lookup import section_at
from smapstop.proc.columns import Mappings
from smapstop.proc.elf.mapped_files import ElfCache
from smapstop.proc.elf.symbols import Symbols
from smapstop.proc.pages.page_runs import PageFlags, PageRuns
from smapstop.proc.pages.page_states import Backing
from smapstop.proc.pages.pagemap import PAGE_BYTES, read_anonymous_runs, read_sharing
from smapstop.proc.process import ProcDir
from smapstop.report.pages.page_list import MAX_NAMES, pagemap_error

_PAGE_KB = PAGE_BYTES // 1024


@dataclass(slots=True)
class CowGroup:
    """Copied pages of one part of a file that hold the same symbols."""

    symbols: Symbols
    pages: int = 0
    own_pages: int = 0
    """Pages that no other process maps; the others are shared since a fork, as neither side has written to them."""
    swapped_pages: int = 0
    """Pages that are in swap."""

    @property
    def kb(self) -> int:
        """Size, kB; each page counts once, however many symbols it holds."""
        return self.pages * _PAGE_KB


@dataclass(frozen=True, slots=True)
class CowPart:
    """A part of a file with copied pages."""

    name: str
    """Name of the file, as the kernel prints it."""
    part: str
    """`.data`, `.text`, or `relro` for data that is read-only after relocation."""
    groups: tuple[CowGroup, ...]
    """Largest first, equal ones in address order."""

    @property
    def pages(self) -> int:
        """Number of copied pages."""
        return sum(group.pages for group in self.groups)

    @property
    def own_pages(self) -> int:
        """Number of copied pages that no other process maps."""
        return sum(group.own_pages for group in self.groups)

    @property
    def kb(self) -> int:
        """Size of the copied pages, kB."""
        return sum(group.kb for group in self.groups)


def cow_pages(process: ProcDir, mappings: Mappings, files: ElfCache) -> list[CowPart]:
    """Find all pages that were copied on write, by part of file, largest first.

    Args:
        process: Process that has the mappings.
        mappings: A reading of its memory map.
        files: Cache of ELF files.

    Raises:
        SmapstopError: Access to pagemap is not permitted, or the process has ended.
    """
    groups_by_part: dict[tuple[str, str], dict[Symbols, CowGroup]] = defaultdict(dict)
    for row in range(len(mappings)):
        name, perms = mappings.name_of(row), mappings.perms_of(row)
        if backing_of(kind_at(mappings, row), perms) not in (Backing.PRIVATE_FILE, Backing.PRIVATE_SHARED_MEMORY):
            continue
        try:
            copied = read_anonymous_runs(process, int(mappings.start[row]), int(mappings.end[row]))
            runs = read_sharing(process, copied)
        except OSError as error:
            raise pagemap_error(process, error) from error
        if not len(runs):
            continue
        pages = _split_into_pages(runs)
        groups = groups_by_part[name, _part(mappings, row)]
        symbols = files.find_symbols_by_run(process, mappings, row, pages, most=MAX_NAMES)
        own = (pages.flags & (PageFlags.PRESENT | PageFlags.SHARED) == PageFlags.PRESENT).tolist()
        swapped = (pages.flags & PageFlags.SWAPPED != 0).tolist()
        for on_page, is_own, in_swap in zip(symbols, own, swapped, strict=True):
            group = groups.setdefault(on_page, CowGroup(on_page))
            group.pages += 1
            group.own_pages += is_own
            group.swapped_pages += in_swap
    parts = [
        CowPart(name, part, tuple(sorted(groups.values(), key=lambda group: -group.kb)))
        for (name, part), groups in groups_by_part.items()
    ]
    return sorted(parts, key=lambda part: -part.kb)


def _split_into_pages(runs: PageRuns) -> PageRuns:
    """Split runs into single pages."""
    counts = ((runs.end - runs.start) // np.uint64(PAGE_BYTES)).astype(np.intp)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    start = np.repeat(runs.start, counts) + within.astype(np.uint64) * np.uint64(PAGE_BYTES)
    return replace(runs, start=start, end=start + np.uint64(PAGE_BYTES), flags=np.repeat(runs.flags, counts))


def _part(mappings: Mappings, row: int) -> str:
    """Part of the file; read-only data that was written was relocated by the loader (relro)."""
    part = section_at(mappings, row)
    return "relro" if part == ".rodata" else part
