"""Commands about the parts of the screen."""

import pytest
from factories import mappings_of, tick_of
from list_source import ListSource
from waiting import pause_until

from smapstop.model.protocol import Attach
from smapstop.settings import Settings
from smapstop.ui.app import Dashboard
from smapstop.ui.commands.letter_line import LetterLine
from smapstop.ui.widgets.mapping_table import MappingTable
from smapstop.ui.widgets.zoom import part_of

START = tick_of(0, mappings_of((0x1000, 0x1100, "rw-p", "[heap]", 40)), [0], keyframe=True)


@pytest.mark.parametrize(
    ("letter", "part"),
    [("i", "inspector"), ("b", "band"), ("e", "events"), ("t", "table"), ("enter", "inspector")],
)
async def test_ctrl_o_and_a_letter_go_to_a_part(letter: str, part: str) -> None:
    app = Dashboard(ListSource(START), Attach(4711), Settings())
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        await pilot.press("ctrl+o")
        assert "b band" in app.query_one(LetterLine).placeholder
        await pilot.press(letter)
        await pause_until(pilot, lambda: part_of(app.focused) == part, lambda: f"{part}: {app.focused}")
        assert not app.query_one(LetterLine).display


async def test_a_part_that_there_is_not_is_said() -> None:
    app = Dashboard(ListSource(START), Attach(4711), Settings())
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        for line in ("focus program", "focus x"):
            app.action_command(line)
        await pause_until(pilot, lambda: len(app._notifications) == 2, "both notices")
        assert isinstance(app.focused, MappingTable)
        program, unknown = [notice.message for notice in app._notifications]
        assert program == "no program was launched: smapstop -- COMMAND starts one"
        assert unknown.startswith("focus: 'x' is not one of its choices: table, ")
