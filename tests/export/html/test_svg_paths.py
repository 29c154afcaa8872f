"""Outlines of charts."""

import numpy as np

from smapstop.export.html.svg_paths import area_path, line_path, spark_path

NAN = np.nan


def test_a_line_has_a_gap_where_nothing_is_known() -> None:
    x, y = np.arange(6.0), np.array([1, 2.25, NAN, NAN, 3, NAN])
    assert line_path(x, y) == "M0,1 1,2.2M4,3h0.1"


def test_an_area_goes_back_along_its_bottom() -> None:
    x = np.array([0.0, 10.0])
    assert area_path(x, np.array([3.0, 4.0]), np.array([9.0, 8.0])) == "M0,3 10,4L10,8 0,9Z"
    assert area_path(x, np.array([NAN, NAN]), np.zeros(2)) == ""


def test_a_small_line_goes_from_its_lowest_to_its_highest() -> None:
    assert spark_path(np.array([100.0, 300.0, 200.0])) == "M0,15 30,1 60,8"
    assert spark_path(np.array([5.0, 5.0])) == "M0,15 60,15"
    assert spark_path(np.array([NAN, NAN])) == ""
