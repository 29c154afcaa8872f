"""Cached values of the last ticks are those that a new query gives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from smapstop.model.history.series_cache import SampleCache, SeriesCache
from smapstop.model.tick import Ids

EVERYTHING = np.random.default_rng(7).integers(0, 9, (2, 8, 30)).astype(np.float64)
"""Two fields of eight mappings over thirty ticks."""
EVERYTHING[:, 3, 12:] = np.nan
EVERYTHING[:, 5, :9] = np.nan

asked = st.tuples(st.permutations(range(8)), st.integers(1, 8), st.integers(0, 29), st.integers(1, 10))
"""Some mappings in any order, the last tick, and how many before it."""
goes_on = st.tuples(st.permutations(range(8)), st.integers(1, 8), st.just(-1), st.integers(1, 10))
"""The same for the tick after the one that was asked for before."""


class Log:
    """Tells values, and counts how many."""

    def __init__(self) -> None:
        self.reported = 0

    def ask(self, mappings: Ids, first: int, stop: int) -> NDArray[np.float64]:
        values: NDArray[np.float64] = EVERYTHING[:, mappings, first:stop]
        self.reported += values.size
        return values


@given(st.lists(asked | goes_on, max_size=20))
def test_it_is_reported_again(questions: list[tuple[list[int], int, int, int]]) -> None:
    recent, last = SeriesCache(Log().ask), -1
    for order, count, at, back in questions:
        last = at if at >= 0 else min(last + 1, 29)
        mappings, first = np.array(order[:count]), max(0, last - back)
        found = recent.values(mappings, first, last + 1, EVERYTHING[:, mappings, last])
        np.testing.assert_array_equal(EVERYTHING[:, mappings, first : last + 1], found)


@pytest.mark.parametrize(("new", "reported"), [(0, 0), (2, 2 * 2 * 5)])
def test_a_tick_later_only_mappings_that_were_not_there_are_asked_for(new: int, reported: int) -> None:
    log = Log()
    recent = SeriesCache(log.ask)
    for at in (9, 10):
        mappings = np.arange(at == 10 and new, 4 + (at == 10 and new))
        log.reported = 0
        recent.values(mappings, 5, at + 1, EVERYTHING[:, mappings, at])
    assert log.reported == reported


def test_samples_are_loaded_once_with_those_that_may_be_asked_for_next() -> None:
    asked: list[tuple[list[int], int]] = []

    def ask(mappings: Ids, number: int) -> NDArray[np.float64]:
        asked.append((sorted(mappings.tolist()), number))
        return np.asarray(mappings * 100.0 + number, np.float64)

    cache = SampleCache(ask)
    ids, ticks = np.array([2, 1]), np.array([3, 3, 7])
    assert cache.values(ids, ticks, np.array([1, 2, 5])).tolist() == [[203, 203, 207], [103, 103, 107]]
    assert cache.values(np.array([5, 2]), ticks, np.array([2, 5, 9])).tolist() == [[503, 503, 507], [203, 203, 207]]
    assert asked == [([1, 2, 5], 3), ([1, 2, 5], 7)]
    cache.values(np.array([9]), np.array([7]), np.array([9]))
    assert asked[2:] == [([9], 7)]
