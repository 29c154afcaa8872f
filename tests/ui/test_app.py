"""The dashboard as its user meets it, fed with ticks written here."""

import asyncio
import os
import re
from typing import Any

import numpy as np
import pytest
from factories import COUNTERS, TEXTS, mappings_of, tick_of
from list_source import ListSource
from numpy.typing import NDArray
from rich.style import Style
from stepped_program import DEADLINE_SECONDS
from textual.pilot import Pilot
from textual.strip import Strip

from smapstop.model.events import MECHANISMS, Events
from smapstop.model.protocol import Attach, Failure, Request
from smapstop.model.tick import ExitStatus, LifecycleEvent, Tick
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.view import View
from smapstop.proc.columns import ABSENT
from smapstop.settings import Pick, Replay, Settings, StartRequest
from smapstop.text.format import cell_width
from smapstop.text.table_rows import RowText, build_rows
from smapstop.ui import app as module
from smapstop.ui.app import Dashboard
from smapstop.ui.theme.app_theme import palette_of
from smapstop.ui.widgets.filter_line import FilterLine
from smapstop.ui.widgets.header import HeaderBar
from smapstop.ui.widgets.inspector import Inspector
from smapstop.ui.widgets.key_bar import KeyBar
from smapstop.ui.widgets.mapping_table import MappingTable
from smapstop.ui.widgets.totals import Totals

HEAP = (0x1000, 0x1100, "rw-p", "[heap]")
LIBC = (0x2000, 0x2100, "r-xp", "/usr/lib/libc.so.6")
NAMELESS = (0x3000, 0x3100, "rw-p", "")
STACK = (0x4000, 0x4100, "rw-p", "[stack]")
ROWS = (HEAP, LIBC, NAMELESS, STACK)
"""The mappings 0, 1, 2 and 3."""


def tick(number: int, heap: int, libc: int, nameless: int, stack: int, **other: Any) -> Tick:
    """All four mappings with their Rss."""
    rows = mappings_of(*((*row, rss) for row, rss in zip(ROWS, (heap, libc, nameless, stack), strict=True)))
    return tick_of(number, rows, [0, 1, 2, 3], keyframe=True, **other)


class Silent(ListSource):
    """A source that has told nothing yet."""

    def request(self, request: Request) -> None:
        self.requests.append(request)


def dashboard(*ticks: Tick, settings: Settings | None = None) -> tuple[Dashboard, ListSource]:
    source = ListSource(*ticks)
    return Dashboard(source, Attach(4711), settings or Settings()), source


async def shown(pilot: Pilot[int]) -> list[str]:
    """The lines of the table, as they are drawn."""
    await pilot.pause()
    table = pilot.app.query_one(MappingTable)
    return [table.render_line(y).text.rstrip() for y in range(table.size.height)]


async def names(pilot: Pilot[int]) -> list[str]:
    """The names of the rows, from the top."""
    return [line[2:].split("  ")[0] for line in (await shown(pilot))[1:] if line]


START = tick(0, 40, 30, 20, 10)
ANON = "anon 3000000"


async def test_a_tick_that_is_overdue_is_missed_until_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    app, source = dashboard(tick(0, 4, 3, 2, 1), tick(1, 8, 3, 2, 1))
    async with app.run_test(size=(118, 40)) as pilot:
        header = app.query_one(HeaderBar)
        assert (await shown(pilot))[1].endswith("· now")
        monkeypatch.setattr(module, "PATIENCE_SECONDS", -1.0)  # a second less than a second
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not (missed := re.search(r"○ no sample for ([2-9]|\d\d) s", header.render_line(0).text)):
                await pilot.pause(0.05)
        row = app.query_one(MappingTable).render_line(1).text.rstrip()
        assert row.endswith(f"· {int(missed[1]) - 1} s"), "half an interval less, rounded down"
        await pilot.press("comma", "full_stop", "space")
        await pilot.pause()
        assert "❚❚" in header.render_line(0).text
        assert (await shown(pilot))[1].endswith("· now"), "at the tick that is shown"
        await pilot.press("L")
        monkeypatch.setattr(module, "PATIENCE_SECONDS", 600.0)
        source.deliver(tick(2, 12, 3, 2, 1))
        await pilot.pause()
        assert "● live" in header.render_line(0).text
        assert (await shown(pilot))[1].endswith("· now")


