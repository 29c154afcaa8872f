"""Sorting and filtering of the rows of a sheet."""

from typing import Any

import numpy as np
import pytest
from factories import mappings_of, tick_of, timeline_of

from smapstop.errors import SmapstopError
from smapstop.model.tick import ThreadStack
from smapstop.model.timeline.map_diff import diff_maps
from smapstop.model.view.filter import complete_filter, parse_filter
from smapstop.model.view.groups import group_rows
from smapstop.model.view.sort import Sorting, sort_column, sort_rows
from smapstop.model.view.table_data import TableData, build_table
from smapstop.proc.columns import ABSENT

ROWS: list[tuple[Any, ...]] = [
    (0x10, 0x20, "rw-p", "[heap]", 100),
    (0x30, 0x33, "r-xp", "/lib/libC.so", 30),
    (0x33, 0x35, "rw-p", "/lib/libC.so", 8),
    (0x50, 0x90, "rw-s", "/memfd:ring (deleted)", 2048),
    (0x7FFF0, 0x7FFF4, "rw-p", "[stack]", 16),
    (0xFFFFFFFFFF600, 0xFFFFFFFFFF601, "--xp", "[vsyscall]", 0),
]
"""As they are; before, the heap had 12 kB more (until tick 2) and the memfd 2000 less (until tick 1)."""


@pytest.fixture
def data() -> TableData:
    now = mappings_of(*ROWS, pss=[5, 5, 5, 5, 5, ABSENT])
    heap, memfd = (*ROWS[0][:4], 112), (*ROWS[3][:4], 48)
    first = mappings_of(heap, *ROWS[1:3], memfd, *ROWS[4:], pss=[5, 5, 5, 5, 5, ABSENT])
    timeline = timeline_of(
        tick_of(0, first, list(range(6))),
        tick_of(1, now.take(slice(3, 4)), [3]),
        tick_of(2, now.take(slice(0, 1)), [0]),
    )
    changes = diff_maps(timeline.at(0), timeline.at(2))
    return build_table(changes, changes, "rss")


@pytest.mark.parametrize(
    ("sorting", "expected"),
    [
        (Sorting(), [0, 3, 1, 4, 2, 5]),
        (Sorting("moved", descending=False), [5, 2, 4, 1, 3, 0]),
        (Sorting("rss"), [3, 0, 1, 4, 2, 5]),
        (Sorting("pss"), [0, 1, 2, 3, 4, 5]),
        (Sorting("pss", descending=False), [5, 0, 1, 2, 3, 4]),
        (Sorting("delta"), [3, 1, 2, 4, 5, 0]),
        (Sorting("start"), [5, 4, 3, 2, 1, 0]),
        (Sorting("start", descending=False), [0, 1, 2, 3, 4, 5]),
        (Sorting("size"), [3, 0, 4, 1, 2, 5]),
        (Sorting("name", descending=False), [0, 4, 5, 2, 1, 3]),
        (Sorting("name"), [3, 1, 2, 5, 4, 0]),
        (Sorting("perms", descending=False), [5, 1, 0, 2, 4, 3]),
        (Sorting("unheard_of"), [0, 1, 2, 3, 4, 5]),
    ],
)
def test_order(data: TableData, sorting: Sorting, expected: list[int]) -> None:
    assert expected == sort_rows(data, sorting).tolist()


def test_shared_memory_without_a_file_is_found_by_the_name_that_is_shown_and_by_that_of_the_kernel() -> None:
    rows = mappings_of((0x10, 0x20, "rw-s", "/dev/zero (deleted)"), (0x30, 0x33, "rw-s", "/memfd:ring (deleted)"))
    now = timeline_of(tick_of(0, rows, [0, 1])).at(0)
    changes = diff_maps(now, now)
    for expression in ("zero", "shared anonymous", "Anonymous"):
        assert parse_filter(expression)(build_table(changes, changes, "rss")).tolist() == [True, False], expression


