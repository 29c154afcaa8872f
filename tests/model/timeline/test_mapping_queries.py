"""Queries over time say what the moments say, wherever the keyframes are."""

from typing import Any

import numpy as np
from address_space import readings, space_histories, ticks_of
from factories import mappings_of, tick_of, timeline_of
from hypothesis import given
from hypothesis import strategies as st

from smapstop.proc.columns import ABSENT

keyframes = st.sets(st.integers(1, 8))


@given(
    space_histories,
    keyframes,
    st.lists(st.integers(0, 30), unique=True, max_size=6),
    st.sampled_from(["rss", "size", "swap"]),
    st.integers(-3, 9),
    st.integers(-3, 12),
)
def test_series_are_what_the_moments_say(
    life: list[Any], at: set[int], ids: list[int], name: str, first: int, stop: int
) -> None:
    timeline = timeline_of(*ticks_of(readings(life), at))
    expected = np.full((len(ids), len(range(len(timeline))[max(0, first) : max(0, stop)])), np.nan)
    for column, number in enumerate(range(len(timeline))[max(0, first) : max(0, stop)]):
        moment = timeline.at(number)
        values = moment.mappings.get(name)
        for line, mapping in enumerate(ids):
            row = moment.row_of(mapping)
            if row is not None and values is not None:
                expected[line, column] = values[row]

    np.testing.assert_array_equal(timeline.queries.series(np.array(ids, np.int64), name, first, stop), expected)


def test_series_of_a_field_that_is_not_always_printed_has_gaps() -> None:
    rows = ((10, 20), (30, 40))
    timeline = timeline_of(
        tick_of(0, mappings_of(*rows, swap=[1, 2]), [0, 1]),
        tick_of(1, mappings_of(*rows, swap=[3, ABSENT]), [0, 1]),
        tick_of(2, mappings_of((10, 20)), [0]),
        tick_of(3, mappings_of((10, 20), swap=[5]), [0]),
    )

    nan = np.nan
    np.testing.assert_array_equal(
        timeline.queries.series(np.array([1, 0]), "swap", 0, 4), np.array([[2, nan, nan, nan], [1, 3, nan, 5]])
    )


def test_totals_have_gaps_where_they_are_unknown() -> None:
    totals: list[dict[str, int]] = [{"rss": 5, "uss": 4}, {"rss": 6}, {"uss": 7}]
    timeline = timeline_of(*(tick_of(at, mappings_of(), [], totals=known) for at, known in enumerate(totals)))

    np.testing.assert_array_equal(timeline.queries.totals("uss", 0, 3), [4, np.nan, 7])
    np.testing.assert_array_equal(timeline.queries.totals("rss", -5, 2), [5, 6])
    assert len(timeline.queries.totals("rss", 3, 9)) == 0


def test_change_of_a_mapping_at_a_tick() -> None:
    timeline = timeline_of(
        tick_of(0, mappings_of((10, 20, "rw-p", "", 8), (30, 40), swap=[4, ABSENT]), [0, 1]),
        tick_of(1, mappings_of((50, 60, "rw-p", "", 4), swap=[0]), [2]),
        tick_of(2, mappings_of((10, 30, "rw-p", "", 12), swap=[1]), [0], gone=[2]),
        tick_of(3, mappings_of((10, 30, "rw-p", "", 12), (30, 40), swap=[1, 7]), [0, 1], keyframe=True),
    )

    assert timeline.queries.change(0, 2) == {"size": 40, "rss": 4, "swap": -3}
    assert timeline.queries.change(2, 1) == {"size": 40, "rss": 4, "swap": 0}
    assert timeline.queries.change(0, 1) == {}
    assert timeline.queries.change(0, 3) == {"size": 0, "rss": 0, "swap": 0}
    assert timeline.queries.change(1, 3) == {"size": 0, "rss": 0, "swap": 7}
