"""What is painted without looking up styles is what Textual would paint."""

import pytest
from factories import mappings_of, tick_of
from list_source import ListSource
from textual.geometry import Region
from textual.widget import Widget

from smapstop.model.protocol import Attach
from smapstop.settings import Settings
from smapstop.ui.app import Dashboard
from smapstop.ui.widgets.mapping_table import MappingTable
from smapstop.ui.widgets.strip_scroll import DrawnLines

ROWS = [(0x1000 * at, 0x1000 * at + 0x800, "rw-p", f"/lib/{at}.so", at) for at in range(1, 90)]


@pytest.mark.parametrize("kind", [MappingTable, DrawnLines])
@pytest.mark.parametrize("no_color", ["", "1"])
async def test_lines_are_those_of_textual(kind: type[Widget], no_color: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if no_color:
        monkeypatch.setenv("NO_COLOR", no_color)
    start = tick_of(0, mappings_of(*ROWS), list(range(len(ROWS))), keyframe=True)
    app = Dashboard(ListSource(start), Attach(4711), Settings())
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("down")
        await pilot.pause()
        widget = app.query_one(kind)
        for crop in (widget.region.size.region, Region(7, 2, 30, 3)):
            lines, expected = widget.render_lines(crop), Widget.render_lines(widget, crop)
            assert any(line.text.strip() for line in lines)
            assert [list(line) for line in lines] == [list(line) for line in expected]
