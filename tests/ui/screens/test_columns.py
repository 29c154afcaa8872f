"""The dialog to choose the columns."""

from typing import Any

import pytest
from textual.app import App
from textual.content import Content
from textual.widgets import OptionList
from waiting import pause_until

from smapstop.text.table_columns import ALL_COLUMNS, COLUMNS, Column
from smapstop.ui.screens.columns import ColumnsScreen


def without_room(app: App[object]) -> list[str]:
    """The columns of which the list says that they have no room."""
    options = app.screen.query_one(OptionList).options
    return [str(option.id) for option in options if "no room" in str(option.prompt)]


@pytest.mark.parametrize(
    ("room", "expected"), [(200, []), (79, ["history"]), (60, ["perms", "delta", "rate", "history"])]
)
async def test_a_column_that_is_chosen_but_has_no_room_says_so(room: int, expected: list[str]) -> None:
    app: App[object] = App()
    async with app.run_test(size=(118, 40)) as pilot:
        app.push_screen(ColumnsScreen(COLUMNS, room))
        await pilot.pause()
        assert without_room(app) == expected
        assert isinstance(app.screen.query_one(OptionList).options[0].prompt, Content)


async def test_a_column_that_is_taken_away_makes_room_for_another() -> None:
    app: App[object] = App()
    async with app.run_test(size=(118, 40)) as pilot:
        app.push_screen(ColumnsScreen(COLUMNS, 79))
        await pilot.pause()
        assert without_room(app) == ["history"]
        await pilot.press("down", "down", "down", "space", "down", "space")
        await pilot.pause()
        assert without_room(app) == []


async def test_a_click_on_a_column_shows_or_hides_it_and_the_hints_do_the_rest() -> None:
    app: App[object] = App()
    async with app.run_test(size=(118, 40)) as pilot:
        chosen: list[object] = []
        app.push_screen(ColumnsScreen(COLUMNS, 200), chosen.append)
        await pilot.pause()
        columns = app.screen.query_one(OptionList)
        await pilot.click(columns, offset=(5, 1))
        await pause_until(pilot, lambda: "✓" not in str(columns.options[1].prompt), "hidden")
        assert columns.highlighted == 1
        box = app.screen.query_one(".box").region
        line = "".join(segment.text for segment in app.screen._compositor.render_strips()[box.bottom - 1])
        await pilot.click(offset=(line.index("apply"), box.bottom - 1))
        await pause_until(pilot, lambda: chosen, "closed")
        assert chosen == [tuple(column for column in COLUMNS if column.key != COLUMNS[1].key)]


@pytest.mark.parametrize(
    ("typed", "column"),
    [("ps", "pss"), ("anonh", "anon_huge_pages"), ("private_d", "private_dirty"), ("delta", "delta")],
)
async def test_typing_goes_to_the_column_of_that_title_or_name_and_space_still_shows_it(
    typed: str, column: str
) -> None:
    app: App[object] = App()
    async with app.run_test(size=(118, 40)) as pilot:
        app.push_screen(ColumnsScreen([COLUMNS[0]], 200))
        await pilot.pause()
        columns = app.screen.query_one(OptionList)
        await pilot.press(*(char if char != "_" else "underscore" for char in typed))
        assert columns.highlighted_option is not None
        assert columns.highlighted_option.id == column
        await pilot.press("space")
        assert [option.id for option in columns.options if "✓" in str(option.prompt)] == [COLUMNS[0].key, column]


@pytest.mark.parametrize(
    ("begin", "typed", "expected"),
    [
        (COLUMNS, "private_d", "name perms rss delta rate private_dirty history happened"),
        (COLUMNS[:3] + COLUMNS[-1:], "history", "name perms rss history happened"),
        (COLUMNS[:3] + COLUMNS[-2:-1], "happened", "name perms rss history happened"),
        (COLUMNS[:3], "swap", "name perms rss swap"),
    ],
)
async def test_a_column_that_is_shown_comes_before_the_history_and_the_verdict(
    begin: tuple[Column, ...], typed: str, expected: str
) -> None:
    app: App[object] = App()
    async with app.run_test(size=(118, 40)) as pilot:
        chosen: list[Any] = []
        app.push_screen(ColumnsScreen(begin, 200), chosen.append)
        await pilot.pause()
        await pilot.press(*(char if char != "_" else "underscore" for char in typed), "space")
        highlighted = app.screen.query_one(OptionList).highlighted_option
        assert highlighted is not None
        assert ALL_COLUMNS[str(highlighted.id)].key.startswith(typed)
        await pilot.press("enter")
        await pause_until(pilot, lambda: chosen, "closed")
    assert [column.key for column in chosen[0]] == expected.split()


async def test_a_column_that_was_moved_is_found_where_it_is_now() -> None:
    app: App[object] = App()
    async with app.run_test(size=(118, 40)) as pilot:
        app.push_screen(ColumnsScreen(COLUMNS, 200))
        await pilot.pause()
        await pilot.press("r", "s", "s", "left", "left", "home", "r", "s")
        highlighted = app.screen.query_one(OptionList).highlighted_option
        assert highlighted is not None
        assert highlighted.id == "rss"
