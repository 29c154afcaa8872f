"""Pages and symbols on request, of real programs."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from stepped_program import SteppedProgram, stepped_python

from smapstop.model.kinds import backing_of, kind_at
from smapstop.model.protocol import (
    FramesReply,
    FramesRequest,
    Pace,
    PagesReply,
    PagesRequest,
    SharersReply,
    SharersRequest,
    SymbolsReply,
    SymbolsRequest,
)
from smapstop.model.tick import Tick
from smapstop.proc.pages.page_states import PAGE_STATES, PageState, states_of
from smapstop.proc.pages.pagemap import PAGE_BYTES
from smapstop.proc.process import PAGEMAP_REMEDY, ProcDir
from smapstop.sampling import queries
from smapstop.sampling.sampler import Sampler

Program = Callable[[str], Path]
pytestmark = pytest.mark.skipif(PAGE_BYTES != 4096, reason="the programs count pages of 4 kB")
TIB = 2**40


class Sampled:
    """A program that is sampled, and what is asked of the mapping at its address."""

    def __init__(self, program: SteppedProgram, process: ProcDir) -> None:
        self.program, self.sampler = program, Sampler(process, Pace(budget=1.0))
        self.tick = self.sampler.sample()

    def go(self) -> None:
        self.program.go()
        self.tick = self.sampler.sample()

    @property
    def mapping(self) -> int:
        """The id of the mapping that has the program's address; of one that moved in this tick or never did."""
        rows, address = self.tick.rows, self.program.address
        return int(self.tick.ids[np.flatnonzero((rows.start <= address) & (rows.end > address))[0]])

    def pages(self, mapping: int) -> PagesReply:
        seen = self.sampler.answer(PagesRequest(mapping))
        assert isinstance(seen, PagesReply)
        return seen

    def names(self, mapping: int, *pages: int) -> SymbolsReply:
        """What lies on pages, counted from the program's address."""
        at = [self.program.address + page * PAGE_BYTES for page in pages]
        seen = self.sampler.answer(SymbolsRequest(mapping, tuple((start, start + PAGE_BYTES) for start in at)))
        assert isinstance(seen, SymbolsReply)
        return seen

    def frames(self, mapping: int, first: int, stop: int) -> FramesReply:
        """What is behind pages, counted from the program's address."""
        start = self.program.address
        seen = self.sampler.answer(FramesRequest(mapping, start + first * PAGE_BYTES, start + stop * PAGE_BYTES))
        assert isinstance(seen, FramesReply)
        return seen


def row_of(tick: Tick, mapping: int) -> int:
    return int(np.flatnonzero(tick.ids == mapping)[0])


def states(sampled: Sampled, pages: int) -> list[PageState]:
    """The state of each page from the program's address on."""
    row = row_of(sampled.tick, sampled.mapping)
    backing = backing_of(kind_at(sampled.tick.rows, row), sampled.tick.rows.perms_of(row))
    seen = sampled.pages(sampled.mapping)
    assert seen.runs is not None
    at = np.uint64(sampled.program.address) + np.arange(pages, dtype=np.uint64) * np.uint64(PAGE_BYTES)
    return [PAGE_STATES[code] for code in states_of(seen.runs.flags_at(at), backing).tolist()]


def test_pages_of_a_mapping_are_as_the_program_made_them(program: Program, tmp_path: Path) -> None:
    here, none = PageState.ANONYMOUS, PageState.NOT_PRESENT
    file, copied, shared = PageState.FILE, PageState.COPIED, PageState.SHARED_MEMORY
    with SteppedProgram(program("page_states"), tmp_path / "file") as target, ProcDir(target.pid) as process:
        sampled = Sampled(target, process)
        anonymous = states(sampled, 10)
        assert [*[here] * 3, none] == anonymous[:4]
        assert anonymous[8:] == [here, none]
        sampled.go()
        assert states(sampled, 9) == [file, file, copied, file, file, copied, copied, file, file]
        sampled.go()
        assert states(sampled, 6) == [none, shared, shared, none, none, none]


def test_a_snapshot_says_when_and_where_it_was(program: Program) -> None:
    with SteppedProgram(program("known_pages")) as target, ProcDir(target.pid) as process:
        sampled = Sampled(target, process)
        mapping = sampled.mapping
        row = row_of(sampled.tick, mapping)
        seen = sampled.pages(mapping)
    assert (seen.mapping, seen.tick, seen.missing_reason) == (mapping, sampled.tick.number, "")
    assert (seen.start, seen.end) == (sampled.tick.rows.start[row], sampled.tick.rows.end[row])
    assert seen.wall_ns >= sampled.tick.wall_ns


def test_names_of_pages_before_and_after_they_are_written(program: Program) -> None:
    with SteppedProgram(program("known_pages")) as target, ProcDir(target.pid) as process:
        sampled = Sampled(target, process)
        mapping = sampled.mapping
        expected = (("page1",), ("page2",), ("crowd1", "crowd2", "crowd3", "crowd4", "2 more"))
        for _ in range(2):
            seen = sampled.names(mapping, 0, 1, 2)
            assert (seen.names, seen.missing_reason) == (expected, "")
            sampled.go()


