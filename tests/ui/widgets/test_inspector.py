"""The inspector beside the table: what it explains, where it has room, and what its keys do."""

import asyncio
from typing import Any

import numpy as np
import pytest
from factories import mappings_of, tick_of
from list_source import ListSource
from textual.pilot import Pilot
from waiting import pause_until

from smapstop.model.events import MECHANISMS, Events
from smapstop.model.protocol import Attach, PagesRequest
from smapstop.model.tick import Tick
from smapstop.settings import Settings
from smapstop.ui.app import Dashboard
from smapstop.ui.widgets.inspector import Inspector, TitleLine
from smapstop.ui.widgets.mapping_fields import MappingFields
from smapstop.ui.widgets.mapping_table import MappingTable

ROWS: tuple[Any, ...] = (
    (0x1000, 0x1100, "rw-p", "[heap]"),
    (0x2000, 0x2100, "r-xp", "/usr/lib/libc.so.6"),
    (0x3000, 0x3100, "rw-p", ""),
    (0x4000, 0x4100, "rw-p", ""),
)


def tick(number: int, *rss: int) -> Tick:
    rows = mappings_of(*((*row, kb) for row, kb in zip(ROWS, rss, strict=True)))
    return tick_of(number, rows, [0, 1, 2, 3], keyframe=True)


def dashboard(*ticks: Tick) -> tuple[Dashboard, ListSource]:
    source = ListSource(*(ticks or (tick(0, 40, 30, 20, 10), tick(1, 44, 30, 20, 10))))
    return Dashboard(source, Attach(4711), Settings()), source


async def lines(pilot: Pilot[int]) -> list[str]:
    """The lines of the inspector, its title first."""
    await pilot.pause()
    inspector = pilot.app.query_one(Inspector)
    body = [inspector.body.render_line(y).text.rstrip() for y in range(inspector.body.size.height)]
    return [pilot.app.query_one(TitleLine).render_line(0).text.rstrip(), *body]


async def test_walking_down_the_rows_reads_their_reasons() -> None:
    app, _ = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        told = []
        for name in ("[heap]", "/usr/lib/libc.so.6", "anon"):
            async with asyncio.timeout(30):  # it follows after the cursor, on a slow machine a moment later
                while (await lines(pilot))[0].split()[1] != name:
                    await pilot.pause(0.01)
            title, verdict, trend, *_ = await lines(pilot)
            told.append((title.split()[1], verdict.strip(), trend.strip()))
            await pilot.press("down")
        assert told == [
            ("[heap]", "Rss +4 K · now", told[0][2]),
            ("/usr/lib/libc.so.6", told[1][1], told[1][2]),
            ("anon", told[2][1], told[2][2]),
        ]
        assert told[0][2].startswith("Rss +4 K at ")
        assert told[1][1].startswith("no change since attach")
        assert told[1][2].startswith("Rss constant at 30 K since ")
        assert app.query_one(MappingTable).has_focus


@pytest.mark.parametrize(
    ("size", "is_beside", "is_below"),
    [
        ((240, 70), True, False),
        ((150, 30), True, False),
        ((149, 30), False, True),
        ((118, 40), False, True),
        ((80, 24), False, True),
        ((80, 10), False, False),
        ((20, 5), False, False),
    ],
)
async def test_it_is_right_of_the_table_or_below_it_or_there_is_only_the_table(
    size: tuple[int, int], is_beside: bool, is_below: bool
) -> None:
    app, _ = dashboard()
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        table, inspector = app.query_one(MappingTable).region, app.query_one(Inspector).region
        assert (inspector.x >= table.right > 0, inspector.y >= table.bottom > 0) == (is_beside, is_below)
        assert not inspector.area or not table.overlaps(inspector)
        if is_beside:
            assert 0.4 < inspector.width / size[0] < 0.5


async def test_digits_choose_the_tabs_while_it_has_the_focus_only() -> None:
    app, _ = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        inspector = app.query_one(Inspector)
        await pilot.press("2")
        assert (inspector.tab, app.view_state.metric) == ("why", "pss")
        await pilot.press("1", "enter")
        tabs = []
        for key in "2345":
            await pilot.press(key)
            tabs.append((inspector.shown_tab, inspector.body.has_focus))
        assert tabs == [("fields", True), ("pages", True), ("life", True), ("events", True)]
        await pilot.press("q")
        assert (inspector.has_focus_within, app.is_running) == (False, True)


