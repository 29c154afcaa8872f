from collections.abc import Iterator

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from textual.strip import Strip

from smapstop.ui.drawing.charts import _band_thickness, draw_read_areas, draw_stacked_areas, draw_whole_areas
from smapstop.ui.theme.palette import Ink, build_palette

NAN = float("nan")
COLOUR = build_palette(dark=True, depth="truecolor")
PLAIN = build_palette(dark=True, depth="none")
RED = Ink(("red",), "black")
RED_BLUE = Ink(("red", "blue"), "black")
TINTED = Ink(("red", "blue"), "black", tints=(("white",) * 7, tuple(f"color({n})" for n in range(101, 108))))
TEXTURED = Ink(("default",) * 3, "default", "█▒░")
SOLID = Ink(("default",), "default", "█")

INITIALS = {"red": "r", "blue": "b", "black": "."} | {f"color({100 + n})": str(n) for n in range(1, 8)}


def cells(strip: Strip) -> Iterator[tuple[str, str, str]]:
    """Glyph, front and background of each cell."""
    for text, style, _ in strip:
        assert style is not None
        assert style.color is not None
        assert style.bgcolor is not None
        for char in text:
            yield char, INITIALS[style.color.name], INITIALS[style.bgcolor.name]


def picture(strips: list[Strip]) -> list[str]:
    """Each whole cell as the initial of its colour, each other one as its glyph."""
    return ["".join(ground if glyph == " " else glyph for glyph, _, ground in cells(strip)) for strip in strips]


def edges(strips: list[Strip]) -> set[str]:
    """The cells of two colours: glyph, front, background."""
    return {"".join(cell) for strip in strips for cell in cells(strip) if cell[0] != " "}


def texts(strips: list[Strip]) -> list[str]:
    return [strip.text for strip in strips]


def test_bands_are_stacked_from_the_bottom_two_colours_to_a_cell() -> None:
    series = np.array([[8, 12, 16, 0, 4], [8, 8, 0, 0, 1]], np.float64)
    strips = draw_stacked_areas(series, 3, 24, RED_BLUE)
    assert picture(strips) == [
        ".▄...",
        "b▄r..",
        "rrr.▅",
    ]
    assert {"▄b.", "▄rb", "▅r."} == edges(strips)


def test_a_band_that_does_not_change_looks_the_same_whatever_is_on_top_of_it() -> None:
    series = np.array([[3.0] * 8, [1, 2, 3, 4, 5, 9, 13, 29]], np.float64)
    low = [cell for strip in draw_stacked_areas(series, 2, 32, TINTED)[-1:] for cell in cells(strip)]
    assert [(glyph, front) for glyph, front, _ in low] == [("▂", "r")] * 8, "3 of 16 is an eighth and a half"
    assert [ground for _, _, ground in low] == ["1", "1", "1", "3", "3", "5", "b", "b"]


def test_a_small_band_is_at_least_an_eighth_and_the_sum_stays() -> None:
    series = np.array([[0.1, 0.1, 8], [8, 7.9, 0.1], [0, 0.1, 0.1], [0, 0, 0]])
    thickness = _band_thickness(series, 2, 16)
    assert thickness.sum(axis=1)[:4].T.tolist() == [[0, 8, 0, 0], [0, 8, 0, 0], [8, 0, 0, 0]], "too tiny"
    thickness = _band_thickness(series * 4, 2, 64)
    assert thickness.sum(axis=1)[:4].T.tolist() == [[0, 8, 0, 0], [0, 8, 0, 0], [8, 0, 0, 0]], "its share counts"
    thickness = _band_thickness(np.array([[0.3, 16, 0.3], [9, 0.3, 0.3], [0.3, 0.3, 0.3]]), 2, 16)
    assert thickness.sum(axis=1)[:3].T.tolist() == [[1, 8, 1], [14, 1, 1], [1, 1, 1]]


