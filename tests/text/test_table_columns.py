"""The columns of the table: which there are, and which fit."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smapstop.errors import SmapstopError
from smapstop.model.view.sort import Sorting
from smapstop.text.table_columns import (
    ALL_COLUMNS,
    COLUMNS,
    SORTABLE,
    add_sorted,
    find_columns,
    fit_columns,
    shift_sorting,
    toggle_sorting,
)


@pytest.mark.parametrize("width", [10, 20, 40, 60, 80, 118, 160, 240])
def test_what_is_shown_fits(width: int) -> None:
    shown = fit_columns(COLUMNS, width)
    assert shown[0][0].key == "name"
    assert sum(cells + 1 for _, cells in shown) - 1 <= width


def test_wider_terminals_lose_no_column() -> None:
    seen = [{column.key for column, _ in fit_columns(COLUMNS, width)} for width in range(30, 241)]
    assert all(narrow <= wide for narrow, wide in pairwise(seen))
    assert len(seen[-1]) == len(COLUMNS)


def test_the_reason_is_shown_before_most_numbers() -> None:
    assert [column.key for column, _ in fit_columns(COLUMNS, 60)] == ["name", "rss", "happened"]


@pytest.mark.parametrize("width", [40, 60, 80, 118, 240])
@pytest.mark.parametrize("key", SORTABLE)
def test_the_column_that_rows_are_sorted_by_is_shown_however_narrow_the_table(key: str, width: int) -> None:
    assert key in {column.key for column, _ in fit_columns(add_sorted(COLUMNS, key), width)}


def test_a_column_is_added_for_the_order_before_the_pictures_and_not_twice() -> None:
    assert add_sorted(COLUMNS, "moved") == COLUMNS
    assert [column.key for column in add_sorted(COLUMNS, "delta")] == [column.key for column in COLUMNS]
    keys = [column.key for column in add_sorted(COLUMNS, "pss")]
    assert keys[keys.index("pss") - 1 :] == ["rate", "pss", "history", "happened"]
    assert [column.key for column in add_sorted(find_columns(("name", "rss")), "swap")] == ["name", "rss", "swap"]


@pytest.mark.parametrize("width", [60, 80, 118])
@pytest.mark.parametrize("key", SORTABLE)
def test_the_title_of_the_column_that_rows_are_sorted_by_has_room_for_its_arrow(key: str, width: int) -> None:
    cells = next(cells for column, cells in fit_columns(add_sorted(COLUMNS, key), width) if column.key == key)
    assert cells > len(SORTABLE[key].title)


def test_columns_are_chosen_by_key_in_the_order_asked_for() -> None:
    assert [column.key for column in find_columns(("swap", "name", "ksm"))] == ["swap", "name", "ksm"]
    assert find_columns(()) == COLUMNS


def test_an_unknown_column_is_refused_with_those_there_are() -> None:
    with pytest.raises(SmapstopError, match=r"^no column 'rs': the columns are name, perms, rss"):
        find_columns(("name", "rs"))


def test_what_only_the_rollup_has_is_no_column() -> None:
    assert not {"pss_anon", "pss_file", "pss_shmem"} & set(ALL_COLUMNS)
    assert set(SORTABLE) < set(ALL_COLUMNS)


def test_the_same_column_again_turns_the_order() -> None:
    assert toggle_sorting("rss", Sorting("name", descending=False)) == Sorting("rss", descending=True)
    assert toggle_sorting("rss", Sorting("rss", descending=True)) == Sorting("rss", descending=False)
    assert toggle_sorting("name", Sorting("rss")) == Sorting("name", descending=False)


def test_the_columns_to_the_side_come_round_by_what_moved() -> None:
    columns = find_columns(("name", "history", "rss"))
    sorting, seen = Sorting("moved"), []
    for _ in range(3):
        sorting = shift_sorting(columns, sorting, 1)
        seen.append(sorting.key)
    assert seen == ["name", "rss", "moved"]
    assert shift_sorting(columns, Sorting("moved"), -1).key == "rss"


@given(
    st.integers(1, 260),
    st.dictionaries(st.sampled_from([column.key for column in COLUMNS]), st.integers(1, 300)),
    st.dictionaries(st.sampled_from(["rss", "delta", "rate"]), st.integers(4, 25)),
)
def test_wishes_drop_no_column_and_no_column_overlaps(
    room: int, wishes: dict[str, int], least: dict[str, int]
) -> None:
    usual, fitted = dict(fit_columns(COLUMNS, room, least)), fit_columns(COLUMNS, room, least, wishes)
    assert {column.key for column in usual} <= {column.key for column, _ in fitted}
    assert sum(cells + 1 for _, cells in fitted) <= max(room + 1, fitted[0][1] + 1)
    for column, cells in fitted:
        assert cells <= room
        if column.right:
            assert cells >= min(room, least.get(column.key, column.width))
        if column.key in wishes and not column.right:
            assert cells <= max(wishes[column.key], 16)


def test_spare_cells_go_to_a_wish_first_and_the_names_have_the_rest() -> None:
    def widths(wishes: dict[str, int]) -> dict[str, int]:
        return {column.key: cells for column, cells in fit_columns(COLUMNS, 118, {}, wishes)}

    usual = widths({})
    assert widths({"rss": 12})["rss"] == 12
    assert widths({"happened": 20})["happened"] == 20
    assert widths({"happened": 20})["name"] > usual["name"]
    assert widths({"name": 300})["happened"] == 28
    assert widths({"rss": 1}) == usual
