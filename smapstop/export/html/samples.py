"""Choose the ticks that a chart shows: few enough to draw, with the highest and the lowest of each stretch."""

import numpy as np
from numpy.typing import NDArray

MAX_STRETCHES = 600
"""Stretches of time of a chart; each has at most three ticks."""

TickChoice = NDArray[np.intp]
"""Positions of ticks, ascending."""


def choose_ticks(times_ns: NDArray[np.int64], values: NDArray[np.float64]) -> TickChoice:
    """Choose the ticks to draw: all if they are few; else of each stretch the first, the highest and the lowest.

    Args:
        times_ns: Times of the ticks, shape (n,).
        values: What is to be seen, NaN where unknown, shape (n,).
    """
    count = len(times_ns)
    if count <= 3 * MAX_STRETCHES:
        return np.arange(count)
    stretch = (times_ns - times_ns[0]) * MAX_STRETCHES // max(1, int(times_ns[-1] - times_ns[0]) + 1)
    first = np.flatnonzero(np.diff(stretch, prepend=-1))
    by_height = np.lexsort((np.nan_to_num(values, nan=-1.0), stretch))
    lowest, highest = by_height[first], by_height[np.append(first[1:], count) - 1]
    return np.unique(np.concatenate([first, lowest, highest, [count - 1]]))


def fill_forward(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Repeat known values over the unknown ones after them; NaN before the first, shape (n,)."""
    last = np.maximum.accumulate(np.where(np.isnan(values), 0, np.arange(len(values))))
    return values[last]