def test_pages_that_are_not_the_mappings_have_no_names(program: Program) -> None:
    with SteppedProgram(program("known_pages")) as target, ProcDir(target.pid) as process:
        sampled = Sampled(target, process)
        assert sampled.names(sampled.mapping, 0, 1000, -1000).names == (("page1",), (), ())


def test_a_reserved_mapping_of_16_tib_is_nothing_to_read() -> None:
    code = f"""
import ctypes, mmap
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
address = libc.mmap(None, {16 * TIB}, 3, 0x4022, -1, 0)
ctypes.memset(address + {8 * TIB}, 1, 1)
os.write(1, b'step %x\\n' % address); os.read(0, 1)
step()
"""
    with stepped_python(code) as target, ProcDir(target.pid) as process:
        sampled = Sampled(target, process)
        if target.address >= 2**63:
            pytest.skip("no room for 16 TiB here")
        seen = sampled.pages(sampled.mapping)
    assert seen.runs is not None
    assert seen.end - seen.start >= 16 * TIB
    assert 1 <= len(seen.runs) <= 2
    assert (seen.runs.start <= target.address + 8 * TIB).any()


def test_a_mapping_that_is_gone_or_never_was_is_said(program: Program) -> None:
    with SteppedProgram(program("known_pages")) as target, ProcDir(target.pid) as process:
        sampled = Sampled(target, process)
        assert (sampled.pages(10**6).runs, sampled.pages(10**6).missing_reason) == (None, "the mapping is gone")
        assert sampled.names(10**6, 0) == SymbolsReply(
            10**6, ((target.address, target.address + PAGE_BYTES),), ((),), "the mapping is gone"
        )
        mapping = sampled.mapping
        target.kill()
        target.wait()
        assert sampled.pages(mapping).missing_reason.startswith("cannot read the pages of process")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_without_permission_to_read_pages_there_is_an_error(program: Program) -> None:
    with SteppedProgram(program("known_pages")) as target, ProcDir(target.pid) as process:
        sampled = Sampled(target, process)
        os.seteuid(65534)
        try:
            seen = sampled.pages(sampled.mapping)
        finally:
            os.seteuid(0)
    assert seen.runs is None
    assert seen.missing_reason == f"not permitted to read the pages of process {target.pid}: {PAGEMAP_REMEDY}"


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="the frames are shown only to root")


def told(seen: FramesReply) -> tuple[int, int, int]:
    """How many pages have a frame, how many are mapped once, and how often others are at most."""
    assert seen.missing_reason == ""
    return seen.pages, seen.mapped_once, seen.highest_map_count


@needs_root
def test_frames_of_pages_that_a_fork_shares(program: Program) -> None:
    with SteppedProgram(program("fork")) as target, ProcDir(target.pid) as process:
        sampled = Sampled(target, process)
        mapping = sampled.mapping
        assert told(sampled.frames(mapping, 0, 60)) == (60, 60, 1)
        target.go()
        assert told(sampled.frames(mapping, 0, 60)) == (60, 0, 2)
        target.go()
        assert told(sampled.frames(mapping, 0, 60)) == (60, 9, 2)
        assert told(sampled.frames(mapping, 8, 9)) == (1, 1, 1)


@needs_root
def test_frames_that_are_too_many_nobodys_or_hidden_are_said(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SteppedProgram(program("fork")) as target, ProcDir(target.pid) as process:
        sampled = Sampled(target, process)
        mapping = sampled.mapping
        assert sampled.frames(10**6, 0, 1).missing_reason == "the mapping is gone"
        assert sampled.frames(mapping, -1000, 1).missing_reason == "the mapping is gone"
        monkeypatch.setattr(queries, "MAX_FRAMES", 9)
        assert sampled.frames(mapping, 0, 9).missing_reason == ""
        assert sampled.frames(mapping, 0, 10).missing_reason == "only up to 9 pages are read at once"
        os.seteuid(65534)
        try:
            why = sampled.frames(mapping, 0, 1).missing_reason
        finally:
            os.seteuid(0)
        assert why == "cannot be read: Permission denied"


def test_other_processes_that_map_the_object_are_found(program: Program) -> None:
    with SteppedProgram(program("shared_object"), "child") as target, ProcDir(target.pid) as process:
        sampled = Sampled(target, process)
        seen = sampled.sampler.answer(SharersRequest(sampled.mapping))
        assert isinstance(seen, SharersReply)
        ((child, name),) = seen.processes
        assert (name, child != target.pid, seen.attached) == ("shared_object", True, None)
        assert sampled.sampler.answer(SharersRequest(10**6)) == SharersReply(
            10**6, missing_reason="the mapping is gone"
        )


def test_attachments_of_a_system_v_segment_are_counted(program: Program) -> None:
    with SteppedProgram(program("shared_object"), "sysv") as target, ProcDir(target.pid) as process:
        sampled = Sampled(target, process)
        seen = sampled.sampler.answer(SharersRequest(sampled.mapping))
        assert isinstance(seen, SharersReply)
        assert (seen.processes, seen.attached) == ((), 1)