def test_only_rows_that_pass_are_sorted(data: TableData) -> None:
    keep = np.array([True, False, True, True, False, False])

    assert sort_rows(data, Sorting("rss"), keep).tolist() == [3, 0, 2]


def test_names_are_sorted_by_the_alphabet_whatever_their_case() -> None:
    rows = mappings_of((1, 2, "rw-p", "/C"), (3, 4, "rw-p", "/b"), (5, 6, "rw-p", "/a"))
    moment = timeline_of(tick_of(0, rows, [0, 1, 2])).at(0)
    of = build_table(diff_maps(moment, moment), diff_maps(moment, moment), "rss")

    assert sort_rows(of, Sorting("name", descending=False)).tolist() == [2, 1, 0]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("", [0, 1, 2, 3, 4, 5]),
        ("libc", [1, 2]),
        ("LIBC perm:x", [1]),
        ("!libc", [0, 3, 4, 5]),
        ("!", []),
        ("perm:wr", [0, 2, 3, 4]),
        ("perm:s", [3]),
        ("kind:heap", [0]),
        ("kind:s", [3, 4, 5]),
        ("!kind:FILE !kind:sp", [0, 3, 4]),
        ("0x10000", [0]),
        ("0x1ffff", [0]),
        ("0x20000", []),
        ("0xffffffffff600fff", [5]),
        ("rss>30", [0, 3]),
        ("rss>=30kB", [0, 1, 3]),
        ("rss>=2M", [3]),
        ("rss>=2MiB", [3]),
        ("rss<1.5k", [5]),
        ("RSS=8", [2]),
        ("rss!=8 rss!=0", [0, 1, 3, 4]),
        ("size>=0.25M", [3]),
        ("delta!=0", [0, 3]),
        ("delta<0", [0]),
        ("delta<=-12", [0]),
        ("pss<5", []),
        ("pss!=5", []),
        ("!pss=5", [5]),
        ("(deleted) ring", [3]),
    ],
)
def test_filter(data: TableData, expression: str, expected: list[int]) -> None:
    assert expected == np.flatnonzero(parse_filter(expression)(data)).tolist()


@pytest.mark.parametrize("amount", ["29.5", "29.99"])
def test_fractions_are_not_cut_off(data: TableData, amount: str) -> None:
    assert np.flatnonzero(parse_filter(f"rss<{amount} rss>7.5")(data)).tolist() == [2, 4]
    assert not parse_filter("rss=7.5")(data).any()
    assert np.flatnonzero(parse_filter("rss<=8.5")(data)).tolist() == [2, 5]


def test_unknown_kind() -> None:
    for expression in ("kind:", "kind:hepa"):
        with pytest.raises(SmapstopError) as caught:
            parse_filter(expression)
        assert caught.value.remedy == "kinds are file, anonymous, heap, stack, shared, device, special"


@pytest.mark.parametrize("expression", ["rss>", "rss>10X", "delta!=some", "!anonymous<=4x"])
def test_a_comparison_without_an_amount(expression: str) -> None:
    with pytest.raises(SmapstopError, match=r"^invalid amount in .*: write it as rss>10M"):
        parse_filter(expression)


def test_a_name_may_look_like_a_comparison(data: TableData) -> None:
    assert not parse_filter("user=x lib<T>")(data).any()


def test_unknown_field(data: TableData) -> None:
    with pytest.raises(SmapstopError) as caught:
        parse_filter("rrs>5")(data)

    assert str(caught.value) == "no field 'rrs' in the filter: fields are size, rss, pss, delta"


def test_columns_by_the_names_that_users_know(data: TableData) -> None:
    delta, rss = sort_column(data, "delta"), sort_column(data, "rss")

    assert delta is not None
    assert delta.tolist() == [-12, 0, 0, 2000, 0, 0]
    assert rss is not None
    assert rss.tolist() == [100, 30, 8, 2048, 16, 0]
    assert sort_column(data, "unheard_of") is None


