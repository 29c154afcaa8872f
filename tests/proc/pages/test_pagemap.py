"""Pages of real processes, read with PAGEMAP_SCAN and from pagemap entries."""

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from places import ROOT
from stepped_program import SteppedProgram, stepped_python, wait_until

from smapstop.proc.pages.page_runs import PageFlags, PageRuns
from smapstop.proc.pages.page_states import PAGE_STATES, Backing, PageState, states_of
from smapstop.proc.pages.pagemap import (
    PAGE_BYTES,
    read_anonymous_runs,
    read_entry_runs,
    read_page_runs,
    read_sharing,
    scan_runs,
)
from smapstop.proc.process import ProcDir
from smapstop.proc.smaps.parser import parse_smaps

Program = Callable[[str], Path]
Reader = Callable[[int, int, int], PageRuns]

pytestmark = pytest.mark.skipif(PAGE_BYTES != 4096, reason="the programs count pages of 4 kB")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can do this")

PRESENT, FILE, SWAPPED, ZERO, HUGE, GUARD, SHARED = (
    PageFlags.PRESENT,
    PageFlags.FILE,
    PageFlags.SWAPPED,
    PageFlags.ZERO,
    PageFlags.HUGE,
    PageFlags.GUARD,
    PageFlags.SHARED,
)
TOLD_BY_BOTH = PRESENT | FILE | SWAPPED | GUARD
TIB = 2**40
MAP_ANONYMOUS = """
import ctypes, mmap, os
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
def reserve(size, access):
    address = libc.mmap(None, size, access, 0x4022, -1, 0)
    libc.madvise(ctypes.c_void_p(address), ctypes.c_size_t(size), 15)
    return address
def step_at(address): os.write(1, b'step %x\\n' % address); os.read(0, 1) or os._exit(0)
"""


def scan_known_here() -> bool:
    """Whether this kernel has PAGEMAP_SCAN."""
    with ProcDir(os.getpid()) as process:
        return read_page_runs(process, PAGE_BYTES, 2 * PAGE_BYTES).source == "pagemap-scan"


THP = Path("/sys/kernel/mm/transparent_hugepage/enabled")
needs_scan = pytest.mark.skipif(not scan_known_here(), reason="PAGEMAP_SCAN is new in Linux 6.7")


