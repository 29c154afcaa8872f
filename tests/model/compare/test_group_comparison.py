"""Which mappings of two runs are the same, whatever their addresses, order and kernels."""

from typing import Any

import numpy as np
import pytest
from factories import mappings_of
from hypothesis import given
from hypothesis import strategies as st

from smapstop.model.compare.group_comparison import GroupComparison, MatchKey, compare_groups
from smapstop.model.kinds import Kind
from smapstop.proc.columns import ABSENT, Mappings, StringTable, no_mappings


def run(*rows: tuple[Any, ...], **amounts: list[int]) -> Mappings:
    """A map of a run of its own: it shares nothing with another, not even its texts."""
    return mappings_of(*rows, texts=StringTable(), **amounts)


def reported(found: GroupComparison, field: str = "rss") -> dict[str, tuple[int, int, int, int]]:
    """By name: how many mappings before and after, and a field before and after."""
    before, after = found.before.get(field), found.after.get(field)
    assert before is not None
    assert after is not None
    columns = (found.before.mapping_count, found.after.mapping_count, before, after)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return dict(zip(found.names, rows, strict=True))


LIBC = "/lib/libc.so.6"
BEFORE = (
    (10, 11, "r--p", LIBC, 1, 0),
    (11, 20, "r-xp", LIBC, 2, 1),
    (20, 22, "rw-p", LIBC, 4, 10),
    (30, 40, "rw-p", "[heap]", 8),
    (50, 60, "rw-p", "", 16),
    (70, 80, "rw-p", "", 32),
    (90, 91, "rw-p", "/tmp/old", 64),
)
AFTER = (
    (110, 111, "r--p", LIBC, 3, 0),
    (111, 120, "r-xp", LIBC, 5, 1),
    (120, 122, "rw-p", LIBC, 7, 10),
    (130, 140, "rw-p", "[heap]", 9),
    (150, 160, "rw-p", "", 11),
    (190, 191, "rw-p", "/tmp/new", 13),
)


def test_mappings_of_one_name_are_a_group_and_so_is_all_memory_without_a_name() -> None:
    assert reported(compare_groups(run(*BEFORE), run(*AFTER))) == {
        "/lib/libc.so.6": (3, 3, 7, 15),
        "/tmp/new": (0, 1, 0, 13),
        "/tmp/old": (1, 0, 64, 0),
        "[heap]": (1, 1, 8, 9),
        "anonymous": (2, 1, 48, 11),
    }


def test_by_kind() -> None:
    found = compare_groups(run(*BEFORE), run(*AFTER), "kind")
    assert reported(found) == {"anonymous": (2, 1, 48, 11), "file": (4, 4, 71, 28), "heap": (1, 1, 8, 9)}
    assert found.kinds == (Kind.ANONYMOUS, Kind.FILE, Kind.HEAP)


def test_by_file_all_that_has_none_is_known_by_its_kind() -> None:
    before = run((1, 2, "rw-p", "[anon:a]", 1), (2, 3, "rw-p", "", 2), (3, 4, "rw-p", "/a", 4))
    after = run((1, 2, "rw-p", "[anon:b]", 8), (3, 4, "rw-p", "/a", 16))
    assert reported(compare_groups(before, after, "file")) == {"/a": (1, 1, 4, 16), "anonymous": (2, 1, 3, 8)}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("/lib/a.so.1", "/lib/a.so.2"),
        ("/build-1/app", "/build-2/app"),
        ("/memfd:a1 (deleted)", "/memfd:a2 (deleted)"),
        ("[stack:17]", "[stack:18]"),
        ("/dev/zero (deleted)", "/dev/zero"),  # shared memory without a file, and private memory
    ],
)
def test_nothing_is_matched_by_guess(before: str, after: str) -> None:
    found = compare_groups(run((1, 2, "rw-p", before)), run((1, 2, "rw-p", after)))
    assert sorted(zip(found.before.mapping_count.tolist(), found.after.mapping_count.tolist(), strict=True)) == [
        (0, 1),
        (1, 0),
    ]


def test_a_deleted_file_is_the_file() -> None:
    found = compare_groups(run((1, 2, "r-xp", "/app (deleted)", 1)), run((7, 8, "r-xp", "/app", 2)))
    assert reported(found) == {"/app": (1, 1, 1, 2)}


