"""The menu that a right click on a row opens."""

import pytest
from factories import mappings_of, tick_of
from list_source import ListSource
from textual.geometry import Offset
from textual.pilot import Pilot
from textual.widgets import OptionList
from waiting import pause_until

from smapstop.model.protocol import Attach
from smapstop.settings import Settings
from smapstop.ui.app import Dashboard
from smapstop.ui.screens.columns import ColumnsScreen
from smapstop.ui.screens.menu import RowMenu
from smapstop.ui.widgets.inspector import Inspector
from smapstop.ui.widgets.mapping_table import MappingTable

ROWS = mappings_of(
    (0x1000, 0x1100, "rw-p", "[heap]", 40),
    (0x2000, 0x2100, "r-xp", "/usr/lib/libc.so.6", 30),
    (0x3000, 0x3100, "rw-p", "", 20),
)


def dashboard() -> Dashboard:
    return Dashboard(ListSource(tick_of(0, ROWS, [0, 1, 2], keyframe=True)), Attach(4711), Settings())


async def open_menu(pilot: Pilot[int], line: int) -> list[str]:
    """Click with the right button on a row; the lines of the menu."""
    await pilot.pause()
    await pilot.click(MappingTable, offset=(30, line), button=3)
    await pilot.pause()
    assert isinstance(pilot.app.screen, RowMenu)
    return [str(option.prompt).strip() for option in pilot.app.screen.query_one(OptionList).options]


async def choose(pilot: Pilot[int], begin: str) -> None:
    """Choose the line that begins so."""
    choices = pilot.app.screen.query_one(OptionList)
    titles = [str(option.prompt).strip() for option in choices.options]
    choices.highlighted = next(at for at, title in enumerate(titles) if title.startswith(begin))
    await pilot.press("enter")
    await pilot.pause()
    await pilot.pause()


async def test_a_right_click_goes_to_the_row_and_lists_what_can_be_done_with_the_keys_that_do_it() -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        lines = await open_menu(pilot, 2)
        assert app.query_one(MappingTable).cursor_id == 1
        assert lines[0].split()[-1] == "enter"
        assert lines[1].split() == ["Its", "pages", "v"]
        assert "Only libc.so.6" in lines
        assert "Only of its kind: file" in lines
        assert {line.split("  ")[0] for line in lines} > {
            "Its events",
            "Its callers",
            "Copy more",
            "Choose the columns",
        }


@pytest.mark.parametrize(("begin", "expected"), [("Only libc", "libc.so.6"), ("Only of its kind", "kind:file")])
async def test_it_filters(begin: str, expected: str) -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await open_menu(pilot, 2)
        await choose(pilot, begin)
        assert app.view_state.filter == expected


async def test_it_goes_into_the_mapping_and_selects() -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await open_menu(pilot, 3)
        await choose(pilot, "Go in")
        assert app.query_one(Inspector).has_focus_within
        assert app.query_one(Inspector).mapping == 2
        await open_menu(pilot, 1)
        await choose(pilot, "Select it")
        assert tuple(app.session.row_selection.ids) == (0,)


async def test_memory_without_a_name_has_none_to_filter_by() -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        lines = await open_menu(pilot, 3)
        assert [line for line in lines if line.startswith("Only")] == ["Only of its kind: anonymous"]


async def test_a_group_is_unfolded() -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("o")
        lines = await open_menu(pilot, 1)
        assert lines[0].startswith("Fold or unfold")
        assert not any("pages" in line for line in lines)
        await choose(pilot, "Fold")
        assert app.view_state.unfolded


@pytest.mark.parametrize("size", [(80, 24), (118, 40)])
async def test_all_of_it_is_on_the_screen_and_a_click_outside_closes_it(size: tuple[int, int]) -> None:
    app = dashboard()
    async with app.run_test(size=size) as pilot:
        await open_menu(pilot, 1)
        app.screen.dismiss()
        await pilot.pause()
        app.mouse_position = Offset(size[0] - 2, size[1] - 2)
        app.action_command("menu")
        await pilot.pause()
        box = app.screen.query_one(".box").region
        assert (box.right, box.bottom) <= size
        assert all(
            app.screen.query_one(OptionList).render_line(y).text.rstrip().endswith(("enter", "v")) for y in range(2)
        )
        await pilot.click(offset=(2, 1))
        await pilot.pause()
        assert app.screen is app.main_screen


async def test_a_right_click_on_the_titles_opens_the_columns_and_sorts_nothing() -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        table = app.query_one(MappingTable)
        header = table.render_line(0).text
        await pilot.click(MappingTable, offset=(header.index("Rss"), 0), button=3)
        await pause_until(pilot, lambda: isinstance(app.screen, ColumnsScreen), "the columns")
        assert table.render_line(0).text == header
