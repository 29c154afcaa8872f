"""Corners of the explanation that real programs do not come to, or not on this kernel."""

from typing import Any

import numpy as np
import pytest
from factories import mappings_of

from smapstop.model.explain.rules import FaultCounts, explain
from smapstop.model.identity import match_readings, number_first_reading
from smapstop.model.mapping_rows import find_rows
from smapstop.proc.columns import ABSENT, Mappings

ANONYMOUS = (0, 1000, "rw-p")
DATA = (0, 1000, "rw-p", "/lib/libx.so")
FILE = (0, 1000, "rw-s", "/data/x")


def reported(before: Mappings, after: Mappings, faults: int = 0) -> list[list[str]]:
    """What happened to each mapping of the later map and to those gone, the most first; `?` where it is not sure."""
    ids = number_first_reading(before).ids
    found = match_readings(before, ids, after, len(ids))
    before_rows = np.concatenate([found.previous_rows, find_rows(ids, found.gone)])
    after_rows = np.concatenate([np.arange(len(after)), np.full(len(found.gone), -1)])
    moved = np.concatenate([found.ids, found.gone])
    events = explain(before, before_rows, after, after_rows, moved, FaultCounts(faults, 0), 4)
    return [
        [f"{event.what}{'' if event.sure else '?'} {event.pages}" for event in events.of_mapping(mapping)]
        for mapping in moved.tolist()
    ]


def fields_of(*rows: tuple[Any, ...], **fields: Any) -> Mappings:
    """A map with these fields."""
    return mappings_of(*rows, **fields)


def moved(row: tuple[Any, ...], faults: int = 0, **fields: Any) -> list[str]:
    """What happened to one mapping, whose fields went from one amount to another, in pages."""
    before, after = (fields_of(row, **{name: [4 * kb[i]] for name, kb in fields.items()}) for i in (0, 1))
    return reported(before, after, faults)[0]


STATES: dict[str, Any] = dict.fromkeys(
    ("private_clean", "private_dirty", "shared_clean", "shared_dirty", "swap", "ksm"), (0, 0)
)


def test_what_is_left_over_is_unexplained() -> None:
    assert moved(ANONYMOUS, **STATES | {"rss": (5, 7), "anonymous": (5, 5)}) == ["unexplained 2"]
    assert moved(ANONYMOUS, **STATES | {"rss": (5, 5), "anonymous": (5, 1)}) == ["unexplained 4"]
    assert moved(FILE, **STATES | {"rss": (5, 5), "private_clean": (2, 5)}) == ["unexplained 3"]


def test_what_can_be_explained_of_it_is() -> None:
    fields = STATES | {"rss": (0, 9), "private_dirty": (0, 3), "anonymous": (0, 3), "private_clean": (0, 1)}
    assert moved(ANONYMOUS, 3, **fields) == ["first-touch 3", "unexplained 6"]


def test_clean_pages_were_written_or_given_up_and_touched_again_at_a_fault_each() -> None:
    clean = STATES | {"rss": (5, 5), "anonymous": (5, 5), "private_clean": (5, 0), "private_dirty": (0, 5)}
    assert [moved(ANONYMOUS, faults, **clean) for faults in (0, 2, 9)] == [
        ["rewrite 5"],
        ["rewrite 3", "rewrite? 2"],
        ["rewrite? 5"],
    ]


def test_pages_that_became_clean_or_dirty_may_be_shared_by_a_fork_as_well() -> None:
    held = STATES | {"rss": (5, 5), "anonymous": (5, 5)}
    freed = held | {"private_dirty": (5, 0), "shared_clean": (0, 5)}
    written = held | {"private_clean": (5, 0), "shared_dirty": (0, 5)}
    assert moved(ANONYMOUS, **freed) == ["lazy-free 5", "shared-by-fork? 5"]
    assert moved(ANONYMOUS, **written) == ["shared-by-fork? 5", "rewrite 5"]