def listed(runs: PageRuns, base: int = 0) -> list[tuple[int, int, PageFlags]]:
    """The runs in pages from an address."""
    pages = ((runs.start - np.uint64(base)) // PAGE_BYTES, (runs.end - np.uint64(base)) // PAGE_BYTES)
    return [
        (int(start), int(end), PageFlags(int(flags))) for start, end, flags in zip(*pages, runs.flags, strict=True)
    ]


def built(*runs: tuple[int, int, int]) -> PageRuns:
    """Runs from pages."""
    start, end, flags = np.array(runs, np.uint64).reshape(-1, 3).T
    size = np.uint64(PAGE_BYTES)
    return PageRuns(start * size, end * size, flags.astype(np.uint8), TOLD_BY_BOTH, PAGE_BYTES)


def read(process: ProcDir, reader: Reader, start: int, end: int) -> PageRuns:
    """Runs as returned by one of the two readers."""
    fd = process.open("pagemap")
    try:
        return reader(fd, start, end)
    finally:
        os.close(fd)


def told_by_both(process: ProcDir, start: int, end: int) -> list[tuple[int, int, PageFlags]]:
    """Runs of a range, which must be the same from both readers."""
    scanned, entries = read(process, scan_runs, start, end), read(process, read_entry_runs, start, end)
    assert (scanned.source, entries.source) == ("pagemap-scan", "pagemap")
    flags = scanned.flags & np.uint8(TOLD_BY_BOTH)
    both = PageRuns(scanned.start, scanned.end, flags, TOLD_BY_BOTH, PAGE_BYTES).subtract(built())
    assert listed(both) == listed(entries)
    return listed(scanned, start)


def told(program: SteppedProgram, pages: int) -> list[tuple[int, int, PageFlags]]:
    """Runs from both readers of the pages from the program's address on."""
    with ProcDir(program.pid) as process:
        return told_by_both(process, program.address, program.address + pages * PAGE_BYTES)


@needs_scan
def test_pages_of_every_kind(program: Program, tmp_path: Path) -> None:
    with SteppedProgram(program("page_states"), tmp_path / "file") as target:
        guard = [(6, 7, GUARD)] if target.words[0] == "anonymous-guarded" else []
        assert told(target, 10) == [(0, 3, PRESENT), (4, 5, PRESENT | ZERO), *guard, (8, 9, PRESENT)]
        target.go()
        of_file = FILE | PRESENT
        expected = [(0, 2, of_file), (2, 3, PRESENT), (3, 5, of_file), (5, 7, PRESENT), (7, 9, of_file)]
        assert told(target, 12) == [*expected, (11, 12, of_file)]
        with ProcDir(target.pid) as process:
            copied = read_anonymous_runs(process, target.address, target.address + 12 * PAGE_BYTES)
        assert listed(copied, target.address) == [(2, 3, PRESENT), (5, 7, PRESENT)]
        assert copied.pages == 3
        assert copied.file_ranges(target.address, 0x10000).tolist() == [[0x12000, 0x13000], [0x15000, 0x17000]]
        target.go()
        assert told(target, 6) == [(1, 3, FILE | PRESENT)]


@needs_scan
@pytest.mark.skipif(not THP.exists() or "[never]" in THP.read_text(), reason="huge pages are off")
def test_huge_pages_and_the_huge_zero_page(program: Program, tmp_path: Path) -> None:
    with SteppedProgram(program("page_states"), tmp_path / "file") as target, ProcDir(target.pid) as process:
        target.go().go().go()
        start, end = target.address, target.address + 1024 * PAGE_BYTES
        expected = [(0, 512, PRESENT | HUGE), (512, 1024, PRESENT | ZERO | HUGE)]
        assert listed(read(process, scan_runs, start, end), start) == expected
        told_by_entries = read(process, read_entry_runs, start, end)
        assert listed(told_by_entries, start) == [(0, 512, PRESENT), (512, 1024, FILE | PRESENT)]
        states = [PAGE_STATES[code] for code in states_of(told_by_entries.flags, Backing.NOTHING)]
        assert states == [PageState.ANONYMOUS, PageState.ZERO]
        assert listed(read_anonymous_runs(process, start, end), start) == [(0, 512, PRESENT | HUGE)]


@needs_root
@needs_scan
@pytest.mark.usefixtures("swap")
def test_swapped_pages_are_anonymous_pages(program: Program) -> None:
    with SteppedProgram(program("swap")) as target, ProcDir(target.pid) as process:
        target.go()
        assert told(target, 80) == [(0, 30, SWAPPED), (30, 50, PRESENT)]
        assert read_anonymous_runs(process, target.address, target.address + 80 * PAGE_BYTES).pages == 50


@needs_scan
def test_both_say_the_same_of_every_mapping_and_smaps_counts_as_many_anonymous_pages() -> None:
    with stepped_python("import json, decimal, ctypes; step()") as target, ProcDir(target.pid) as process:
        mappings = parse_smaps(process.read_smaps())
        anonymous, swap = mappings.get("anonymous"), mappings.get("swap")
        assert anonymous is not None
        assert swap is not None
        for row in range(len(mappings)):
            start, end = int(mappings.start[row]), int(mappings.end[row])
            pages = read_anonymous_runs(process, start, end).pages
            assert pages * 4 == int(anonymous[row] + swap[row]), mappings.name_of(row)
            if mappings.name_of(row) != "[vsyscall]":
                told_by_both(process, start, end)


@needs_scan
@pytest.mark.parametrize("count", [511, 512, 513, 1024, 1536, 2500])
def test_more_runs_than_one_call_of_the_kernel_answers(count: int) -> None:
    code = (
        f"p = reserve(6000 * 4096, 3)\nfor page in range(0, {2 * count}, 2): ctypes.memset(p + page * 4096, 1, 1)\n"
    )
    with stepped_python(MAP_ANONYMOUS + code + "step_at(p)") as target:
        expected = [(page, page + 1, PRESENT) for page in range(0, 2 * count, 2)]
        for pages in (2 * count - 1, 2 * count, 6000):
            assert told(target, pages) == expected


@needs_scan
def test_many_pages_are_one_run_and_patterns_come_out_as_they_went_in() -> None:
    chance = random.Random(4)
    written = sorted(page + 40_000 for page in chance.sample(range(4000), 1800))
    writes = f"ctypes.memset(p, 1, 20000 * 4096)\nfor page in {written}: ctypes.memset(p + page * 4096, 1, 1)\n"
    with stepped_python(MAP_ANONYMOUS + "p = reserve(50000 * 4096, 3)\n" + writes + "step_at(p)") as target:
        one_run, *runs = told(target, 50_000)
    assert one_run == (0, 20_000, PRESENT)
    assert [page for start, end, _ in runs for page in range(start, end)] == written


@needs_scan
def test_a_reservation_of_a_tebibyte_is_scanned_at_once() -> None:
    middle = 300_000_000_000 // PAGE_BYTES
    with (
        stepped_python(
            MAP_ANONYMOUS + f"p = reserve({TIB}, 0)\nhere = p + {middle * PAGE_BYTES}\n"
            "libc.mprotect(ctypes.c_void_p(here), ctypes.c_size_t(4096), 3)\nctypes.memset(here, 1, 1)\nstep_at(p)"
        ) as target,
        ProcDir(target.pid) as process,
    ):
        started = time.thread_time()  # CPU time, which does not advance while other threads run
        scanned = read_page_runs(process, target.address, target.address + TIB)
        assert time.thread_time() - started < 0.25
        assert listed(scanned, target.address) == [(middle, middle + 1, PRESENT)]
        assert listed(read(process, read_entry_runs, target.address, target.address + TIB), target.address) == listed(
            scanned, target.address
        )


def test_vsyscall_which_is_above_all_user_addresses_has_no_pages() -> None:
    with ProcDir(os.getpid()) as process:
        assert listed(read_page_runs(process, 0xFFFFFFFFFF600000, 0xFFFFFFFFFF601000)) == []


def test_nothing_mapped_is_no_runs() -> None:
    with ProcDir(os.getpid()) as process:
        for reader in (scan_runs, read_entry_runs) if scan_known_here() else (read_entry_runs,):
            assert listed(read(process, reader, 0, PAGE_BYTES)) == []
            assert listed(read(process, reader, PAGE_BYTES, PAGE_BYTES)) == []


def test_pages_are_those_of_the_program_that_was_executed_last(program: Program) -> None:
    with SteppedProgram(program("again")) as target, ProcDir(target.pid) as process:
        for _ in range(2):
            assert read_anonymous_runs(process, target.address, target.address + 3 * PAGE_BYTES).pages == 3
            target.go()


def test_process_that_has_ended_has_no_pages_to_read() -> None:
    with stepped_python("step()") as target, ProcDir(target.pid) as process:
        os.kill(target.pid, signal.SIGKILL)
        target.wait()
        with pytest.raises((ProcessLookupError, FileNotFoundError)):
            read_page_runs(process, PAGE_BYTES, 2 * PAGE_BYTES)


@needs_scan
def test_process_that_ends_while_it_is_read_has_no_pages_left(program: Program) -> None:
    with SteppedProgram(program("first_touch")) as target, ProcDir(target.pid) as process:
        target.go()
        fd, start, end = process.open("pagemap"), target.address, target.address + 64 * PAGE_BYTES
        try:
            assert scan_runs(fd, start, end).pages == read_entry_runs(fd, start, end).pages == 37
            target.kill()
            wait_until(lambda: process.counters().state == "Z")
            assert len(read_entry_runs(fd, start, end)) == 0
            with suppress(ProcessLookupError):  # as newer kernels say
                assert len(scan_runs(fd, start, end)) == 0
        finally:
            os.close(fd)


@needs_root
def test_pages_of_another_users_process_may_not_be_read() -> None:
    root = ROOT
    # imports first: nobody may not be allowed to read the project
    code = f"""
import os, sys
sys.path.insert(0, {str(root)!r})
import smapstop.proc.pages.pagemap, smapstop.proc.process
os.setgid(65534)
os.setuid(65534)
with smapstop.proc.process.ProcDir(1) as process:
    try:
        smapstop.proc.pages.pagemap.read_page_runs(process, 4096, 8192)
    except PermissionError as error:
        os.write(1, error.strerror.encode() + b"\\n")
"""
    with SteppedProgram(sys.executable, "-c", code) as target:
        assert target.words == ["Permission", "denied"]


def sharing(pid: int, start: int, pages: int) -> str:
    """Whether each page is our own (A), mapped elsewhere, too (a), or not in memory."""
    with ProcDir(pid) as process:
        runs = read_sharing(process, read_page_runs(process, start, start + pages * PAGE_BYTES))
    assert SHARED in runs.known_flags
    at = runs.flags_at(np.uint64(start) + np.arange(pages, dtype=np.uint64) * np.uint64(PAGE_BYTES))
    return "".join("·" if not flags & PRESENT else "a" if flags & SHARED else "A" for flags in at.tolist())


def child_of(pid: int) -> int:
    """The only child of a program."""
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text())


