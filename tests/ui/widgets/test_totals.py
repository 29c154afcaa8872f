"""The totals above the table: what is said when there is not room for all of it."""

import pytest
from factories import mappings_of, tick_of
from list_source import ListSource
from rich.color import Color

from smapstop.model.protocol import Attach
from smapstop.settings import Settings
from smapstop.ui.app import Dashboard
from smapstop.ui.theme.app_theme import palette_of
from smapstop.ui.widgets.totals import Totals

TOTALS = {"rss": 20_000, "rss_file": 7_000, "rss_shmem": 500, "rss_anon": 12_500, "swap": 300}


@pytest.mark.parametrize(
    ("columns", "shown", "left_out"),
    [
        (118, ("file", "shared", "anon", "swap"), ()),
        (80, ("file", "anon"), ("swap",)),
        (50, ("anon",), ("shared", "swap")),
    ],
)
async def test_without_room_the_least_figures_are_left_out(
    columns: int, shown: tuple[str, ...], left_out: tuple[str, ...]
) -> None:
    source = ListSource(tick_of(0, mappings_of((0, 4)), [0], totals=TOTALS))
    app = Dashboard(source, Attach(4711), Settings())
    async with app.run_test(size=(columns, 40)) as pilot:
        await pilot.pause()
        line = app.query_one(Totals).render_line(1).text
        assert [word for word in shown if f" {word} " not in line] == []
        assert [word for word in left_out if word in line] == []


async def test_a_high_screen_has_a_high_chart_and_a_low_one_none_to_spare() -> None:
    app = Dashboard(ListSource(tick_of(0, mappings_of((0, 4)), [0])), Attach(4711), Settings())
    async with app.run_test(size=(240, 70)) as pilot:
        heights = []
        for rows in (70, 40, 24, 15):
            await pilot.resize_terminal(118, rows)
            await pilot.pause()
            totals = app.query_one(Totals)
            heights.append(totals.region.height if totals.display else 0)
        assert heights == [10, 6, 4, 0]


async def test_a_chart_is_painted_for_the_height_that_it_has_while_nothing_new_comes() -> None:
    source = ListSource(*(tick_of(number, mappings_of((0, 4)), [0], totals=TOTALS) for number in range(3)))
    app = Dashboard(source, Attach(4711), Settings())
    async with app.run_test(size=(80, 24)) as pilot:
        file = Color.parse(palette_of(app.screen.app).colours["file"])
        for rows in (24, 40, 24):
            await pilot.resize_terminal(80, rows)
            await pilot.pause()
            last = app.query_one(Totals).region.bottom - 1
            painted = app.screen._compositor.render_strips()[last].crop(0, 36)
            assert file in {style.bgcolor for _, style, _ in painted if style}