def test_page_that_the_kernel_moves_counts_as_shared_and_was_not_shared_by_a_fork() -> None:
    rss, shared = {"rss": (96, 96), "anonymous": (96, 96)}, {"private_dirty": (96, 5), "shared_dirty": (0, 91)}
    assert moved(ANONYMOUS, **STATES | rss | shared, pss=(96, 96)) == [], "nobody else has any"
    assert moved(ANONYMOUS, **STATES | rss | shared, pss=(96, 51)) == ["shared-by-fork? 91"], "somebody has some"
    assert moved(ANONYMOUS, **STATES | rss | shared, pss=(96, 50)) == ["shared-by-fork 91"], "two processes"
    again = {name: pages[::-1] for name, pages in shared.items()}
    assert moved(ANONYMOUS, **STATES | rss | again, pss=(96, 96)) == []
    assert moved(ANONYMOUS, **STATES | rss | again, pss=(51, 96)) == ["sole-owner? 91"]
    assert moved(ANONYMOUS, **STATES | rss | again, pss=(50, 96)) == ["sole-owner 91"]


def test_clean_pages_are_surely_shared_by_a_fork_if_dirty_ones_are_as_well() -> None:
    clean = STATES | {"rss": (8, 8), "anonymous": (8, 8), "private_clean": (8, 0), "shared_clean": (0, 8)}
    assert moved(ANONYMOUS, 16, **clean) == ["shared-by-fork? 8"], "or in swap, and read back by one after the other"
    none, rows = [0, 0], ((0, 20), (30, 50))
    same = {"rss": [32, 32], "anonymous": [32, 32], "swap": none}
    before = fields_of(
        *rows, **same, private_clean=[32, 0], private_dirty=[0, 32], shared_clean=none, shared_dirty=none
    )
    after = fields_of(
        *rows, **same, private_clean=none, private_dirty=none, shared_clean=[32, 0], shared_dirty=[0, 32]
    )
    assert reported(before, after, 16) == [["shared-by-fork 8"]] * 2


def test_clean_pages_that_others_let_go_may_have_been_in_swap_if_there_were_faults() -> None:
    clean = STATES | {"rss": (8, 8), "anonymous": (8, 8), "private_clean": (0, 8), "shared_clean": (8, 0)}
    assert moved(ANONYMOUS, 0, **clean) == ["sole-owner 8"]
    assert moved(ANONYMOUS, 3, **clean) == ["sole-owner 5", "sole-owner? 3"]


def test_pages_of_zeros_that_ksm_merged_count_nowhere() -> None:
    mergeable, private = (0, 1000, "rw-p", "", 0, 0, "rd wr mg"), (0, 1000, "rw-p", "", 0, 0, "rd wr")
    held = {"rss": [200], "anonymous": [200], "private_dirty": [200]}
    none = {name: [0] for name in ("private_clean", "shared_clean", "shared_dirty", "swap", "ksm")}
    full, empty = held | none, {name: [0] for name in held} | none
    assert reported(fields_of(mergeable, **full), fields_of(mergeable, **empty)) == [["discard? 50"]]
    assert reported(fields_of(mergeable, **empty), fields_of(mergeable, **full), 50) == [["first-touch? 50"]]
    unmerged = reported(fields_of(mergeable, **empty), fields_of(private, **full), 50)
    assert unmerged == [["first-touch? 50"]], "MADV_UNMERGEABLE"
    assert reported(fields_of(private, **empty), fields_of(private, **full), 50) == [["first-touch 50"]]


def test_pages_in_swap_may_have_been_moved_by_a_userfaultfd_handler() -> None:
    rows, none = ((0, 20), (30, 50, "rw-p", "", 0, 0, "rd wr uw")), [0, 0]
    same = dict.fromkeys(("rss", "anonymous", "private_clean", "private_dirty", "shared_clean", "shared_dirty"), none)
    before, after = fields_of(*rows, **same, swap=[32, 0]), fields_of(*rows, **same, swap=[0, 32])
    assert reported(before, after, 9) == [["discard? 8"], ["first-touch? 8", "swap-out? 8"]], "UFFDIO_MOVE"