def test_own_pages_and_shared_ones_before_and_after_a_fork_in_parent_and_child(program: Program) -> None:
    with SteppedProgram(program("fork")) as target:

        def both() -> tuple[str, str]:
            return sharing(target.pid, target.address, 60), sharing(child_of(target.pid), target.address, 60)

        assert sharing(target.pid, target.address, 60) == "A" * 60
        target.go()
        assert both() == ("a" * 60, "a" * 60)
        target.go()
        assert both() == ("A" * 9 + "a" * 51,) * 2, (
            "the parent has copies, and the child is the only one with the rest"
        )
        target.go()
        assert both() == ("A" * 9 + "a" * 21 + "A" * 4 + "a" * 26,) * 2
        target.go()
        assert sharing(target.pid, target.address, 60) == "A" * 60, "the child has ended"


def test_own_pages_of_a_private_file_mapping(program: Program, tmp_path: Path) -> None:
    with SteppedProgram(program("fork_file"), tmp_path / "file") as target:
        assert sharing(target.pid, target.address, 20) == "A" * 20
        target.go()
        assert sharing(target.pid, target.address, 20) == "a" * 20
        target.go()
        assert sharing(target.pid, target.address, 20) == "A" * 3 + "a" * 17
        target.go()
        assert sharing(target.pid, target.address, 20) == "A" * 3 + "a" * 12 + "A" * 2 + "a" * 3
        target.go()
        assert sharing(target.pid, target.address, 20) == "A" * 20


