"""Every mechanism, done by a real program to a known number of pages, as the sampler tells it."""

import mmap
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from stepped_program import SteppedProgram, wait_until
from truth.machine import KSM, huge_pages, ksm_dropping_zeros, ksm_running

from smapstop.model.events import Event
from smapstop.model.protocol import Pace
from smapstop.model.tick import Tick
from smapstop.model.timeline.timeline import Timeline
from smapstop.proc.process import ProcDir
from smapstop.proc.smaps.parser import parse_smaps
from smapstop.sampling.sampler import Sampler
from smapstop.text.mechanisms import sentence_of

Program = Callable[[str], Path]
PAGE = os.sysconf("SC_PAGE_SIZE")
KERNEL = tuple(int(part) for part in platform.release().split("-")[0].split(".")[:2])
THP = Path("/sys/kernel/mm/transparent_hugepage/enabled")

pytestmark = pytest.mark.skipif(PAGE != 4096, reason="the programs count pages of 4 kB")
needs_huge_pages = pytest.mark.skipif(
    "[never]" in THP.read_text() if THP.exists() else True, reason="no huge pages here"
)
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can do this")

FORK = {"shared-by-fork"}
LET_GO = {"sole-owner"}
CODE = {"file-read"}
"""A program that runs on comes to pages of its code where it has not been before."""


class Explained:
    """A program that stands still at each step, and what the sampler says of the way there."""

    def __init__(self, stepping: SteppedProgram, process: ProcDir) -> None:
        self.stepping, self.process = stepping, process
        self.sampler = Sampler(process, Pace(budget=1.0))
        self.timeline = Timeline()
        self.sample()

    def sample(self) -> Tick:
        """The next tick."""
        tick = self.sampler.sample()
        assert tick.tier == "smaps"
        self.timeline.append(tick)
        return tick

    def go(self, *, elsewhere: frozenset[str] | set[str] = frozenset()) -> list[str]:
        """What happened, until the next step, to the mapping that this step speaks of, the costliest first.

        Args:
            elsewhere: What may have happened to other mappings, besides code that was reached.
        """
        self.stepping.go()
        return self.told(elsewhere=elsewhere)

    def told(self, *, elsewhere: frozenset[str] | set[str] = frozenset()) -> list[str]:
        """The same, of all that happened since the last tick."""
        events = self.sample().events
        mapping = self.mapping
        others = {
            str(event)
            for other in set(events.mapping.tolist()) - {mapping}
            for event in told(events.of_mapping(other))
        }
        kinds = {other.split(" ")[0] for other in others}
        assert kinds <= CODE | elsewhere, others
        return told(events.of_mapping(mapping))

    @property
    def events(self) -> list[Event]:
        """What happened to that mapping in the last tick."""
        assert self.timeline.last is not None
        return self.timeline.last.tick.events.of_mapping(self.mapping)

    def gone(self) -> list[str]:
        """What happened, until the next step, to the mapping that this step speaks of, which is gone then."""
        mapping = self.mapping
        self.stepping.go()
        tick = self.sample()
        assert mapping in tick.gone
        return told(tick.events.of_mapping(mapping))

    @property
    def mapping(self) -> int:
        """The mapping that this step speaks of."""
        assert self.timeline.last is not None
        mappings, address = self.timeline.last.mappings, np.uint64(self.stepping.address)
        (row,) = np.flatnonzero((mappings.start <= address) & (address < mappings.end))
        return int(self.timeline.last.ids[row])

    def field(self, name: str) -> int:
        """A field of that mapping, kB, as the kernel prints it now."""
        mappings, address = parse_smaps(self.process.read_smaps()), np.uint64(self.stepping.address)
        column = mappings.get(name)
        assert column is not None
        return int(column[(mappings.start <= address) & (address < mappings.end)][0])


def told(events: list[Event]) -> list[str]:
    """Events in a few words, with a question mark where they are not sure."""
    return [f"{event.what}{'' if event.sure else '?'} {event.pages}" for event in events]


@contextmanager
def explained(program: Path, *arguments: Path) -> Iterator[Explained]:
    with SteppedProgram(program, *arguments) as stepping, ProcDir(stepping.pid) as process:
        yield Explained(stepping, process)