def parts(found: GroupComparison) -> list[tuple[str, str, int, int, int]]:
    """Name, permissions, offset in pages, and Rss before and after."""
    rss = (found.before.get("rss"), found.after.get("rss"))
    assert rss[0] is not None
    assert rss[1] is not None
    offsets = [offset // 4096 for offset in found.offsets]
    return list(zip(found.names, found.perms, offsets, rss[0].tolist(), rss[1].tolist(), strict=True))


def test_parts_of_a_file_are_known_by_permissions_and_offset() -> None:
    assert parts(compare_groups(run(*BEFORE), run(*AFTER), "part")) == [
        (LIBC, "r--p", 0, 1, 3),
        (LIBC, "r-xp", 1, 2, 5),
        (LIBC, "rw-p", 10, 4, 7),
        ("/tmp/new", "rw-p", 0, 0, 13),
        ("/tmp/old", "rw-p", 0, 64, 0),
        ("[heap]", "", 0, 8, 9),
        ("anonymous", "", 0, 48, 11),
    ]


def test_parts_of_a_file_that_was_built_again_are_known_by_their_order() -> None:
    before = run(
        (1, 2, "r--p", LIBC, 1, 0),
        (2, 5, "r-xp", LIBC, 2, 1),
        (5, 7, "r--p", LIBC, 4, 4),
        (7, 8, "r--p", LIBC, 8, 6),
        (8, 9, "rw-p", LIBC, 16, 7),
    )
    after = run(
        (1, 2, "r--p", LIBC, 1, 0),
        (2, 9, "r-xp", LIBC, 3, 1),
        (9, 11, "r--p", LIBC, 5, 8),
        (11, 12, "r--p", LIBC, 9, 10),
        (12, 13, "rw-p", LIBC, 17, 11),
        (13, 14, "rw-p", LIBC, 33, 12),
    )
    assert parts(compare_groups(before, after, "part")) == [
        (LIBC, "r--p", 0, 1, 1),
        (LIBC, "r--p", 8, 4, 5),
        (LIBC, "r--p", 10, 8, 9),
        (LIBC, "r-xp", 1, 2, 3),
        (LIBC, "rw-p", 11, 16, 17),
        (LIBC, "rw-p", 12, 0, 33),
    ]


def test_what_a_kernel_does_not_print_is_absent_and_what_is_not_there_is_nothing() -> None:
    before = run((1, 2, "rw-p", "/a"), (2, 3, "rw-p", "/b"), swap=[5, ABSENT])
    after = run((2, 3, "rw-p", "/b"), (3, 4, "rw-p", "/c"), (4, 5, "rw-p", "/c"), ksm=[7, ABSENT, 9])
    found = compare_groups(before, after)
    assert found.names == ("/a", "/b", "/c")
    assert (found.after.get("swap"), found.before.get("ksm")) == (None, None)
    columns = [found.before.get("swap"), found.after.get("ksm")]
    assert [column.tolist() for column in columns if column is not None] == [[5, ABSENT, 0], [0, 7, 9]]


def test_what_cannot_be_summed_is_left_out() -> None:
    before = run((1, 2), thp_eligible=[1], kernel_page_size=[4], protection_key=[0], mmu_page_size=[4])
    assert compare_groups(before, before).before.fields == ("size", "rss")


def test_uss_and_dirty_are_sums_of_what_the_kernel_prints() -> None:
    amounts = {"private_clean": [1, 16], "private_dirty": [2, 32], "shared_dirty": [4, 64]}
    old = run((1, 2), (2, 3), **amounts)
    new = run((1, 2), (2, 3), **amounts, private_hugetlb=[8, 128])
    found = compare_groups(old, new)
    assert reported(found, "uss") == {"anonymous": (2, 2, 51, 187)}
    assert reported(found, "dirty") == {"anonymous": (2, 2, 102, 102)}
    assert compare_groups(run((1, 2), private_dirty=[1]), new).before.get("uss") is None


def test_a_map_of_nothing_has_no_mappings_to_be_like() -> None:
    nothing = no_mappings(StringTable(), ("rss",))
    assert len(compare_groups(nothing, nothing, "part")) == 0
    assert reported(compare_groups(nothing, run((1, 2, "rw-p", "[heap]", 8)), "part")) == {"[heap]": (0, 1, 0, 8)}


NAMES = ("", "[heap]", "[anon:a]", "/a", "/a (deleted)", "/b", "/dev/zero (deleted)")
rows = st.tuples(
    st.integers(0, 50),
    st.integers(51, 99),
    st.sampled_from(["r--p", "r-xp", "rw-p"]),
    st.sampled_from(NAMES),
    st.integers(0, 1000),
    st.integers(0, 5),
)
maps = st.lists(rows, max_size=12)
bys = st.sampled_from(["name", "kind", "file", "part"])


def listed(found: GroupComparison) -> list[Any]:
    """All that a likeness says."""
    heads = list(zip(found.names, found.kinds, found.perms, found.offsets, strict=True))
    sides = (found.before, found.after)
    return [heads, *((side.mapping_count.tolist(), side.fields, side.amounts.tolist()) for side in sides)]


@given(maps, maps, bys, st.randoms(use_true_random=False))
def test_neither_the_order_of_the_mappings_nor_that_of_their_texts_matters(
    before: list[Any], after: list[Any], by: MatchKey, random: Any
) -> None:
    expected = listed(compare_groups(run(*before), run(*after), by))
    random.shuffle(before)
    random.shuffle(after)
    assert listed(compare_groups(run(*before), run(*after), by)) == expected


@given(maps, maps, bys)
def test_every_mapping_is_in_one_group_and_nothing_is_lost(before: list[Any], after: list[Any], by: MatchKey) -> None:
    found = compare_groups(run(*before), run(*after), by)
    for side, mappings in ((found.before, run(*before)), (found.after, run(*after))):
        assert int(side.mapping_count.sum()) == len(mappings)
        assert side.amounts.sum(axis=1).tolist() == mappings.amounts.sum(axis=1).tolist()
    assert ((found.before.mapping_count > 0) | (found.after.mapping_count > 0)).all()


@given(maps, bys)
def test_a_run_is_like_itself_wherever_it_lies(before: list[Any], by: MatchKey) -> None:
    elsewhere = [(first + 1000, stop + 1000, *rest) for first, stop, *rest in before]
    found = compare_groups(run(*before), run(*elsewhere), by)
    assert found.before.mapping_count.tolist() == found.after.mapping_count.tolist()
    assert np.array_equal(found.before.amounts, found.after.amounts)


@given(maps, maps)
def test_turned_around_before_is_after(before: list[Any], after: list[Any]) -> None:
    there, back = compare_groups(run(*before), run(*after), "part"), compare_groups(run(*after), run(*before), "part")
    assert parts_of(there) == sorted((name, perms, new, old) for name, perms, old, new in parts_of(back))


def parts_of(found: GroupComparison) -> list[tuple[str, str, int, int]]:
    """The parts without their offsets, which are those of the later side."""
    return sorted((name, perms, old, new) for name, perms, _, old, new in parts(found))