def test_sharing_of_scattered_pages_far_apart_and_of_more_than_one_read() -> None:
    """Runs with short gaps, with long ones, and one that is longer than a read."""
    chance = random.Random(7)
    scattered = chance.sample(range(6000), 1500)
    mine = [*sorted(chance.sample(scattered, 600)), 20_000, 100_000 + 65_535, 100_000 + 65_536]
    code = (
        f"p = reserve(200_000 * 4096, 3)\nfor page in {[*scattered, 20_000]}: ctypes.memset(p + page * 4096, 1, 1)\n"
        "ctypes.memset(p + 100_000 * 4096, 1, 70_000 * 4096)\n"
        "if os.fork() == 0: os.read(0, 1); os._exit(0)\n"
        f"for page in {mine}: ctypes.memset(p + page * 4096, 2, 1)\nstep_at(p)\n"
    )
    with stepped_python(MAP_ANONYMOUS + code) as target:
        told = sharing(target.pid, target.address, 200_000)
        os.kill(child_of(target.pid), signal.SIGKILL)
    assert [page for page, letter in enumerate(told) if letter == "A"] == mine
    assert told.count("a") == 1500 + 1 + 70_000 - len(mine)


def test_own_and_shared_pages_are_those_that_smaps_counts_as_private_and_shared() -> None:
    code = (
        "import json, ctypes\nif os.fork() == 0: os.read(0, 1); os._exit(0)\nx = [[n] for n in range(20_000)]\nstep()"
    )
    with stepped_python(code) as target, ProcDir(target.pid) as process:
        mappings = parse_smaps(process.read_smaps())
        named = zip(range(len(mappings)), mappings.start.tolist(), mappings.end.tolist(), strict=True)
        ranges = {start: end for row, start, end in named if not mappings.name_of(row).startswith("[v")}

        def private_and_shared() -> dict[int, list[int]]:
            """Own and shared memory of each mapping by its start, kB, as smaps has it."""
            read = parse_smaps(process.read_smaps())
            fields = [read.get(name) for name in ("private_clean", "private_dirty", "shared_clean", "shared_dirty")]
            own_clean, own_dirty, clean, dirty = (np.zeros(len(read)) if field is None else field for field in fields)
            pairs = np.column_stack([own_clean + own_dirty, clean + dirty]).astype(int).tolist()
            return dict(zip(read.start.tolist(), pairs, strict=True))

        def own_and_shared(start: int, end: int) -> list[int]:
            """The same from the pages."""
            runs = read_page_runs(process, start, end)
            runs = read_sharing(process, runs.take(runs.flags & (ZERO | HUGE) == 0))
            kb = (runs.end - runs.start) // np.uint64(1024)
            in_memory, shared = runs.flags & PRESENT != 0, runs.flags & SHARED != 0
            return [int(kb[in_memory & ~shared].sum()), int(kb[in_memory & shared].sum())]

        agreed: dict[int, list[int]] = {}

        def is_all_agreed() -> bool:
            """Whether each mapping was the same once: others may map a library between the two readings."""
            found = {start: own_and_shared(start, end) for start, end in ranges.items() if start not in agreed}
            counted = private_and_shared()
            agreed.update({start: pair for start, pair in found.items() if pair == counted[start]})
            return agreed.keys() == ranges.keys()

        wait_until(is_all_agreed)
        os.kill(child_of(target.pid), signal.SIGKILL)
    assert np.array(list(agreed.values())).sum(axis=0).min() > 400, "there is some of both"


