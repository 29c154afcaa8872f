"""The time band: what it shows, and how the user goes through time with it."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from factories import cgroup_memory, mappings_of, tick_of
from list_source import ListSource
from rich.color import Color
from textual import events
from textual.pilot import Pilot
from textual.strip import Strip
from waiting import pause_until

from smapstop.model.events import MECHANISMS, Events
from smapstop.model.protocol import Attach, EndOfRecording, Notice
from smapstop.model.tick import ExitStatus, LifecycleEvent, Tick
from smapstop.proc.limits import Limits
from smapstop.settings import Replay, Settings
from smapstop.text.format import clock
from smapstop.ui.app import Dashboard
from smapstop.ui.drawing.band_layout import GUTTER
from smapstop.ui.theme.app_theme import palette_of
from smapstop.ui.widgets.header import HeaderBar
from smapstop.ui.widgets.mapping_table import MappingTable
from smapstop.ui.widgets.time_band import TimeBand

WIDE, LABELS = 118, 15
CELLS = WIDE - GUTTER - LABELS
NOTHING: dict[str, Any] = dict.fromkeys(("shift", "meta", "ctrl"), False)


def tick(number: int, kb: int = 0) -> Tick:
    """A tick; at the third the mapping grows, and where it is given, so much memory is touched."""
    code = np.array([MECHANISMS.index("first-touch")], np.int8)
    touched = {"events": Events(np.array([0]), code, np.array([kb]), np.ones(1, bool))} if kb else {}
    lineage = (LifecycleEvent("grow", 0),) if number == 3 else ()
    rows = mappings_of((0, 40, "rw-p", "[heap]", 4 + 4 * number))
    totals = {"rss": 1000 * number, "rss_file": 500, "rss_anon": 1000 * number, "rss_shmem": 0, "swap": 0}
    return tick_of(number, rows, [0], keyframe=True, lineage=lineage, totals=totals, **touched)


def ticks(count: int) -> list[Tick]:
    return [tick(number) for number in range(count)]


class Replayed(ListSource):
    """A recording that is written in the test."""

    def start(self, deliver: Any) -> None:
        super().start(deliver)
        self.request(Attach(4711))
        self.deliver(EndOfRecording("SIGINT"))


def replay(*told: Tick) -> Dashboard:
    return Dashboard(Replayed(*told), Replay("run.smaps"), Settings())


def live(*told: Tick) -> tuple[Dashboard, ListSource]:
    source = ListSource(*told)
    return Dashboard(source, Attach(4711), Settings()), source


async def band(pilot: Pilot[int]) -> list[str]:
    """The lines of the band as they are drawn; none while it is hidden."""
    await pilot.pause()
    widget = pilot.app.query_one(TimeBand)
    return [widget.render_line(y).text for y in range(widget.size.height)] if widget.display else []


async def header(pilot: Pilot[int]) -> str:
    await pilot.pause()
    return header_now(pilot)


def header_now(pilot: Pilot[int]) -> str:
    return pilot.app.query_one(HeaderBar).render_line(0).text


def at(pilot: Pilot[int]) -> int:
    """The tick that is shown in the past."""
    (number,) = re.findall(r"tick (\d+)/", header_now(pilot))
    return int(number)


# what it shows


async def test_there_is_a_scale_from_zero_and_the_time_from_its_begin_until_now() -> None:
    app, _ = live(*ticks(60))
    async with app.run_test(size=(WIDE, 40)) as pilot:
        chart, _, bottom, what, marks, axis = await band(pilot)
        assert chart.startswith("   60 M ┤ ")
        assert bottom.startswith("      0 ┴ ")
        assert bottom.rstrip().endswith("file 500 K")
        assert what.startswith("  events ")
        assert marks.startswith("   marks ")
        assert axis.startswith(f" {clock(ticks(1)[0].wall_ns)}─")
        assert axis.endswith("─ now ")
        app.action_command("units pages")
        chart, _, bottom, *_ = await band(pilot)
        assert chart.startswith("15,360p ┤ ")
        assert bottom.rstrip().endswith("file 125 p")


@pytest.mark.parametrize(("rows", "heights"), [(70, (8, 2)), (40, (6, 2)), (36, (5, 2)), (24, (2, 1)), (15, (0, 0))])
async def test_a_low_terminal_shows_less(rows: int, heights: tuple[int, int]) -> None:
    app, _ = live(*ticks(3))
    async with app.run_test(size=(WIDE, rows)) as pilot:
        drawn = await band(pilot)
        totals = app.query_one("Totals")
        assert (len(drawn), totals.region.height if totals.display else 0) == heights


async def test_a_chart_is_painted_for_the_height_that_it_has_while_nothing_new_comes() -> None:
    app, _ = live(*ticks(3))
    async with app.run_test(size=(80, 24)) as pilot:
        anon = Color.parse(palette_of(app.screen.app).colours["anonymous"])
        for rows in (24, 40, 24):
            await pilot.resize_terminal(80, rows)
            await pilot.pause()
            chart = app.query_one(TimeBand).region
            painted = app.screen._compositor.render_strips()[chart.y + (1 if rows == 24 else 2)].crop(0, 70)
            assert anon in {style.bgcolor for _, style, _ in painted if style}


async def test_the_first_tick_alone_fills_the_chart() -> None:
    app, _ = live(tick(0))
    async with app.run_test(size=(WIDE, 40)) as pilot:
        lines = await band(pilot)
        assert len(set(lines[2][GUTTER : GUTTER + CELLS])) == 1


async def test_a_jump_in_a_run_says_what_it_was() -> None:
    app, _ = live(*(tick(n, 51_200 if n == 30 else 40) for n in range(60)))
    async with app.run_test(size=(WIDE, 40)) as pilot:
        _, _, _, what, marks, _ = await band(pilot)
        jump = marks.index("╰ +50 M first touch")
        assert what[jump] == "▅"
        assert set(what[GUTTER + 2 : jump - 3]) == {"▂"}


async def test_only_lines_that_changed_are_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over a slow link each of them counts."""
    drawn: list[int] = []
    real = TimeBand.render_line

    def render_line(widget: TimeBand, y: int) -> Strip:
        drawn.append(y)
        return real(widget, y)

    monkeypatch.setattr(TimeBand, "render_line", render_line)
    still = [tick_of(n, mappings_of((0, 4)), [0], totals={"rss": 8, "rss_anon": 8}) for n in range(4)]
    app, source = live(*still[:3])
    async with app.run_test(size=(WIDE, 40)) as pilot:
        await pilot.pause()
        drawn.clear()
        source.deliver(still[3])
        await pilot.pause()
        assert set(drawn) <= {5}, "time goes on along the axis"


