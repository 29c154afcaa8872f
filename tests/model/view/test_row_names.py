"""Names of the rows as they are shown, and their order."""

from factories import mappings_of, tick_of, timeline_of

from smapstop.model.tick import ThreadStack
from smapstop.model.view.row_names import name_ranks, row_name
from smapstop.model.view.sort import Sorting, sort_rows
from smapstop.model.view.view import derive_view
from smapstop.model.view.view_state import ViewState

ROWS = mappings_of(
    (0x1000, 0x1001, "r-xp", "/opt/zebra/alpha.so"),
    (0x1001, 0x1002, "rw-p", "/opt/zebra/alpha.so"),
    (0x2000, 0x2001, "rw-p", "/opt/alpha/Zebra.so"),
    (0x3000, 0x3001, "rw-p"),
    (0x4000, 0x4100, "rw-p", "[heap]"),
    (0x5000, 0x5001, "r--p"),
    (0x6000, 0x6100, "rw-p", "/memfd:middle (deleted)"),
)


def test_names_are_sorted_as_they_are_shown() -> None:
    timeline = timeline_of(tick_of(0, ROWS, list(range(7)), stacks=(ThreadStack(3, 4711, "busy"),)))
    table = derive_view(timeline, ViewState()).table
    names = [row_name(table, row) for row in sort_rows(table, Sorting("name", descending=False)).tolist()]
    assert names == sorted(names, key=str.casefold)
    assert names[-1] == "Zebra.so .data"
    assert "alpha.so .text" in names


def test_shared_memory_without_a_file_is_not_named_after_a_device_that_was_deleted() -> None:
    rows = mappings_of((0x1000, 0x1001, "rw-s", "/dev/zero (deleted)"), (0x2000, 0x2001, "rw-s", "/SYSV0 (deleted)"))
    table = derive_view(timeline_of(tick_of(0, rows, [0, 1])), ViewState()).table
    assert [row_name(table, row) for row in (0, 1)] == ["shared anonymous", "SYSV0 (deleted)"]
    grouped = derive_view(timeline_of(tick_of(0, rows, [0, 1])), ViewState(grouping="name")).table
    assert row_name(grouped, 0) == "shared anonymous × 1"


def test_rows_of_one_name_have_one_rank_and_stay_in_address_order() -> None:
    table = derive_view(timeline_of(tick_of(0, ROWS, list(range(7)))), ViewState()).table
    ranks = name_ranks(table)
    assert ranks[3] == ranks[5]
    assert len(set(ranks.tolist())) == 6


def test_groups_are_sorted_by_name_too() -> None:
    timeline = timeline_of(tick_of(0, ROWS, list(range(7))))
    table = derive_view(timeline, ViewState(grouping="name")).table
    names = [row_name(table, row) for row in sort_rows(table, Sorting("name", descending=False)).tolist()]
    assert names == sorted(names, key=lambda name: name.rpartition(" × ")[0].casefold())