def test_copies_come_back_from_swap_while_pages_of_the_file_are_reclaimed() -> None:
    fields = STATES | {"rss": (32, 32), "anonymous": (0, 8), "private_clean": (32, 32), "swap": (8, 0)}
    assert moved(DATA, 8, **fields) == ["swap-in 8", "reclaim? 8"]
    written = fields | {"private_clean": (32, 24), "private_dirty": (0, 8)}
    assert moved(DATA, 8, **written) == ["swap-in? 8", "reclaim? 8"], "or given up, and others copied"


def test_what_was_given_up_may_be_in_the_part_that_stayed() -> None:
    before = with_dirty((0, 40, "rw-p", "[heap]"), dirty=[20])
    assert reported(before, with_dirty((0, 20, "rw-p", "[heap]"), dirty=[10])) == [["unmapped? 10"]]
    full = with_dirty((0, 20, "rw-p", "[heap]"), dirty=[20])
    assert reported(full, with_dirty((0, 10, "rw-p", "[heap]"), dirty=[10])) == [["unmapped 10"]]


def test_huge_page_that_was_touched_as_a_whole_adds_all_of_itself() -> None:
    def huge(rss: tuple[int, int], pages: int, faults: int) -> list[str]:
        same = dict.fromkeys(("rss", "anonymous", "private_dirty"), rss)
        return moved((0, 4000, "rw-p"), faults, **STATES | same, anon_huge_pages=(0, pages))

    assert huge((0, 1024), 1024, 9) == ["huge-fault 1024"]
    assert huge((2, 1024), 1024, 9) == ["huge-collapse? 512", "huge-fault? 512"], "two of one, or one of each"
    assert huge((1, 1536), 1536, 9) == ["huge-collapse? 512", "huge-fault 512", "huge-fault? 512"]
    assert huge((0, 512), 512, 512) == ["huge-fault? 512"], "or small pages, that were collapsed"


def test_huge_page_that_is_no_more_was_split_or_given_up_and_small_ones_touched() -> None:
    fields = STATES | dict.fromkeys(("rss", "anonymous", "private_dirty"), (600, 600))
    assert moved((0, 4000, "rw-p"), 510, **fields, anon_huge_pages=(512, 0)) == ["huge-split 512"]
    assert moved((0, 4000, "rw-p"), 512, **fields, anon_huge_pages=(512, 0)) == ["huge-split? 512"]


def test_restless_fields_are_no_event() -> None:
    assert moved(DATA, pss=(9, 3), pss_dirty=(3, 1), swap_pss=(1, 0), referenced=(9, 0), locked=(4, 2)) == []


def test_mapping_born_in_the_tick_is_explained_with_all_that_it_has() -> None:
    before = mappings_of((0, 10), anonymous=[0], private_clean=[0], private_dirty=[0], shared_clean=[0])
    after = mappings_of(
        (0, 10),
        (20, 60, "rw-p", "/lib/libx.so", 64),
        anonymous=[0, 16],
        private_clean=[0, 8],
        private_dirty=[0, 16],
        shared_clean=[0, 40],
    )
    assert reported(before, after, 9) == [[], ["copy-on-write 4", "file-read 12"]]


def test_pages_of_the_vdso_are_in_memory_already() -> None:
    vdso = (0, 2, "r-xp", "[vdso]")
    assert moved(vdso, 1, **STATES | {"rss": (0, 1), "shared_clean": (0, 1), "anonymous": (0, 0)}) == ["shared-map 1"]


def test_dirty_pages_of_a_shared_file_may_have_been_dirty_before_however_many_faults_there_were() -> None:
    fields = STATES | {"rss": (0, 16), "private_dirty": (0, 16), "anonymous": (0, 0)}
    assert moved(FILE, 1, **fields) == ["shared-write? 16"], "a write maps all of a large folio"
    assert moved(FILE, 16, **fields) == ["shared-write? 16"]
    assert moved((0, 1000, "r--s", "/data/x"), 16, **fields) == ["file-read 16"], "it cannot be written here"


