"""Which mapping of one run is which mapping of another, whatever their addresses."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from factories import mappings_of
from hypothesis import given
from hypothesis import strategies as st

from smapstop.model.compare.mapping_pairs import NO_ROW, pair_mappings
from smapstop.proc.columns import Mappings, StringTable

APP, LIBC = "/src/app", "/lib/libc.so.6"


def run(*rows: tuple[Any, ...]) -> Mappings:
    """A map of a run of its own: it shares nothing with another, not even its texts."""
    return mappings_of(*rows, texts=StringTable())


BEFORE = (
    (100, 101, "r--p", APP, 0, 0),
    (101, 103, "r-xp", APP, 0, 1),
    (103, 104, "r--p", APP, 0, 3),
    (104, 105, "rw-p", APP, 0, 3),
    (105, 109, "rw-p", ""),
    (200, 233, "rw-p", "[heap]"),
    (900, 903, "rw-p", ""),
    (903, 904, "r--p", LIBC, 0, 0),
    (904, 906, "rw-p", LIBC, 0, 1),
    (906, 908, "rw-p", ""),
    (990, 999, "rw-p", "[stack]"),
)


def moved(rows: tuple[tuple[Any, ...], ...], pages: int) -> list[tuple[Any, ...]]:
    """The same rows elsewhere."""
    return [(first + pages, stop + pages, *rest) for first, stop, *rest in rows]


def test_the_same_program_elsewhere_has_the_same_mappings() -> None:
    assert pair_mappings(run(*BEFORE), run(*moved(BEFORE, 5000))).tolist() == list(range(len(BEFORE)))


def test_memory_that_follows_a_file_is_the_files_whatever_else_has_no_name() -> None:
    before = run((1, 2, "rw-p", APP), (2, 6, "rw-p", ""), (50, 54, "rw-p", ""))
    after = run((31, 32, "rw-p", APP), (32, 39, "rw-p", ""), (60, 64, "rw-p", ""), (70, 74, "rw-p", ""))
    assert pair_mappings(before, after).tolist() == [0, 1, NO_ROW, 2]


def test_the_parts_of_a_file_that_was_built_again_are_known_by_their_permissions() -> None:
    after = run(
        (300, 301, "r--p", APP, 0, 0),
        (301, 306, "r-xp", APP, 0, 1),
        (306, 309, "r--p", APP, 0, 6),
        (309, 312, "rw-p", APP, 0, 8),
    )
    assert pair_mappings(run(*BEFORE), after).tolist() == [0, 1, 2, 3]


def test_a_file_that_was_replaced_under_a_running_program_is_the_same_file() -> None:
    assert pair_mappings(run((1, 2, "rw-p", f"{APP} (deleted)")), run((7, 8, "rw-p", APP))).tolist() == [0]


def test_memory_without_a_name_is_known_by_its_length_and_then_from_the_top() -> None:
    before = run((10, 20, "rw-p", ""), (30, 38, "rw-p", ""), (40, 42, "rw-p", ""))
    after = run((110, 112, "rw-p", ""), (130, 131, "rw-p", ""), (140, 148, "rw-p", ""), (150, 153, "rw-p", ""))
    assert pair_mappings(before, after).tolist() == [2, NO_ROW, 1, 0]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((1, 2, "rw-p", "[heap]"), (1, 2, "rw-p", "")),
        ((1, 2, "rw-p", APP), (1, 2, "r--p", APP)),
        ((1, 2, "rw-p", "/lib/liba.so.1"), (1, 2, "rw-p", "/lib/liba.so.2")),
        ((1, 2, "rw-p", ""), (1, 2, "---p", "")),
    ],
)
def test_another_name_or_other_permissions_are_another_mapping(
    before: tuple[Any, ...], after: tuple[Any, ...]
) -> None:
    assert pair_mappings(run(before), run(after)).tolist() == [NO_ROW]


@pytest.mark.parametrize(("before", "after"), [((), ()), ((), BEFORE), (BEFORE, ())])
def test_of_nothing_there_are_no_pairs(before: tuple[Any, ...], after: tuple[Any, ...]) -> None:
    assert pair_mappings(run(*before), run(*after)).tolist() == [NO_ROW] * len(after)


names = st.sampled_from(["", "", "[heap]", APP, LIBC, "[anon:x]"])
shapes = st.lists(
    st.tuples(st.integers(0, 2), st.integers(1, 4), st.sampled_from(["rw-p", "r--p"]), names, st.integers(0, 2)),
    max_size=25,
)


def laid_out(shape: list[tuple[int, int, str, str, int]]) -> Mappings:
    """A map from gaps, lengths, permissions, names and offsets."""
    rows, at = [], 1
    for gap, pages, perms, name, offset in shape:
        rows.append((at + gap, at + gap + pages, perms, name, 0, offset if name.startswith("/") else 0))
        at += gap + pages
    return run(*rows)


def known_by(mappings: Mappings) -> list[tuple[str, str, str]]:
    """The name and the permissions of each mapping, and the file that memory without a name follows."""
    out = []
    for row in range(len(mappings)):
        owner = ""
        if (
            row
            and not mappings.name_of(row)
            and mappings.inode[row - 1]
            and mappings.start[row] == mappings.end[row - 1]
        ):
            owner = mappings.name_of(row - 1)
        out.append((mappings.name_of(row), mappings.perms_of(row), owner))
    return out


@given(shapes, shapes)
def test_pairs_are_one_to_one_and_as_many_as_there_can_be(
    first: list[tuple[int, int, str, str, int]], second: list[tuple[int, int, str, str, int]]
) -> None:
    before, after = laid_out(first), laid_out(second)
    rows = pair_mappings(before, after)
    pairs = [(old, new) for new, old in enumerate(rows.tolist()) if old != NO_ROW]
    assert len({old for old, _ in pairs}) == len(pairs)
    was, now = known_by(before), known_by(after)
    assert all(was[old] == now[new] for old, new in pairs)
    assert Counter(now[new] for _, new in pairs) == Counter(was) & Counter(now)


@given(shapes)
def test_a_map_is_paired_with_itself_row_by_row(shape: list[tuple[int, int, str, str, int]]) -> None:
    mappings = laid_out(shape)
    assert np.array_equal(pair_mappings(mappings, mappings), np.arange(len(mappings)))
