"""Encode columns compactly: integers as deltas, other values as codes of the distinct values.

zlib over the bytes of `np.diff` takes fewer bytes but more CPU time, and decoding is what a user waits for when
stepping through the history. Measured on columns of real processes:

    67 MB, 6,000 mappings     here 4.2 MB, encoded in  50 ms, decoded in 22 ms
                            zlib 1 3.6 MB            173 ms            71 ms
                            zlib 6 2.6 MB            723 ms           135 ms
    0.84 MB, a Python program here 0.18 MB             8 ms             2 ms  (overhead of each array)
                            zlib 1 0.10 MB             8 ms             3 ms
"""

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass

_Width = type[np.signedinteger[Any]]
_WIDTHS: tuple[_Width, ...] = (np.int8, np.int16, np.int32, np.int64)
_OBJECT_BYTES, _ARRAY_BYTES = 170, 112
"""Bytes that Python needs for an encoded column itself, and for each array in it."""
_NO_DELTAS, _NO_OUTLIERS, _NO_POSITIONS = np.zeros(0, np.int8), np.zeros(0, np.int64), np.zeros(0, np.int32)


@dataclass(frozen=True, slots=True, eq=False)
class DeltaEncoded:
    """Column of integers, encoded as the deltas between consecutive values.

    Columns of mappings and ticks hardly change from one row to the next, and then by whole pages: most deltas are 0,
    and the others are small once the low bits that none of them uses are shifted out. Deltas wrap around, so any
    64-bit values are restored exactly.
    """

    dtype: np.dtype[Any]
    count: int
    first: int
    shift: int
    """Number of low bits that are 0 in every delta."""
    nonzero_bits: NDArray[np.uint8] | None
    """Bitmap of the deltas that are not 0; None when most are not, and `deltas` has all of them."""
    deltas: NDArray[np.signedinteger[Any]]
    """Deltas, shifted, in the width that takes the fewest bytes."""
    outliers: NDArray[np.int64]
    """Deltas that do not fit this width, such as between different mappings."""
    outlier_positions: NDArray[np.int32]
    """Positions of the outliers in `deltas`."""

    @property
    def nbytes(self) -> int:
        """Memory use, bytes."""
        return _OBJECT_BYTES + sum(
            part.nbytes + _ARRAY_BYTES
            for part in (self.deltas, self.nonzero_bits, self.outliers, self.outlier_positions)
            if part is not None and len(part)
        )


StoredColumn = NDArray[Any] | DeltaEncoded
"""A plain or encoded column; see `decode`."""


def encode(values: NDArray[Any]) -> DeltaEncoded:
    """Encode integers of any type, or booleans, shape (n,)."""
    wide = values.astype(np.int64)
    deltas = np.diff(wide)
    used = int(np.bitwise_or.reduce(deltas))
    first = int(wide[0]) if len(wide) else 0
    if not used:
        return DeltaEncoded(values.dtype, len(wide), first, 0, None, _NO_DELTAS, _NO_OUTLIERS, _NO_POSITIONS)
    shift = (used & -used).bit_length() - 1
    deltas >>= shift
    nonzero_bits = None
    nonzero = deltas != 0
    if np.count_nonzero(nonzero) < len(deltas) * 7 // 8:
        nonzero_bits, deltas = np.packbits(nonzero), deltas[nonzero]
    width, outliers_at = min(
        (_find_outliers(deltas, width) for width in _WIDTHS), key=lambda choice: _encoded_bytes(deltas, *choice)
    )
    outliers = deltas[outliers_at] if len(outliers_at) else _NO_OUTLIERS
    return DeltaEncoded(
        values.dtype,
        len(wide),
        first,
        shift,
        nonzero_bits,
        deltas.astype(width),
        outliers,
        outliers_at if len(outliers_at) else _NO_POSITIONS,
    )


