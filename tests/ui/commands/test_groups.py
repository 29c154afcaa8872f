"""Folding and unfolding groups by command."""

import pytest
from factories import mappings_of, tick_of
from list_source import ListSource
from textual.pilot import Pilot

from smapstop.errors import SmapstopError
from smapstop.model.protocol import Attach
from smapstop.settings import Settings
from smapstop.ui.app import Dashboard
from smapstop.ui.commands.table import complete_line, run_line
from smapstop.ui.widgets.mapping_table import MappingTable

ROWS = mappings_of((1, 2, "rw-p", "[heap]", 9), (3, 4, "r-xp", "/lib/a.so", 5), (4, 5, "rw-p", "/lib/a.so", 4))


def dashboard() -> Dashboard:
    return Dashboard(ListSource(tick_of(0, ROWS, [0, 1, 2])), Attach(4711), Settings())


def ids(app: Dashboard) -> list[int]:
    """The mappings shown, with -1 for each group."""
    table = app.query_one(MappingTable)
    return [max(-1, table.identity_of(at)) for at in range(table.count)]


async def run(app: Dashboard, pilot: Pilot[int], *lines: str) -> None:
    for line in lines:
        run_line(app.main_screen, line)
    await pilot.pause()


async def test_groups_are_folded_and_unfolded_all_or_by_name() -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await run(app, pilot, "group file", "sort rss")
        assert ids(app) == [-1, -1]
        await run(app, pilot, "unfold")
        assert sorted(ids(app)) == [-1, -1, 0, 1, 2]
        await run(app, pilot, "fold a.so")
        assert sorted(ids(app)) == [-1, -1, 0]
        await run(app, pilot, "fold", "unfold A")
        assert sorted(ids(app)) == [-1, -1, 1, 2]
        assert complete_line(app.main_screen, "unfold h") == ["unfold heap"]


async def test_without_groups_the_command_says_what_to_do() -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)):
        assert complete_line(app.main_screen, "fold ") == []
        with pytest.raises(SmapstopError, match="not grouped: group file makes a tree"):
            run_line(app.main_screen, "unfold")
