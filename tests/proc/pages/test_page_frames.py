"""Frames of the pages of real programs, readable by root only."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from places import ROOT
from stepped_program import SteppedProgram

from smapstop.proc.pages import page_frames
from smapstop.proc.pages.page_frames import FrameFlags, FrameRuns, read_frame_runs
from smapstop.proc.pages.page_runs import PageFlags
from smapstop.proc.pages.pagemap import PAGE_BYTES, read_page_runs
from smapstop.proc.process import ProcDir

Program = Callable[[str], Path]

needs_4k = pytest.mark.skipif(PAGE_BYTES != 4096, reason="the programs count pages of 4 kB")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can do this")
THP = Path("/sys/kernel/mm/transparent_hugepage/enabled")


def frames(target: SteppedProgram, pages: int) -> FrameRuns:
    """Frames of the pages from the program's address on."""
    with ProcDir(target.pid) as process:
        runs = read_page_runs(process, target.address, target.address + pages * PAGE_BYTES)
        found = read_frame_runs(process, runs)
    assert found is not None
    assert found.runs.pages == runs.pages
    assert np.array_equal(found.runs.flags, runs.flags_at(found.runs.start))
    return found


def counts(target: SteppedProgram, pages: int) -> list[tuple[int, int, int]]:
    """Runs in pages from the program's address on, with their map counts."""
    found, base = frames(target, pages), np.uint64(target.address)
    starts, ends = (((edges - base) // PAGE_BYTES).tolist() for edges in (found.runs.start, found.runs.end))
    return list(zip(starts, ends, found.map_count.tolist(), strict=True))


@needs_root
@needs_4k
def test_pages_that_are_shared_by_a_fork_are_mapped_twice(program: Program) -> None:
    with SteppedProgram(program("fork")) as target:
        assert counts(target, 60) == [(0, 60, 1)]
        assert counts(target.go(), 60) == [(0, 60, 2)]
        assert counts(target.go(), 60) == [(0, 9, 1), (9, 60, 2)]
        assert counts(target.go(), 60) == [(0, 9, 1), (9, 30, 2), (30, 34, 1), (34, 60, 2)]
        assert counts(target.go(), 60) == [(0, 60, 1)]


@needs_root
@needs_4k
def test_runs_do_not_depend_on_how_many_pages_are_read_at_once(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SteppedProgram(program("fork")) as target:
        target.go().go()
        for at_once in (1, 7, 60):
            monkeypatch.setattr(page_frames, "_PAGES_PER_READ", at_once)
            assert counts(target, 60) == [(0, 9, 1), (9, 60, 2)]


@needs_root
@needs_4k
def test_frames_of_huge_pages_and_of_the_zero_page(program: Program, tmp_path: Path) -> None:
    if "[never]" in THP.read_text():
        pytest.skip("huge pages are off")
    with SteppedProgram(program("page_states"), tmp_path / "file") as target:
        target.go().go().go()
        found = frames(target, 1024)
        huge = found.runs.flags & PageFlags.ZERO == 0
        assert found.has_frame.all()
        assert (found.flags[huge] & FrameFlags.HUGE != 0).all()
        assert found.runs.take(huge).pages == 512


@needs_root
@needs_4k
def test_written_pages_of_shared_memory_are_dirty(program: Program) -> None:
    with SteppedProgram(program("memory_file")) as target:
        found = frames(target.go(), 40)
        assert found.runs.pages == 12
        assert (found.flags & FrameFlags.DIRTY != 0).all()


@needs_root
def test_nothing_is_known_to_somebody_who_is_not_root() -> None:
    root = ROOT
    code = f"""
import os, sys
sys.path.insert(0, {str(root)!r})
import smapstop.proc.pages.page_frames, smapstop.proc.pages.pagemap, smapstop.proc.process, smapstop.proc.smaps.parser
os.setgid(65534)
os.setuid(65534)
import ctypes
ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # dumpable again, so that it may look at itself
with smapstop.proc.process.ProcDir(os.getpid()) as process:
    mappings = smapstop.proc.smaps.parser.parse_smaps(process.read("maps"))
    runs = smapstop.proc.pages.pagemap.read_page_runs(process, int(mappings.start[0]), int(mappings.end[0]))
    frames = smapstop.proc.pages.page_frames.read_frame_runs(process, runs)
    os.write(1, f"{{len(runs) > 0}} {{frames}}\\n".encode())
"""
    with SteppedProgram(sys.executable, "-c", code) as target:
        assert target.words == ["True", "None"]
