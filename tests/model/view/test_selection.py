"""Selecting mappings: one by one, in ranges, in groups."""

import numpy as np
from factories import mappings_of, tick_of, timeline_of

from smapstop.model.view.selection import RowSelection, mappings_in, selected_part
from smapstop.model.view.view import derive_view
from smapstop.model.view.view_state import ViewState

ROWS = mappings_of((10, 20, "rw-p", "[heap]"), (30, 40, "rw-p", ""), (50, 60, "rw-p", ""), (70, 80, "r-xp", "/lib/c"))


def test_mappings_are_selected_and_no_longer() -> None:
    some = RowSelection().toggle([1, 2])
    assert some.ids == {1, 2}
    assert some.toggle([2, 3]).ids == {1, 2, 3}, "not all of them were"
    assert some.toggle([2]).ids == {1}
    assert some.add([2, 5]).ids == {1, 2, 5}


def test_a_range_selects_what_it_spans_now_in_addition_to_what_was_selected_before() -> None:
    begun = RowSelection(frozenset({9})).toggle_range(4, [4])
    assert begun == RowSelection(frozenset({4, 9}), 4, frozenset({9}))
    assert begun.extend([4, 5, 6]).extend([4, 3]).ids == {3, 4, 9}
    ended = begun.extend([4, 5]).toggle_range(5, [5])
    assert ended == RowSelection(frozenset({4, 5, 9}))


def test_rows_stand_for_the_mappings_of_their_groups_that_are_still_there() -> None:
    timeline = timeline_of(tick_of(0, ROWS, [0, 1, 2, 3]), tick_of(1, mappings_of(), [], gone=[2]))
    view = derive_view(timeline, ViewState(grouping="kind", at=0))
    groups = view.table.ids.tolist()
    assert [mappings_in(view, [group]) for group in groups] == [(3,), (1, 2), (0,)]
    assert mappings_in(view, [3, groups[2], 99]) == (0, 3)
    later = derive_view(timeline, ViewState(grouping="kind"))
    assert mappings_in(later, [groups[1], 2]) == (1,), "unmapped, and shown for a while"


def test_a_group_is_selected_in_part() -> None:
    timeline = timeline_of(tick_of(0, ROWS, [0, 1, 2, 3]))
    view = derive_view(timeline, ViewState(grouping="kind"))
    assert selected_part(view, [1, 3], view.table.ids) == [1.0, 0.5, 0.0]
    flat = derive_view(timeline, ViewState())
    assert selected_part(flat, [1, 3], flat.table.ids[np.array([3, 0, 1])]) == [1.0, 0.0, 1.0]
    assert selected_part(flat, [], flat.table.ids) == [0.0] * 4
