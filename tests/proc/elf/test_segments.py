"""Matching of mappings to segments that share a page of the file."""

import subprocess

import numpy as np
import pytest
from factories import mappings_of
from places import PROGRAMS
from stepped_program import wait_until
from watched_program import FREESTANDING, Compiler

from smapstop.proc.elf.elf_file import Elf, ElfSegment
from smapstop.proc.elf.mapped_files import ElfCache
from smapstop.proc.elf.segments import match_segments
from smapstop.proc.pages.page_runs import PageFlags, PageRuns
from smapstop.proc.pages.pagemap import PAGE_BYTES
from smapstop.proc.process import ProcDir
from smapstop.proc.smaps.parser import parse_smaps

SCRIPT = PROGRAMS / "shared_page.ld"


@pytest.mark.skipif(PAGE_BYTES != 4096, reason="the programs' pages are of 4 kB")
def test_segments_with_the_same_permissions_that_share_a_page_of_the_file_are_distinguished(
    compiler: Compiler,
) -> None:
    program = compiler("shared_page", *FREESTANDING, "-no-pie", f"-Wl,-T,{SCRIPT},--build-id=none")
    with subprocess.Popen((program,)) as running, ProcDir(running.pid) as process:
        try:
            wait_until(lambda: process.read_maps().count(str(program).encode()) == 3)
            mappings, files = parse_smaps(process.read_maps()), ElfCache()
            rows = [row for row in range(len(mappings)) if mappings.name_of(row) == str(program)]
            pages = [
                PageRuns(
                    mappings.start[[row]], mappings.end[[row]], np.zeros(1, np.uint8), PageFlags.FILE, PAGE_BYTES
                )
                for row in rows
            ]
            names = [
                files.find_symbols(process, mappings, row, [on])[0].names for row, on in zip(rows, pages, strict=True)
            ]
            assert mappings.offset[rows].tolist() == [0, 0, 0]
            assert names == [("_start",), ("first",), ("variable",)]
        finally:
            running.kill()


ELF = Elf(
    tuple(ElfSegment(offset * PAGE_BYTES, at * PAGE_BYTES, PAGE_BYTES, 6) for offset, at in [(0, 0), (1, 2), (1, 4)])
)


@pytest.mark.parametrize(("row", "fitting"), [(0, [3, 0, 0]), (1, [0, 3, 1]), (2, [0, 1, 3]), (3, [0, 1, 1])])
def test_a_segment_fits_when_others_lie_as_far_from_theirs(row: int, fitting: list[int]) -> None:
    mappings = mappings_of(
        (100, 101, "r--p", "/file"),
        (102, 103, "rw-p", "/file", 0, 1),
        (104, 105, "rw-p", "/file", 0, 1),
        (200, 201, "r--p", "/file", 0, 1),
        (202, 203, "r--p", "/other", 0, 1),
    )
    assert [segment.matching_mappings for segment in match_segments(ELF, mappings, row).segments] == fitting


def test_a_file_without_segments_stays_as_it_is() -> None:
    assert match_segments(Elf(), mappings_of((1, 2, "r--p", "/file")), 0).segments == ()
