"""Sparklines: a history as block glyphs."""

import numpy as np
from numpy.typing import NDArray

_BARS = np.array([ord(glyph) for glyph in " ▁▂▃▄▅▆▇█"], "<u4")


def sparkline(values: NDArray[np.floating]) -> list[str]:
    """The history of each row as block glyphs of eight heights, scaled between the row's own least and greatest.

    A row that stands still is a low line, and blank when it stands at 0. NaN, no sample, is blank.

    Args:
        values: Shape (rows, width), not negative.

    Returns:
        One text of `width` cells for each row.
    """
    rows, width = values.shape
    if not rows or not width:
        return [""] * rows
    least = np.fmin.reduce(values, axis=1, keepdims=True)
    reach = np.fmax.reduce(values, axis=1, keepdims=True) - least
    moving = reach > 0
    height = np.where(moving, 1 + np.rint((values - least) * 7 / np.where(moving, reach, 1)), values > 0)
    text: str = _BARS[np.nan_to_num(height, nan=0).astype(np.intp)].tobytes().decode("utf-32-le")
    return [text[at : at + width] for at in range(0, len(text), width)]
