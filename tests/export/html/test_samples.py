"""Which ticks a chart shows."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from smapstop.export.html.samples import MAX_STRETCHES, choose_ticks, fill_forward


def test_few_ticks_are_all_shown() -> None:
    assert choose_ticks(np.arange(100) * 10**9, np.zeros(100)).tolist() == list(range(100))


@given(st.integers(0, 2**32), st.integers(3 * MAX_STRETCHES + 1, 9_000))
def test_of_many_the_ends_the_highest_and_the_lowest_are_among_the_few(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    times_ns = np.cumsum(random.integers(1, 10**9, count))
    values = random.normal(1_000, 100, count)
    chosen = choose_ticks(times_ns, values)
    assert len(chosen) <= 3 * MAX_STRETCHES + 1
    assert (np.diff(chosen) > 0).all()
    assert {0, count - 1, int(values.argmax()), int(values.argmin())} <= set(chosen.tolist())


def test_unknown_values_repeat_the_last_known_one() -> None:
    nan = np.nan
    filled = fill_forward(np.array([nan, 1.0, nan, nan, 2.0]))
    assert np.array_equal(filled, [nan, 1.0, 1.0, 1.0, 2.0], equal_nan=True)
