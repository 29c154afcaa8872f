"""Sums over some mappings, in words."""

import numpy as np
from factories import mappings_of, tick_of, timeline_of

from smapstop.model.view.view import derive_view
from smapstop.model.view.view_state import ViewState
from smapstop.text.row_sums import mappings_text, sums_of

HEAP, A, B = (10, 20, "rw-p", "[heap]"), (30, 40, "rw-p", ""), (50, 60, "rw-p", "")


def test_sums_are_of_what_is_there_and_the_change_also_of_what_just_went() -> None:
    rows = mappings_of((*HEAP, 40), (*A, 12), (*B, 8))
    timeline = timeline_of(tick_of(0, rows, [0, 1, 2]), tick_of(1, mappings_of((*HEAP, 64)), [0], gone=[2]))
    view = derive_view(timeline, ViewState())
    every = sums_of(view, np.ones(3, bool))
    assert (every.count, every.amount, every.change, every.rate) == (2, "Rss 76 K", "+16 K", "+24 K/s"), (
        "rates are of what is there"
    )
    rest = sums_of(view, np.array([False, True, False]))
    assert (rest.count, rest.amount, rest.change, rest.rate) == (1, "Rss 12 K", "", "")


def test_a_metric_that_is_not_printed_is_unknown_not_nothing() -> None:
    view = derive_view(timeline_of(tick_of(0, mappings_of((*HEAP, 40)), [0])), ViewState(metric="swap"))
    assert sums_of(view, np.ones(1, bool)).amount == "Swap –"


def test_numbers_of_mappings() -> None:
    assert [mappings_text(count) for count in (1, 2, 65_530)] == ["1 mapping", "2 mappings", "65,530 mappings"]
