"""Symbols in the zeroed data (.bss) of programs and libraries, which is mapped behind their files."""

import numpy as np
import pytest
from factories import PAGE, mappings_of
from watched_program import NON_PIE, PIE, STRIPPED, Compiler, WatchedProgram, watch_program

from smapstop.proc.elf.elf_file import Elf, ElfSegment
from smapstop.proc.elf.segments import bss_segment, file_row
from smapstop.proc.elf.symbols import Symbols
from smapstop.proc.pages.page_runs import PageFlags, PageRuns
from smapstop.proc.pages.pagemap import PAGE_BYTES

pytestmark = pytest.mark.skipif(PAGE_BYTES != 4096, reason="the programs' pages are of 4 kB")


def on_each_page(target: WatchedProgram, row: int, first: int, pages: int) -> list[Symbols]:
    """Symbols on adjacent pages of a mapping."""
    mappings, _ = target.mapping()
    start = np.uint64(first) + np.arange(pages, dtype=np.uint64) * np.uint64(PAGE_BYTES)
    flags = np.full(pages, PageFlags.PRESENT, np.uint8)
    runs = PageRuns(start, start + np.uint64(PAGE_BYTES), flags, PageFlags.FILE | PageFlags.PRESENT, PAGE_BYTES)
    each = target.files.find_symbols_by_run(target.process, mappings, row, runs)
    assert target.files.find_symbols(target.process, mappings, row, [runs.take(start == at) for at in start]) == each
    return each


def variables(target: WatchedProgram) -> list[tuple[str, ...]]:
    """The names on the pages of the variables, which are in a mapping without a file."""
    mappings, row = target.mapping()
    assert (mappings.inode[row], mappings.name_of(row)) == (0, "")
    return [symbols.names for symbols in on_each_page(target, row, target.program.address, 5)]


NAMES = [("zeroed1",), ("zeroed2",), ("zeroed2",), (), ()]
"""Symbols on the pages of the variables, and on those past the file's last page."""


@pytest.mark.parametrize("options", [PIE, NON_PIE], ids=["pie", "non-pie"])
def test_zeroed_data_of_a_program_has_the_names_of_its_variables(
    compiler: Compiler, options: tuple[str, ...]
) -> None:
    with watch_program(compiler("zeroed", *options)) as target:
        assert variables(target) == NAMES


def test_zeroed_data_of_a_library_has_the_names_of_its_variables(compiler: Compiler) -> None:
    library = compiler("zeroed", "-shared", "-fPIC")
    with watch_program(compiler("known_user", str(library), f"-Wl,-rpath,{library.parent}")) as target:
        assert variables(target) == NAMES


def test_zeroed_data_of_a_stripped_program_has_the_name_of_its_section(compiler: Compiler) -> None:
    with watch_program(compiler("zeroed", *PIE, *STRIPPED)) as target:
        _, row = target.mapping()
        symbols = on_each_page(target, row, target.program.address, 1)
        assert symbols == [Symbols((".bss",), missing_reason="is stripped of its symbols")]


def test_heap_that_follows_a_program_has_no_names_of_it(compiler: Compiler) -> None:
    with watch_program("setarch", "-R", compiler("zeroed", *NON_PIE)) as target:
        mappings, _ = target.mapping()
        row = next(row for row in range(len(mappings)) if mappings.name_of(row) == "[heap]")
        assert mappings.end[row - 1] == mappings.start[row], "it follows directly"
        heap = on_each_page(target, row, int(mappings.start[row]), 1)
        assert heap == [Symbols(missing_reason="is not a file")]


ELF = Elf((ElfSegment(PAGE, 0, PAGE, 6, matching_mappings=1, memory_bytes=2 * PAGE),))


def test_what_follows_a_file_is_of_it_only_in_memory_like_its_data() -> None:
    data = (1, 2, "rw-p", "/file", 0, 1)
    follows = [(2, 5), (3, 5), (2, 5, "r--p"), (2, 5, "rw-p", "[heap]"), (2, 5, "rw-p", "/other")]
    assert [file_row(mappings_of(data, each), 1) for each in follows] == [0, 1, 1, 1, 1]
    assert file_row(mappings_of((2, 5)), 0) == 0
    assert file_row(mappings_of((1, 2, "rw-s", "/file"), (2, 5, "rw-s")), 1) == 1


def test_only_the_segment_that_ends_with_the_mapping_goes_on_behind_it() -> None:
    here, before, more = (1, 2, "rw-p", "/file", 0, 1), (0, 2, "rw-p", "/file"), (1, 3, "rw-p", "/file", 0, 1)
    found = [bss_segment(ELF, mappings_of(each), 0).segments for each in (here, before, more)]
    assert found == [(ELF.segments[0]._replace(file_bytes=2 * PAGE),), (), ()]


def test_a_segment_that_is_all_in_the_file_does_not_go_on_behind_it() -> None:
    full = Elf((ELF.segments[0]._replace(memory_bytes=PAGE),))
    assert bss_segment(full, mappings_of((1, 2, "rw-p", "/file", 0, 1)), 0).segments == ()