async def test_only_the_tab_in_view_is_computed() -> None:
    app, source = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("down", "down")
        await pilot.pause()
        assert not app.query(MappingFields)
        assert not any(isinstance(request, PagesRequest) for request in source.requests)


async def test_a_click_on_a_tab_chooses_it() -> None:
    app, _ = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        title, *_ = await lines(pilot)
        await pilot.click(TitleLine, offset=(title.index("4 Life"), 0))
        assert app.query_one(Inspector).shown_tab == "life"


async def test_a_group_says_what_happened_in_it_and_lists_its_mappings() -> None:
    app, source = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("o", "o")
        source.deliver(tick(2, 44, 30, 20, 18))
        await pilot.press("home")
        for _ in range(4):
            text = await lines(pilot)
            if "anonymous × 2" in text[0]:
                break
            await pilot.press("down")
        assert text[1].strip() == "changed · now"
        assert text[2].strip() == "2 mappings, Rss 38 K +8 K +4 K/s   enter: unfold or fold"
        members = [line.split() for line in text if line.strip().startswith("anon ")]
        assert members == [
            ["anon", "4000000", "18", "K", "+8", "K"],
            ["anon", "3000000", "20", "K", "·"],
        ]


async def test_the_whole_screen_is_for_the_part_that_has_the_focus() -> None:
    app, _ = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        table, inspector = app.query_one(MappingTable), app.query_one(Inspector)
        await pilot.press("z")
        await pilot.pause()
        assert (table.display, inspector.display) == (True, False)
        await pilot.press("z", "enter", "z")
        await pilot.pause()
        assert (table.display, inspector.display, inspector.region.width) == (False, True, 118)
        await pilot.press("escape", "escape")
        await pilot.pause()
        assert table.has_focus
        assert table.region.height + inspector.region.height == app.main_screen.views.region.height


async def test_what_is_selected_is_explained_as_a_whole_with_its_sums_history_and_events() -> None:
    what = np.array([MECHANISMS.index("first-touch")] * 2, np.int8)
    events = Events(np.array([0, 2]), what, np.array([4, 8]), np.ones(2, bool))
    rows = mappings_of((*ROWS[0], 44), (*ROWS[2], 28))
    app, _ = dashboard(tick(0, 40, 30, 20, 10), tick_of(1, rows, [0, 2], events=events))
    async with app.run_test(size=(118, 60)) as pilot:
        await pilot.press("s", *"Start", "enter", "home", "V", "down", "down", "V", "home")
        text = await lines(pilot)
        assert text[0].startswith(" 3 mappings selected")
        assert text[1].strip() == "3 pages first touch, 2 mappings · now"
        assert " 3 mappings, Rss 102 K +12 K +12 K/s   esc: drop" in text, text
        assert any("90 → 102 K" in line for line in text), text
        assert any(line.lstrip().startswith("102 K ┤") for line in text), text
        await pilot.press("enter", "5")
        text = await lines(pilot)
        assert "5 Events" in text[0]
        assert [line.split()[1:3] for line in text[2:4]] == [["A", "anon"], ["H", "[heap]"]]
        await pilot.press("escape", "escape")
        assert not (await lines(pilot))[0].startswith(" 3 mappings")


async def test_a_digit_right_after_enter_is_for_the_inspector() -> None:
    app, _ = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await lines(pilot)
        await app.main_screen.run_action("open")
        assert app.query_one(Inspector).has_focus_within, "no message has to come first"


async def test_a_click_on_the_name_goes_in_and_then_lets_it_fill_the_screen() -> None:
    app, _ = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        inspector = app.main_screen.views.inspector
        await pilot.click(TitleLine, offset=(4, 0))
        await pause_until(pilot, lambda: inspector.has_focus_within, "in the inspector")
        await pilot.click(TitleLine, offset=(4, 0))
        await pause_until(pilot, lambda: app.main_screen.zoom.part == "inspector", "it fills the screen")
