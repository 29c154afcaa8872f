from dataclasses import replace

import pytest
from factories import SECOND_NS, mappings_of, tick_of

from smapstop.model.protocol import ThreadsReply
from smapstop.model.tick import ThreadStack
from smapstop.model.timeline.map_snapshot import apply_tick
from smapstop.text.threads import (
    THREAD_COLUMNS,
    StackFormat,
    ThreadOrder,
    ThreadRow,
    recorded_thread_rows,
    sort_threads,
    thread_cells,
    thread_rows,
)
from smapstop.text.units import UnitFormat

MAP = apply_tick(
    None,
    tick_of(
        0,
        mappings_of((0x1000, 0x3000, "rw-p", "", 4096), (0x7000, 0x7100, "rw-p", "[stack]", 12)),
        [5, 6],
        keyframe=True,
    ),
)
READ = ThreadsReply(
    monotonic_ns=10 * SECOND_NS,
    tids=(1, 2, 3, 4),
    names=("main", "worker", "worker", "new"),
    states="SRSS",
    cpu_ticks=(100, 200, 300, 400),
    stacks=(6, -1, 5, 9),
    total=4,
)
BEFORE = replace(
    READ,
    monotonic_ns=8 * SECOND_NS,
    tids=(1, 2, 3),
    names=("", "", ""),
    states="SSS",
    cpu_ticks=(100, 50, 299),
    stacks=(6, 5, 5),
)


def test_cpu_is_what_was_used_since_the_reading_before_and_a_stack_is_as_large_as_its_mapping() -> None:
    rows = thread_rows(READ, BEFORE, MAP, clock_ticks=100)
    assert [row.cpu for row in rows] == [0.0, 0.75, 0.005, None]
    assert [(row.mapping, row.size_kb, row.rss_kb) for row in rows] == [
        (6, 1024, 12),
        (None, None, None),
        (5, 32768, 4096),
        (None, None, None),  # its mapping is gone
    ]


def test_without_a_reading_before_cpu_is_not_known() -> None:
    assert {row.cpu for row in thread_rows(READ, None, MAP, clock_ticks=100)} == {None}


def test_a_row_says_what_is_not_known() -> None:
    cells = [thread_cells(row)[2:] for row in thread_rows(READ, BEFORE, MAP, clock_ticks=100)]
    assert cells == [
        ("S", "0.0 %", "12 K", "1 M", "[stack]"),
        ("R", "75 %", "–", "–", "running: not read"),
        ("S", "0.5 %", "4 M", "32 M", "1000000"),
        ("S", "–", "–", "–", "not found yet"),
    ]
    assert {len(line) for line in cells} == {len(THREAD_COLUMNS) - 2}


def test_threads_in_one_mapping_are_counted() -> None:
    rows = thread_rows(replace(READ, stacks=(6, 5, 5, -1)), BEFORE, MAP, clock_ticks=100)
    assert [thread_cells(row)[-1] for row in rows[1:3]] == ["1000000 (2 threads)"] * 2


def test_of_the_past_only_stacks_are_known() -> None:
    rows = recorded_thread_rows({5: ThreadStack(5, 77, "worker", threads=3)}, MAP)
    assert [thread_cells(row) for row in rows] == [("77", "worker", "–", "–", "4 M", "32 M", "1000000 (3 threads)")]


@pytest.mark.parametrize(
    ("order", "expected"),
    [("cpu", [2, 3, 1, 4]), ("stack", [3, 1, 2, 4]), ("name", [1, 4, 2, 3]), ("tid", [1, 2, 3, 4])],
)
def test_threads_are_sorted_unknown_ones_last(order: ThreadOrder, expected: list[int]) -> None:
    rows: list[ThreadRow] = thread_rows(READ, BEFORE, MAP, clock_ticks=100)
    assert [row.tid for row in sort_threads(rows, order)] == expected


def test_stacks_are_in_the_unit_chosen_whose_sign_is_in_the_titles() -> None:
    formats = StackFormat(UnitFormat("pages"), UnitFormat("pages"))
    row = thread_rows(READ, BEFORE, MAP, clock_ticks=100)[2]
    assert thread_cells(row, formats)[4:6] == ("1,024", "8,192")
    assert [column.title for column in formats.columns[4:6]] == ["Stack p", "of p"]