@pytest.fixture(autouse=True)
def bound_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs resolve their symbols before the first step, which would else be an event in between."""
    monkeypatch.setenv("LD_BIND_NOW", "1")


@pytest.fixture
def disk() -> Iterator[Path]:
    """A directory on a disk: /tmp may be a tmpfs, whose files are memory."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as directory:
        yield Path(directory)


@pytest.fixture
def data(disk: Path) -> Path:
    """Where a program may put its file."""
    return disk / "data"


def test_first_touch(program: Program) -> None:
    with explained(program("first_touch")) as target:
        assert target.go() == ["first-touch 37"]
        assert target.go() == [], "reading untouched memory maps the zero page, which counts nowhere"
        assert target.go() == ["first-touch 9"]


def test_copy_on_write_of_a_private_file_mapping(program: Program, data: Path) -> None:
    with explained(program("copy_on_write"), data) as target:
        assert target.go() == ["file-read 40"]
        assert target.go() == ["copy-on-write 11"]
        assert target.go() == [], "they are the process's own now"
        assert target.go() == ["reclaim? 29", "discard 11"]
        assert target.go() == ["copy-on-write 13"], "written without having been read"
        assert target.go() == ["copy-on-write 3", "file-read 24"]
        assert target.go() == ["reclaim? 20"]
        assert target.go() == ["copy-on-write 2", "file-read? 18"], "20 read and 2 of the older copied fit as well"
        assert target.go(elsewhere={"copy-on-write"}) == ["copy-on-write 2"]
        assert target.go() == ["file-read 4", "discard 4"]


def test_copy_on_write_in_an_executable_just_linked(program: Program, disk: Path) -> None:
    executable = Path(shutil.copy(program("data_page"), disk / "just_linked"))
    with explained(executable) as target:
        before = target.field("anonymous"), target.field("private_dirty"), target.field("private_clean")
        assert target.go() == ["copy-on-write 1"]
        after = target.field("anonymous"), target.field("private_dirty"), target.field("private_clean")
        assert after == (before[0] + 4, before[1], 0), "nothing but Anonymous moved"


def test_copy_on_write_in_an_executable_written_back(program: Program, disk: Path) -> None:
    executable = Path(shutil.copy(program("data_page"), disk / "written_back"))
    with open(executable, "rb") as file:
        os.fsync(file)
    with explained(executable) as target:
        before = target.field("anonymous"), target.field("private_dirty"), target.field("private_clean")
        assert target.go() == ["copy-on-write 1"]
        after = target.field("anonymous"), target.field("private_dirty"), target.field("private_clean")
        assert after == (before[0] + 4, before[1] + 4, before[2] - 4)