def test_more_pages_are_gone_than_the_part_that_was_unmapped_can_have_had() -> None:
    before = mappings_of((0, 30, *DATA[2:]), rss=[80], private_clean=[80])
    after = mappings_of((0, 18, *DATA[2:]), rss=[20], private_clean=[20])
    assert reported(before, after) == [["unmapped? 12", "reclaim? 3"]]


def test_huge_pages_of_hugetlbfs() -> None:
    assert moved((0, 1024, "rw-p", "/anon_hugepage (deleted)"), 1, private_hugetlb=(0, 512)) == ["huge-fault 512"]
    assert moved((0, 1024, "rw-p", "/anon_hugepage (deleted)"), 0, private_hugetlb=(512, 0)) == ["discard 512"]


def test_huge_page_of_shared_memory() -> None:
    memory = (0, 1024, "rw-s", "/memfd:x (deleted)")
    fields = STATES | {"rss": (2, 1024), "private_dirty": (1, 1024), "private_clean": (1, 0), "anonymous": (0, 0)}
    assert moved(memory, 0, **fields, shmem_pmd_mapped=(0, 1024)) == ["huge-collapse 1024", "shared-write 1"]


@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        (0, ["huge-collapse 512"]),
        (3, ["huge-collapse? 512"]),
        (384, ["huge-collapse? 512", "first-touch? 384"]),
    ],
)
def test_holes_in_a_collapsed_huge_page_are_no_first_touch_without_the_faults(
    faults: int, expected: list[str]
) -> None:
    grown = (128, 512)
    fields = STATES | {"rss": grown, "anonymous": grown, "private_dirty": grown, "anon_huge_pages": (0, 512)}
    assert moved(ANONYMOUS, faults, **fields) == expected


@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        (0, ["sole-owner 40"]),
        (5, ["copy-on-write-after-fork? 5", "sole-owner 35"]),
        (30, ["copy-on-write-after-fork? 30", "sole-owner? 10"]),
        (40, ["copy-on-write-after-fork? 40"]),
        (44, ["copy-on-write-after-fork? 40"]),
    ],
)
def test_page_no_longer_shared_was_copied_if_there_were_faults_for_it(faults: int, expected: list[str]) -> None:
    same = (60, 60)
    fields = STATES | {"rss": same, "anonymous": same, "private_dirty": (0, 40), "shared_dirty": (60, 20)}
    assert moved(ANONYMOUS, faults, **fields) == expected
    assert moved(DATA, faults, **fields) == expected


def test_page_that_cannot_be_written_was_let_go_by_others_however_many_faults_there_were() -> None:
    same = (60, 60)
    fields = STATES | {"rss": same, "anonymous": same, "private_dirty": (0, 40), "shared_dirty": (60, 20)}
    for constants in ((0, 1000, "r--p"), (0, 1000, "r--p", "/lib/libx.so")):
        assert moved(constants, 44, **fields) == ["sole-owner? 40"], "it may have been writable for a moment"
        assert moved(constants, 0, **fields) == ["sole-owner 40"]


@pytest.mark.parametrize(
    ("lazy_free", "faults", "expected"),
    [
        ((0, 0), 500, ["swap-out? 400", "swap-in? 400"]),
        ((0, 100), 500, ["lazy-free 100", "swap-out? 300", "swap-in? 300"]),
        ((0, 400), 500, ["lazy-free 400"]),
        ((0, 369), 500, ["lazy-free 369", "lazy-free? 31"]),  # one batch may not be counted yet
        ((0, 0), 0, ["lazy-free 400"]),  # nothing comes from swap without a fault
    ],
)
def test_pages_that_are_clean_and_not_marked_free_were_in_swap_meanwhile(
    lazy_free: tuple[int, int], faults: int, expected: list[str]
) -> None:
    same = (900, 900)
    states = {"rss": same, "anonymous": same, "private_dirty": (900, 500), "private_clean": (0, 400)}
    assert sorted(moved(ANONYMOUS, faults, **STATES | states, lazy_free=lazy_free)) == sorted(expected)
    assert moved(ANONYMOUS, 500, **STATES | states) == ["lazy-free? 400"], "this kernel does not print LazyFree"


