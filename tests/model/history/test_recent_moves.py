"""Which numbers have moved lately."""

from typing import Any

import numpy as np
import pytest
from address_space import readings, space_histories, ticks_of
from factories import mappings_of, tick_of, timeline_of
from hypothesis import given
from hypothesis import strategies as st

from smapstop.model.history.recent_moves import FADE_TICKS, moves_of, recent_amounts
from smapstop.proc.columns import ABSENT

NONE = float("nan")


@pytest.mark.parametrize(
    ("values", "move"),
    [
        ([5, 5, 5, 5, 6], 1),
        ([5, 5, 5, 5, 4], -1),
        ([5, 5, 5, 6, 6], 2),
        ([5, 4, 4, 4, 4], -4),
        ([5, 6, 5, 5, 5], -3),
        ([5, 5, 5, 5, 5], 0),
        ([5], 0),
        ([NONE, NONE, 5, 5, 5], 0),
        ([NONE, 5, 6, 6, 6], 3),
        ([5, 6, NONE, NONE, NONE], 4),
        ([NONE] * 5, 0),
    ],
)
def test_a_move_is_how_long_ago_and_in_which_direction(values: list[float], move: int) -> None:
    assert moves_of(np.array(values)) == move


def test_every_number_moves_by_itself() -> None:
    values = np.array([[[1, 2, 2], [2, 2, 1]], [[0, 0, 0], [1, 1, 2]]], float)
    assert moves_of(values).tolist() == [[2, -1], [0, 1]]


HEAP, STACK = (10, 20, "rw-p", "[heap]"), (30, 40, "rw-p", "[stack]")


def test_the_amounts_after_each_of_the_last_ticks() -> None:
    timeline = timeline_of(
        tick_of(0, mappings_of((*HEAP, 40), (*STACK, 8), swap=[0, ABSENT]), [0, 1]),
        tick_of(1, mappings_of((*HEAP, 44), swap=[4]), [0]),
        tick_of(2, mappings_of(), [], gone=[1]),
    )
    found = recent_amounts(timeline, np.array([1, 0]), ("rss", "swap", "unheard_of"), 0, 3)
    expected = [[[8, 8, NONE], [40, 44, 44]], [[NONE] * 3, [0, 4, 4]], [[NONE] * 3] * 2]
    np.testing.assert_array_equal(found, np.array(expected))


@given(space_histories, st.sets(st.integers(1, 7)), st.integers(0, 7))
def test_they_are_those_of_the_series(life: list[list[Any]], keyframes: set[int], number: int) -> None:
    timeline = timeline_of(*ticks_of(readings(life), keyframes))
    number = min(number, len(timeline) - 1)
    mappings = np.arange(12)[::-1]
    for at, name in enumerate(("rss", "size")):
        first = max(0, number - FADE_TICKS)
        found = recent_amounts(timeline, mappings, ("rss", "size"), first, number + 1)[at]
        series = timeline.queries.series(mappings, name, first, number + 1)
        np.testing.assert_array_equal(found, series)
