"""Which mapping is which after the map has changed; addresses are in pages."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from factories import mappings_of

from smapstop.model.identity import NO_ROW, Match, match_readings, number_first_reading
from smapstop.model.tick import LifecycleEvent
from smapstop.proc.columns import Mappings

Rows = list[tuple[Any, ...]]


def matched(before: Rows, after: Rows) -> Match:
    """The rows after, identified by those before, whose ids are 100, 101, …; new ones get 200, 201, …"""
    return match_readings(mappings_of(*before), np.arange(100, 100 + len(before)), mappings_of(*after), 200)


def summary(found: Match) -> tuple[list[int], list[int], list[LifecycleEvent]]:
    return found.ids.tolist(), found.gone.tolist(), list(found.lineage)


def test_first_reading_of_a_program_is_no_event() -> None:
    found = number_first_reading(mappings_of((1, 2), (3, 4)), 7)

    assert summary(found) == ([7, 8], [], [])
    assert found.previous_rows.tolist() == [NO_ROW, NO_ROW]
    assert found.next_id == 9


CASES: dict[str, tuple[Rows, Rows, list[int], list[int], list[LifecycleEvent]]] = {
    "nothing happened": (
        [(10, 20), (30, 40, "r--p", "/lib/c")],
        [(10, 20), (30, 40, "r--p", "/lib/c")],
        [100, 101],
        [],
        [],
    ),
    "mapped between two others": (
        [(10, 20), (30, 40)],
        [(10, 20), (22, 25), (30, 40)],
        [100, 200, 101],
        [],
        [LifecycleEvent("map", 200)],
    ),
    "unmapped": (
        [(10, 20), (22, 25), (30, 40)],
        [(10, 20), (30, 40)],
        [100, 102],
        [101],
        [LifecycleEvent("unmap", 101)],
    ),
    "a shared view in the place of a private one of the same file": (
        [(10, 20, "rw-p", "/data/x")],
        [(10, 20, "rw-s", "/data/x")],
        [200],
        [100],
        [LifecycleEvent("map", 200), LifecycleEvent("unmap", 100)],
    ),
    "all unmapped": (
        [(10, 20), (30, 40)],
        [],
        [],
        [100, 101],
        [LifecycleEvent("unmap", 100), LifecycleEvent("unmap", 101)],
    ),
    "mapped where there was nothing": ([], [(10, 20)], [200], [], [LifecycleEvent("map", 200)]),
    "heap grows": (
        [(10, 20, "rw-p", "[heap]"), (30, 40)],
        [(10, 28, "rw-p", "[heap]"), (30, 40)],
        [100, 101],
        [],
        [LifecycleEvent("grow", 100)],
    ),
    "heap shrinks": (
        [(10, 28, "rw-p", "[heap]")],
        [(10, 20, "rw-p", "[heap]")],
        [100],
        [],
        [LifecycleEvent("shrink", 100)],
    ),
    "stack grows downwards": (
        [(50, 60, "rw-p", "[stack]")],
        [(40, 60, "rw-p", "[stack]")],
        [100],
        [],
        [LifecycleEvent("grow", 100)],
    ),
    "front unmapped": ([(10, 20)], [(15, 20)], [100], [], [LifecycleEvent("shrink", 100)]),
    "front of a file unmapped": (
        [(10, 20, "r--p", "/lib/c", 0, 3)],
        [(15, 20, "r--p", "/lib/c", 0, 8)],
        [100],
        [],
        [LifecycleEvent("shrink", 100)],
    ),
    "middle unmapped": (
        [(10, 20)],
        [(10, 13), (16, 20)],
        [100, 200],
        [],
        [LifecycleEvent("split", 200, 100), LifecycleEvent("shrink", 100)],
    ),
    "middle and front unmapped": (
        [(10, 20)],
        [(11, 13), (16, 20)],
        [100, 200],
        [],
        [LifecycleEvent("split", 200, 100), LifecycleEvent("shrink", 100)],
    ),
    "middle protected": (
        [(10, 20)],
        [(10, 13), (13, 16, "r--p"), (16, 20)],
        [100, 200, 201],
        [],
        [LifecycleEvent("split", 200, 100), LifecycleEvent("split", 201, 100), LifecycleEvent("shrink", 100)],
    ),
    "middle of a file protected": (
        [(10, 20, "rw-p", "/lib/c")],
        [(10, 13, "rw-p", "/lib/c"), (13, 16, "r--p", "/lib/c", 0, 3), (16, 20, "rw-p", "/lib/c", 0, 6)],
        [100, 200, 201],
        [],
        [LifecycleEvent("split", 200, 100), LifecycleEvent("split", 201, 100), LifecycleEvent("shrink", 100)],
    ),
    "three merged": (
        [(10, 13), (13, 16, "r--p"), (16, 20)],
        [(10, 20)],
        [100],
        [101, 102],
        [LifecycleEvent("merge", 101, 100), LifecycleEvent("merge", 102, 100), LifecycleEvent("grow", 100)],
    ),
    "merged in front and behind; the largest part is the one that grew": (
        [(10, 12), (12, 20)],
        [(9, 21)],
        [101],
        [100],
        [LifecycleEvent("merge", 100, 101), LifecycleEvent("grow", 101)],
    ),
    "protected": ([(10, 20)], [(10, 20, "r--p")], [100], [], [LifecycleEvent("protect", 100)]),
    "protected and grown": (
        [(10, 20)],
        [(10, 22, "r--p")],
        [100],
        [],
        [LifecycleEvent("grow", 100), LifecycleEvent("protect", 100)],
    ),
    "given a name": ([(10, 20)], [(10, 20, "rw-p", "[anon:arena]")], [100], [], [LifecycleEvent("rename", 100)]),
    "middle given a name": (
        [(10, 20)],
        [(10, 13), (13, 16, "rw-p", "[anon:arena]"), (16, 20)],
        [100, 200, 201],
        [],
        [LifecycleEvent("split", 200, 100), LifecycleEvent("split", 201, 100), LifecycleEvent("shrink", 100)],
    ),
    "moved": (
        [(10, 20, "rw-p", "", 12), (30, 40)],
        [(30, 40), (70, 80, "rw-p", "", 12)],
        [101, 100],
        [],
        [LifecycleEvent("move", 100)],
    ),
    "moved and grown": (
        [(10, 20, "rw-p", "", 12)],
        [(70, 90, "rw-p", "", 12)],
        [100],
        [],
        [LifecycleEvent("move", 100), LifecycleEvent("grow", 100)],
    ),
    "moved file": (
        [(10, 20, "r--p", "/lib/c", 0, 3)],
        [(70, 80, "r--p", "/lib/c", 0, 3)],
        [100],
        [],
        [LifecycleEvent("move", 100)],
    ),
    "two alike moved; nobody knows which is which": (
        [(10, 20, "rw-p", "", 12), (30, 40, "rw-p", "", 12)],
        [(70, 80, "rw-p", "", 12), (90, 99, "rw-p", "", 12)],
        [200, 201],
        [100, 101],
        [
            LifecycleEvent("map", 200),
            LifecycleEvent("map", 201),
            LifecycleEvent("unmap", 100),
            LifecycleEvent("unmap", 101),
        ],
    ),
    "an empty one unmapped and another mapped; nothing tells that it moved": (
        [(10, 20)],
        [(70, 80)],
        [200],
        [100],
        [LifecycleEvent("map", 200), LifecycleEvent("unmap", 100)],
    ),
    "a file in the place of anonymous memory": (
        [(10, 20)],
        [(10, 20, "rw-p", "/lib/c")],
        [200],
        [100],
        [LifecycleEvent("map", 200), LifecycleEvent("unmap", 100)],
    ),
    "the same file at another distance": (
        [(10, 20, "r--p", "/lib/c", 4)],
        [(10, 20, "r--p", "/lib/c", 8, 30)],
        [200],
        [100],
        [LifecycleEvent("map", 200), LifecycleEvent("unmap", 100)],
    ),
    "a file over the middle of anonymous memory": (
        [(10, 20)],
        [(10, 13), (13, 16, "r--p", "/lib/c"), (16, 20)],
        [100, 200, 201],
        [],
        [LifecycleEvent("map", 200), LifecycleEvent("split", 201, 100), LifecycleEvent("shrink", 100)],
    ),
    "the vdso in the place of anonymous memory": (
        [(10, 20)],
        [(10, 20, "r-xp", "[vdso]")],
        [200],
        [100],
        [LifecycleEvent("map", 200), LifecycleEvent("unmap", 100)],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_happened(case: str) -> None:
    before, after, ids, gone, lineage = CASES[case]

    assert (ids, gone, lineage) == summary(matched(before, after))


@pytest.mark.parametrize(("faulted_kb", "ids"), [(None, [100]), (0, [100]), (76, [100]), (80, [200]), (4000, [200])])
def test_what_page_faults_can_have_filled_is_new_and_did_not_move(faulted_kb: int | None, ids: list[int]) -> None:
    before, after = (mappings_of((start, start + 40, "rw-p", "", 80), anonymous=[80]) for start in (10, 70))
    assert match_readings(before, np.array([100]), after, 200, faulted_kb).ids.tolist() == ids


def test_huge_pages_and_pages_of_files_take_fewer_faults() -> None:
    full = [2048]
    huge = [mappings_of((at, at + 512, "rw-p", "", 2048), anonymous=full, anon_huge_pages=full) for at in (0, 1024)]
    file = [mappings_of((at, at + 40, "r--p", "/data/x", 160)) for at in (10, 70)]
    assert [match_readings(one, np.array([1]), other, 2, 4).ids.tolist() for one, other in (huge, file)] == [[2], [1]]
    assert match_readings(file[0], np.array([1]), file[1], 2, 12).ids.tolist() == [2]


def test_file_that_was_replaced_by_another_of_the_same_name_is_a_new_mapping() -> None:
    before, after = mappings_of((10, 20, "r-xp", "/lib/c")), mappings_of((10, 20, "r-xp", "/lib/c"))
    after.inode[0] += 1

    assert ([1], [0], [LifecycleEvent("map", 1), LifecycleEvent("unmap", 0)]) == summary(
        match_readings(before, np.array([0]), after, 1)
    )


def test_file_that_was_deleted_is_renamed() -> None:
    before, after = mappings_of((10, 20, "r-xp", "/lib/c")), mappings_of((10, 20, "r-xp", "/lib/c (deleted)"))
    after.inode[:] = before.inode

    assert ([0], [], [LifecycleEvent("rename", 0)]) == summary(match_readings(before, np.array([0]), after, 1))


def test_mapping_whose_amounts_are_not_printed_is_as_empty_as_one_of_zeros() -> None:
    def one(start: int) -> Mappings:
        return mappings_of((start, start + 5), swap=[-1])

    assert match_readings(one(10), np.array([0]), one(70), 1).ids.tolist() == [1]


def test_rows_know_where_they_were() -> None:
    found = matched([(10, 20), (30, 40), (50, 60)], [(12, 20), (22, 23), (50, 60)])

    assert found.previous_rows.tolist() == [0, NO_ROW, 2]
    assert found.next_id == 201


def test_a_reading_of_the_same_layout_has_the_same_mappings() -> None:
    before = mappings_of((10, 20), (30, 40, "r--p", "/lib/c"), (50, 60, "rw-p", "[heap]"), pss=[1, 2, 3])
    after = replace(before, amounts=before.amounts + 1)
    copied = replace(after, start=before.start.copy())
    found, slowly = (match_readings(before, np.array([7, 3, 9]), each, 20) for each in (after, copied))

    assert summary(found) == summary(slowly) == ([7, 3, 9], [], [])
    assert found.previous_rows.tolist() == slowly.previous_rows.tolist()
    assert found.next_id == slowly.next_id == 20
