"""The lines of a family over time fit their width, and marks are where they belong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.style import Style

from smapstop.text.family_band import MemberCurve
from smapstop.ui.drawing.family_band import (
    NAME_CELLS,
    BandCells,
    CurveAxis,
    cells_of_time,
    draw_curve,
    draw_curve_axis,
)
from smapstop.ui.drawing.style import DrawStyle
from smapstop.ui.theme.palette import build_palette

STYLE = DrawStyle(build_palette(dark=True, depth="truecolor"), Style(), Style(), Style(reverse=True))


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_line_has_name_curve_and_amount_and_fits(width: int) -> None:
    curve = MemberCurve("gunicorn: worker [long]", 4711, "▁" * cells_of_time(width), "1.42 M", False, True)
    strip = draw_curve(curve, STYLE, width)
    assert strip.cell_length == width
    assert strip.text.startswith("›guni")
    assert strip.text[:NAME_CELLS].endswith(" 4711 ")
    assert strip.text.endswith(" 1.42 M ")


def test_marks_are_on_the_axis_and_the_ends_have_their_times() -> None:
    text = draw_curve_axis(
        CurveAxis("22:13:20", "now", "Uss of each, one scale", [(40, "a"), (60, "!")]), STYLE, 200
    ).text
    axis = text[NAME_CELLS:]
    assert (axis[40], axis[60]) == ("a", "!")
    assert axis.startswith("22:13:20 ─")
    assert "─ Uss of each, one scale ─" in axis
    assert text.rstrip().endswith(" now")


def test_the_moment_is_marked_in_lines_and_axis_with_the_range_before_it() -> None:
    curve = MemberCurve("p", 4711, "▁" * cells_of_time(118), "1.42 M", False, False)
    assert draw_curve(curve, STYLE, 118, head=30).text[NAME_CELLS:][29:32] == "▁┃▁"
    axis = CurveAxis("22:13:20", "22:14:20", "Uss", head=(30, "22:13:50"), range_begin=20)
    text = draw_curve_axis(axis, STYLE, 118).text[NAME_CELLS:]
    assert text[20:31] == "├━━━━━━━━━┸"
    assert text[32:40] == "22:13:50"
    last = cells_of_time(118) - 1
    text = draw_curve_axis(CurveAxis("22:13:20", "", "Uss", head=(last, "22:14:20")), STYLE, 118).text[NAME_CELLS:]
    assert text[last - 9 : last + 1] == "22:14:20─┸", "left of it, where there is room"


@given(st.integers(1, 300), st.integers(0, 10**12), st.integers(0, 10**12), st.integers(0, 299))
def test_each_moment_of_a_cell_is_in_the_cell(count: int, begin_ns: int, length_ns: int, cell: int) -> None:
    cells, cell = BandCells(begin_ns, begin_ns + max(length_ns, 1000 * count), count), cell % count
    first_ns, end_ns = cells.times_of(cell)
    assert cells.cell_of((first_ns + end_ns) // 2) == cell
    assert cells.cell_of(begin_ns - 1) is None
    assert cells.cell_of(cells.end_ns) == count - 1
    assert cells.cell_of(cells.end_ns + 1) is None