async def test_the_biggest_comes_first_until_something_moves() -> None:
    app, _ = dashboard(START)
    async with app.run_test(size=(118, 40)) as pilot:
        assert await names(pilot) == ["[heap]", "libc.so.6 .text", ANON, "[stack]"]


async def test_what_moved_last_comes_to_the_top_when_it_is_calm() -> None:
    app, source = dashboard(START)
    async with app.run_test(size=(118, 40)) as pilot:
        source.deliver(*(tick(n, 40, 30, 20, 12) for n in (1, 2, 3)))
        assert (await names(pilot))[0] == "[stack]"


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("s r enter", ["[heap]", "libc.so.6 .text", ANON, "[stack]"]),
        ("s r enter I", ["[stack]", ANON, "libc.so.6 .text", "[heap]"]),
        ("shift+right", ["[heap]", "[stack]", ANON, "libc.so.6 .text"]),
        ("shift+right I", ["libc.so.6 .text", ANON, "[stack]", "[heap]"]),
    ],
)
async def test_keys_sort(keys: str, expected: list[str]) -> None:
    app, _ = dashboard(START)
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press(*keys.split())
        assert await names(pilot) == expected


@pytest.mark.parametrize("grouping", ["none", "kind"])
async def test_a_column_that_was_not_chosen_is_shown_while_rows_are_sorted_by_it(grouping: str) -> None:
    app, source = dashboard(START)
    async with app.run_test(size=(80, 24)) as pilot:
        app.action_command(f"group {grouping}")
        app.action_command("sort locked")
        source.deliver(tick(1, 41, 30, 20, 10))
        assert " Locked▼ " in (await shown(pilot))[0]
        app.action_command("sort moved")
        assert "Locke" not in (await shown(pilot))[0]
        assert "locked" not in {column.key for column in app.main_screen.columns}
        for command, title in (("metric faults", "ΔFaults▼"), ("units bytes", "ΔFaults ▼")):
            app.action_command(command)
            app.action_command("sort delta")
            assert f" {title} " in (await shown(pilot))[0]


async def test_a_click_on_a_title_sorts_and_another_turns_the_order() -> None:
    app, _ = dashboard(START)
    async with app.run_test(size=(118, 40)) as pilot:
        at = (await shown(pilot))[0].index("Mapping")
        await pilot.click(MappingTable, offset=(at + 1, 0))
        assert (await names(pilot))[0] == "[heap]"
        await pilot.click(MappingTable, offset=(at + 1, 0))
        assert (await names(pilot))[0] == "libc.so.6 .text"


async def test_the_cursor_stays_on_its_mapping_when_the_rows_are_sorted() -> None:
    app, _ = dashboard(START)
    async with app.run_test(size=(118, 40)) as pilot:
        table = app.query_one(MappingTable)
        await pilot.press("down")
        assert (table.cursor_id, table.cursor_index) == (1, 1)
        await pilot.press("shift+right")
        await pilot.pause()
        assert (table.cursor_id, table.cursor_index) == (1, 3)


async def test_the_cursor_of_a_mapping_that_is_gone_stays_on_its_line() -> None:
    app, source = dashboard(START)
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("down", "down")
        rest = mappings_of((*HEAP, 40), (*LIBC, 30), (*STACK, 10))
        for number in range(1, 7):  # a mapping that is gone lingers for three ticks
            source.deliver(tick_of(number, rest, [0, 1, 3], keyframe=True, gone=[2] if number == 1 else []))
        await pilot.pause()
        table = app.query_one(MappingTable)
        assert table.cursor_index == 2
        assert table.current == 3


async def test_a_mapping_that_is_gone_lingers_and_then_leaves() -> None:
    app, source = dashboard(START)
    async with app.run_test(size=(118, 40)) as pilot:
        rest = mappings_of((*HEAP, 40), (*LIBC, 30), (*STACK, 10))
        source.deliver(tick_of(1, rest, [0, 1, 3], keyframe=True, gone=[2]))
        assert ANON in await names(pilot)
        source.deliver(*(tick_of(n, rest, [0, 1, 3], keyframe=True) for n in (2, 3, 4)))
        assert ANON not in await names(pilot)


async def test_the_filter_shows_what_matches_while_it_is_typed_and_esc_drops_it() -> None:
    app, _ = dashboard(START)
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("slash", *"sta")
        assert await names(pilot) == ["[stack]"]
        await pilot.press("enter", "escape")
        assert len(await names(pilot)) == 4


