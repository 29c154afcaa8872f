"""Cells of rows: size is weight, and colour is left to kinds and changes."""

import pytest
from factories import mappings_of, tick_of, timeline_of
from rich.style import Style

from smapstop.model.view.view import derive_view
from smapstop.model.view.view_state import ViewState
from smapstop.text.table_columns import ALL_COLUMNS
from smapstop.text.table_rows import build_rows
from smapstop.ui.drawing.table_row import draw_row
from smapstop.ui.theme.palette import Depth, build_palette

ROWS = mappings_of(
    (0x1000, 0x2000, "rw-p", "", 9_000),
    (0x3000, 0x4000, "rw-p", "", 100),
    (0x5000, 0x6000, "rw-p", "", 8),
    (0x7000, 0x8000, "---p", "", 0),
)


@pytest.mark.parametrize("depth", ["truecolor", "16"])
def test_large_amounts_are_bold_small_ones_dim_and_none_has_a_colour_of_its_own(depth: Depth) -> None:
    palette = build_palette(dark=True, depth=depth)
    timeline = timeline_of(tick_of(0, ROWS, [1, 2, 3, 4]))
    view, columns = derive_view(timeline, ViewState()), [(ALL_COLUMNS["rss"], 6)]
    styles = []
    for row in build_rows(view, timeline, view.table.ids - 1, columns):
        (segment,) = draw_row(row, columns, Style(), palette, cursor=False)
        assert segment.style is not None
        styles.append((segment.style.color and segment.style.color.name, bool(segment.style.bold)))
    assert styles == [(None, True), (None, False), (palette.quiet, False), (palette.quiet, False)]


@pytest.mark.parametrize("depth", ["truecolor", "16", "none"])
def test_bold_is_no_size_where_nothing_is_there_or_it_has_to_say_what_changed(depth: Depth) -> None:
    ticks = [tick_of(n, mappings_of((0x1000, 0x2000, "rw-p", "", 100), swap=[0]), [1]) for n in range(2)]
    timeline = timeline_of(*ticks)
    view, columns = derive_view(timeline, ViewState()), [(ALL_COLUMNS[key], 6) for key in ("rss", "swap")]
    (row,) = build_rows(view, timeline, view.table.ids - 1, columns)
    rss, swap = draw_row(row, columns, Style(), build_palette(dark=True, depth=depth), cursor=False)
    assert bool(rss.style and rss.style.bold) == (depth != "none")
    assert swap.style
    assert not swap.style.bold


def test_under_the_cursor_a_change_is_bold_and_keeps_the_colours_of_the_cursor() -> None:
    palette, cursor = build_palette(dark=True, depth="truecolor"), Style(color="#ffffff", bgcolor="#004488")
    ticks = [tick_of(n, mappings_of((0x1000, 0x2000, "rw-p", "", 100 + n)), [1]) for n in range(2)]
    timeline = timeline_of(*ticks)
    view, columns = derive_view(timeline, ViewState()), [(ALL_COLUMNS["rss"], 6)]
    (row,) = build_rows(view, timeline, view.table.ids - 1, columns)
    ((_, style, _),) = draw_row(row, columns, cursor, palette, cursor=True)
    assert style == cursor + Style(bold=True)
    ((_, style, _),) = draw_row(row, columns, Style(), palette, cursor=False)
    assert style == Style(color=palette.gain, bold=True)
