import numpy as np

from smapstop.text.sparkline import sparkline


def test_histories_are_scaled_row_by_row_and_still_rows_are_calm() -> None:
    nan = float("nan")
    rows = [
        [1, 2, 3, 4, 5, 6, 7, 8],
        [8, 7, 6, 5, 4, 3, 2, 1],
        [1e9, 1e9, 1e9, 1e9, 2e9, 2e9, 2e9, 2e9],
        [4, 4, 4, 4, 4, 4, 4, 4],
        [0, 0, 0, 0, 0, 0, 0, 0],
        [nan, nan, nan, 4, 4, 4, 4, 4],
        [nan, nan, nan, 0, 4, 8, 8, 0],
        [nan] * 8,
    ]
    expected = [
        "▁▂▃▄▅▆▇█",
        "█▇▆▅▄▃▂▁",
        "▁▁▁▁████",
        "▁▁▁▁▁▁▁▁",
        "        ",
        "   ▁▁▁▁▁",
        "   ▁▅██▁",
        "        ",
    ]
    assert expected == sparkline(np.array(rows, np.float64))


def test_what_was_not_read_is_dotted() -> None:
    nan = float("nan")
    rows = np.array([[4, 4, 8, 8, 16], [nan, nan, 8, 8, 8], [0, 0, 0, 0, 4]])
    was_read = np.array([True, False, True, False, True])
    assert sparkline(rows, was_read) == ["▁·▃·█", "  ▁·▁", "▁·▁·█"]


def test_histories_without_rows_or_columns() -> None:
    assert sparkline(np.zeros((0, 8))) == []
    assert sparkline(np.zeros((2, 0))) == ["", ""]


def test_on_a_common_scale_equal_heights_are_equal_changes() -> None:
    nan = float("nan")
    rows = [[100, 100, 170, 240], [5, 5, 5, 25], [3, 3, 3, 3], [0, 0, 0, 0], [nan, nan, 9, 9]]
    expected = ["▁▁▅█", "▁▁▁▂", "▁▁▁▁", "    ", "  ▁▁"]
    assert sparkline(np.array(rows, np.float64), common_scale=True) == expected
    assert sparkline(np.full((2, 3), nan), common_scale=True) == ["   "] * 2