@pytest.mark.parametrize("columns", [20, 40, 80, 118, 240])
async def test_every_line_is_as_wide_as_it_says(columns: int) -> None:
    amounts = (1 << 40, (1 << 60) + 4, 0, ABSENT)
    app, _ = dashboard(tick(0, *amounts), tick(1, *amounts[::-1]))
    async with app.run_test(size=(columns, 12)) as pilot:
        await shown(pilot)
        table = app.query_one(MappingTable)
        for y in range(6):
            strip = table.render_line(y)
            assert strip.cell_length == table.size.width == cell_width(strip.text)


async def test_rows_leave_the_last_cell_to_a_scrollbar_that_appears() -> None:
    ranges = [(0x1000 * n, 0x1000 * n + 0x800, "rw-p", f"/lib/{n}", 40) for n in range(1, 60)]
    app, source = dashboard(tick_of(0, mappings_of(*ranges[:3]), list(range(3))))
    async with app.run_test(size=(118, 40)) as pilot:
        await shown(pilot)
        source.deliver(tick_of(1, mappings_of(*ranges[3:]), list(range(3, 59))))
        await shown(pilot)
        table = app.query_one(MappingTable)
        assert table.scrollbar_size_vertical == 1
        assert sum(cells + 1 for _, cells in table._fitted_columns) - 1 <= table.size.width - 1


async def test_only_what_moves_has_a_history() -> None:
    app, _ = dashboard(*(tick(number, 4, 3 + (number > 1), 2, 1) for number in range(3)))
    async with app.run_test(size=(118, 40)) as pilot:
        lines = await shown(pilot)
        history = {line[2:20].strip(): set(line) & set("▁▂▃▄▅▆▇█") for line in lines[1:5]}
        assert history == {"libc.so.6 .text": {"▁", "█"}, "[heap]": set(), ANON: set(), "[stack]": set()}


async def test_digits_choose_what_changes_rates_and_histories_follow() -> None:
    def grown(number: int) -> Tick:
        amounts = {"private_clean": [40 - 4 * number, 0, 0, 0], "private_dirty": [4 * number, 0, 0, 0]}
        rows = mappings_of(*((*row, 40) for row in ROWS), texts=TEXTS, **amounts)
        return tick_of(number, rows, [0, 1, 2, 3], keyframe=True)

    app, _ = dashboard(*map(grown, range(4)))
    async with app.run_test(size=(118, 40)) as pilot:
        seen = []
        for key in "14":
            await pilot.press(key)
            lines = await shown(pilot)
            heap = next(line for line in lines if line.startswith("H [heap]"))
            change = heap.partition("40 K")[2].split()[0]
            seen.append((lines[0].split()[3], change, bool(set(heap) & set("▁█"))))
        assert seen == [("ΔRss", "·", False), ("ΔDirty", "+4", True)]


async def test_a_change_keeps_its_history_while_the_window_grows_over_it() -> None:
    app, source = dashboard(START)
    async with app.run_test(size=(118, 40)) as pilot:
        for number in range(1, 40):
            source.deliver(tick(number, 40, 35, 20, 10))
            line = next(line for line in await shown(pilot) if line.startswith("F libc.so.6"))
            assert set(line) >= {"▁", "█"}, number


async def test_what_makes_no_sense_is_underlined_while_it_is_typed_and_the_rows_stay() -> None:
    app, _ = dashboard(START)
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("slash", *"kind:h")
        line = app.query_one("#filter-rows")
        for letter, wrong in (("u", True), ("backspace", False)):
            await pilot.press(letter)
            assert await names(pilot) == ["[heap]"]
            assert bool(line.visual_style.underline) == wrong


async def test_a_filter_that_is_typed_never_empties_the_table() -> None:
    app, _ = dashboard(START)
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("slash", *"libc", "space")
        line, bar = app.query_one("#filter-rows"), app.query_one(KeyBar)
        for letter, unfinished in zip("rss>1k", (False, True, True, True, False, False), strict=True):
            await pilot.press(letter)
            assert await names(pilot) == ["libc.so.6 .text"]
            assert bool(line.visual_style.underline) == unfinished
        keys = bar.render_line(0).text.split("  ")
        assert {" enter apply", "esc back"} <= set(keys)
        assert not {"/ filter", "s sort", "q quit"} & set(keys)