def _find_outliers(deltas: NDArray[np.int64], width: _Width) -> tuple[_Width, NDArray[np.int32]]:
    """Width, and the positions of the deltas that do not fit it."""
    limits = np.iinfo(width)
    return width, np.flatnonzero((deltas < limits.min) | (deltas > limits.max)).astype(np.int32)


def _encoded_bytes(deltas: NDArray[np.int64], width: _Width, outliers_at: NDArray[np.int32]) -> int:
    """Size of the deltas in a width, with the outliers, bytes."""
    return len(deltas) * np.dtype(width).itemsize + len(outliers_at) * (8 + 4)


def decode(column: StoredColumn) -> NDArray[Any]:
    """Decode a column to its original values and dtype, shape (n,); a plain column is returned as it is."""
    if not isinstance(column, DeltaEncoded):
        return column
    wide = np.full(column.count, column.first, np.int64)
    if len(column.deltas):
        deltas = column.deltas.astype(np.int64)
        deltas[column.outlier_positions] = column.outliers
        if column.nonzero_bits is not None:
            nonzero, deltas = deltas, np.zeros(column.count - 1, np.int64)
            deltas[np.unpackbits(column.nonzero_bits, count=len(deltas)).view(bool)] = nonzero
        wide[1:] += np.cumsum(deltas) << column.shift
    return wide.astype(column.dtype, copy=False)


def decode_range(column: StoredColumn, low: int, high: int) -> NDArray[Any]:
    """Decode only the values from `low` up to `high`: what comes before them is merely summed up."""
    if not isinstance(column, DeltaEncoded):
        return column[low:high]
    wide = np.full(max(0, min(high, column.count) - low), column.first, np.int64)
    if len(column.deltas) and len(wide):
        begin, end, at = low, low + len(wide) - 1, None
        if column.nonzero_bits is not None:  # deltas that are 0 are not stored
            is_nonzero = np.unpackbits(column.nonzero_bits, count=end).view(bool)
            at = np.flatnonzero(is_nonzero[low:])
            begin = int(np.count_nonzero(is_nonzero[:low]))
            end = begin + len(at)
        deltas = column.deltas[:end].astype(np.int64)
        inside = column.outlier_positions < end
        deltas[column.outlier_positions[inside]] = column.outliers[inside]
        steps = np.zeros(len(wide), np.int64)
        steps[0] = deltas[:begin].sum()
        steps[1:] = deltas[begin:] if at is None else 0
        if at is not None:
            steps[1 + at] = deltas[begin:]
        wide += np.cumsum(steps) << column.shift
    return wide.astype(column.dtype, copy=False)


@dataclass(frozen=True, slots=True, eq=False)
class EncodedValues:
    """Encoded sequence of Python values: integers that fit 64 bits, or any hashable values."""

    column: DeltaEncoded
    """The integers themselves, or codes."""
    distinct_values: tuple[Any, ...] | None
    """The value of each code; None when `column` holds the integers themselves."""

    @property
    def nbytes(self) -> int:
        """Approximate memory use, bytes."""
        return self.column.nbytes + sum(_size_of(value) for value in self.distinct_values or ())


def encode_values(values: Sequence[Any]) -> EncodedValues:
    """Encode Python values; equal values of different types, such as 1 and True, stay distinct."""
    if all(type(value) is int and -(1 << 63) <= value < 1 << 63 for value in values):
        return EncodedValues(encode(np.array(values, np.int64)), None)
    codes: dict[tuple[type, Any], int] = {}
    coded = np.array([codes.setdefault((type(value), value), len(codes)) for value in values], np.int64)
    return EncodedValues(encode(coded), tuple(value for _, value in codes))


def decode_values(values: EncodedValues) -> list[Any]:
    """Decode Python values, with their original types."""
    column: list[int] = decode(values.column).tolist()
    return column if values.distinct_values is None else [values.distinct_values[code] for code in column]


def _size_of(value: Any) -> int:
    """Memory use of a value, with the items of tuples, bytes."""
    items = sum(map(_size_of, value)) if isinstance(value, tuple) else 0
    return sys.getsizeof(value) + items