# going through time


async def test_a_recording_opens_at_its_end_and_shows_all_of_it() -> None:
    app = replay(*ticks(300))
    async with app.run_test(size=(WIDE, 40)) as pilot:
        assert f"■ {clock(ticks(300)[299].wall_ns)} end of recording" in await header(pilot)
        axis = (await band(pilot))[-1]
        assert clock(ticks(1)[0].wall_ns) in axis
        assert axis.rstrip().endswith(clock(ticks(300)[299].wall_ns))


async def test_the_window_is_held_while_paused_and_new_time_is_grey() -> None:
    app, source = live(*ticks(200))
    async with app.run_test(size=(WIDE, 40)) as pilot:
        await pilot.press("comma")
        before = await band(pilot)
        source.deliver(*(tick(number) for number in range(200, 206)))
        after = await band(pilot)
        assert [line[: GUTTER + CELLS] for line in before[:3]] == [line[: GUTTER + CELLS] for line in after[:3]]
        assert after[0].rstrip().endswith("┃░░ +6 s")
        assert "┃░░ file 500 K" in after[2], "the name of an area has a space before it, too"
        await pilot.press("L")
        assert "░" not in "".join(await band(pilot))


async def test_the_window_moves_only_as_far_as_needed_to_show_a_tick() -> None:
    app, _ = live(*ticks(400))
    async with app.run_test(size=(WIDE, 40)) as pilot:
        await pilot.press("comma")
        until = app.view_state.until
        await pilot.press("less_than_sign")
        assert app.view_state.until == until
        app.query_one(TimeBand).focus()
        await pilot.press("home")
        assert app.view_state.at == 0
        assert "┃" in (await band(pilot))[0][GUTTER : GUTTER + CELLS]


