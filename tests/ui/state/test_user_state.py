"""What the user changes in the dashboard: columns, pace, height of the panes; and what of it is remembered."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from factories import mappings_of, tick_of
from list_source import ListSource
from textual import events
from textual.pilot import Pilot
from textual.widgets import OptionList

from smapstop.cli.config.state_file import save_state
from smapstop.model.protocol import Attach, Pace
from smapstop.model.view.sort import Sorting
from smapstop.settings import Replay, Settings, StartRequest
from smapstop.text.table_columns import COLUMNS
from smapstop.ui.app import Dashboard
from smapstop.ui.screens.columns import ColumnsScreen
from smapstop.ui.state.user_state import INTERVAL_STEPS, UserState, step_interval
from smapstop.ui.widgets.events_pane import EventsPane
from smapstop.ui.widgets.inspector import Inspector
from smapstop.ui.widgets.mapping_table import MappingTable

FEW = ("name", "rss", "delta", "pss")


class Memory:
    """Keeps what it is told to remember."""

    def __init__(self) -> None:
        self.told: list[Mapping[str, object]] = []

    def __call__(self, changes: Mapping[str, object]) -> None:
        self.told.append(changes)


def dashboard(begin: StartRequest | None = None, **settings: object) -> tuple[Dashboard, ListSource, Memory]:
    source, memory = ListSource(tick_of(0, mappings_of((0, 4), (1, 8)), [0, 1])), Memory()
    begun = Settings(columns=FEW, remember=memory, **settings)  # type: ignore[arg-type]
    return Dashboard(source, begin or Attach(4711), begun), source, memory


async def header(pilot: Pilot[int]) -> str:
    """The titles of the table."""
    await pilot.pause()
    return pilot.app.query_one(MappingTable).render_line(0).text


async def test_columns_are_shown_hidden_and_moved_in_a_list_and_the_table_has_them() -> None:
    app, _, memory = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        assert (await header(pilot)).split() == ["Mapping", "Rss", "ΔRss", "Pss"]
        await pilot.press("c", "down", "space", "down", "right", "enter")
        assert (await header(pilot)).split() == ["Mapping", "Pss", "ΔRss"]
        assert app.query_one(MappingTable).has_focus
    assert memory.told == [{"columns": ("name", "pss", "delta")}]


async def test_filters_are_remembered_and_brought_back() -> None:
    app, _, memory = dashboard(filters=("anon", "rss>1"))
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("slash", "up", "up", "enter", "slash", *"heap", "enter")
        assert app.view_state.filter == "heap"
    assert memory.told == [{"filters": ("rss>1", "anon", "heap")}]


async def test_the_list_of_columns_marks_those_of_the_table_first_and_in_its_order() -> None:
    app, _, memory = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("f2")
        lines = [str(option.prompt) for option in app.screen.query_one(OptionList).options]
        assert [line.split()[1] for line in lines if line.startswith(" ✓")] == ["Mapping", "Rss", "Δ", "Pss"]
        assert not any(line.startswith(" ✓") for line in lines[4:])
        await pilot.press("down", "space", "escape")
        assert len(app.screen_stack) == 1
        assert (await header(pilot)).split() == ["Mapping", "Rss", "ΔRss", "Pss"]
    assert memory.told == []


async def test_the_last_column_cannot_be_hidden_and_the_usual_ones_are_a_key_away() -> None:
    app, _, _ = dashboard()
    async with app.run_test(size=(240, 40)) as pilot:
        await pilot.press("c", "space", "down", "space", "down", "space", "down", "space", "enter")
        assert (await header(pilot)).split() == ["Pss"]
        await pilot.press("c", "ctrl+r", "enter")
        assert app.main_screen.columns == COLUMNS


async def test_columns_go_no_further_than_the_ends() -> None:
    app, _, _ = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("c", "left")
        screen = app.screen
        assert isinstance(screen, ColumnsScreen)
        assert screen.query_one(OptionList).highlighted == 0
        await pilot.press("end", "right", "enter")
        assert (await header(pilot)).split() == ["Mapping", "Rss", "ΔRss", "Pss"]


async def test_keys_have_it_sampled_more_often_and_less() -> None:
    app, source, memory = dashboard(pace=Pace(700_000_000, 0.02))
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("+")
        assert source.requests[-1] == Pace(500_000_000, 0.02)
        await pilot.press("-", "-")
        assert source.requests[-1] == Pace(2_000_000_000, 0.02)
    assert memory.told == [{"interval": 2.0}]


async def test_a_recording_has_its_samples_and_no_other_pace() -> None:
    app, source, memory = dashboard(Replay("run.smaps"))
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("+")
        assert source.requests == []
        assert [notice.message for notice in app._notifications] == [
            "a recording has the samples it has: its interval, budget and content are fixed"
        ]
    assert memory.told == []


@pytest.mark.parametrize(
    ("seconds", "more", "less"), [(1, 0.5, 2), (0.07, 0.05, 0.1), (0.05, 0.05, 0.1), (3600, 60, 3600)]
)
def test_the_pace_goes_to_the_next_step(seconds: float, more: float, less: float) -> None:
    pace = Pace(round(seconds * 1e9))
    assert (step_interval(pace, 1).interval_ns, step_interval(pace, -1).interval_ns) == (
        round(more * 1e9),
        round(less * 1e9),
    )


def test_the_steps_are_intervals_that_the_command_line_takes() -> None:
    assert list(INTERVAL_STEPS) == sorted(INTERVAL_STEPS)
    assert INTERVAL_STEPS[0] == 0.05
    assert INTERVAL_STEPS[-1] <= 3600


async def test_panes_grow_and_shrink_and_leave_room_for_the_table() -> None:
    app, _, memory = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("shift+up")
        assert app.main_screen.panes.lines is None
        await pilot.press("e", *["shift+up"] * 2)
        pane = app.query_one(EventsPane)
        assert pane.region.height == 12
        await pilot.press(*["shift+down"] * 3)
        assert pane.region.height == 9
        await pilot.press(*["shift+up"] * 30)
        assert app.main_screen.views.region.height >= 8
    assert memory.told == [{"pane": app.main_screen.panes.lines}]


async def test_each_step_of_a_pane_counts_also_before_the_screen_is_laid_out_again() -> None:
    app, _, _ = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        for command in ("events", *["pane higher"] * 3):
            app.action_command(command)
        await pilot.pause()
        assert app.query_one(EventsPane).region.height == 13
        app.action_command("zoom events")
        app.action_command("pane higher")
        app.action_command("zoom events")
        await pilot.pause()
        assert app.query_one(EventsPane).region.height == 13, "one that fills the screen has no higher"


async def test_a_remembered_height_is_no_more_than_there_is_room_for() -> None:
    app, _, memory = dashboard(pane=30)
    async with app.run_test(size=(118, 60)) as pilot:
        await pilot.press("e")
        pane = app.query_one(EventsPane)
        assert pane.region.height == 30
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert pane.region.height == 11
        await pilot.resize_terminal(118, 60)
        await pilot.pause()
        assert pane.region.height == 30
    assert memory.told == []


async def drag(pilot: Pilot[int], begin: tuple[int, int], end: tuple[int, int]) -> None:
    """Drag with the mouse, from a cell to another."""
    await pilot.mouse_down(offset=begin)
    for what in (events.MouseMove, events.MouseUp):
        nothing: dict[str, Any] = dict.fromkeys(("shift", "meta", "ctrl"), False)
        x, y = end
        pilot.app.post_message(what(None, x, y, delta_x=0, delta_y=0, button=1, screen_x=x, screen_y=y, **nothing))
        await pilot.pause()


async def test_the_border_of_the_events_is_dragged_and_remembered() -> None:
    app, _, memory = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("e")
        await pilot.pause()
        top = app.query_one(EventsPane).region.y
        await drag(pilot, (60, top), (40, top - 6))
        assert app.query_one(EventsPane).region.y == top - 6
        await drag(pilot, (60, top), (40, top + 3))  # not on a border
        assert app.query_one(EventsPane).region.y == top - 6
    assert memory.told == [{"pane": 16}]


@pytest.mark.parametrize("size", [(118, 40), (200, 60)])
async def test_the_border_of_the_inspector_is_dragged_and_remembered(size: tuple[int, int]) -> None:
    app, _, memory = dashboard()
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        inspector = app.query_one(Inspector)
        x, y = inspector.region.offset
        dx, dy = (-20, 0) if size[0] == 200 else (0, -3)
        await drag(pilot, (x, y), (x + dx, y + dy))
        assert inspector.region.offset == (x + dx, y + dy)
        await pilot.press("enter")  # it keeps its size when it gets the focus
        assert inspector.region.offset == (x + dx, y + dy)
    assert memory.told == [{"inspector": app.main_screen.views.split}]


async def test_a_click_on_the_border_of_the_inspector_is_one_on_its_tabs() -> None:
    app, _, memory = dashboard(inspector=50)
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        inspector = app.query_one(Inspector)
        assert inspector.region.height == round(app.main_screen.views.region.height / 2)
        await pilot.click(offset=(inspector.region.right - 2, inspector.region.y))
        assert inspector.tab == "callers"
    assert memory.told == []


async def test_the_order_and_the_theme_are_remembered_when_the_user_changed_them() -> None:
    app, _, memory = dashboard(theme="nord")
    async with app.run_test(size=(118, 40)) as pilot:
        assert app.theme == "nord"
        await pilot.press("I")
        app.theme = "dracula"
        await pilot.pause()
    assert memory.told == [{"theme": "dracula", "sort": "moved", "reverse": True}]


async def test_a_theme_that_cannot_be_saved_is_told_when_the_dashboard_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    source = ListSource(tick_of(0, mappings_of((0, 4)), [0]))
    app = Dashboard(source, Attach(4711), Settings(remember=save_state))
    async with app.run_test(size=(118, 40)):
        app.theme = "dracula"
    file = tmp_path / "file" / "smapstop" / "dashboard.json"
    assert app.session.notices == [f"changed settings are not saved: cannot create '{file}': Not a directory"]


async def test_the_commands_typed_are_remembered_and_come_back() -> None:
    app, _, memory = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("colon", *"metric", "space", *"uss", "enter")
        await pilot.pause()
        app.action_command("metric rss")  # as a key does
    assert memory.told == [{"commands": ("metric uss",)}]


async def test_what_was_changed_and_changed_back_is_not_remembered() -> None:
    app, _, memory = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("I", "I", "+", "-")
    assert memory.told == []


def test_an_order_is_remembered_by_its_column_and_whether_it_is_against_the_usual_direction() -> None:
    was = UserState(FEW, {}, "auto", Sorting(), "nord", 1.0, None, None, 5.0, (), ())
    changes = [
        replace(was, sorting=Sorting(key, descending=descending)).changes(was)
        for key, descending in (("name", False), ("name", True), ("rss", True), ("moved", False))
    ]
    assert changes == [
        {"sort": "name", "reverse": False},
        {"sort": "name", "reverse": True},
        {"sort": "rss", "reverse": False},
        {"sort": "moved", "reverse": True},
    ]


async def test_units_go_round_and_are_remembered_and_titles_say_them() -> None:
    app, _, memory = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("u")
        assert (await header(pilot)).split() == ["Mapping", "Rss", "p", "ΔRss", "p", "Pss", "p"]
        await pilot.press(*["u"] * 4)
        assert app.view_state.units == "auto"
        app.action_command("units kb")
        assert "Rss kB" in await header(pilot)
    assert memory.told == [{"units": "kB"}]


async def width(pilot: Pilot[int], key: str) -> int | None:
    """Width of a column."""
    await pilot.pause()
    app = pilot.app
    assert isinstance(app, Dashboard)
    return app.main_screen.views.widths.width_of(key)


async def test_the_column_sorted_by_is_widened_and_narrowed_else_the_names() -> None:
    app, _, memory = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        names, rss = await width(pilot, "name"), await width(pilot, "rss")
        assert names is not None
        assert rss == 6
        await pilot.press("W", "W")
        assert await width(pilot, "name") == names - 4
        app.action_command("sort rss")
        await pilot.press("w")
        assert await width(pilot, "rss") == 8
        await pilot.press("W", "W")
        assert await width(pilot, "rss") == 6  # numbers are never cut
        assert [notice.message for notice in app._notifications] == ["rss: it needs no less"]
        app.action_command("width pss 20")
        assert (await header(pilot)).rstrip().endswith("                 Pss")
        app.action_command("width auto")
        assert (await width(pilot, "name"), await width(pilot, "pss")) == (names, 6)
        app.action_command("width name 30")
    assert memory.told == [{"widths": {"name": 30}, "sort": "rss", "reverse": False}]


async def test_an_edge_of_a_title_is_dragged_and_the_title_is_not_clicked() -> None:
    app, _, _ = dashboard(widths={"name": 20})
    async with app.run_test(size=(118, 40)) as pilot:
        table = app.query_one(MappingTable)
        await pilot.pause()
        (x, y), rss = table.region.offset, "Mapping".ljust(20) + " " + "   Rss"
        assert (await header(pilot)).startswith(rss)
        await drag(pilot, (x + 20, y), (x + 30, y))
        assert await width(pilot, "name") == 30
        await drag(pilot, (x + 30, y), (x + 3, y))
        assert await width(pilot, "name") == 8
        assert app.session.order.sorting.key == "moved"
        await pilot.click(MappingTable, offset=(7, 0))  # the same edge, which stays
        assert app.session.order.sorting.key == "name"


async def test_sideways_all_columns_are_there_whatever_their_widths() -> None:
    app, _, _ = dashboard(widths={"name": 100, "rss": 30})
    async with app.run_test(size=(60, 40)) as pilot:
        assert (await header(pilot)).split() == ["Mapping", "Rss", "ΔRss", "Pss"]
        await pilot.press("right", "left")
        assert (await header(pilot)).split() == ["Mapping", "Rss", "ΔRss", "Pss"]
