"""Sparklines in block glyphs."""

import numpy as np
from numpy.typing import NDArray

_BARS = np.array([ord(glyph) for glyph in " ▁▂▃▄▅▆▇█"], "<u4")


UNREAD = "·"
"""Where nothing was read."""


def sparkline(
    values: NDArray[np.floating], was_read: NDArray[np.bool_] | None = None, *, common_scale: bool = False
) -> list[str]:
    """Draw each row in block glyphs of eight heights, scaled from the row's minimum to its maximum.

    A constant row is a low line, or blank if it is 0. NaN (no sample) is blank.

    Args:
        values: Amounts of shape (rows, width), not negative.
        was_read: Mask of the columns that were read, shape (width,); the others are dotted. None for all.
        common_scale: Whether equal heights are equal changes in all rows: the row that varies most has the highest.

    Returns:
        One text of `width` cells per row.
    """
    rows, width = values.shape
    if not rows or not width:
        return [""] * rows
    least = np.fmin.reduce(values, axis=1, keepdims=True)
    span = np.fmax.reduce(values, axis=1, keepdims=True) - least
    moving = span > 0
    if common_scale:
        span = np.full_like(span, np.nanmax(span, initial=0))
    height = np.where(moving, 1 + np.rint((values - least) * 7 / np.where(moving, span, 1)), values > 0)
    glyphs = _BARS[np.nan_to_num(height, nan=0).astype(np.intp)]
    if was_read is not None:
        glyphs[~was_read & (height > 0)] = ord(UNREAD)
    text: str = glyphs.tobytes().decode("utf-32-le")
    return [text[at : at + width] for at in range(0, len(text), width)]