def test_empty_sheet_is_ordered_and_filtered() -> None:
    nothing = timeline_of(tick_of(0, mappings_of(), [])).at(0)
    of = build_table(diff_maps(nothing, nothing), diff_maps(nothing, nothing), "rss")

    for key in ("moved", "name", "perms", "start", "size", "delta", "rss"):
        assert sort_rows(of, Sorting(key)).tolist() == []
    assert parse_filter("libc perm:w kind:heap 0x10 rss>3 !x")(of).tolist() == []


def test_filter_by_what_memory_without_a_name_is_for() -> None:
    rows = mappings_of(
        *(
            (1, 2, "rw-p", "/bin/server"),
            (2, 9, "rw-p"),
            (20, 21, "---p"),
            (21, 40, "rw-p"),
            (50, 60, "rw-p", "/stack"),
        ),
        (60, 70, "r-xp", "/bin/server"),
    )
    moment = timeline_of(tick_of(0, rows, [0, 1, 2, 3, 4, 5])).at(0)
    plain = build_table(diff_maps(moment, moment), diff_maps(moment, moment), "rss")
    known = build_table(
        diff_maps(moment, moment), diff_maps(moment, moment), "rss", stacks={3: ThreadStack(3, 77, "Worker")}
    )

    def shown(of: TableData, expression: str) -> list[int]:
        return np.flatnonzero(parse_filter(expression)(of)).tolist()

    assert [shown(plain, text) for text in ("stack", "SERVER .bss", "thread", "worker")] == [[2, 3, 4], [1], [3], []]
    assert [shown(known, text) for text in ("stack", "thread", "worker", "77")] == [[2, 3, 4], [], [3], [3]]
    assert shown(group_rows(known, "kind"), "stack") == []


def test_filter_by_purpose() -> None:
    rows = mappings_of(
        (1, 2, "rw-p", "[heap]"), (20, 21, "---p"), (21, 40, "rw-p"), (50, 60, "rw-p", "[anon:v8]"), (70, 80, "rw-p")
    )
    timeline = timeline_of(tick_of(0, rows, [0, 1, 2, 3, 4], stacks=(ThreadStack(2, 77, "io"),)))
    snapshot = timeline.at(0)
    same = diff_maps(snapshot, snapshot)
    table = build_table(same, same, "rss", timeline.stacks_at(0), timeline.purposes_at(0))

    def shown(expression: str) -> list[int]:
        return np.flatnonzero(parse_filter(expression)(table)).tolist()

    expected = {
        "purpose:stacks": [1, 2],
        "purpose:main-heap": [0],
        "purpose:V8": [3],
        "purpose:o": [4],
        "!purpose:st": [0, 3, 4],
    }
    assert {expression: shown(expression) for expression in expected} == expected
    with pytest.raises(SmapstopError) as caught:
        parse_filter("purpose:nothing")
    assert "malloc" in caught.value.remedy


def test_the_last_word_of_a_filter_is_completed() -> None:
    def found(expression: str) -> list[str]:
        return complete_filter(expression, ("rss", "pss", "private_clean", "private_dirty"))

    assert found("r") == ["rss>"]
    assert found("libc !private_d") == ["libc !private_dirty>"]
    assert found("rss>1 P") == [
        "rss>1 purpose:",
        "rss>1 perm:",
        "rss>1 pss>",
        "rss>1 private_clean>",
        "rss>1 private_dirty>",
    ]
    assert found("kind:s") == ["kind:stack", "kind:shared", "kind:special"]
    assert found("!purpose:m") == ["!purpose:mapped-files", "!purpose:main-heap", "!purpose:malloc"]
    assert found("kind:heap") == found("libc") == []
    assert found("libc ")[:3] == ["libc kind:", "libc purpose:", "libc perm:"]