def test_few_copies_among_many_mappings_may_be_in_any() -> None:
    none = [0, 0, 0]
    same = {"rss": [80] * 3, "anonymous": [80] * 3, "private_clean": none, "shared_clean": none}
    before = fields_of((0, 20), (30, 50), (60, 80), **same, private_dirty=none, shared_dirty=[80] * 3)
    after = fields_of((0, 20), (30, 50), (60, 80), **same, private_dirty=[80] * 3, shared_dirty=none)
    assert reported(before, after, 6) == [["sole-owner? 20"]] * 3
    assert reported(before, after, 0) == [["sole-owner 20"]] * 3
    assert reported(before, after, 60) == [["copy-on-write-after-fork? 20"]] * 3


@pytest.mark.parametrize(
    ("faults", "expected", "swapped_in"),
    [
        (12, "sole-owner 10", ["swap-in? 12"]),
        (22, "copy-on-write-after-fork? 10", ["swap-in? 12"]),
        (11, "copy-on-write-after-fork? 10", ["swap-in? 11", "swap-in 1"]),  # large folios: a fault for several
    ],
)
def test_faults_that_others_needed_copied_nothing(faults: int, expected: str, swapped_in: list[str]) -> None:
    clean = {"private_clean": [0, 0], "shared_clean": [0, 0]}
    was = {"rss": [40, 40], "anonymous": [40, 40], "private_dirty": [0, 40], "shared_dirty": [40, 0]}
    now = {"rss": [40, 88], "anonymous": [40, 88], "private_dirty": [40, 88], "shared_dirty": [0, 0]}
    for swapped, other in (([0, 0], ["first-touch 12"]), ([0, 48], swapped_in)):
        before = fields_of((0, 50), (60, 90), **clean | was, swap=swapped)
        after = fields_of((0, 50), (60, 90), **clean | now, swap=[0, 0])
        assert reported(before, after, faults) == [[expected], other]


def test_pages_of_files_that_came_may_have_taken_no_fault() -> None:
    mappings = ((0, 50, "rw-p"), (60, 90, "r--p", "/data/x"))
    was = {"rss": [4, 0], "anonymous": [4, 0], "private_clean": [0, 0], "private_dirty": [0, 0]}
    now = {"rss": [4, 32], "anonymous": [4, 0], "private_clean": [0, 32], "private_dirty": [4, 0]}
    before = fields_of(*mappings, **was, shared_clean=[0, 0], shared_dirty=[4, 0])
    after = fields_of(*mappings, **now, shared_clean=[0, 0], shared_dirty=[0, 0])
    assert reported(before, after, 1) == [["copy-on-write-after-fork? 1"], ["file-read 8"]]


def test_first_instance_of_a_fresh_executable_keeps_its_peace_when_another_starts() -> None:
    fields = STATES | {"rss": (3, 3), "anonymous": (2, 2)}
    assert moved(DATA, 5, **fields | {"private_dirty": (3, 2), "shared_dirty": (0, 1)}) == []
    assert moved(DATA, 5, **fields | {"private_dirty": (2, 3), "shared_dirty": (1, 0)}) == []


def test_swapped_pages_of_shared_memory_that_were_not_mapped_here_are_no_first_touch() -> None:
    memory = (0, 100, "rw-s", "/memfd:x (deleted)")
    fields = STATES | {"rss": (10, 10), "private_dirty": (10, 10)}
    assert moved(memory, **fields | {"swap": (0, 8)}) == ["swap-out 8"]
    assert moved(memory, **fields | {"swap": (8, 0)}) == ["swap-in? 8"], "by another process"


def test_kernel_without_anonymous_guesses_copies_from_dirty_pages() -> None:
    copied = STATES | {"rss": (40, 40), "private_clean": (40, 29), "private_dirty": (0, 11)}
    assert moved(DATA, 11, **copied) == ["copy-on-write? 11"]
    unread = STATES | {"rss": (0, 13), "private_dirty": (0, 13)}
    assert moved(DATA, 13, **unread) == ["copy-on-write? 13"]
    assert moved(ANONYMOUS, 13, **unread) == ["first-touch 13"]
    assert moved(DATA, **STATES | {"rss": (5, 0), "private_dirty": (5, 0), "swap": (0, 5)}) == ["swap-out 5"]


