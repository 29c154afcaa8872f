"""Searching rows: nothing is hidden, the cursor jumps."""

from factories import mappings_of, tick_of
from list_source import ListSource
from textual.pilot import Pilot

from smapstop.model.protocol import Attach
from smapstop.settings import Settings
from smapstop.ui.app import Dashboard
from smapstop.ui.widgets.chip_line import ChipLine
from smapstop.ui.widgets.filter_line import FilterLine
from smapstop.ui.widgets.mapping_table import MappingTable

ROWS = mappings_of(
    *((at, at + 1, "rw-p", name, 90 - at) for at, name in enumerate(("/ab", "/b", "/ba", "/c", "/bc"), 1))
)


def dashboard() -> Dashboard:
    return Dashboard(ListSource(tick_of(0, ROWS, [0, 1, 2, 3, 4])), Attach(4711), Settings())


async def count(pilot: Pilot[int]) -> str:
    """The count of hits; empty without a search."""
    await pilot.pause()
    chips = pilot.app.query_one(ChipLine)
    return chips.render_line(0).text.partition("✕")[2].strip() if chips.display else ""


async def test_the_cursor_jumps_while_words_are_typed_and_all_rows_stay() -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        table = app.query_one(MappingTable)
        await pilot.press("down", "f3", "b")
        assert (table.cursor_id, table.count, await count(pilot)) == (1, 5, "2 of 4")
        await pilot.press("a")
        assert (table.cursor_id, table.count, await count(pilot)) == (2, 5, "1 of 1")
        await pilot.press("backspace")
        assert table.cursor_id == 1, "from where the search began"
        await pilot.press("escape")
        assert (table.cursor_id, table.has_focus, await count(pilot)) == (1, True, "")


async def test_n_goes_on_and_begins_again_and_says_so() -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        table = app.query_one(MappingTable)
        await pilot.press("f3", "b", "enter", "n", "n")
        assert (table.cursor_id, await count(pilot)) == (2, "3 of 4")
        await pilot.press("down")
        assert await count(pilot) == "4 found"
        await pilot.press("n", "n")
        assert (table.cursor_id, await count(pilot)) == (0, "1 of 4")
        await pilot.press("N")
        assert table.cursor_id == 4
        assert [notice.message for notice in app._notifications] == [
            "search goes on at the top",
            "search goes on at the end",
        ]
        await pilot.press("escape", "n")
        assert app.query_one("#search-rows", FilterLine).has_focus, "without a search it asks what for"


async def test_what_is_found_is_underlined_in_the_name() -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("colon", *"find B", "enter")
        await pilot.pause()
        table = app.query_one(MappingTable)
        found = [
            [segment.text for segment in table.render_line(y) if segment.style and segment.style.underline]
            for y in range(1, 6)
        ]
        assert found == [["b"], ["b"], ["b"], [], ["b"]]
        await pilot.press("colon", *"find none", "enter")
        assert app.session.search == "B", "what is not there is not sought"