@pytest.mark.parametrize(
    "term",
    [
        "swap>=0",
        "delta!=1",
        "kind:file",
        "purpose:code",
        "perm:rx",
        "!kind:heap",
        "0x2000",
        "!0xfff",
        "size<5M",
        "!/usr/x",
    ],
)
async def test_whatever_is_typed_the_rows_before_it_stay_until_it_is_finished(term: str) -> None:
    app, _ = dashboard(START)
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("slash", *"libc", "space")
        for letter in term:
            await pilot.press(letter)
            assert await names(pilot) == ["libc.so.6 .text"], app.view_state.filter


async def test_a_word_that_matches_nothing_leaves_what_is_before_it() -> None:
    app, _ = dashboard(START)
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("slash", *"stack", "space", *"pee")
        assert await names(pilot) == ["[stack]"]
        await pilot.press("ctrl+u", *"kind:he", "tab")
        assert app.query_one("#filter-rows", FilterLine).value == "kind:heap"
        assert await names(pilot) == ["[heap]"]


async def test_a_filter_that_matches_nothing_says_so() -> None:
    app, _ = dashboard(START)
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("slash", *"nothing", "enter")
        assert "no mapping matches 'nothing'" in "\n".join(await shown(pilot))


async def lit(pilot: Pilot[int], name: str) -> list[str]:
    """The cells of a row, numbers and words, that stand out as just changed: by colour, without colours in bold."""
    await pilot.pause()
    table = pilot.app.query_one(MappingTable)
    line = next(strip for y in range(1, 9) if name in (strip := table.render_line(y)).text)
    ink = [(segment.text.strip(), segment.style or Style()) for segment in line][1:]  # after the letter
    palette = palette_of(table.app)
    if palette.depth == "none":
        return [text for text, style in ink if style.bold]
    return [text for text, style in ink if style.color and style.color.name in (palette.gain, palette.loss)]


async def fallen(pilot: Pilot[int], name: str) -> list[str]:
    """The numbers of a row that are said to have fallen."""
    await pilot.pause()
    table = pilot.app.query_one(MappingTable)
    line = next(strip for y in range(1, 9) if name in (strip := table.render_line(y)).text)
    return [segment.text for segment in line if segment.style and segment.style.underline]


def moving(number: int, swap: int, pss: int, rss: int = 40) -> Tick:
    """The heap with so much Rss, Pss and swap."""
    return tick_of(number, mappings_of((*STACK, 8), (*HEAP, rss), pss=[8, pss], swap=[0, swap]), [3, 0])


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("colours", [{}, {"NO_COLOR": "1"}])
async def test_the_numbers_that_moved_are_lit(
    grouped: bool, colours: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.environ", {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"} | colours)
    app, source = dashboard(moving(0, 0, 40), settings=Settings(columns=("name", "rss", "pss", "swap", "anonymous")))
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("o", "down") if grouped else await pilot.press("down")
        words = ["▸ [heap] × 1" if grouped else "[heap]"] if colours else []
        assert await lit(pilot, "[heap]") == []
        source.deliver(moving(1, 4, 40))
        assert await lit(pilot, "[heap]") == [*words, "4 K"]
        source.deliver(moving(2, 4, 40))
        assert await lit(pilot, "[heap]") == []
        source.deliver(moving(3, 4, 30))  # that others map it, too, is no change of it
        assert await lit(pilot, "[heap]") == []
        source.deliver(moving(4, 0, 20, rss=20))
        assert await lit(pilot, "[heap]") == [*words, "20 K", "20 K", "0"]
        assert await fallen(pilot, "[heap]") == ["20 K", "20 K", "0"]
        source.deliver(moving(5, 4, 20, rss=20))
        assert await fallen(pilot, "[heap]") == ["20 K", "20 K"], "while they fade"


async def test_groups_count_their_mappings_and_unfold_in_place() -> None:
    app, _ = dashboard(START)
    async with app.run_test(size=(118, 40)) as pilot:
        assert "Perm" in (await shown(pilot))[0]
        await pilot.press("o", "o")
        assert "Perm" not in (await shown(pilot))[0]
        folded = ["▸ heap × 1", "▸ file × 1", "▸ anonymous × 1", "▸ stack × 1"]
        assert await names(pilot) == folded
        await pilot.press("down", "enter")
        unfolded = ["▸ heap × 1", "▾ file × 1", "└ libc.so.6 .text", "▸ anonymous × 1", "▸ stack × 1"]
        assert await names(pilot) == unfolded
        await pilot.press("left")
        assert await names(pilot) == folded
        await pilot.press("right", "down", "left", "enter")
        assert await names(pilot) == folded, "to the left is the group"


