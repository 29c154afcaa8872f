"""The mouse, wherever it may be used: clicks, double clicks and the wheel."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
from factories import mappings_of, tick_of
from list_source import ListSource
from textual import events
from textual.pilot import Pilot
from textual.widget import Widget
from waiting import pause_until

from smapstop.model.events import MECHANISMS, Events
from smapstop.model.protocol import Attach
from smapstop.model.tick import Tick
from smapstop.proc.fields import FIELD_BY_NAME
from smapstop.settings import Settings
from smapstop.ui.app import Dashboard
from smapstop.ui.keys.table import KEY
from smapstop.ui.screens.help import HelpScreen
from smapstop.ui.widgets.events_pane import EventsPane
from smapstop.ui.widgets.header import HeaderBar
from smapstop.ui.widgets.inspector import Inspector
from smapstop.ui.widgets.key_bar import KeyBar
from smapstop.ui.widgets.mapping_fields import MappingFields
from smapstop.ui.widgets.mapping_table import MappingTable

MANY = 60
ROWS = [(0x1000 + 16 * at, 0x1008 + 16 * at, "rw-p", f"/lib/{at:02}.so") for at in range(MANY)]
"""The mappings 0 to 59, the biggest first."""


def tick(number: int, *moved: int) -> Tick:
    """A tick in which a page of each of these mappings was touched; each program begins with it."""
    happened = Events(
        mapping=np.array(moved, np.int64),
        what=np.full(len(moved), MECHANISMS.index("first-touch"), np.int8),
        kb=np.full(len(moved), 4),
        sure=np.ones(len(moved), bool),
    )
    rows = mappings_of(*((*row, 4 * (MANY - at) + number * (at in moved)) for at, row in enumerate(ROWS)))
    return tick_of(number, rows, list(range(MANY)), keyframe=True, executed=True, events=happened)


@asynccontextmanager
async def shown(*ticks: Tick) -> AsyncIterator[tuple[Dashboard, Pilot[int], ListSource]]:
    """The dashboard, in a small terminal."""
    source = ListSource(tick(0), *ticks)
    app = Dashboard(source, Attach(4711), Settings())
    async with app.run_test(size=(118, 30)) as pilot:
        await pilot.pause()
        yield app, pilot, source


async def wheel(pilot: Pilot[int], widget: Widget, turns: int) -> None:
    """Turn the wheel over a widget, down or, with a negative number, up."""
    for _ in range(abs(turns)):
        await tell(pilot, widget, events.MouseScrollDown if turns > 0 else events.MouseScrollUp)


async def tell(pilot: Pilot[int], widget: Widget, what: type[events.MouseEvent]) -> None:
    """Have the terminal tell that the mouse does this, over a widget."""
    x, y = widget.region.x + 3, widget.region.y + 3
    nothing: dict[str, Any] = dict.fromkeys(("shift", "meta", "ctrl"), False)
    pilot.app.post_message(what(None, x, y, delta_x=0, delta_y=0, button=0, screen_x=x, screen_y=y, **nothing))
    await pilot.pause()


def names(app: Dashboard) -> list[str]:
    """The names in the table."""
    table = app.query_one(MappingTable)
    lines = [table.render_line(y).text[2:].split() for y in range(1, table.size.height)]
    return [line[0].removeprefix("/lib/") for line in lines if line]


# the table


async def test_a_click_on_a_row_puts_the_cursor_there() -> None:
    async with shown() as (app, pilot, _):
        await pilot.click(MappingTable, offset=(30, 4))
        assert app.query_one(MappingTable).cursor_id == 3
        assert app.query_one(Inspector).mapping == 3


async def test_a_double_click_on_a_row_opens_it() -> None:
    async with shown() as (app, pilot, _):
        await pilot.click(MappingTable, offset=(30, 4), times=2)
        await pilot.pause()
        assert app.query_one(Inspector).has_focus_within
        assert app.query_one(Inspector).mapping == 3


@pytest.mark.parametrize(("x", "times"), [(30, 2), (2, 1)])
async def test_a_double_click_on_a_group_or_a_click_on_its_mark_unfolds_it(x: int, times: int) -> None:
    async with shown() as (app, pilot, _):
        await pilot.press("o")
        assert set(names(app)) == {"▸"}
        await pilot.click(MappingTable, offset=(x, 4), times=times)
        await pilot.pause()
        assert names(app)[:5] == ["▸", "▸", "▸", "▾", "└"]


async def test_a_click_below_the_last_row_does_nothing() -> None:
    async with shown() as (app, pilot, _):
        await pilot.press("slash", *"07.so", "enter")
        await pilot.click(MappingTable, offset=(30, 5), times=2)
        assert not app.query_one(Inspector).has_focus_within


@pytest.mark.parametrize("title", ["Mapping", "Rss", "Rate/s"])
async def test_a_click_on_any_title_sorts_by_it(title: str) -> None:
    async with shown() as (app, pilot, _):
        await pilot.press("less_than_sign")
        header = app.query_one(MappingTable).render_line(0).text
        await pilot.click(MappingTable, offset=(header.index(title) + 1, 0))
        await pilot.pause()
        assert re.search(f"{title} ?[▼▲]", app.query_one(MappingTable).render_line(0).text)


async def test_the_pointer_on_a_title_or_a_key_says_what_it_is() -> None:
    async with shown() as (app, pilot, _):
        table, bar = app.query_one(MappingTable), app.query_one(KeyBar)
        header = table.render_line(0).text
        for column in table.columns:
            if column.cell_format == "amount" and column.title in header:
                await pilot.hover(MappingTable, offset=(header.index(column.title) + 1, 0))
                help_of_title = f"{column.title}: {FIELD_BY_NAME[column.key].help}"
                assert str(table.tooltip) == f"{help_of_title} Drag its right edge for its width."
        await pilot.hover(MappingTable, offset=(header.index("Rss") + 1, 2))
        assert table.tooltip is None
        await pilot.hover(KeyBar, offset=(bar.render_line(0).text.index("sort"), 0))
        assert str(bar.tooltip) == KEY["sort"].help


async def test_the_wheel_scrolls_the_table_and_the_cursor_stays_on_its_mapping() -> None:
    async with shown() as (app, pilot, source):
        table = app.query_one(MappingTable)
        await pilot.press("down")
        await wheel(pilot, table, 8)
        scrolled = names(app)
        assert "01.so" not in scrolled
        assert table.cursor_id == 1
        source.deliver(tick(1))
        await pilot.pause()
        assert names(app) == scrolled
        await wheel(pilot, table, -20)
        assert names(app)[:2] == ["00.so", "01.so"]


async def test_the_table_stays_where_the_wheel_brought_it_above_its_cursor() -> None:
    async with shown() as (app, pilot, source):
        table = app.query_one(MappingTable)
        await pilot.press("ctrl+end")
        await wheel(pilot, table, -50)
        assert names(app)[0] == "00.so"
        source.deliver(tick(1))
        await pilot.pause()
        assert names(app)[0] == "00.so"
        await pilot.press("up")
        assert table.cursor_id == MANY - 2
        assert "58.so" in names(app)


@pytest.mark.parametrize("what", [events.MouseDown, events.MouseScrollDown])
async def test_the_rows_keep_their_order_under_the_mouse(
    what: type[events.MouseEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smapstop.ui.state.stable_order.QUIET_SECONDS", 60.0)
    async with shown() as (app, pilot, source):
        await tell(pilot, app.query_one(MappingTable), what)
        source.deliver(*(tick(number, 50) for number in range(1, 9)))
        await pilot.pause()
        assert names(app)[5] < "09.so"
        assert "50.so" not in names(app)


# the others


async def test_the_wheel_scrolls_the_events() -> None:
    async with shown(*(tick(number, number) for number in range(1, 30))) as (app, pilot, _):
        await pilot.press("e")
        pane = app.query_one(EventsPane)
        await pilot.pause()
        first = pane.render_line(1).text
        await wheel(pilot, pane, 3)
        assert pane.scroll_offset.y > 0
        assert pane.render_line(1).text != first
        await wheel(pilot, pane, -9)
        assert pane.render_line(1).text == first


async def test_a_click_on_the_events_gives_them_the_keys() -> None:
    async with shown(tick(1, 1)) as (app, pilot, _):
        await pilot.press("e")
        await pilot.pause()
        await pilot.click(EventsPane, offset=(30, 2))
        assert app.query_one(EventsPane).has_focus


async def test_the_wheel_scrolls_the_detail() -> None:
    async with shown() as (app, pilot, _):
        await pilot.resize_terminal(80, 16)
        await pilot.press("enter", "2")
        detail = app.query_one(MappingFields)
        await pilot.pause()
        await wheel(pilot, detail, 4)
        assert detail.scroll_offset.y > 0
        await wheel(pilot, detail, -9)
        assert detail.scroll_offset.y == 0


async def test_a_click_on_a_field_of_the_detail_puts_the_cursor_there() -> None:
    async with shown() as (app, pilot, _):
        await pilot.press("enter", "2")
        await pilot.pause()
        detail = app.query_one(MappingFields)
        lines = [detail.render_line(y).text for y in range(detail.size.height)]
        await pilot.click(MappingFields, offset=(4, next(y for y, line in enumerate(lines) if "  Size " in line)))
        assert detail.field == "size"


async def test_the_wheel_scrolls_the_help() -> None:
    async with shown() as (app, pilot, _):
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)
        text = app.screen._text
        await wheel(pilot, text, 5)
        assert text.scroll_offset.y > 0
        await wheel(pilot, text, -9)
        assert text.scroll_offset.y == 0


# the header


async def test_a_click_on_live_pauses_and_one_on_the_baseline_compares_with_another() -> None:
    async with shown(tick(1, 1)) as (app, pilot, _):
        header = app.query_one(HeaderBar)
        await pilot.click(HeaderBar, offset=(header.render_line(0).text.index("live"), 0))
        assert app.view_state.at == 1
        await pilot.pause()
        await pilot.click(HeaderBar, offset=(header.render_line(0).text.index("Δ"), 0))
        assert app.view_state.baseline == "start"
        await pilot.pause()
        await pilot.click(HeaderBar, offset=(header.render_line(0).text.index("❚❚"), 0))
        assert app.view_state.at is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [("4711", "FamilyScreen"), ("1 thread", "ThreadsScreen"), (" read", "HelpScreen")],
)
async def test_a_click_on_a_fact_of_the_header_goes_to_what_it_is_about(text: str, kind: str) -> None:
    async with shown(tick(1, 1)) as (app, pilot, _):
        header = app.query_one(HeaderBar)
        x = header.render_line(0).text.index(text) + 1
        await pilot.hover(HeaderBar, offset=(x, 0))
        assert "Click" in str(header.tooltip)
        await pilot.click(HeaderBar, offset=(x, 0))
        await pause_until(pilot, lambda: type(app.screen).__name__ == kind, kind)
