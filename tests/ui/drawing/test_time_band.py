"""The scale of the time band."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smapstop.text import format as fmt
from smapstop.ui.drawing.time_band import nice_top


@pytest.mark.parametrize(
    ("kb", "top"), [(0, "1 K"), (700, "800 K"), (900, "1 M"), (1025, "1.5 M"), (85 << 10, "100 M"), (9 << 20, "10 G")]
)
def test_the_top_is_a_round_amount(kb: float, top: str) -> None:
    assert fmt.amount(nice_top(kb)) == top


@given(st.floats(0, 1e12))
def test_everything_fits_below_the_top_and_uses_most_of_the_height(kb: float) -> None:
    assert kb <= nice_top(kb) <= max(1, 2.01 * kb)