async def test_groups_have_a_history_and_a_reason() -> None:
    second = (0x5000, 0x5100, "rw-p", "")
    grown = mappings_of((*NAMELESS, 20), (*second, 8))
    touched = np.full(2, MECHANISMS.index("first-touch"), np.int8)
    events = Events(np.array([2, 4]), touched, np.array([20, 8]), np.ones(2, bool))
    step = (LifecycleEvent("map", 4),)
    later = tick_of(3, mappings_of((*NAMELESS, 24)), [2], gone=[4], lineage=(LifecycleEvent("unmap", 4),))
    app, source = dashboard(START, tick_of(1, grown, [2, 4], events=events, lineage=step))
    async with app.run_test(size=(240, 40)) as pilot:
        await pilot.press("o", "o")
        line = next(line for line in await shown(pilot) if line.startswith("A ▸ anonymous × 2"))
        assert line.endswith(" 7 p first touch · mapped, 1 M · now")
        source.deliver(tick_of(2, mappings_of(), []), later)
        line = next(line for line in await shown(pilot) if line.startswith("A ▸ anonymous × 1"))
        assert re.sub(r"(.)\1+", r"\1", line).endswith("▁█▅ unmaped, 1 M · now")
        source.deliver(*(tick_of(number, mappings_of(), []) for number in range(4, 10)))
        line = next(line for line in await shown(pilot) if line.startswith("A ▸ anonymous × 1"))
        assert re.sub(r"(.)\1+", r"\1", line).endswith("▁█▅ unmaped, 1 M · 5 s")


async def test_what_is_gone_says_so_as_long_as_it_lingers() -> None:
    app, source = dashboard(START)
    async with app.run_test(size=(160, 40)) as pilot:
        rest = mappings_of((*HEAP, 40), (*LIBC, 30), (*STACK, 10))
        source.deliver(tick_of(1, rest, [0, 1, 3], keyframe=True, gone=[2], lineage=(LifecycleEvent("unmap", 2),)))
        for number, age in ((2, "now"), (3, "1 s")):
            source.deliver(tick_of(number, rest, [0, 1, 3], keyframe=True))
            line = next(line for line in await shown(pilot) if ANON in line)
            assert line.endswith(f"unmapped · {age}")


async def test_the_change_is_against_the_tick_before_the_mark_or_the_start() -> None:
    app, source = dashboard(START, tick(1, 44, 30, 20, 10))
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("m", "m")
        source.deliver(tick(2, 52, 30, 20, 10), tick(3, 53, 30, 20, 10))
        changes = []
        for _ in range(3):
            heap = next(line for line in await shown(pilot) if "[heap]" in line)
            changes.append(heap.split("+")[1].split()[0])
            await pilot.press("d")
        assert changes == ["9", "13", "1"]  # the mark; the start; the previous tick


async def test_pause_holds_the_moment_while_ticks_go_on_and_end_is_live_again() -> None:
    app, source = dashboard(START)
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("space")
        source.deliver(tick(1, 400, 30, 20, 10))
        assert " 40 K" in next(line for line in await shown(pilot) if "[heap]" in line)
        await pilot.press("L")
        assert "400 K" in next(line for line in await shown(pilot) if "[heap]" in line)


async def test_comma_and_full_stop_step_through_time() -> None:
    app, _ = dashboard(START, *(tick(n, 40 + n, 30, 20, 10) for n in range(1, 31)))
    async with app.run_test(size=(118, 40)) as pilot:
        seen = []
        for key in ("comma", "comma", "full_stop", "less_than_sign", "greater_than_sign", "L"):
            await pilot.press(key)
            await pilot.pause()
            assert app.view_state.at != 30
            seen.append(app.view_state.at)
        assert seen == [29, 28, 29, 19, 29, None]


async def test_enter_goes_into_the_mapping_and_zooms_and_esc_goes_back_step_by_step() -> None:
    app, _ = dashboard(START)
    async with app.run_test(size=(118, 40)) as pilot:
        inspector, zooms = app.query_one(Inspector), []
        for key in ("down", "enter", "enter", "escape", "escape"):
            await pilot.press(key)
            zooms.append((inspector.mapping, inspector.has_focus_within, app.main_screen.views.zoom))
        assert zooms == [(1, False, ""), (1, True, ""), (1, True, "inspector"), (1, True, ""), (1, False, "")]


