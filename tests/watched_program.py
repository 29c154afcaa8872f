"""A real program at a step, with what is on the pages that it has copied."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from stepped_program import SteppedProgram

from smapstop.proc.columns import Mappings
from smapstop.proc.elf.mapped_files import ElfCache
from smapstop.proc.elf.symbols import Symbols
from smapstop.proc.pages.page_runs import PageFlags, PageRuns
from smapstop.proc.pages.pagemap import PAGE_BYTES, read_anonymous_runs, read_page_runs
from smapstop.proc.process import ProcDir
from smapstop.proc.smaps.parser import parse_smaps

Compiler = Callable[..., Path]

PIE, NON_PIE, STRIPPED = ("-fPIE", "-pie"), ("-no-pie",), ("-s",)
FREESTANDING = ("-nostdlib", "-static")


class WatchedProgram:
    """A program at a step, and what is on the pages that it has copied."""

    def __init__(self, process: ProcDir, program: SteppedProgram) -> None:
        self.process = process
        self.program = program
        self.files = ElfCache()
        self.copied_pages = self.find_copied_pages()

    def mapping(self) -> tuple[Mappings, int]:
        """The memory map, and the row of the mapping that page1 is in."""
        mappings = parse_smaps(self.process.read_smaps())
        return mappings, int(np.searchsorted(mappings.start, np.uint64(self.program.address), "right")) - 1

    def find_copied_pages(self) -> PageRuns:
        """The pages of that mapping that are copied."""
        mappings, row = self.mapping()
        return read_anonymous_runs(self.process, int(mappings.start[row]), int(mappings.end[row]))

    def next_copied_symbols(self) -> Symbols:
        """Let the program go on, and name what it copied."""
        self.program.go()
        before, self.copied_pages = self.copied_pages, self.find_copied_pages()
        return self.files.find_symbols(self.process, *self.mapping(), [self.copied_pages.subtract(before)])[0]

    def flags(self, *pages: int) -> list[PageFlags]:
        """What some pages are, counted from page1."""
        start = self.program.address
        addresses = np.uint64(start) + np.array(pages, np.uint64) * np.uint64(PAGE_BYTES)
        runs = read_page_runs(self.process, start, start + 8 * PAGE_BYTES)
        return [PageFlags(int(flags)) for flags in runs.flags_at(addresses)]


@contextmanager
def watch_program(*command: str | Path) -> Iterator[WatchedProgram]:
    """Run a program, and look at its variables."""
    with SteppedProgram(*command) as program, ProcDir(program.pid) as process:
        yield WatchedProgram(process, program)