async def test_arrows_home_and_end_mean_time_while_it_has_the_focus() -> None:
    app, _ = live(*ticks(40))
    async with app.run_test(size=(WIDE, 40)) as pilot:
        await pilot.press("home", "left", "end")
        assert app.view_state.at is None
        app.query_one(TimeBand).focus()
        seen: list[int | None] = []
        for key in ("left", "shift+left", "home", "right", "end"):
            await pilot.press(key)
            seen.append(app.view_state.at)
        assert seen == [38, 28, 0, 1, None]


async def test_tab_reaches_it_and_esc_goes_back_to_the_table() -> None:
    app, _ = live(*ticks(4))
    async with app.run_test(size=(WIDE, 40)) as pilot:
        await pilot.press("shift+tab")
        assert app.query_one(TimeBand).has_focus
        assert "( ) zoom" in (await band(pilot))[-1]
        await pilot.press("escape")
        assert app.query_one(MappingTable).has_focus


async def test_brackets_go_to_outliers_and_say_when_there_is_none() -> None:
    app, _ = live(*(tick(n, 51_200 if n == 30 else 40) for n in range(60)))
    async with app.run_test(size=(WIDE, 40), notifications=True) as pilot:
        seen = []
        for key in ("[", "[", "[", "]", "]", "]"):
            await pilot.press(key)
            seen.append(app.view_state.at)
        assert seen == [30, 3, 0, 3, 30, 30]
        await pilot.press("[", "[", "[")
        messages = [notice.message for notice in app._notifications]
        assert messages == ["nothing later; L goes back to live", "nothing earlier"]


async def test_braces_go_to_any_change() -> None:
    app, _ = live(*(tick(n, 40 if n in (1, 2, 5) else 0) for n in range(8)))
    async with app.run_test(size=(WIDE, 40)) as pilot:
        seen = []
        for key in ("{", "{", "{", "}", "}"):
            await pilot.press(key)
            seen.append(app.view_state.at)
        assert seen == [5, 3, 2, 3, 5]


async def test_parentheses_and_the_wheel_zoom_and_the_history_of_the_rows_follows() -> None:
    app, _ = live(*ticks(700))
    async with app.run_test(size=(WIDE, 40)) as pilot:
        seen = []
        for key in ("(", "(", "(", ")", ")", ")", ")"):
            await pilot.press(key)
            await pilot.pause()
            seen.append(app.view_state.span_s)
        assert seen == [30, 10, 10, 30, 120, 600, None]
        widget = app.query_one(TimeBand)
        await wheel(pilot, widget, events.MouseScrollUp)
        assert app.view_state.span_s == 600
        assert "(10 m)" in app.query_one(MappingTable).render_line(0).text
        await wheel(pilot, widget, events.MouseScrollDown)
        assert app.view_state.span_s is None


async def wheel(pilot: Pilot[int], widget: TimeBand, what: type[events.MouseEvent]) -> None:
    x, y = widget.region.x + 40, widget.region.y + 2
    pilot.app.post_message(what(None, x, y, delta_x=0, delta_y=0, button=0, screen_x=x, screen_y=y, **NOTHING))
    await pilot.pause()
    await pilot.pause()


