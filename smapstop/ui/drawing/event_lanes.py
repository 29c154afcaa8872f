"""Lanes of events: how much memory came and went, cell by cell, as bars on a logarithmic scale."""

import numpy as np
from numpy.typing import NDArray
from rich.style import Style
from textual.strip import Strip

from smapstop.model.history.activity import OTHER_EVENTS, PAGES_IN, PAGES_OUT
from smapstop.ui.drawing.charts import UPWARD, code_points, strips_of
from smapstop.ui.drawing.style import DrawStyle

_MIDDLE = code_points(" ··╌╌──━━")
"""By height: memory that neither comes nor goes."""
_NOTHING = 3


def draw_lanes(
    amounts: NDArray[np.int64], stands_out: NDArray[np.bool_], lines: int, style: DrawStyle
) -> list[Strip]:
    """Draw one lane of all events, or two: of memory taken, and of memory given back.

    Memory taken is a bar that stands on the line, memory given back one that hangs from its top; other events are
    strokes in the middle. What stands out is bold.

    Args:
        amounts: kB by lane, shape (3, width), see `Activity.binned_amounts`.
        stands_out: Shape (width,).
        lines: Number of lanes, at most 2.
        style: Palette and base style.
    """
    taken, returned, others = amounts[PAGES_IN], amounts[PAGES_OUT], amounts[OTHER_EVENTS]
    lanes = np.where(others > 0, OTHER_EVENTS, _NOTHING)
    if lines == 1:
        lanes = np.where(taken + returned > 0, np.where(returned > taken, PAGES_OUT, PAGES_IN), lanes)
        return [_draw_lane(lanes, amounts, stands_out, style)]
    first = np.where(taken > 0, PAGES_IN, lanes)
    second = np.where(returned > 0, PAGES_OUT, _NOTHING)
    return [_draw_lane(lane, amounts, stands_out, style) for lane in (first, second)]


def _draw_lane(
    lanes: NDArray[np.integer], amounts: NDArray[np.int64], stands_out: NDArray[np.bool_], style: DrawStyle
) -> Strip:
    """Draw the event of one lane in each cell."""
    width = len(lanes)
    heights = _heights(np.where(lanes == _NOTHING, 0, amounts[np.minimum(lanes, OTHER_EVENTS), np.arange(width)]))
    glyphs = UPWARD[np.where(lanes == PAGES_OUT, 8 - heights, heights)]
    glyphs[lanes == OTHER_EVENTS] = _MIDDLE[heights[lanes == OTHER_EVENTS]]
    palette = style.palette
    inks = (
        Style(color=palette.gain),
        Style(color=palette.loss, reverse=True),
        Style(color=palette.foreground),
        Style(),
    )
    styles = [style.base + ink + Style(bold=bold) for bold in (False, True) for ink in inks]
    (strip,) = strips_of(glyphs[None], (lanes + 4 * (stands_out & (lanes != _NOTHING)))[None], styles)
    return strip


def _heights(kb: NDArray[np.int64]) -> NDArray[np.intp]:
    """Heights of amounts in eighths of a line: one per factor of eight, from 4 kB to 8 GiB; 0 for 0."""
    bits = np.frexp(kb.astype(np.float64))[1]
    heights: NDArray[np.intp] = np.where(kb > 0, np.clip(bits // 3, 1, 8), 0)
    return heights
