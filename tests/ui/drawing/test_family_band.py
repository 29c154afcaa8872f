"""The lines of a family over time fit their width, and marks are where they belong."""

import pytest
from rich.style import Style

from smapstop.text.family_band import MemberCurve
from smapstop.ui.drawing.family_band import NAME_CELLS, cells_of_time, draw_curve, draw_curve_axis
from smapstop.ui.drawing.style import DrawStyle
from smapstop.ui.theme.palette import build_palette

STYLE = DrawStyle(build_palette(dark=True, depth="truecolor"), Style(), Style(), Style(reverse=True))


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_line_has_name_curve_and_amount_and_fits(width: int) -> None:
    curve = MemberCurve("gunicorn: worker [long]", 4711, "▁" * cells_of_time(width), "1.42 M", False, True)
    strip = draw_curve(curve, STYLE, width)
    assert strip.cell_length == width
    assert strip.text.startswith("▸guni")
    assert strip.text[:NAME_CELLS].endswith(" 4711 ")
    assert strip.text.endswith(" 1.42 M ")


def test_marks_are_on_the_axis_and_the_ends_have_their_times() -> None:
    text = draw_curve_axis("22:13:20", "now", "Uss of each, one scale", [(40, "a"), (60, "!")], STYLE, 200).text
    axis = text[NAME_CELLS:]
    assert (axis[40], axis[60]) == ("a", "!")
    assert axis.startswith("22:13:20 ─")
    assert "─ Uss of each, one scale ─" in axis
    assert text.rstrip().endswith(" now")