def test_kernel_without_swap_cannot_report_what_was_discarded() -> None:
    lost = {"rss": (9, 4), "anonymous": (9, 4), "private_dirty": (9, 4)}
    states = {name: STATES[name] for name in ("private_clean", "shared_clean", "shared_dirty")}
    assert moved(ANONYMOUS, **states | lost) == ["discard? 5"]


def test_kernel_without_ksm_cannot_distinguish_a_merge_from_a_fork() -> None:
    states: dict[str, Any] = {
        "private_clean": (0, 0),
        "shared_clean": (0, 0),
        "rss": (9, 9),
        "anonymous": (9, 9),
        "swap": (0, 0),
    }
    turned = {"private_dirty": (9, 2), "shared_dirty": (0, 7)}
    assert moved((0, 1000, "rw-p", "", 0, 0, "rd wr mg"), **states | turned) == ["shared-by-fork? 7"]
    assert moved(ANONYMOUS, **states | turned) == ["shared-by-fork 7"]


def test_kernel_without_the_states_reports_what_it_can() -> None:
    assert moved(DATA, 5, rss=(9, 12), anonymous=(0, 2)) == ["copy-on-write 2", "file-read? 1"]


def test_field_that_appears_or_is_absent_changed_nothing() -> None:
    assert reported(mappings_of(DATA), mappings_of(DATA, anonymous=[40], rss=[0])) == [[]]
    assert reported(mappings_of(DATA, swap=[ABSENT]), mappings_of(DATA, swap=[40])) == [[]]
    assert reported(mappings_of(DATA, swap=[40]), mappings_of(DATA, swap=[ABSENT])) == [[]]


def test_lock_without_resident_pages_is_reported_all_the_same() -> None:
    before, after = mappings_of((0, 9, "rw-p", "", 0, 0, "rd wr")), mappings_of((0, 9, "rw-p", "", 0, 0, "rd wr lo"))
    assert reported(before, after) == [["lock 0"]], "none is told that is not there"
    assert reported(after, before) == [["unlock 0"]]


def with_dirty(*rows: tuple[Any, ...], dirty: list[int]) -> Mappings:
    """A map in which so many pages of each mapping are anonymous and dirty."""
    kb = [4 * pages for pages in dirty]
    none = [0] * len(kb)
    dirty_only = dict.fromkeys(("private_clean", "shared_clean", "shared_dirty", "swap"), none)
    return fields_of(*rows, rss=kb, anonymous=kb, private_dirty=kb, **dirty_only)


def test_parts_of_a_split_lost_and_touched_nothing() -> None:
    whole = with_dirty((10, 50), dirty=[30])
    parts = with_dirty((10, 20), (20, 30, "r--p"), (30, 50), dirty=[8, 10, 12])
    assert reported(whole, parts) == [[], [], []]
    assert reported(parts, whole) == [[], [], []]


def test_events_in_a_split_belong_to_the_part_where_they_happened() -> None:
    whole = with_dirty((10, 50), dirty=[10])
    halves = (10, 20), (20, 50, "r--p")
    assert reported(whole, with_dirty(*halves, dirty=[13, 0]), 3) == [["first-touch 3"], []]
    assert reported(whole, with_dirty(*halves, dirty=[0, 13]), 3) == [[], ["first-touch 3"]]
    assert reported(whole, with_dirty(*halves, dirty=[2, 11]), 3) == [[], ["first-touch? 3"]], (
        "or up to 2 in the other"
    )
    full = with_dirty((10, 50), dirty=[40])
    assert reported(full, with_dirty(*halves, dirty=[10, 24])) == [[], ["discard 6"]], "the other lacks none"
    assert reported(full, with_dirty(*halves, dirty=[8, 28])) == [["discard 2"], ["discard 2"]]


