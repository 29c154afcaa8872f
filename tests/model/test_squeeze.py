"""What is squeezed comes back as it was, and takes little."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from smapstop.model.squeeze import expand, expand_values, squeeze, squeeze_values

columns = st.sampled_from([np.int64, np.uint64, np.int32, np.int8, np.bool_]).flatmap(
    lambda kind: arrays.arrays(kind, st.integers(0, 40))
)
few = arrays.arrays(np.int64, st.integers(0, 40), elements=st.sampled_from([0, 4, 4096, -(1 << 63), (1 << 63) - 1]))
values = st.lists(st.sampled_from([0, 1, 1 << 62, 1 << 63, -(1 << 63), True, False, None, "", "a", (1, "b")]))


@given(st.one_of(columns, few))
def test_every_column_comes_back_with_its_type(column: Any) -> None:
    found = expand(squeeze(column))

    assert (column.dtype, column.tolist()) == (found.dtype, found.tolist())


@given(values)
def test_every_value_comes_back_with_its_type(told: list[Any]) -> None:
    found = expand_values(squeeze_values(told))

    assert told == found
    assert list(map(type, told)) == list(map(type, found))


def test_a_column_that_is_not_squeezed_is_itself() -> None:
    column = np.arange(3)
    assert expand(column) is column


@pytest.mark.parametrize(
    ("column", "most"),
    [
        (np.full(1000, 1 << 40), 0),
        (4096 * np.arange(1000), 1000),
        (4096 * np.array([0x7F0000000] * 999 + [0x7F0000001]), 130),
        (np.cumsum(4 * (np.arange(1000) % 300)), 2000),
        (np.random.default_rng(1).integers(0, 1 << 62, 1000), 8000),
    ],
)
def test_it_takes_what_its_steps_take(column: Any, most: int) -> None:
    squeezed, nothing = squeeze(column), squeeze(np.zeros(1, np.int64))

    assert squeezed.nbytes - nothing.nbytes <= most + 100
