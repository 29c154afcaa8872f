"""The palette finds commands with their arguments."""

from typing import Any, cast

import pytest
from factories import mappings_of, tick_of
from list_source import ListSource
from textual.command import CommandPalette, Hit
from textual.widgets import Input

from smapstop.model.protocol import Attach
from smapstop.settings import Settings
from smapstop.ui.app import Dashboard
from smapstop.ui.commands.command_line import CommandLine
from smapstop.ui.commands.palette import CommandLines

ROWS = mappings_of((0x1000, 0x1100, "rw-p", "[heap]", 40), (0x2000, 0x2100, "r-xp", "/usr/lib/libc.so.6", 30))


def dashboard() -> Dashboard:
    ticks = [tick_of(n, ROWS, [0, 1], keyframe=True) for n in range(5)]
    return Dashboard(ListSource(*ticks), Attach(4711), Settings())


async def found(app: Dashboard, query: str) -> list[str]:
    """The lines that are found, the best first."""
    hits = [hit async for hit in CommandLines(app.main_screen).search(query) if isinstance(hit, Hit)]
    return [str(hit.match_display) for hit in sorted(hits, key=lambda hit: -hit.score)]


@pytest.mark.parametrize(
    ("query", "line"),
    [
        ("sort pss", "sort pss"),
        ("group kind", "group kind"),
        ("nord", "theme nord"),
        ("goto -2s", "goto -2s"),
        ("filter rss>10M", "filter rss>10M"),
        ("go to a moment", "goto "),  # by its help
        ("their order", "Columns"),
    ],
)
async def test_a_line_is_found_by_what_is_typed_of_it(query: str, line: str) -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        assert (await found(app, query))[0] == line


async def test_what_is_chosen_is_run_and_what_needs_an_argument_is_typed() -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        search = CommandLines(app.main_screen).search("metric")
        hits = {str(hit.match_display): cast("Any", hit.command) async for hit in search if isinstance(hit, Hit)}
        await hits["metric uss"]()
        assert app.view_state.metric == "uss"
        await hits["metric "]()
        assert (app.query_one(CommandLine).input.value, app.query_one(CommandLine).display) == ("metric ", True)


async def test_the_palette_of_the_dashboard_has_them() -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        await pilot.press("ctrl+p")
        assert isinstance(app.screen, CommandPalette)
        app.screen.query_one(Input).value = "goto -2s"
        await app.workers.wait_for_complete()
        await pilot.pause()
        await pilot.press("enter", "enter")
        await pilot.pause()
        assert app.view_state.at == 2
