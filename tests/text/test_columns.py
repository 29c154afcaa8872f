"""The columns of the table: which there are, and which fit."""

from itertools import pairwise

import pytest

from smapstop.errors import SmapstopError
from smapstop.model.view.sort import Sorting
from smapstop.text.columns import ALL, COLUMNS, SORTABLE, chosen, column_keys, fitting, sorted_beside, sorted_by


@pytest.mark.parametrize("width", [10, 20, 40, 60, 80, 118, 160, 240])
def test_what_is_shown_fits(width: int) -> None:
    shown = fitting(COLUMNS, width)
    assert shown[0][0].key == "name"
    assert sum(cells + 1 for _, cells in shown) - 1 <= width


def test_wider_terminals_lose_no_column() -> None:
    seen = [{column.key for column, _ in fitting(COLUMNS, width)} for width in range(30, 241)]
    assert all(narrow <= wide for narrow, wide in pairwise(seen))
    assert len(seen[-1]) == len(COLUMNS)


def test_the_reason_is_shown_before_most_numbers() -> None:
    assert [column.key for column, _ in fitting(COLUMNS, 60)] == ["name", "rss", "happened"]


def test_columns_are_chosen_by_key_in_the_order_asked_for() -> None:
    assert [column.key for column in chosen(("swap", "name", "ksm"))] == ["swap", "name", "ksm"]
    assert chosen(()) == COLUMNS


def test_an_unknown_column_is_refused_with_those_there_are() -> None:
    with pytest.raises(SmapstopError, match=r"^no column 'rs': columns are name, start, perms"):
        chosen(("name", "rs"))


def test_what_only_the_rollup_has_is_no_column() -> None:
    assert not {"pss_anon", "pss_file", "pss_shmem"} & set(column_keys())
    assert set(SORTABLE) < set(ALL)


def test_the_same_column_again_turns_the_order() -> None:
    assert sorted_by("rss", Sorting("name", descending=False)) == Sorting("rss", descending=True)
    assert sorted_by("rss", Sorting("rss", descending=True)) == Sorting("rss", descending=False)
    assert sorted_by("name", Sorting("rss")) == Sorting("name", descending=False)


def test_the_columns_beside_come_round_by_what_moved() -> None:
    columns = chosen(("name", "history", "rss"))
    sorting, seen = Sorting("moved"), []
    for _ in range(3):
        sorting = sorted_beside(columns, sorting, 1)
        seen.append(sorting.key)
    assert seen == ["name", "rss", "moved"]
    assert sorted_beside(columns, Sorting("moved"), -1).key == "rss"
