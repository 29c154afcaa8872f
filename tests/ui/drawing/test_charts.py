from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from textual.strip import Strip

from smapstop.model.kinds import Kind
from smapstop.proc.columns import Addresses
from smapstop.text.kinds import KINDS, LETTERS
from smapstop.ui.drawing.charts import draw_address_strip, draw_area, draw_bar, draw_stacked_areas
from smapstop.ui.theme.palette import Ink, build_palette

NAN = float("nan")
GIB = 1 << 30
COLOUR = build_palette(dark=True, depth="truecolor")
PLAIN = build_palette(dark=True, depth="none")
RED = Ink(("red",), "black")
RED_BLUE = Ink(("red", "blue"), "black")
TEXTURED = Ink(("default",) * 3, "default", "█▒░")
SOLID = Ink(("default",), "default", "█")

INITIALS = {"red": "r", "blue": "b", "black": "."}


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


def test_textures_show_the_thickest_band_and_full_blocks_keep_their_edge() -> None:
    series = np.array([[12, 8, 8, 8, 4], [0, 8, 5, 3, 1], [0, 4, 8, 0, 0]], np.float64)
    assert texts(draw_stacked_areas(series, 3, 24, TEXTURED)) == [
        " ░░  ",
        "▄▒▒  ",
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


def test_an_area_zooms_in_on_its_own_range() -> None:
    series = np.array([NAN, 1000, 1004, 1008, 1016, 1012])
    assert picture(draw_area(series, 2, RED, low=1000, high=1016)) == [
        "....r▄",
        ".▁▄rrr",
    ]
    assert picture(draw_area(series, 2, RED, high=1016)) == [
        ".rrrrr",
        ".rrrrr",
    ]


def test_the_least_amount_differs_from_nothing_and_from_no_sample() -> None:
    assert picture(draw_area(np.array([0.0, 1.0]), 2, RED, high=1e9)) == ["..", ".▁"]
    assert picture(draw_area(np.array([NAN, 7.0]), 2, RED, low=7, high=7)) == ["..", ".▁"]


def test_an_area_without_colours_keeps_its_eighths() -> None:
    assert texts(draw_area(np.array([1.0, 4, 12, 16]), 2, SOLID, high=16)) == ["  ▄█", "▁▄██"]


def test_the_parts_of_a_bar_share_cells_by_eighths() -> None:
    strip = draw_bar(np.array([12.0, 18.0]), 5, 40, RED_BLUE)
    assert picture([strip]) == ["r▌b▊."]
    assert {"▌rb", "▊b."} == edges([strip])


def test_an_unknown_part_of_a_bar_takes_no_room() -> None:
    assert picture([draw_bar(np.array([NAN, 16.0]), 4, 32, RED_BLUE)]) == ["bb.."]


def test_a_bar_without_colours() -> None:
    assert draw_bar(np.array([16.0, 14, 9]), 6, 48, TEXTURED).text == "██▒▒░ "
    assert draw_bar(np.array([13.0]), 4, 32, SOLID).text == "█▋  "


@given(
    st.lists(st.integers(0, 10**9), min_size=1, max_size=4), st.integers(0, 80), st.integers(0, 10**9), st.booleans()
)
def test_a_bar_is_as_wide_as_it_should_be(parts: list[int], width: int, top: int, plain: bool) -> None:
    ink = (PLAIN if plain else COLOUR).ink(*KINDS[: len(parts)])
    strip = draw_bar(np.array(parts, np.float64), width, top, ink)
    assert width == strip.cell_length == len(strip.text)


def address_space(*mappings: tuple[str, int] | int) -> tuple[Addresses, Addresses, NDArray[np.int64]]:
    """Mappings (kind, bytes), one after the other; a number is a hole of so many bytes."""
    start, end, kinds = [], [], []
    at = 0x400000
    for mapping in mappings:
        if isinstance(mapping, int):
            at += mapping
        else:
            kind, size = mapping
            start.append(at)
            at += size
            end.append(at)
            kinds.append(KINDS.index(Kind(kind)))
    return np.array(start, np.uint64), np.array(end, np.uint64), np.array(kinds)


SMALL_PROGRAM = address_space(
    ("file", 8 << 10),
    ("file", 16 << 10),
    ("heap", 132 << 10),
    (40 << 10) * GIB,
    ("file", 2 << 20),
    ("anonymous", 64 << 20),
    1 << 20,
    ("shared", 8 << 20),
    (80 << 10) * GIB,
    ("stack", 132 << 10),
    ("special", 8 << 10),
)


def test_the_address_space_in_order_with_its_huge_holes_squeezed() -> None:
    plain = draw_address_strip(*SMALL_PROGRAM, 40, PLAIN)
    assert plain.text == "F▒H▓┊F▒▒▒▒▒▒A█████████████M░░░░░░░░┊S╱╱V"


def test_with_colours_the_kinds_have_their_colour_and_their_letter() -> None:
    strip = draw_address_strip(*SMALL_PROGRAM, 40, COLOUR)
    assert strip.text == "F H ┊F      A             M        ┊S  V"
    grounds = [segment.style.bgcolor.name for segment in strip if segment.style and segment.style.bgcolor]
    kinds: list[str | None] = ["file", "heap", None, "file", "anonymous", "shared", None, "stack", "special"]
    assert [COLOUR.colours[kind] if kind else COLOUR.background for kind in kinds] == grounds


def test_slivers_give_way_to_the_largest_runs_and_the_largest_of_each_kind() -> None:
    libraries: list[tuple[str, int]] = [("file", 1 << 20), ("anonymous", 4 << 10)] * 50
    crowded = address_space(*libraries, ("stack", 8 << 10), ("anonymous", 64 << 20), *libraries)
    assert draw_address_strip(*crowded, 30, PLAIN).text == "F▒▒▒▒▒▒▒▒▒▒SA█████████████████"


def test_a_hole_of_a_byte_less_than_huge_is_not_shown() -> None:
    for hole, expected in ((GIB - 1, "F▒▒▒▒▒▒▒"), (GIB, "F▒▒┊F▒▒▒")):
        split = address_space(("file", 1 << 20), hole, ("file", 1 << 20))
        assert expected == draw_address_strip(*split, 8, PLAIN).text


def test_the_highest_addresses_are_no_hole() -> None:
    start = np.array([0x7FFC00000000, 0xFFFFFFFFFF600000], np.uint64)
    end = start + np.array([0x21000, 0x1000], np.uint64)
    assert draw_address_strip(start, end, np.array([3, 6]), 9, PLAIN).text == "S╱╱╱╱╱╱┊V"


def test_overlapping_rows_of_a_torn_reading_are_no_hole() -> None:
    start, end = np.array([0x1000, 0x2000], np.uint64), np.array([0x5000, 0x3000], np.uint64)
    assert draw_address_strip(start, end, np.array([0, 0]), 9, PLAIN).text == "F▒▒▒▒▒▒▒▒"


def test_no_mappings_make_an_empty_line() -> None:
    nothing = address_space()
    assert draw_address_strip(*nothing, 4, PLAIN).text == "    "
    assert draw_address_strip(*SMALL_PROGRAM, 0, PLAIN).text == ""


@given(
    st.lists(
        st.tuples(st.sampled_from(KINDS), st.integers(1, 1 << 28), st.sampled_from([0, 4096, GIB, 2**44])),
        min_size=1,
        max_size=60,
    ),
    st.integers(1, 120),
)
def test_the_strip_is_full_and_shows_every_kind_for_which_there_is_room(
    layout: list[tuple[str, int, int]], width: int
) -> None:
    parts: list[tuple[str, int] | int] = []
    for kind, pages, hole in layout:
        parts += [(kind, pages << 12), hole]
    shown = draw_address_strip(*address_space(*parts), width, PLAIN)
    assert width == shown.cell_length == len(shown.text)
    kinds = {LETTERS[kind] for kind, _, _ in layout}
    assert len(kinds & set(shown.text)) == max(1, min(len(kinds), width // 3))


@pytest.mark.parametrize("width", [1, 2, 3])
def test_the_narrowest_strips_show_the_largest_run(width: int) -> None:
    assert "A██"[:width] == draw_address_strip(*SMALL_PROGRAM, width, PLAIN).text