async def test_a_frozen_order_holds_still() -> None:
    app, source = dashboard(START)
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("f")
        source.deliver(*(tick(n, 40, 30, 20, 10 + n) for n in range(1, 9)))
        assert (await names(pilot))[0] == "[heap]"
        assert "frozen" in (await shown(pilot))[0]


async def header(pilot: Pilot[int]) -> str:
    """The header, as it is drawn."""
    await pilot.pause()
    return pilot.app.query_one("HeaderBar").render_line(0).text


async def test_the_end_of_the_process_stays_on_the_screen() -> None:
    app, source = dashboard(START)
    async with app.run_test(size=(118, 40)) as pilot:
        source.deliver(tick_of(1, mappings_of(), [], keyframe=False, ending=ExitStatus(signal=9)))
        assert "killed by SIGKILL" in await header(pilot)
        assert len(await names(pilot)) == 4


async def test_a_source_that_fails_says_why_in_one_line_and_leaves_what_there_was() -> None:
    app, source = dashboard(START)
    async with app.run_test(size=(118, 40)) as pilot:
        source.deliver(Failure("the sampler died", "start smapstop again"))
        assert "the sampler died: start smapstop again" in await header(pilot)
        assert len(await names(pilot)) == 4


async def test_a_source_that_fails_at_once_ends_the_dashboard() -> None:
    app, source = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        source.deliver(Failure("no process 4711", status=2))
        await pilot.pause()
    assert app.return_value == 2
    assert app.session.failure == Failure("no process 4711", status=2)


async def test_an_expensive_reading_is_reported_with_its_interval() -> None:
    app, _ = dashboard(tick(0, 40, 30, 20, 10, smaps_interval_ns=3_000_000_000))
    async with app.run_test(size=(118, 40)) as pilot:
        assert "live 1.0 s, mappings every 3.0 s (budget)" in await header(pilot)


async def test_a_reading_of_more_than_a_second_is_announced_before_it_is_repeated() -> None:
    second = 1_000_000_000
    dear = {"smaps_interval_ns": 28 * second, "read_ns": 1_400_000_000}
    app, source = dashboard(tick(0, 40, 30, 20, 10, **dear))
    async with app.run_test(size=(118, 40)) as pilot:
        assert "live 1.0 s, mappings again in ~30 s, for 1.4 s" in await header(pilot)
        source.deliver(tick_of(1, mappings_of(), [], tier="counters", **dear))
        assert "live 1.0 s, mappings again in ~29 s, for 1.4 s" in await header(pilot)


async def test_another_theme_is_seen_at_once() -> None:
    app, _ = dashboard(START)
    async with app.run_test(size=(118, 40)) as pilot:
        await shown(pilot)
        table = app.query_one(MappingTable)

        def ground() -> str:
            style = list(table.render_line(3))[-1].style
            assert style is not None
            assert style.bgcolor is not None
            return style.bgcolor.name

        for theme in ("textual-light", "dracula", "textual-dark"):
            app.theme = theme
            await pilot.pause()
            assert app.theme_variables["background"].lower() == ground()


async def test_names_from_the_process_cannot_draw_on_the_terminal() -> None:
    hostile = (0x1000, 0x1100, "rw-p", "/tmp/\x1b[2J[bold red]evil\u202e", 8)
    counters = {"counters": COUNTERS.__class__(**{**_fields(COUNTERS), "name": "\x1b]0;x\x07[b]"})}
    app, _ = dashboard(tick_of(0, mappings_of(hostile), [0], **counters))
    async with app.run_test(size=(118, 40)) as pilot:
        text = "\n".join([await header(pilot), *await shown(pilot)])
        assert "evil" in text
        assert not {"\x1b", "\x07", "\u202e"} & set(text)