async def test_zooming_keeps_the_tick_shown_in_its_place() -> None:
    app, _ = live(*ticks(700))
    async with app.run_test(size=(WIDE, 40)) as pilot:
        await pilot.click(TimeBand, offset=(GUTTER + CELLS // 2, 1))
        places = []
        for key in ("(", ")", ")"):
            places.append((await band(pilot))[0].index("┃"))
            await pilot.press(key)
        assert max(places) - min(places) <= CELLS // 20


# the mouse


@pytest.mark.parametrize(
    ("x", "expected"), [(GUTTER, 0), (GUTTER + CELLS // 2, 5), (0, 0), (GUTTER + CELLS - 1, 10), (WIDE - 3, None)]
)
async def test_a_click_goes_there_and_one_on_now_is_live(x: int, expected: int | None) -> None:
    app, _ = live(*ticks(11))
    async with app.run_test(size=(WIDE, 40)) as pilot:
        await pilot.press("comma")
        await pilot.click(TimeBand, offset=(x, 1))
        await pilot.pause()
        assert app.view_state.at == expected


async def test_a_drag_compares_the_range() -> None:
    app, _ = live(*ticks(101))
    async with app.run_test(size=(WIDE, 40)) as pilot:
        await pilot.mouse_down(TimeBand, offset=(GUTTER + 20, 1))
        await pilot.hover(TimeBand, offset=(GUTTER + 60, 1))
        await pilot.mouse_up(TimeBand, offset=(GUTTER + 60, 1))
        await pilot.hover(TimeBand, offset=(GUTTER + 80, 1))
        first, last = app.view_state.range_start, app.view_state.at
        assert (first, last) == (21, 64)
        assert f"Δ {clock(tick(21).wall_ns)} → {clock(tick(64).wall_ns)}" in await header(pilot)
        assert "+172 K" in app.query_one(MappingTable).render_line(1).text
        marks = (await band(pilot))[4]
        assert re.search(r"├─+ 43 s  Rss \+42 M ─+┤", marks)
        await pilot.press("L")
        assert (app.view_state.at, app.view_state.baseline) == (None, "previous")


async def test_a_drag_back_to_its_begin_is_a_click() -> None:
    app, _ = live(*ticks(101))
    async with app.run_test(size=(WIDE, 40)) as pilot:
        await pilot.mouse_down(TimeBand, offset=(GUTTER + 20, 1))
        await pilot.hover(TimeBand, offset=(GUTTER + 60, 1))
        await pilot.hover(TimeBand, offset=(GUTTER + 20, 1))
        await pilot.mouse_up(TimeBand, offset=(GUTTER + 20, 1))
        assert (app.view_state.range_start, app.view_state.baseline) == (None, "previous")


async def test_the_pointer_says_when_and_how_much() -> None:
    app, _ = live(*ticks(11))
    async with app.run_test(size=(WIDE, 40)) as pilot:
        await pilot.hover(TimeBand, offset=(GUTTER + 28, 1))
        assert str(app.query_one(TimeBand).tooltip) == f"{clock(tick(3).wall_ns)}.0  Rss 2.93 M  1 grew"


async def test_the_mark_is_in_the_band_and_not_pinned_by_a_range() -> None:
    app, _ = live(*ticks(11))
    async with app.run_test(size=(WIDE, 40)) as pilot:
        await pilot.press("comma", "comma", "m", "m", "L")
        marks = (await band(pilot))[4]
        assert re.search(rf"m {clock(tick(8).wall_ns)}", marks)


# playing


async def test_space_plays_from_the_start_and_stops() -> None:
    app = replay(*ticks(601))  # a minute to see: however slow the machine is, it is not over
    async with app.run_test(size=(WIDE, 40)) as pilot:
        await pilot.press("space")
        assert "▶ 1×" in await header(pilot)
        await pilot.press("p")
        assert "▶ 10×" in await header(pilot)
        before = at(pilot)
        await pause_until(pilot, lambda: at(pilot) > before, f"a tick after {before}")
        await pilot.press("space")
        assert "❚❚" in await header(pilot)
        assert before < at(pilot) < 600


async def test_playing_is_as_fast_as_was_asked_for_and_ends_at_the_end() -> None:
    app = replay(*ticks(1801))  # half a minute to see it, on a busy machine, too
    async with app.run_test(size=(WIDE, 40)) as pilot:
        await pilot.press("p", "p", "p")
        assert "▶ 60×" in await header(pilot)
        await pilot.press("L", "less_than_sign")
        assert at(pilot) == 1790
        app.action_command("play 60")
        await pause_until(pilot, lambda: "end of recording" in header_now(pilot), "the end")


async def test_a_recorded_end_is_the_end_of_the_process() -> None:
    app = replay(*ticks(3), tick_of(3, mappings_of(), [], ending=ExitStatus(3)))
    async with app.run_test(size=(WIDE, 40)) as pilot:
        assert "exited 3" in await header(pilot)
        await pilot.press("comma")
        assert "exited" not in await header(pilot)


async def test_a_notice_is_reported_and_nothing_ends() -> None:
    app, source = live(*ticks(3))
    async with app.run_test(size=(WIDE, 40), notifications=True) as pilot:
        source.deliver(Notice("the recording ended", "the disk is full"))
        await pilot.pause()
        assert [notice.message for notice in app._notifications] == ["the recording ended: the disk is full"]
        source.deliver(*ticks(4)[3:])
        assert "live" in await header(pilot)


def limited(number: int, max_mib: int) -> Tick:
    """A tick of a process of 8 MiB, in a control group with a limit."""
    group = cgroup_memory(current_bytes=8 << 20, cache_bytes=0, max_bytes=max_mib << 20)
    totals = {"rss": 8192, "rss_file": 0, "rss_anon": 8192, "rss_shmem": 0, "swap": 0}
    return replace(tick(number), totals=totals, limits=Limits(cgroup=group))


@pytest.mark.parametrize(("max_mib", "drawn"), [(12, True), (64, False)])
async def test_a_memory_limit_that_is_in_sight_is_a_line(max_mib: int, drawn: bool) -> None:
    app, _ = live(*(limited(number, max_mib) for number in range(4)))
    async with app.run_test(size=(WIDE, 50)) as pilot:
        chart = (await band(pilot))[:-3]
        lines = [line for line in chart if line[GUTTER : GUTTER + CELLS].count("┄") > CELLS // 2]
        assert [line[:GUTTER] for line in lines] == ([f"{'12 M ┄':>{GUTTER}}"] if drawn else [])


async def test_a_click_on_what_an_outlier_was_or_on_a_mark_goes_to_its_moment() -> None:
    app = replay(*(tick(number, 4096 if number == 20 else 4) for number in range(60)))
    async with app.run_test(size=(WIDE, 40)) as pilot:
        await pilot.pause()
        band = app.query_one(TimeBand)
        line = band.size.height - 2

        def marks() -> str:
            return band.render_line(line).text

        at = marks().rindex("first touch") + 5
        assert at - GUTTER > CELLS * 22 // 60, "the text is where later ticks are"
        await pilot.click(TimeBand, offset=(at, line))
        await pilot.pause()
        assert app.view_state.at == 20
        app.action_command("mark a")
        app.action_command("live")
        await pilot.pause()
        await pilot.click(TimeBand, offset=(marks().index(" a ", GUTTER) + 1, line))
        await pilot.pause()
        assert app.view_state.at == 20


async def test_a_click_on_a_hint_of_the_axis_is_its_key() -> None:
    app, _ = live(*ticks(60))
    async with app.run_test(size=(WIDE, 40)) as pilot:
        axis = (await band(pilot))[-1]
        widget, span = app.query_one(TimeBand), app.view_state.span_s
        await pilot.click(widget, offset=(axis.index("( )"), widget.size.height - 1))
        await pause_until(pilot, lambda: app.view_state.span_s != span, "zoomed in")
        assert app.view_state.at is None
