"""What a process made its own: the pages of private file mappings that were copied on write, by file and by name."""

from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np

from smapstop.model.kinds import backing_of
from smapstop.model.lookup import section_of
from smapstop.proc.columns import Mappings
from smapstop.proc.elf.mapped_files import ElfCache
from smapstop.proc.elf.symbols import Symbols
from smapstop.proc.pages.page_runs import PageFlags, PageRuns
from smapstop.proc.pages.page_states import Backing
from smapstop.proc.pages.pagemap import PAGE_BYTES, read_anonymous_runs, read_exclusive_mask
from smapstop.proc.process import ProcDir
from smapstop.report.pages.page_list import MAX_NAMES, pagemap_error

_PAGE_KB = PAGE_BYTES // 1024


@dataclass(slots=True)
class CowGroup:
    """Copied pages of one part of a file on which the same things lie."""

    symbols: Symbols
    pages: int = 0
    own_pages: int = 0
    """How many of the pages no other process maps: since a fork neither side wrote to the others."""
    swapped_pages: int = 0
    """How many of the pages are in swap."""

    @property
    def kb(self) -> int:
        """How much they are; each page once, however many names it has."""
        return self.pages * _PAGE_KB


@dataclass(frozen=True, slots=True)
class CowPart:
    """A part of a file that has copied pages."""

    name: str
    """Of the file, as the kernel prints it."""
    part: str
    """`.data`, `.text`, or `relro` for what was made read-only after it had been relocated."""
    groups: tuple[CowGroup, ...]
    """The largest first, and then in address order."""

    @property
    def pages(self) -> int:
        """How many of its pages are copied."""
        return sum(group.pages for group in self.groups)

    @property
    def own_pages(self) -> int:
        """How many of its pages no other process maps."""
        return sum(group.own_pages for group in self.groups)

    @property
    def kb(self) -> int:
        """How much it costs."""
        return sum(group.kb for group in self.groups)


def cow_pages(process: ProcDir, mappings: Mappings, files: ElfCache) -> list[CowPart]:
    """All pages that were copied on write, by part of file, the largest first.

    Args:
        process: That has the mappings.
        mappings: A reading of its memory map.
        files: The ELF files that were read before.

    Raises:
        SmapstopError: The pages may not be seen, or the process has ended.
    """
    found: dict[tuple[str, str], dict[Symbols, CowGroup]] = defaultdict(dict)
    for row in range(len(mappings)):
        name, perms = mappings.name_of(row), mappings.perms_of(row)
        if backing_of(name, perms) not in (Backing.PRIVATE_FILE, Backing.PRIVATE_SHARED_MEMORY):
            continue
        try:
            runs = read_anonymous_runs(process, int(mappings.start[row]), int(mappings.end[row]))
            own = read_exclusive_mask(process, runs).tolist()
        except OSError as error:
            raise pagemap_error(process, error) from error
        if not len(runs):
            continue
        pages = _split_into_pages(runs)
        groups = found[name, _part(mappings, row)]
        symbols = files.find_symbols_by_run(process, mappings, row, pages, most=MAX_NAMES)
        swapped = (pages.flags & PageFlags.SWAPPED != 0).tolist()
        for on_page, is_own, in_swap in zip(symbols, own, swapped, strict=True):
            group = groups.setdefault(on_page, CowGroup(on_page))
            group.pages += 1
            group.own_pages += is_own
            group.swapped_pages += in_swap
    parts = [
        CowPart(name, part, tuple(sorted(groups.values(), key=lambda group: -group.kb)))
        for (name, part), groups in found.items()
    ]
    return sorted(parts, key=lambda part: -part.kb)


def _split_into_pages(runs: PageRuns) -> PageRuns:
    """Each page a run of its own."""
    counts = ((runs.end - runs.start) // np.uint64(PAGE_BYTES)).astype(np.intp)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    start = np.repeat(runs.start, counts) + within.astype(np.uint64) * np.uint64(PAGE_BYTES)
    return replace(runs, start=start, end=start + np.uint64(PAGE_BYTES), flags=np.repeat(runs.flags, counts))


def _part(mappings: Mappings, row: int) -> str:
    """The part of the file; what is read-only and has been written is what the loader relocated."""
    part = section_of(mappings, row)
    return "relro" if part == ".rodata" else part
