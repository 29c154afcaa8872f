"""The parts of the time band for its size."""

import pytest

from smapstop.ui.drawing.band_layout import lay_out_band


@pytest.mark.parametrize(
    ("height", "chart", "lanes", "marks", "axis"),
    [
        (8, 4, 2, True, True),
        (6, 3, 1, True, True),
        (5, 3, 1, False, True),
        (2, 2, 0, False, False),
        (1, 1, 0, False, False),
    ],
)
def test_with_fewer_lines_the_least_important_parts_are_left_out(
    height: int, chart: int, lanes: int, marks: bool, axis: bool
) -> None:
    layout = lay_out_band(118, height)
    assert (layout.chart, layout.lanes, layout.marks, layout.axis) == (chart, lanes, marks, axis)
    assert layout.chart + layout.lanes + layout.marks + layout.axis == height


def test_the_charts_have_the_cells_that_scale_and_names_leave() -> None:
    assert (lay_out_band(118, 6).cells, lay_out_band(118, 6).labels) == (94, 15)
    assert lay_out_band(80, 6).cells == 68
    assert lay_out_band(5, 6).cells == 1
