"""Commands about the table."""

import pytest
from factories import mappings_of, tick_of
from list_source import ListSource

from smapstop.model.protocol import Attach
from smapstop.settings import Settings
from smapstop.text.table_columns import COLUMNS
from smapstop.ui.app import Dashboard
from smapstop.ui.commands.table import complete_line
from smapstop.ui.screens.columns import ColumnsScreen
from smapstop.ui.screens.sort import SortScreen

ROWS = mappings_of((0x1000, 0x1100, "rw-p", "[heap]", 40), (0x2000, 0x2100, "r-xp", "/usr/lib/libc.so.6", 30))


def dashboard() -> Dashboard:
    return Dashboard(ListSource(tick_of(0, ROWS, [0, 1], keyframe=True)), Attach(4711), Settings())


async def test_columns_are_shown_in_the_order_given_and_restored() -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)):
        app.action_command("columns name, rss,pss")
        assert [column.key for column in app.main_screen.columns] == ["name", "rss", "pss"]
        app.action_command("columns default")
        assert app.main_screen.columns == COLUMNS


async def test_a_direction_may_be_given_and_the_usual_one_is_not_turned() -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)):
        found = []
        for line in ("sort name", "sort name", "sort name desc", "sort rss asc", "reverse"):
            app.action_command(line)
            found.append((app.session.order.sorting.key, app.session.order.sorting.descending))
        assert found == [("name", False), ("name", False), ("name", True), ("rss", False), ("rss", True)]


@pytest.mark.parametrize(("line", "screen"), [("sort", SortScreen), ("columns", ColumnsScreen)])
async def test_without_an_argument_the_choice_is_opened(line: str, screen: type) -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        app.action_command(line)
        await pilot.pause()
        assert isinstance(app.screen, screen)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("columns rss,nonsense", "no column 'nonsense'"),
        ("sort p", "sort: 'p' may be several: perms, pss, "),
        ("sort rss sideways", "sort: 'sideways' is not one of its choices: asc, desc"),
        ("metric", "metric needs an argument: metric METRIC"),
        ("group xyz", "group: 'xyz' is not one of its choices: none, name, "),
        ("sort nmae", "sort: 'nmae' is not one of its choices: did you mean name?"),
        ("filter rss>", "invalid amount in filter term 'rss>'"),
        ("reverse rss", "reverse takes no argument"),
        ("hit sideways", "hit: 'sideways' is not one of its choices: next, previous"),
        ("quit later", "quit: 'later' is not one of its choices: now"),
    ],
)
async def test_what_makes_no_sense_says_why_and_changes_nothing(line: str, why: str) -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        before = app.view_state, app.session.order.sorting, app.main_screen.columns
        app.action_command(line)
        await pilot.pause()
        (notice,) = app._notifications
        assert notice.message.startswith(why)
        assert (app.view_state, app.session.order.sorting, app.main_screen.columns) == before


@pytest.mark.parametrize(
    ("line", "completions"),
    [
        ("columns name,rss", ["columns name,rss", "columns name,rss_dirty"]),
        ("columns rss,rs", []),
        ("sort rss d", ["sort rss desc"]),
        ("group ", ["group none", "group name", "group kind"]),
        ("nothing ", []),
    ],
)
async def test_arguments_are_completed(line: str, completions: list[str]) -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)):
        found = complete_line(app.main_screen, line)
        assert found[: len(completions)] == completions[: len(found)]
        assert bool(found) == bool(completions)
