"""The callers on the screen: the tree, the flame graph, their keys, and what they are of."""

from typing import Any

import pytest
from factories import faults_of, mappings_of, tick_of
from list_source import ListSource, target
from textual import events
from textual.pilot import Pilot

from smapstop.model.protocol import Attach
from smapstop.model.tick import Tick
from smapstop.settings import Settings
from smapstop.ui.app import Dashboard
from smapstop.ui.widgets.inspector import Inspector, TitleLine
from smapstop.ui.widgets.mapping_callers import MappingCallers
from smapstop.ui.widgets.mapping_table import MappingTable

ROWS: tuple[Any, ...] = (
    (0x1000, 0x1100, "rw-p", "[heap]", 40),
    (0x2000, 0x2100, "rw-p", "/usr/lib/libc.so.6", 30),
    (0x3000, 0x3100, "rw-p", "/usr/lib/libc.so.6", 20),
)
HEAP = (
    (0, "libc.so.6:memset < libc.so.6:malloc < remember@leak.c:5 < parse < main", 60),
    (0, "remember@leak.c:5 < render < main", 20),
    (0, "other < main", 15),
    (0, "", 5),
)


def tick(number: int, *faults: tuple[int, str, int], **totals: int) -> Tick:
    return tick_of(number, mappings_of(*ROWS), [0, 1, 2], keyframe=True, faults=faults_of(*faults, **totals))


def dashboard(*ticks: Tick, missing: str = "") -> tuple[Dashboard, ListSource]:
    source = ListSource()
    source.request = lambda request: (  # type: ignore[method-assign]
        source.deliver(target(missing_callers=missing), *ticks) if isinstance(request, Attach) else None
    )
    return Dashboard(source, Attach(4711), Settings()), source


async def lines(pilot: Pilot[int]) -> list[str]:
    """The lines of the tab, without those that are empty."""
    await pilot.pause()
    body = pilot.app.query_one(MappingCallers)
    return [text for y in range(body.size.height) if (text := body.render_line(y).text.rstrip())]


async def opened(pilot: Pilot[int], *keys: str) -> None:
    """Go to the callers of the mapping under the cursor, and press keys."""
    await pilot.pause()
    pilot.app.query_one(MappingTable).move_to(0)
    await pilot.press("enter", "6", *keys)


async def test_the_tree_reports_who_faulted_and_who_called_it() -> None:
    app, _ = dashboard(tick(0, *HEAP))
    async with app.run_test(size=(118, 40)) as pilot:
        await opened(pilot)
        told = await lines(pilot)
        assert told[0].startswith(" 100 page faults in this mapping since ")
        assert "Function that faulted < who called it" in told[1]
        assert ["80 %" in told[2], "▾ remember leak.c:5" in told[2]] == [True, True]
        assert ["60 %" in told[3], "▸ parse < main" in told[3]] == [True, True]
        assert ["20 %" in told[4], "▸ render < main" in told[4]] == [True, True]
        assert ["15 %" in told[5], "▸ other < main" in told[5]] == [True, True]
        assert ["5.0 %" in told[6], "… callers not known" in told[6]] == [True, True]


async def test_a_key_turns_it_and_another_shows_skipped_frames() -> None:
    app, _ = dashboard(tick(0, *HEAP))
    async with app.run_test(size=(118, 40)) as pilot:
        await opened(pilot, "c")
        told = await lines(pilot)
        assert "Function called, from the outermost in" in told[1]
        assert [name in line for name, line in zip(("main", "parse", "render", "other"), told[2:], strict=False)] == [
            True
        ] * 4
        await pilot.press("c", "a")
        assert "memset < malloc < remember" in (await lines(pilot))[2]


async def test_lines_open_and_close_and_the_cursor_stays_on_its_function() -> None:
    app, source = dashboard(tick(0, *HEAP))
    async with app.run_test(size=(118, 40)) as pilot:
        await opened(pilot, "left")
        assert "▸ remember leak.c:5 < parse" in (await lines(pilot))[2]
        await pilot.press("right", "down")
        assert "▸ parse" in (await lines(pilot))[3]
        await pilot.press("enter")
        assert "▾ parse" in (await lines(pilot))[3]
        source.deliver(tick(1, (0, "new < main", 900)))
        body = app.query_one(MappingCallers)
        while "new" not in " ".join(await lines(pilot)):
            await pilot.pause(0.01)
        told = await lines(pilot)
        assert "▸ new < main" in told[2]
        assert any("▾ remember" in line for line in told)  # it is not the hottest any more, but was opened
        assert body.has_focus
        await pilot.press("enter")
        assert any("▸ parse" in line for line in await lines(pilot))


