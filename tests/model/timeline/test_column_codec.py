"""What is squeezed comes back as it was, and takes little."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays as arrays_of

from smapstop.model.timeline.column_codec import decode, decode_range, decode_values, encode, encode_values

columns = st.sampled_from([np.int64, np.uint64, np.int32, np.int8, np.bool_]).flatmap(
    lambda kind: arrays_of(kind, st.integers(0, 40))
)
few = arrays_of(np.int64, st.integers(0, 40), elements=st.sampled_from([0, 4, 4096, -(1 << 63), (1 << 63) - 1]))
values = st.lists(st.sampled_from([0, 1, 1 << 62, 1 << 63, -(1 << 63), True, False, None, "", "a", (1, "b")]))


@given(st.one_of(columns, few))
def test_every_column_comes_back_with_its_type(column: Any) -> None:
    found = decode(encode(column))

    assert (column.dtype, column.tolist()) == (found.dtype, found.tolist())


@given(st.one_of(columns, few), st.data())
def test_a_range_comes_back_as_if_all_were_decoded(column: Any, data: st.DataObject) -> None:
    low, high = sorted(data.draw(st.tuples(st.integers(0, len(column)), st.integers(0, len(column)))))
    part = decode_range(encode(column), low, high)

    assert part.dtype == column.dtype
    assert part.tolist() == column[low:high].tolist()


@given(values)
def test_every_value_comes_back_with_its_type(reported: list[Any]) -> None:
    found = decode_values(encode_values(reported))

    assert reported == found
    assert list(map(type, reported)) == list(map(type, found))


def test_a_column_that_is_not_squeezed_is_itself() -> None:
    column = np.arange(3)
    assert decode(column) is column


STEADY = 4096 * np.arange(1000)
RESTING = np.repeat([0, 4096, 8192, 4096], 250)
SAWTOOTH = 4 * (np.arange(1000) % 10)
CLIFFS = np.arange(1000) % 5 + np.repeat(1 << np.arange(10, 50, 4), 100)
RANDOM = np.random.default_rng(1).integers(-(1 << 62), 1 << 62, 1000)


@pytest.mark.parametrize(
    ("column", "bytes_of_data"),
    [(STEADY, 999), (RESTING, 125 + 3), (SAWTOOTH, 999), (CLIFFS, 999 + 9 * 12), (RANDOM, 8 * 999)],
    ids=["steady", "resting", "sawtooth", "cliffs", "random"],
)
def test_it_takes_what_its_steps_take(column: Any, bytes_of_data: int) -> None:
    squeezed, constant = encode(column), encode(np.full(1000, 7))
    arrays = [squeezed.deltas, squeezed.nonzero_bits, squeezed.outliers, squeezed.outlier_positions]

    assert bytes_of_data == sum(part.nbytes for part in arrays if part is not None)
    assert bytes_of_data < squeezed.nbytes - constant.nbytes < bytes_of_data + 500