def _fields(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


@pytest.mark.parametrize(
    ("begin", "said"),
    [
        (Attach(4711), "reading the memory map of process 4711 …"),
        (Replay("run\x1b.smaps"), "reading run\\x1b.smaps …"),
    ],
)
async def test_until_there_is_something_to_show_it_says_what_it_does(begin: StartRequest, said: str) -> None:
    app = Dashboard(Silent(), begin, Settings())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert app.query_one(HeaderBar).render_line(0).text.strip() == said


@pytest.mark.parametrize("size", [(20, 5), (10, 3), (80, 24), (240, 70)])
async def test_any_size_draws(size: tuple[int, int]) -> None:
    app, source = dashboard(START)
    async with app.run_test(size=size) as pilot:
        source.deliver(tick(1, 80, 30, 20, 10))
        await pilot.press("down", "enter", "escape", "question_mark", "escape")
        await pilot.pause()
        assert app.query_one(MappingTable).cursor_id is not None


async def test_leaving_closes_the_source() -> None:
    app, source = dashboard(START)
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("q")
    assert source.closed
    assert app.return_value == 0


async def test_esc_while_the_filter_is_typed_drops_it() -> None:
    app, _ = dashboard(START)
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("slash", *"sta", "escape")
        assert len(await names(pilot)) == 4
        assert app.query_one(MappingTable).has_focus


async def test_the_cursor_moves_without_the_rows_being_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def counted(scene: View, timeline: Timeline, which: NDArray[np.intp], *other: Any) -> list[RowText]:
        made.append(len(which))
        return build_rows(scene, timeline, which, *other)

    monkeypatch.setattr("smapstop.ui.widgets.mapping_table.build_rows", counted)
    app, source = dashboard(START)
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        made.clear()
        await pilot.press("down", "down", "up")
        assert made == []
        source.deliver(tick(1, 44, 30, 20, 10))
        await pilot.pause()
        assert made == [4]


@pytest.mark.parametrize(
    "keys", [[], ["slash", "x"], ["e", "tab"], ["enter"], ["question_mark"], ["f1", "slash", "x"], ["s"]]
)
async def test_ctrl_c_leaves_from_wherever_one_is_or_closes_the_screen_above(keys: list[str]) -> None:
    app, _ = dashboard(START)
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press(*keys, "ctrl+c")
        await pilot.pause()
        if app.return_value is None:  # it closed the screen above
            await pilot.press("ctrl+c")
    assert app.return_value == 0


async def test_ctrl_c_leaves_the_picker_also_while_one_types() -> None:
    app = Dashboard(ListSource(), Pick(lambda: (), lambda _: None), Settings())
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("x", "ctrl+c")
    assert app.return_value == 0


async def test_only_the_lines_of_the_totals_that_changed_are_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over a slow link each of them counts."""
    drawn: list[int] = []

    def render_line(totals: Totals, y: int) -> Strip:
        drawn.append(y)
        return real(totals, y)

    real = Totals.render_line
    monkeypatch.setattr(Totals, "render_line", render_line)
    app, source = dashboard(*(tick(n, 40, 30, 20, 10) for n in range(99)))
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        assert {*drawn} == {0, 1}
        source.deliver(tick(99, 40, 30, 20, 10))
        await pilot.pause()
        drawn.clear()
        source.deliver(tick(100, 40, 30, 20, 10, totals={"pss": 90}))
        await pilot.pause()
        assert drawn == [0]


async def test_right_scrolls_the_table_so_that_nothing_is_cut_and_left_comes_back() -> None:
    long = (0x9000, 0x9100, "rw-p", "/usr/lib/" + "a-very-" * 8 + "long-name.so", 900)
    rows = mappings_of(*((*row, 4) for row in ROWS), long)
    app, _ = dashboard(tick_of(0, rows, [0, 1, 2, 3, 4], keyframe=True))
    async with app.run_test(size=(80, 24)) as pilot:
        before = await shown(pilot)
        assert "…" in before[1]
        await pilot.press("right")
        assert "…" not in (scrolled := await shown(pilot))[1]
        assert scrolled[1].endswith("900 K") or "long-name.so .data" in scrolled[1]
        await pilot.press(*["right"] * 20)
        assert (await shown(pilot))[0].endswith("Verdict ▼")
        await pilot.press(*["left"] * 21)
        assert await shown(pilot) == before
        assert app.view_state.at is None


async def test_the_default_order_is_marked_and_a_click_on_its_title_brings_it_back() -> None:
    app, _ = dashboard(START)
    async with app.run_test(size=(118, 40)) as pilot:
        title = (await shown(pilot))[0]
        assert title.endswith("Verdict ▼")
        await pilot.press("shift+right")
        assert "Mapping ▲" in (await shown(pilot))[0]
        await pilot.click(MappingTable, offset=(title.index("Verdict"), 0))
        assert (await shown(pilot))[0].endswith("Verdict ▼")
