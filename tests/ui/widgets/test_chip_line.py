"""The line above the table: the filter and what is selected, with their sums."""

import pytest
from factories import mappings_of, tick_of
from list_source import ListSource
from textual.pilot import Pilot

from smapstop.model.protocol import Attach
from smapstop.settings import Settings
from smapstop.ui.app import Dashboard
from smapstop.ui.widgets.chip_line import ChipLine
from smapstop.ui.widgets.filter_line import FilterLine
from smapstop.ui.widgets.mapping_table import MappingTable

HEAP, A, B = (0x10, 0x20, "rw-p", "[heap]"), (0x30, 0x40, "rw-p", ""), (0x50, 0x60, "rw-p", "")
START = tick_of(0, mappings_of((*HEAP, 40), (*A, 12), (*B, 8)), [0, 1, 2])
GROWN = tick_of(1, mappings_of((*A, 16)), [1])
FILTER = "  filter kind:anon ✕   2 of 3 mappings  Rss 24 K +4 K +4 K/s"


def dashboard(**settings: str) -> tuple[Dashboard, ListSource]:
    source = ListSource(START, GROWN)
    return Dashboard(source, Attach(4711), Settings(**settings)), source  # type: ignore[arg-type]


async def line(pilot: Pilot[int]) -> str:
    """The line; empty while it is hidden."""
    await pilot.pause()
    chips = pilot.app.query_one(ChipLine)
    return chips.render_line(0).text.rstrip() if chips.display else ""


async def marks(pilot: Pilot[int]) -> str:
    """What is between the letter and the name of each row."""
    await pilot.pause()
    table = pilot.app.query_one(MappingTable)
    return "".join(table.render_line(y).text[1] for y in range(1, table.count + 1))


async def test_the_filter_has_its_count_and_sum_and_goes_by_a_click_on_its_cross() -> None:
    app, _ = dashboard(filter="kind:anon")
    async with app.run_test(size=(118, 40)) as pilot:
        assert await line(pilot) == FILTER
        assert app.query_one(MappingTable).render_line(0).text.startswith("Mapping ")
        await pilot.click(ChipLine, offset=(5, 0))
        assert app.query_one(FilterLine).has_focus
        await pilot.press("enter")
        await pilot.click(ChipLine, offset=(FILTER.index("✕"), 0))
        assert await line(pilot) == ""
        assert app.view_state.filter == ""


async def test_what_there_is_no_room_for_is_left_out() -> None:
    app, _ = dashboard(filter="kind:anon")
    async with app.run_test(size=(43, 30)) as pilot:
        assert await line(pilot) == FILTER[: FILTER.index("  Rss")]


async def test_a_range_is_extended_by_moving_and_stays_while_rows_are_sorted_and_filtered() -> None:
    app, source = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("down", "V", "down")
        assert (await line(pilot)).startswith("  2 mappings selected, moving extends ✕   Rss 48 K")
        assert await marks(pilot) == " ✓✓"
        await pilot.press("up", "up")
        assert await marks(pilot) == "✓✓ ", "the range begins at the second row"
        await pilot.press("V", "down", "down")
        assert await marks(pilot) == "✓✓ "
        assert app.session.selection == (0, 1)
        await pilot.press("I", "slash", *"kind:anon", "enter")
        assert (await line(pilot)).startswith("  2 mappings selected ✕   Rss 56 K +4 K +4 K/s    filter kind:anon ✕")
        source.deliver(tick_of(2, mappings_of(), [], gone=[1]))
        assert (await line(pilot)).startswith("  1 mapping selected ✕   Rss 40 K")
        await pilot.press("escape")
        assert not app.session.selection
        assert app.view_state.filter == "kind:anon", "esc drops one thing at a time"


async def test_rows_are_selected_one_by_one_or_all_that_match() -> None:
    app, _ = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("ctrl+@", "down", "down", "ctrl+space")
        assert await marks(pilot) == "✓ ✓"
        await pilot.press("ctrl+@", "*")
        assert app.session.selection == (0, 1, 2)
        await pilot.press("o", "o", "home", "ctrl+@")
        assert await marks(pilot) == " ✓", "the mappings of a group"
        await pilot.press("enter", "down", "ctrl+@", "up")
        assert (await marks(pilot))[:2] in ("✓✓", "-✓")


@pytest.mark.parametrize(("keys", "expected"), [({"control": True}, "✓ ✓"), ({"shift": True}, "✓✓✓")])
async def test_the_mouse_selects_with_ctrl_or_shift(keys: dict[str, bool], expected: str) -> None:
    app, _ = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.click(MappingTable, offset=(20, 1), **keys)
        await pilot.click(MappingTable, offset=(20, 3), **keys)
        assert await marks(pilot) == expected
        await pilot.click(ChipLine, offset=((await line(pilot)).index("✕"), 0))
        assert await marks(pilot) == "   "