@needs_scan
@pytest.mark.skipif(not THP.exists() or "[never]" in THP.read_text(), reason="huge pages are off")
def test_huge_pages_shared_by_a_fork_are_shared_until_they_are_no_more(program: Program) -> None:
    with SteppedProgram(program("huge_shared")) as target:
        target.go().go()
        assert sharing(target.pid, target.address, 512) == "A" * 512
        target.go()
        assert sharing(target.pid, target.address, 512) == "a" * 512
        for _ in range(3):
            target.go()
        assert sharing(target.pid, target.address, 512) == "A" * 512, "the child has ended"


PAGES = st.dictionaries(st.integers(0, 40), st.sampled_from([FILE | PRESENT, PRESENT, SWAPPED]), max_size=30)


def runs_of(pages: dict[int, PageFlags]) -> PageRuns:
    """Runs of single pages, joined."""
    return built(*((page, page + 1, flags) for page, flags in sorted(pages.items()))).subtract(built())


@given(PAGES, PAGES)
def test_without_is_the_difference_of_the_pages(pages: dict[int, PageFlags], others: dict[int, PageFlags]) -> None:
    left = {page: flags for page, flags in pages.items() if page not in others}

    assert listed(runs_of(pages).subtract(runs_of(others))) == listed(runs_of(left))
    assert runs_of(left).pages == len(left)


@given(PAGES)
def test_flags_at_every_page(pages: dict[int, PageFlags]) -> None:
    addresses = np.arange(45, dtype=np.uint64) * np.uint64(PAGE_BYTES) + np.uint64(17)
    runs = runs_of(pages)

    assert [int(pages.get(page, 0)) for page in range(45)] == runs.flags_at(addresses).tolist()
    assert all(runs.end[i] < runs.start[i + 1] or runs.flags[i] != runs.flags[i + 1] for i in range(len(runs) - 1)), (
        "neighbours that are alike are one run"
    )
