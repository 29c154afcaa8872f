import pytest
from factories import mappings_of, tick_of
from list_source import ListSource

from smapstop.model.protocol import Attach
from smapstop.settings import Settings
from smapstop.ui.app import Dashboard
from smapstop.ui.screens.help import PLACE_TITLES
from smapstop.ui.widgets.help_place import help_place

START = tick_of(0, mappings_of((0x1000, 0x1100, "rw-p", "[heap]", 40)), [0], keyframe=True)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("", "table"),
        ("enter", "why"),
        ("enter 2", "fields"),
        ("v", "pages"),
        ("enter 4", "life"),
        ("enter 5", "events"),
        ("shift+tab", "band"),
        ("e tab tab", "events"),
    ],
)
async def test_the_help_is_about_the_part_that_has_the_focus(keys: str, expected: str) -> None:
    app = Dashboard(ListSource(START), Attach(4711), Settings())
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        await pilot.press(*keys.split())
        await pilot.pause()
        place = help_place(app.focused)
        assert place == expected
        await pilot.press("question_mark")
        await pilot.pause()
        assert str(app.screen.query_one(".box").border_title) == f"Help: {PLACE_TITLES[place]}"
