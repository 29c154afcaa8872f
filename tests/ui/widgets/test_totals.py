"""The totals above the table: what is said when there is not room for all of it, and what a click does."""

import pytest
from factories import SECOND_NS, mappings_of, tick_of
from list_source import ListSource
from textual.pilot import Pilot

from smapstop.model.protocol import Attach
from smapstop.model.tick import Tick
from smapstop.settings import Settings
from smapstop.text import format as fmt
from smapstop.ui.app import Dashboard
from smapstop.ui.widgets.totals import Totals

TOTALS = {"rss": 20_000, "pss": 18_000, "uss": 17_000, "dirty": 16_000, "swap": 300}
ROWS = ((0, 100, "rw-p", "[heap]", 300), (200, 300, "r-xp", "/lib/libc.so", 80), (400, 500, "rw-p", "", 40))


def tick(number: int, **totals: int) -> Tick:
    return tick_of(number, mappings_of(*ROWS), [0, 1, 2], keyframe=True, totals=TOTALS | totals)


async def lines(pilot: Pilot[int]) -> list[str]:
    await pilot.pause()
    totals = pilot.app.query_one(Totals)
    return [totals.render_line(y).text for y in range(totals.size.height)]


@pytest.mark.parametrize(
    ("columns", "shown", "left_out"),
    [
        (118, ("Rss", "Pss", "Uss", "Dirty", "Swap", "peak"), ()),
        (80, ("Rss", "Pss", "Uss"), ("Dirty", "Swap")),
        (50, ("Rss", "Pss"), ("Uss", "Dirty", "Swap")),
    ],
)
async def test_without_room_the_least_figures_are_left_out(
    columns: int, shown: tuple[str, ...], left_out: tuple[str, ...]
) -> None:
    app = Dashboard(ListSource(tick(0)), Attach(4711), Settings())
    async with app.run_test(size=(columns, 40)) as pilot:
        line = (await lines(pilot))[0]
        assert [word for word in shown if f" {word} " not in line] == []
        assert [word for word in left_out if word in line] == []


async def test_figures_stay_in_their_places_when_they_change() -> None:
    source = ListSource(tick(0))
    app = Dashboard(source, Attach(4711), Settings())
    async with app.run_test(size=(118, 40)) as pilot:
        still = (await lines(pilot))[0]
        source.deliver(tick(1, rss=1_020_000, pss=19_000, uss=900, dirty=9, swap=1_000))
        moved = (await lines(pilot))[0]
        assert still != moved
        for label in ("Pss", "Uss", "Dirty", "Swap", "peak"):
            assert still.index(label) == moved.index(label)


async def test_between_two_readings_what_is_of_the_last_one_is_dim_and_says_when_it_was() -> None:
    seldom = {"smaps_interval_ns": 10 * SECOND_NS}
    read = tick_of(0, mappings_of(*ROWS), [0, 1, 2], keyframe=True, totals=TOTALS | {"swap": 500}, **seldom)
    between = tick_of(1, mappings_of(), [], tier="counters", totals={"rss": 21_000, "swap": 500}, **seldom)
    app = Dashboard(source := ListSource(read), Attach(4711), Settings())
    async with app.run_test(size=(118, 40)) as pilot:
        then = await lines(pilot)
        assert [is_dim(app, text) for text in ("17.6 M", "500 K", "3")] == [False, False, False]
        source.deliver(between)
        now = await lines(pilot)
        assert [is_dim(app, text) for text in ("17.6 M", "500 K", "3")] == [True, False, True]
        assert f" at {fmt.clock(read.wall_ns)} " in now[1]
        assert now[1].partition(" minor")[0] == then[1].partition(" minor")[0]


def is_dim(app: Dashboard, text: str) -> bool:
    """Whether an amount is as dim as the titles are."""
    segments = [segment for y in (0, 1) for segment in app.query_one(Totals).render_line(y)]
    styles = {segment.text.strip(): segment.style for segment in segments}
    return styles[text] == styles["mappings"]


async def test_a_click_on_a_kind_shows_only_it_and_another_click_all() -> None:
    app = Dashboard(ListSource(tick(0)), Attach(4711), Settings())
    async with app.run_test(size=(118, 40)) as pilot:
        at = (await lines(pilot))[1].index("heap")
        await pilot.click(Totals, offset=(at, 1))
        assert app.view_state.filter == "kind:heap"
        await pilot.click(Totals, offset=(at, 1))
        assert app.view_state.filter == ""


async def test_a_click_on_a_figure_chooses_the_metric() -> None:
    app = Dashboard(ListSource(tick(0)), Attach(4711), Settings())
    async with app.run_test(size=(118, 40)) as pilot:
        line = (await lines(pilot))[0]
        chosen = []
        for label in ("Dirty", "peak", "Rss"):
            await pilot.click(Totals, offset=(line.index(label), 0))
            await pilot.pause()
            segments = list(app.query_one(Totals).render_line(0))
            underlined = [segment.text for segment in segments if segment.style and segment.style.underline]
            chosen.append((app.view_state.metric, underlined))
        assert chosen == [("dirty", ["Dirty"]), ("dirty", ["Dirty"]), ("rss", ["Rss"])]
