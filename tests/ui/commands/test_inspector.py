"""Commands about the mapping under the cursor."""

import pytest
from factories import mappings_of, tick_of
from list_source import ListSource

from smapstop.model.protocol import Attach
from smapstop.settings import Settings
from smapstop.ui.app import Dashboard
from smapstop.ui.widgets.inspector import Inspector

ROWS = mappings_of((0x1000, 0x1100, "rw-p", "[heap]", 40))


@pytest.mark.parametrize(
    ("line", "tab"), [("inspect fields", "fields"), ("inspect life", "life"), ("inspect", "why"), ("pages", "pages")]
)
async def test_the_inspector_is_gone_into_at_a_tab(line: str, tab: str) -> None:
    app = Dashboard(ListSource(tick_of(0, ROWS, [0], keyframe=True)), Attach(4711), Settings())
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        app.action_command(line)
        await pilot.pause()
        inspector = app.query_one(Inspector)
        assert (inspector.shown_tab, inspector.has_focus_within) == (tab, True)
