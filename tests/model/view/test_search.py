"""Search among rows: which are found, and how to go through them."""

import numpy as np
from factories import mappings_of, tick_of, timeline_of

from smapstop.model.view.search import Hits, find_hits
from smapstop.model.view.view import derive_view
from smapstop.model.view.view_state import ViewState

ROWS = mappings_of(
    (1, 2, "rw-p", "[heap]", 9), (3, 4, "r-xp", "/a.so", 5), (4, 5, "rw-p", "/a.so", 4), (6, 7, "r-xp", "/b.so", 1)
)
TIMELINE = timeline_of(tick_of(0, ROWS, [0, 1, 2, 3]))


def hits(*places: int) -> Hits:
    return Hits(np.zeros(0, bool), np.array(places, np.intp))


def test_the_search_goes_on_at_the_other_end() -> None:
    assert [hits(2, 5).step(place, 1) for place in (0, 2, 4, 5, 9)] == [
        (2, False),
        (5, False),
        (5, False),
        (2, True),
        (2, True),
    ]
    assert [hits(2, 5).step(place, -1) for place in (0, 2, 4, 5, 9)] == [
        (5, True),
        (5, True),
        (2, False),
        (2, False),
        (5, False),
    ]
    assert hits().step(0, 1) is None


def test_hits_are_counted_from_one() -> None:
    assert [hits(2, 5).number_at(place) for place in (0, 2, 3, 5, 6)] == [None, 1, None, 2, None]


def test_rows_are_found_in_the_order_shown_among_those_that_the_filter_passes() -> None:
    order = np.array([3, 1, 2, 0])
    assert find_hits(derive_view(TIMELINE, ViewState()), order, "a.so").places.tolist() == [1, 2]
    filtered = derive_view(TIMELINE, ViewState(filter="perm:x"))
    assert find_hits(filtered, order[:2], "a.so").places.tolist() == [1]
    assert find_hits(filtered, order, "").places.tolist() == []


def test_a_folded_group_is_found_by_its_mappings_an_unfolded_one_has_them() -> None:
    folded = derive_view(TIMELINE, ViewState(grouping="kind"))
    assert find_hits(folded, np.arange(2), "a.so .data").mask.tolist() == [True, False]
    files = int(folded.table.ids[0])
    view = derive_view(TIMELINE, ViewState(grouping="kind", unfolded=frozenset({files})))
    found = find_hits(view, np.arange(len(view.table)), "a.so").mask
    assert view.table.ids[found].tolist() == [1, 2]