def test_no_part_of_a_split_did_more_than_it_can_have_done() -> None:
    whole, parts = with_dirty((10, 30), dirty=[14]), ((10, 18), (18, 24, "r--p"), (24, 30))
    assert reported(whole, with_dirty(*parts, dirty=[4, 0, 0])) == [[], ["discard? 6"], ["discard? 4"]]


def test_border_between_two_mappings_moves() -> None:
    before = with_dirty((10, 30), (30, 50, "r--p"), dirty=[20, 20])
    assert reported(before, with_dirty((10, 22), (22, 50, "r--p"), dirty=[12, 28])) == [[], []]


def test_other_object_mapped_over_the_middle_is_no_relative() -> None:
    before = with_dirty((10, 50), dirty=[40])
    after = with_dirty((10, 20), (20, 30, "rw-p", "/lib/libx.so"), (30, 50), dirty=[10, 3, 20])
    assert reported(before, after, 3) == [["unmapped 10"], ["copy-on-write 3"], []]


def test_mapping_that_moved_takes_its_pages_along() -> None:
    before = with_dirty((10, 50), (60, 70), dirty=[40, 5])
    assert reported(before, with_dirty((60, 70), (90, 130), dirty=[5, 40])) == [[], []]
    assert reported(before, with_dirty((10, 50), (60, 70), (90, 130), dirty=[0, 5, 40])) == [[], [], []], "DONTUNMAP"
    assert reported(before, with_dirty((10, 20), (60, 70), (90, 150), dirty=[10, 5, 30])) == [[], [], []], "a part"
    assert reported(before, with_dirty((10, 20), (60, 130), dirty=[10, 35])) == [[], []], "a part, to another's end"
    touched = with_dirty((10, 20), (60, 70), (90, 150), dirty=[10, 5, 34])
    assert reported(before, touched, 4) == [[], [], ["first-touch 4"]]


def test_moved_pages_may_be_in_another_state_than_before() -> None:
    def views(place: int, offset: int, mine: str) -> Mappings:
        pages: dict[str, Any] = {name: [0] for name in STATES if name.startswith(("private", "shared"))}
        return mappings_of((place, place + 10, "rw-s", "/data/x", 20, offset), **pages | {mine: [20]})

    before, after = views(10, 0, "shared_dirty"), views(15, 1, "private_dirty")
    assert reported(before, after) == [[], []], "another process unmapped them meanwhile"


def test_pages_that_may_come_from_either_of_two_mappings_are_not_followed() -> None:
    before = with_dirty((10, 20), (30, 40), dirty=[9, 9])
    after = with_dirty((10, 20), (30, 40), (50, 60), dirty=[0, 0, 9])
    assert reported(before, after) == [["discard? 9"], ["discard? 9"], ["first-touch? 9"]]


def test_mapping_that_moved_to_the_end_of_another_takes_its_pages_along() -> None:
    before = with_dirty((10, 50), (60, 70), dirty=[40, 5])
    assert reported(before, with_dirty((60, 110), dirty=[45])) == [[], []]


def test_without_fault_counters_only_what_any_number_of_faults_explains_is_sure() -> None:
    before = mappings_of(
        (10, 20, "rw-p", "", 8),
        private_dirty=[8],
        private_clean=[0],
        shared_clean=[0],
        shared_dirty=[0],
        anonymous=[8],
    )
    touched = mappings_of(
        (10, 20, "rw-p", "", 16),
        private_dirty=[16],
        private_clean=[0],
        shared_clean=[0],
        shared_dirty=[0],
        anonymous=[16],
    )
    row = np.zeros(1, np.intp)
    (event,) = explain(before, row, touched, row, row, None, 4)
    assert (event.what, event.kb, event.sure) == ("first-touch", 8, True)
    shared = mappings_of(
        (10, 20, "rw-p", "", 8),
        private_dirty=[0],
        private_clean=[0],
        shared_clean=[0],
        shared_dirty=[8],
        anonymous=[8],
    )
    events = explain(shared, row, before, row, row, None, 4)
    assert {event.what for event in events} <= {"copy-on-write-after-fork", "sole-owner"}
    assert not any(event.sure for event in events)
