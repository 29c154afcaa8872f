"""Columns in few bytes: integers as the steps between them, anything else as codes of what there is of it.

zlib over the bytes of `np.diff` takes fewer bytes and more CPU time, and the time is what a user waits for who steps
through the history. Columns of real processes, measured:

    67 MB, 6,000 mappings     here 4.2 MB, encoded in  50 ms, decoded in 22 ms
                            zlib 1 3.6 MB            173 ms            71 ms
                            zlib 6 2.6 MB            723 ms           135 ms
    0.84 MB, a Python program here 0.18 MB             8 ms             2 ms  (each array has its overhead)
                            zlib 1 0.10 MB             8 ms             3 ms
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_Width = type[np.signedinteger[Any]]
_WIDTHS: tuple[_Width, ...] = (np.int8, np.int16, np.int32, np.int64)
_OBJECT_BYTES, _ARRAY_BYTES = 170, 112
"""What Python spends on a squeezed column itself, and on each array in it."""
_NO_DELTAS, _NO_OUTLIERS, _NO_POSITIONS = np.zeros(0, np.int8), np.zeros(0, np.int64), np.zeros(0, np.int32)


@dataclass(frozen=True, slots=True, eq=False)
class DeltaEncoded:
    """A column of integers, as the steps from each value to the next.

    Columns of mappings and ticks hardly move from one row to the next, and then by whole pages: most steps are 0, and
    the others small when the low bits that none of them uses are left out. Steps wrap around, so that any 64 bits
    come back as they were.
    """

    dtype: np.dtype[Any]
    count: int
    first: int
    shift: int
    """The low bits that no step uses."""
    nonzero_bits: NDArray[np.uint8] | None
    """Bits that tell which steps are not 0; None when most are not, and all are given."""
    deltas: NDArray[np.signedinteger[Any]]
    """These steps, in as many bytes as most of them need."""
    outliers: NDArray[np.int64]
    """The few that need more, such as from one mapping to another."""
    outlier_positions: NDArray[np.int32]
    """Which of `steps` they are."""

    @property
    def nbytes(self) -> int:
        """The memory that it takes."""
        return _OBJECT_BYTES + sum(
            part.nbytes + _ARRAY_BYTES
            for part in (self.deltas, self.nonzero_bits, self.outliers, self.outlier_positions)
            if part is not None and len(part)
        )


StoredColumn = NDArray[Any] | DeltaEncoded
"""A column as it is, or squeezed; see `expand`."""


def encode(values: NDArray[Any]) -> DeltaEncoded:
    """Squeeze integers of any kind, or truth values; shape (n,)."""
    wide = values.astype(np.int64)
    steps = np.diff(wide)
    used = int(np.bitwise_or.reduce(steps))
    first = int(wide[0]) if len(wide) else 0
    if not used:
        return DeltaEncoded(values.dtype, len(wide), first, 0, None, _NO_DELTAS, _NO_OUTLIERS, _NO_POSITIONS)
    shift = (used & -used).bit_length() - 1
    steps >>= shift
    where = None
    moves = steps != 0
    if np.count_nonzero(moves) < len(steps) * 7 // 8:
        where, steps = np.packbits(moves), steps[moves]
    width, far_at = min(
        (_find_outliers(steps, width) for width in _WIDTHS), key=lambda way: _encoded_bytes(steps, *way)
    )
    far = steps[far_at] if len(far_at) else _NO_OUTLIERS
    return DeltaEncoded(
        values.dtype,
        len(wide),
        first,
        shift,
        where,
        steps.astype(width),
        far,
        far_at if len(far_at) else _NO_POSITIONS,
    )


def _find_outliers(steps: NDArray[np.int64], width: _Width) -> tuple[_Width, NDArray[np.int32]]:
    """A width, and which steps do not fit it."""
    limits = np.iinfo(width)
    return width, np.flatnonzero((steps < limits.min) | (steps > limits.max)).astype(np.int32)


def _encoded_bytes(steps: NDArray[np.int64], width: _Width, far_at: NDArray[np.int32]) -> int:
    """The bytes that steps take in a width."""
    return len(steps) * np.dtype(width).itemsize + len(far_at) * (8 + 4)


def decode(column: StoredColumn) -> NDArray[Any]:
    """The values of a column, shape (n,), with the type that they had."""
    if not isinstance(column, DeltaEncoded):
        return column
    wide = np.full(column.count, column.first, np.int64)
    if len(column.deltas):
        steps = column.deltas.astype(np.int64)
        steps[column.outlier_positions] = column.outliers
        if column.nonzero_bits is not None:
            some, steps = steps, np.zeros(column.count - 1, np.int64)
            steps[np.unpackbits(column.nonzero_bits, count=len(steps)).view(bool)] = some
        wide[1:] += np.cumsum(steps) << column.shift
    return wide.astype(column.dtype, copy=False)


@dataclass(frozen=True, slots=True, eq=False)
class EncodedValues:
    """Python values in a row: integers that fit 64 bits, or anything that can be hashed."""

    column: DeltaEncoded
    """The integers themselves, or codes."""
    distinct_values: tuple[Any, ...] | None
    """What the codes mean."""

    @property
    def nbytes(self) -> int:
        """The memory that they take, about."""
        return self.column.nbytes + sum(_size_of(value) for value in self.distinct_values or ())


def encode_values(values: Sequence[Any]) -> EncodedValues:
    """Squeeze values. What is equal but of another type, such as 1 and True, stays apart."""
    if all(type(value) is int and -(1 << 63) <= value < 1 << 63 for value in values):
        return EncodedValues(encode(np.array(values, np.int64)), None)
    codes: dict[tuple[type, Any], int] = {}
    coded = np.array([codes.setdefault((type(value), value), len(codes)) for value in values], np.int64)
    return EncodedValues(encode(coded), tuple(value for _, value in codes))


def decode_values(values: EncodedValues) -> list[Any]:
    """The values, each as it was."""
    column: list[int] = decode(values.column).tolist()
    return column if values.distinct_values is None else [values.distinct_values[code] for code in column]


def _size_of(value: Any) -> int:
    """The memory that a value takes, with the texts in it."""
    inside = sum(map(_size_of, value)) if isinstance(value, tuple) else 0
    return sys.getsizeof(value) + inside