def test_another_process_that_maps_the_same_pages_is_no_event(program: Program, disk: Path) -> None:
    data = disk / "data"
    executable = Path(shutil.copy(program("copy_on_write"), disk / "just_linked"))
    with explained(executable, data) as target:
        target.go()
        with open(data, "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as peer:
            assert sum(peer[page * PAGE] for page in range(40)) == 40 * 7
            assert target.field("shared_clean") == 160
            assert told_nothing(target)
        assert target.field("private_clean") == 160
        assert told_nothing(target)
        with explained(executable, disk / "other"):  # shares the dirty pages of the executable
            assert told_nothing(target)
        assert told_nothing(target)


def told_nothing(target: Explained) -> bool:
    return len(target.sample().events) == 0


def test_shared_file_mapping(program: Program, data: Path) -> None:
    with explained(program("shared_write"), data) as target:
        assert target.go() == ["file-read 40"]
        assert target.go() == ["shared-write 5"]
        assert target.go() == ["writeback 5"]
        assert target.go() == ["reclaim? 40"]
        assert target.go() == ["shared-write? 3"], "they might have been dirty already"
        assert target.go() == ["file-read 37"]
        assert target.go() == ["shared-write 1"], "by write(2)"
        assert target.go() == ["reclaim? 9", "discard? 1"], "a dirty page may have been written back first"
        assert target.go() == ["reclaim? 12", "discard? 3"], "truncated"


def test_fork_and_the_end_of_the_child(program: Program) -> None:
    with explained(program("fork")) as target:
        assert target.go(elsewhere=FORK) == ["shared-by-fork 60"]
        assert target.go() == ["copy-on-write-after-fork? 9"]
        assert target.go() == ["sole-owner 4"], "the child copied them, and left the old ones to us"
        assert target.go(elsewhere=LET_GO) == ["sole-owner 47"]
        assert target.go() == [], "a page that is ours alone is written in place"


def test_writes_and_the_end_of_the_child_in_one_tick(program: Program) -> None:
    with explained(program("fork")) as target:
        for _ in range(5):
            target.go(elsewhere=FORK | LET_GO | {"copy-on-write-after-fork"})
        assert target.go(elsewhere=FORK) == ["shared-by-fork 60"]
        assert target.go(elsewhere={"sole-owner?"}) == ["copy-on-write-after-fork? 9", "sole-owner 51"]


def test_two_children(program: Program) -> None:
    with explained(program("two_children")) as target:
        assert target.go(elsewhere=FORK) == ["shared-by-fork 40"]
        assert target.go() == [], "the pages are shared with the other child still"
        assert target.go() == ["copy-on-write-after-fork? 12"]
        assert target.go(elsewhere=LET_GO) == ["sole-owner 28"]


def test_fork_with_a_private_file_mapping(program: Program, data: Path) -> None:
    with explained(program("fork_file"), data) as target:
        assert target.go(elsewhere=FORK) == ["shared-by-fork 10"], "only copies can be shared by fork alone"
        assert target.go() == ["copy-on-write-after-fork? 3"]
        assert target.go() == ["copy-on-write 2"]
        assert target.go(elsewhere=LET_GO) == ["sole-owner 7"]


def test_discard_and_reclaim(program: Program, data: Path) -> None:
    with explained(program("discard"), data) as target:
        assert target.go() == ["discard 20"]
        assert target.go() == ["reclaim? 20"], "MADV_DONTNEED of clean file pages looks like reclaim"
        assert target.go() == ["reclaim? 40"]
        assert target.go() == ["file-read 60"]


def test_lazy_free(program: Program) -> None:
    with explained(program("lazy_free")) as target:
        assert target.go() == ["lazy-free 20"]
        assert target.go() == ["rewrite 4"]
        assert target.go() == ["reclaim? 16"]


@needs_root
@pytest.mark.usefixtures("swap")
def test_swap(program: Program) -> None:
    with explained(program("swap")) as target:
        assert target.go() == ["swap-out 30"]
        read = target.go()
        # where swap is more than half full, pages leave it when they are read, and are dirty (mm/memory.c,
        # should_try_to_free_swap): then a write changes nothing
        clean = target.field("private_clean") // 4
        assert read == (["swap-in 10"] if clean else ["swap-in? 10"])
        assert target.go() == ["swap-in? 10"], "or given up, and as many touched"
        assert target.go() == ([f"rewrite {clean}"] if clean else [])
        assert target.go() == ["discard 6"]
        assert target.go() == ["first-touch 8", "swap-out 5"]
        assert target.go() == ["first-touch 7", "swap-in? 5"]


@needs_root
@pytest.mark.usefixtures("swap")
def test_what_went_to_swap_from_a_file_mapping_was_copied_first(program: Program, data: Path) -> None:
    with explained(program("swap_copies"), data) as target:
        assert target.go() == ["copy-on-write 15", "swap-out 15"]


@needs_root
@pytest.mark.usefixtures("swap")
def test_swap_of_shared_memory(program: Program) -> None:
    with explained(program("swap_memory")) as target:
        assert target.go() == ["swap-out 8"]
        assert target.go()[0].startswith("swap-in "), "the kernel may map neighbours that it read ahead"


@needs_huge_pages
def test_huge_pages(program: Program) -> None:
    with explained(program("huge")) as target:
        assert target.go() == ["huge-fault 512"]
        assert target.go() == ["huge-fault 512"]
        assert target.go() == ["discard 1", "huge-split 512"]
        assert target.go() == ["discard 512"]
        assert target.go() == ["huge-collapse 512"]
        assert target.go() == ["huge-collapse 512"], "and the holes are no first touch"
        assert target.go(elsewhere={"huge-split?"}) == [], "told of the part that can have held all of it"
        assert target.go() == ["discard 400", "huge-split 512"]
        assert target.go() == ["huge-collapse? 512"], "or given up, and one huge page touched"


@needs_root
@pytest.mark.skipif(not (KSM / "smart_scan").exists(), reason="this kernel's KSM is missing, or older")
def test_ksm(program: Program) -> None:
    with ksm_running() as made, explained(program("ksm")) as target:
        if not made:
            pytest.skip("KSM cannot be switched on, or another run has it")
        target.stepping.go()
        wait_until(lambda: target.field("ksm") == 200)
        assert target.told() == ["ksm-merge 50"]
        assert target.go() == ["ksm-unmerge 3"]
        assert target.go() == ["ksm-unmerge 47"]


@needs_root
@pytest.mark.skipif(not (KSM / "smart_scan").exists(), reason="this kernel's KSM is missing, or older")
def test_zeros_that_ksm_merges_are_neither_surely_given_up_nor_surely_touched_again(program: Program) -> None:
    with ksm_dropping_zeros() as made, explained(program("ksm_zeros")) as target:
        if not made:
            pytest.skip("KSM cannot be switched on, or another run has it")
        target.stepping.go()
        wait_until(lambda: target.field("rss") == 0)
        assert target.told() == ["discard? 50"], "replaced by the zero page, which counts nowhere"
        assert target.go() == ["first-touch? 3"]
        assert target.go() == ["first-touch? 47"], "nobody touched them"


def test_lock(program: Program, data: Path) -> None:
    with explained(program("lock"), data) as target:
        assert target.go() == ["first-touch 40", "lock 50"]
        assert target.go() == ["unlock 10"]
        assert target.go() == ["unlock 50"]
        assert target.go() == ["copy-on-write 20", "lock 20"], "a writable private mapping is populated by writing"


def test_memory_file(program: Program) -> None:
    with explained(program("memory_file")) as target:
        assert target.go() == ["first-touch 12"]
        assert target.go() == ["first-touch 4"], "a hole of shared memory is filled when it is read"
        assert target.go() == ["shared-write 4"]
        assert target.go() == ["discard 5"]
        assert target.go() == ["shared-map 11"], "the first mapping has them, too"
        assert target.go() == ["copy-on-write 3"]


def test_mappings_that_split_merge_or_move_lose_and_gain_no_pages(program: Program, data: Path) -> None:
    with explained(program("places"), data) as target:
        for step in ("split", "border-moved-up", "border-moved-down", "merged"):
            assert (target.go(), target.stepping.words[0]) == ([], step)
        assert target.go() == ["discard 6"], "in the midst of a split, of the half where it was"
        assert target.go() == ["unmapped 8"], "in the middle"
        for step in ("file-split", "moved", "moved-a-part"):
            assert (target.go(), target.stepping.words[0]) == ([], step)


def test_heap(program: Program) -> None:
    with explained(program("heap")) as target:
        assert target.go() == []
        assert target.go() == ["first-touch 40"]
        assert target.go() == ["unmapped 6"], "of the 30 pages that were cut off, the touched ones"


def test_unmapped_parts(program: Program) -> None:
    with explained(program("unmapped_parts")) as target:
        assert target.go() == [], "two neighbours are one mapping"
        assert target.go() == ["first-touch 32"]
        assert target.go() == ["unmapped 8"], "in the middle"
        assert target.go() == ["unmapped 4"], "at the end"
        assert target.go() == ["unmapped 5"], "by mremap"


def test_mapping_that_is_gone_was_unmapped_with_its_pages(program: Program) -> None:
    with explained(program("mapped_and_unmapped")) as target:
        assert target.go() == ["first-touch 3"]
        assert target.gone() == ["unmapped 3"]


def test_no_part_of_a_split_gave_up_more_pages_than_it_has(program: Program) -> None:
    with explained(program("parts_given_up")) as target:
        assert target.go(elsewhere={"discard?"}) == ["discard? 6"], "of 10; the part has 6 pages, the next one too"


def test_buffer_of_the_same_size_is_no_move_where_page_faults_filled_it(program: Program) -> None:
    with explained(program("buffer_again")) as target:
        old = target.mapping
        assert target.go(elsewhere={"unmapped?"}) == ["first-touch? 40"], "or moved, and 40 faults left no trace"
        assert target.timeline.last is not None
        tick = target.timeline.last.tick
        assert "move" not in {event.what for event in tick.lineage}
        assert told(tick.events.of_mapping(old)) == ["unmapped? 40"]


def test_part_unmapped_and_part_given_up_in_one_tick(program: Program) -> None:
    with explained(program("cut_and_given_up")) as target:
        assert target.go() == ["discard 12", "unmapped 10"], "all pages of the part were resident"
        assert target.go() == ["unmapped? 5", "discard 3"], "of 8 pages, at most 5 were in the part"


def test_given_up_and_something_else_in_one_tick(program: Program, data: Path) -> None:
    with explained(program("given_up_twice"), data) as target:
        assert target.go() == ["rewrite? 20"], "written, or given up and touched again: there were faults for it"
        assert target.go() == ["file-read 10", "discard 10", "unmapped 10"], "no more than fitted into the addresses"
        marked = target.go(elsewhere={*FORK, "first-touch"})
        assert marked.pop() == "shared-by-fork 30", "with those that were not marked"
        assert {event.split()[0].rstrip("?") for event in marked} == {"lazy-free"}
        assert sum(int(event.split()[1]) for event in marked) == 20


def test_moved_and_left_empty(program: Program, data: Path) -> None:
    with explained(program("remap"), data) as target:
        assert target.go() == [], "grown in place"
        assert target.go() == [], "moved"
        moved = target.mapping
        assert target.go() == []
        assert target.mapping == moved, "it goes with its pages (MREMAP_DONTUNMAP)"
        assert target.go() == ["first-touch 8"]
        assert target.go() == ["unmapped 12"]
        assert target.go() == [], "a file's mapping moved"


def test_views_of_a_file_that_take_each_other_s_place(program: Program, data: Path) -> None:
    with explained(program("views_of_file"), data) as target:
        private = target.mapping
        assert target.go(elsewhere={"unmapped"}) == ["file-read 40"], "of the shared view"
        assert target.timeline.last is not None
        assert told(target.timeline.last.tick.events.of_mapping(private)) == ["unmapped 40"], "its 10 copies, too"
        assert target.go(elsewhere={"unmapped"}) == ["file-read 20"]
        assert target.go(elsewhere={"unmapped?"}) == ["copy-on-write? 5"], "of pages that may have moved then"
        assert target.go() == ["file-read 20"]
        assert target.go(elsewhere={"unmapped?"}) == ["file-read? 20"], "10 of them are in both windows"
        assert target.go() == ["file-read 10"]
        assert target.go(elsewhere={"unmapped"}) == ["shared-write? 10"], "or the other view was written earlier"
        assert target.go() == ["file-read 15", "shared-write? 5"]
        assert target.go(elsewhere={"unmapped?"}) == ["file-read? 15", "shared-write? 5"], "nothing was written back"


def test_fork_of_half_a_mapping(program: Program) -> None:
    with explained(program("fork_kinds")) as target:
        assert target.go() == [], "vfork"
        assert target.go() == [], "posix_spawn"
        assert target.go(elsewhere=FORK) == ["shared-by-fork 30"], "told of the half that the child has"


def test_lock_of_parts(program: Program) -> None:
    with explained(program("lock_parts")) as target:
        assert target.go() == ["lock 0"], "on fault: nothing is populated"
        assert target.go() == ["first-touch 8"]
        assert target.go() == ["first-touch? 32", "lock 32"], "of this part, or of the other"
        assert target.go() == ["unlock 24"]


@needs_root
def test_hugetlb(program: Program) -> None:
    with huge_pages() as made, explained(program("hugetlb")) as target:
        if not made:
            pytest.skip("no memory for huge pages of hugetlb, or another run has it")
        assert target.go() == ["huge-fault 1536"]
        assert target.go(elsewhere=FORK) == ["shared-by-fork 1536"]
        assert target.go() == ["sole-owner 512"], "the child has a copy"
        assert target.go(elsewhere={"copy-on-write-after-fork?"}) == ["copy-on-write-after-fork? 512"]
        assert target.go(elsewhere=LET_GO) == ["sole-owner 512"]
        assert target.go() == ["discard 512"]
        assert target.go() == ["huge-fault 512"]
        assert target.gone() == ["unmapped 512"]
        assert target.go() == ["unmapped? 512"], "or the last one was given up: the first one was"


@pytest.mark.usefixtures("swap")
@needs_root
@needs_huge_pages
def test_zeros_of_a_huge_page_that_is_paged_out_are_the_zero_page(program: Program) -> None:
    with explained(program("huge_paged_out")) as target:
        assert target.go() == ["huge-fault 512"]
        assert target.go() == ["swap-out 256", "zero-page? 256"]


def test_write_through_a_shared_mapping_into_large_folios(program: Program, data: Path) -> None:
    with explained(program("large_folios"), data) as target:
        assert target.go() == ["shared-write? 512"]
        (what, *more) = target.go()
        assert (what, more) in (("shared-write? 256", []), ("huge-fault 512", []))


def test_dirty_pages_of_a_file_may_have_been_written_back_and_reclaimed(program: Program, data: Path) -> None:
    with explained(program("written_back"), data) as target:
        assert target.go() == ["discard? 24"], "in one tick"
        assert [event.alternatives for event in target.events] == [("zero-page", "reclaim")]
        assert target.go() == ["shared-write? 24"]
        assert target.go() == ["discard? 24"], "MADV_DONTNEED, which looks the same"


@pytest.mark.skipif(KERNEL < (6, 8), reason="UFFDIO_MOVE came with Linux 6.8")
def test_pages_that_a_userfaultfd_handler_filled_are_not_surely_touched(program: Program) -> None:
    with explained(program("userfault")) as target:
        assert target.go() == ["first-touch? 8"], "copied there"
        assert target.go(elsewhere={"discard?"}) == ["first-touch? 16"], "moved there (UFFDIO_MOVE)"
    with explained(program("userfault_protected")) as target:
        assert target.go() == ["first-touch? 8"], "copied there, though missing pages are not asked for"
        assert target.go(elsewhere={"discard?"}) == ["first-touch? 16"], "moved there, and not registered any more"


def test_pages_that_somebody_else_wrote_to_after_a_fork_took_no_fault(program: Program) -> None:
    with explained(program("poked_after_fork")) as target:
        assert target.go() == ["sole-owner 8"]
        (event,) = target.events
        assert "or a debugger wrote to them here" in sentence_of(event)
        assert target.go(elsewhere=LET_GO) == ["sole-owner 24"]


@pytest.mark.skipif(KERNEL < (6, 11), reason="MAP_DROPPABLE came with Linux 6.11")
def test_the_kernel_may_have_dropped_what_is_droppable(program: Program) -> None:
    with explained(program("droppable")) as target:
        assert target.go() == ["first-touch 16"]
        assert target.go() == ["discard? 16"], "the program did not give them up"


def test_pages_of_the_kernel_are_no_pages_of_a_file(program: Program) -> None:
    with explained(program("vdso")) as target:
        target.go()
        assert target.go() == ["shared-map 1"]


def test_stack(program: Program) -> None:
    with explained(program("stack")) as target:
        before = target.field("anonymous")
        (what,) = target.go()
        grown = (target.field("anonymous") - before) // 4
        assert what == f"first-touch {grown}"
        assert grown in (300, 301), "with the end of the stack itself"


def test_two_mechanisms_in_one_tick(program: Program, data: Path) -> None:
    with explained(program("two_at_once"), data) as target:
        assert target.go(elsewhere={"copy-on-write"}) == ["first-touch 100"]
        assert target.timeline.last is not None
        events = target.timeline.last.tick.events
        assert told(
            [event for other in events.mapping for event in events.of_mapping(other) if "copy" in event.what]
        ) == ["copy-on-write 3"]
        assert target.go() == ["copy-on-write 5"]
        events = target.timeline.last.tick.events
        assert "file-read 40" in told([event for other in events.mapping for event in events.of_mapping(other)])
        assert target.go() == ["lazy-free 20", "discard 7"]
