"""The window of time: which ticks it has, where they are in it, and where it goes."""

import numpy as np
import pytest
from factories import SECOND_NS
from hypothesis import given
from hypothesis import strategies as st

from smapstop.model.history.time_window import (
    SPANS_S,
    between_readings,
    until_showing,
    window_until,
    zoomed_span,
)

times = st.lists(st.integers(0, 40), min_size=1, max_size=60).map(lambda gaps: np.cumsum(gaps) * (SECOND_NS // 10))
spans = st.sampled_from([None, 1, 2, 10])


def seconds(*at: float) -> np.ndarray:
    return np.array([round(each * SECOND_NS) for each in at])


def test_a_short_history_fills_the_window() -> None:
    window = window_until(seconds(0, 1, 2, 3), 0, 120)
    assert (window.first, window.last, window.seconds, window.is_sliding) == (0, 3, 3.0, False)
    assert window.cells(6).tolist() == [0, 1, 1, 2, 2, 3]
    assert [window.cell_of(number, 6) for number in range(4)] == [0, 2, 4, 5]


def test_of_a_long_history_the_window_shows_the_last_part() -> None:
    window = window_until(seconds(*range(100)), 0, 10)
    assert (window.first, window.last, window.seconds, window.is_sliding) == (89, 99, 10.0, True)
    assert 89 in window
    assert 88 not in window


def test_as_time_goes_on_cells_keep_their_ticks() -> None:
    before, after = (window_until(seconds(*range(last + 1)), 0, 40) for last in (96, 97))
    cells = [(window.first + window.cells(10)).tolist() for window in (before, after)]
    assert cells[0][1:] == cells[1][:-1]


def test_the_first_tick_alone_is_the_whole_window() -> None:
    window = window_until(seconds(5), 0, 120)
    assert window.cells(4).tolist() == [0, 0, 0, 0]
    assert list(window.ticks_in(3, 4)) == [0]


def test_forgotten_ticks_are_not_in_the_window() -> None:
    window = window_until(seconds(0, 0, 0, 3, 4), 3, None)
    assert (window.first, window.begin_ns) == (3, 3 * SECOND_NS)


def read_at(*numbers: int, ticks: int) -> np.ndarray:
    return np.isin(np.arange(ticks), numbers)


def test_a_cell_is_read_if_one_of_its_ticks_read_the_mappings() -> None:
    window = window_until(seconds(*range(13)), 0, None, is_reading=read_at(0, 5, 12, ticks=13))
    assert window.cells(6).tolist() == [0, 2, 4, 6, 8, 10]
    assert window.cells_read(6, 12).tolist() == [True, True, True, False, False, True], "one alone is no gap"
    assert window.first_read(6, 12).tolist() == [0, 2, 5, 6, 8, 12]
    assert window.cells_read(6, 4).tolist() == [True, *[False] * 5], "what is read later is not known yet"
    assert window_until(seconds(*range(13)), 0, None).cells_read(6, 12).all()


def test_a_cell_without_a_tick_is_read_as_the_next_one() -> None:
    window = window_until(seconds(0, 1, 2, 3), 0, None, is_reading=read_at(0, 3, ticks=4))
    assert window.cells(6).tolist() == [0, 1, 1, 2, 2, 3]
    assert window.cells_read(6, 3).tolist() == [True, False, False, False, False, True]


def test_readings_are_connected_by_straight_lines() -> None:
    nan = float("nan")
    values = np.array([[4, 4, 4, 4, 12, 12, 12], [nan, nan, nan, nan, 8, 8, nan]])
    was_read = np.array([True, False, False, False, True, False, False])
    connected = np.array([[4, 6, 8, 10, 12, 12, 12], [nan, nan, nan, nan, 8, 8, nan]])
    np.testing.assert_array_equal(connected, between_readings(values, was_read))
    late = np.array([False, False, True])
    assert between_readings(np.array([[4.0, 4, 8]]), late).tolist() == [[4, 6, 8]], "from what was read before"
    for all_alike in (np.ones(7, bool), np.zeros(7, bool)):
        np.testing.assert_array_equal(values, between_readings(values, all_alike))


@given(times, spans, st.integers(1, 80), st.data())
def test_every_tick_is_in_one_cell_and_every_cell_has_one(
    times_ns: np.ndarray, span_s: int | None, width: int, data: st.DataObject
) -> None:
    until = data.draw(st.integers(0, len(times_ns) - 1))
    window = window_until(times_ns, 0, span_s, until)
    first, last = window.cells(width), window.last_in_cells(width)
    assert (np.diff(first) >= 0).all()
    assert (first <= last).all()
    assert last[-1] == len(window.times_ns) - 1
    assert until in window
    for number in range(window.first + int(first[0]), window.last + 1):
        assert number in window.ticks_in(window.cell_of(number, width), width)


@given(times, spans, st.data())
def test_a_window_that_is_held_moves_only_to_show_a_tick_outside(
    times_ns: np.ndarray, span_s: int | None, data: st.DataObject
) -> None:
    until, number = (data.draw(st.integers(0, len(times_ns) - 1)) for _ in range(2))
    moved = until_showing(times_ns, 0, span_s, until, number)
    assert number in window_until(times_ns, 0, span_s, moved)
    if number in window_until(times_ns, 0, span_s, until):
        assert moved == until


def test_a_sample_is_the_last_tick_of_each_cell_and_the_very_first() -> None:
    window = window_until(seconds(*range(9)), 0, None)
    assert window.samples(4, 8, 100).tolist() == [0, 3, 5, 8]
    assert window.samples(4, 4, 100).tolist() == [0, 3, 4, -1]


def test_samples_of_very_many_ticks_stay_the_same_for_some_time() -> None:
    before, after = (
        window_until(seconds(*range(count)), 0, None).samples(10, count - 1, 100) for count in (999, 1000)
    )
    assert (before[:-1] == after[:-1]).mean() > 0.7
    assert (before[-1], after[-1]) == (998, 999)


@pytest.mark.parametrize(
    ("span_s", "whole_s", "direction", "expected"),
    [
        (120, 10_000, -1, 30),
        (120, 10_000, 1, 600),
        (120, 40, -1, 30),
        (120, 40, 1, None),
        (None, 700, -1, 600),
        (None, 700, 1, None),
        (3_600, 3_700, 1, None),
        (SPANS_S[0], 700, -1, SPANS_S[0]),
    ],
)
def test_zooming_changes_what_is_seen(
    span_s: int | None, whole_s: float, direction: int, expected: int | None
) -> None:
    assert zoomed_span(span_s, whole_s, direction) == expected
