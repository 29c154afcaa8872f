"""Lanes of events: amounts as heights, and what comes, goes or neither told apart without colour."""

import numpy as np
import pytest
from rich.style import Style
from textual.strip import Strip

from smapstop.ui.drawing.event_lanes import draw_lanes
from smapstop.ui.drawing.style import DrawStyle
from smapstop.ui.theme.palette import Depth, build_palette

IN, OUT, OTHER = [4, 0, 0, 40, 0, 0], [0, 4, 0, 8, 8 << 20, 0], [0, 0, 4, 0, 0, 0]
AMOUNTS = np.array([IN, OUT, OTHER])
QUIET = np.zeros(6, bool)


def drawn(lines: int, depth: Depth = "none", stands_out: object = QUIET) -> list[list[tuple[str, bool, bool]]]:
    """Glyph of each cell, whether it is reversed, and whether it is bold."""
    style = DrawStyle(build_palette(dark=True, depth=depth), Style(), Style(), Style())
    return [cells(strip) for strip in draw_lanes(AMOUNTS, np.asarray(stands_out), lines, style)]


def cells(strip: Strip) -> list[tuple[str, bool, bool]]:
    return [
        (glyph, bool(style and style.reverse), bool(style and style.bold))
        for text, style, _ in strip
        for glyph in text
    ]


def test_one_lane_shows_what_comes_standing_and_what_goes_hanging() -> None:
    (lane,) = drawn(1)
    assert "".join(glyph for glyph, _, _ in lane) == "▁▇·▂  "
    assert [hangs for _, hangs, _ in lane] == [False, True, False, False, True, False], "a whole cell is a blank"


def test_two_lanes_separate_them() -> None:
    taken, returned = drawn(2)
    assert "".join(glyph for glyph, _, _ in taken) == "▁ ·▂  "
    assert [hangs for _, hangs, _ in returned] == [False, True, False, True, True, False]


@pytest.mark.parametrize("depth", ["truecolor", "16", "none"])
def test_what_stands_out_is_bold_at_any_depth(depth: Depth) -> None:
    (lane,) = drawn(1, depth, [False, True, False, False, False, True])
    assert [bold for _, _, bold in lane] == [False, True, False, False, False, False]