def test_a_lone_band_rises_by_eighths() -> None:
    strips = draw_stacked_areas(np.arange(17.0)[None], 2, 16, RED)
    assert picture(strips) == [
        ".........▁▂▃▄▅▆▇r",
        ".▁▂▃▄▅▆▇rrrrrrrrr",
    ]
    assert {f"{glyph}r." for glyph in "▁▂▃▄▅▆▇"} == edges(strips)


def test_a_column_without_a_sample_stays_background() -> None:
    series = np.array([[8, NAN, 8, 8], [8, 8, NAN, 8]], np.float64)
    assert picture(draw_stacked_areas(series, 2, 16, RED_BLUE)) == [
        "b..b",
        "r..r",
    ]


def test_what_exceeds_the_top_is_cut_off() -> None:
    assert picture(draw_stacked_areas(np.array([[10.0], [90.0]]), 2, 20, RED_BLUE)) == ["b", "r"]


def test_without_a_top_nothing_is_drawn() -> None:
    assert picture(draw_stacked_areas(np.array([[0.0, 0.0]]), 2, 0, RED)) == ["..", ".."]


def test_without_room_nothing_is_drawn() -> None:
    assert draw_stacked_areas(np.ones((1, 3)), 0, 1, RED) == []
    assert texts(draw_stacked_areas(np.ones((1, 0)), 2, 1, RED)) == ["", ""]


def test_textures_show_the_thickest_band_and_the_edge_is_fine() -> None:
    series = np.array([[12, 8, 8, 8, 4], [0, 8, 5, 3, 1], [0, 4, 8, 0, 0]], np.float64)
    assert texts(draw_stacked_areas(series, 3, 24, TEXTURED)) == [
        " ▄▅  ",
        "▄▒▒▃ ",
        "████▅",
    ]


@given(
    st.integers(1, 4).flatmap(
        lambda bands: st.lists(st.lists(st.integers(0, 999), min_size=bands, max_size=bands), min_size=1, max_size=9)
    ),
    st.integers(1, 6),
    st.integers(1, 2000),
)
def test_every_line_is_full_and_a_column_shows_its_sum(columns: list[list[int]], height: int, top: int) -> None:
    series = np.array(columns, np.float64).T
    ink = Ink(("red", "blue", "red", "blue")[: len(series)], "black")
    strips = draw_stacked_areas(series, height, top, ink)
    assert [len(columns)] * height == [sum(len(segment.text) for segment in strip) for strip in strips]
    expected = np.rint(np.minimum(series.sum(axis=0) / top, 1) * height * 8)
    assert (np.abs(expected - coloured_eighths(strips)) <= 2).all()  # a third band in the topmost cell gives way


def coloured_eighths(strips: list[Strip]) -> NDArray[np.int64]:
    """How much of each column is not background."""
    total = np.zeros(strips[0].cell_length, np.int64)
    for strip in strips:
        for column, (glyph, front, ground) in enumerate(cells(strip)):
            level = " ▁▂▃▄▅▆▇█".index(glyph)
            total[column] += level * (front != ".") + (8 - level) * (ground != ".")
    return total


def test_the_least_amount_differs_from_nothing_and_from_no_sample() -> None:
    assert picture(draw_whole_areas(np.array([[0.0, 1.0]]), 2, 1e9, RED)) == ["..", ".▁"]
    assert picture(draw_whole_areas(np.array([[NAN, 7.0]]), 2, 70, RED)) == ["..", ".▂"]


def test_an_area_without_colours_keeps_its_eighths() -> None:
    assert texts(draw_whole_areas(np.array([[1.0, 4, 12, 16]]), 2, 16, SOLID)) == ["  ▄█", "▁▄██"]


def test_columns_that_were_not_read_have_an_ink_of_their_own() -> None:
    was_read = np.array([True, False, False, True])
    series = np.array([[16.0, 16, NAN, 1]])
    assert picture(draw_read_areas(series, was_read, 2, 16, RED_BLUE)) == ["rb..", "rb.▁"]
    assert edges(draw_read_areas(series, was_read, 2, 16, RED_BLUE)) == {"▁r."}
