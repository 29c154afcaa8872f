"""The dialog to choose the columns."""

import pytest
from textual.app import App
from textual.content import Content
from textual.widgets import OptionList

from smapstop.text.columns import COLUMNS
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