async def test_keys_that_come_before_the_tab_has_its_size_count() -> None:
    app, _ = dashboard(tick(0, *HEAP))
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        app.query_one(MappingTable).move_to(0)
        for key in ("enter", "6", "left", "down"):
            app.post_message(events.Key(key, None))
        assert "▸ remember leak.c:5 < parse" in (await lines(pilot))[2]
        await pilot.press("up", "right")
        assert "▾ remember leak.c:5" in (await lines(pilot))[2]


async def test_the_flame_graph_zooms_and_esc_zooms_out_before_it_leaves() -> None:
    app, _ = dashboard(tick(0, *HEAP[:3]))
    async with app.run_test(size=(118, 40)) as pilot:
        await opened(pilot, "f")
        told = await lines(pilot)
        assert [line.strip("▏│─ ").split("─")[0].split("▏")[0].strip() for line in told[2:5]] == [
            "all",
            "main",
            "parse",
        ]
        await pilot.press("down", "down", "right")
        assert "render in program" in (await lines(pilot))[1]
        await pilot.press("enter")
        assert "parse" not in " ".join(await lines(pilot))
        await pilot.press("escape")
        assert "parse" in " ".join(await lines(pilot))
        assert app.query_one(MappingCallers).has_focus
        await pilot.press("escape")
        assert app.query_one(MappingTable).has_focus


async def test_a_click_zooms_the_function_that_was_clicked() -> None:
    app, _ = dashboard(tick(0, *HEAP[:3]))
    async with app.run_test(size=(118, 40)) as pilot:
        await opened(pilot, "f")
        await lines(pilot)
        await pilot.click(MappingCallers, offset=(10, 4))
        assert "render" not in " ".join((await lines(pilot))[2:])
        assert "parse in program" in (await lines(pilot))[1]


async def test_b_shows_the_whole_process_and_again_the_mapping() -> None:
    app, _ = dashboard(tick(0, *HEAP, (1, "relocate < ld.so", 7), in_system_calls=3))
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        app.query_one(MappingTable).move_to(1)
        await pilot.press("b")
        told = await lines(pilot)
        assert told[0].startswith(" 107 page faults since ")
        assert any(line.startswith(" 3 inside system calls") for line in told)
        assert "whole process" in app.query_one(TitleLine).render_line(0).text
        await pilot.press("b")
        assert (await lines(pilot))[0].startswith(" 7 page faults in this mapping since ")
        await pilot.press("1")
        assert app.query_one(Inspector).shown_tab == "why"


async def test_groups_and_selections_have_callers_too() -> None:
    app, _ = dashboard(tick(0, *HEAP, (1, "a < main", 7), (2, "a < main", 8)))
    async with app.run_test(size=(118, 40)) as pilot:
        await opened(pilot, "escape", "*")
        assert (await lines(pilot))[0].startswith(" 115 page faults in 3 mappings since ")
        await pilot.press("escape", "o")
        await pilot.pause()
        table = app.query_one(MappingTable)
        table.move_to(1)
        await pilot.pause()
        assert (await lines(pilot))[0].startswith(
            (" 15 page faults in 2 mappings", " 100 page faults in this mapping")
        )


@pytest.mark.parametrize(
    ("missing", "said"), [("kernel.perf_event_paranoid is 3; sysctl", "paranoid is 3"), ("", "not recorded")]
)
async def test_without_callers_one_line_says_why(missing: str, said: str) -> None:
    quiet = tick_of(0, mappings_of(*ROWS), [0, 1, 2])
    app, _ = dashboard(quiet, missing=missing)
    async with app.run_test(size=(118, 40)) as pilot:
        await opened(pilot)
        (line,) = await lines(pilot)
        assert said in line
        await pilot.press("down", "enter", "right", "left", "c", "f", "a", "G", "g")
        assert said in (await lines(pilot))[0]


@pytest.mark.parametrize("size", [(80, 24), (40, 12), (20, 6), (240, 70)])
async def test_it_fits_any_terminal(size: tuple[int, int]) -> None:
    app, _ = dashboard(tick(0, *HEAP))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await pilot.press("b", "down", "f", "down", "down", "c", "f", "c", "*", "G")
        body = app.query_one(MappingCallers)
        assert all(body.render_line(y).cell_length == body.size.width for y in range(body.size.height))
