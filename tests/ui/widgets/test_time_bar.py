"""The bar of time, and going through time by it."""

import re
from typing import Any

import pytest
from factories import mappings_of, tick_of
from list_source import ListSource
from textual.pilot import Pilot
from waiting import pause_until

from smapstop.model.protocol import Attach, EndOfRecording, Notice
from smapstop.model.tick import ExitStatus, LifecycleEvent, Tick
from smapstop.settings import Replay, Settings
from smapstop.text.format import clock
from smapstop.ui.app import Dashboard
from smapstop.ui.widgets.header import HeaderBar
from smapstop.ui.widgets.time_bar import TimeBar


def ticks(count: int) -> list[Tick]:
    """So many ticks; at the third the mapping grows."""
    rows = mappings_of((0, 40, "rw-p", "[heap]", 4))
    grew = {3: (LifecycleEvent("grow", 0),)}
    return [tick_of(n, rows, [0], keyframe=True, lineage=grew.get(n, ())) for n in range(count)]


class Replayed(ListSource):
    """A recording that is written in the test."""

    def start(self, deliver: Any) -> None:
        super().start(deliver)
        self.request(Attach(4711))
        self.deliver(EndOfRecording("SIGINT"))


def replay(*told: Tick) -> Dashboard:
    return Dashboard(Replayed(*told), Replay("run.smaps"), Settings())


async def bar(pilot: Pilot[int]) -> str:
    """The bar as it is drawn; empty while it is hidden."""
    await pilot.pause()
    widget = pilot.app.query_one(TimeBar)
    return widget.render_line(0).text if widget.display else ""


async def header(pilot: Pilot[int]) -> str:
    await pilot.pause()
    return header_now(pilot)


def header_now(pilot: Pilot[int]) -> str:
    return pilot.app.query_one(HeaderBar).render_line(0).text


async def test_a_recording_opens_at_its_end() -> None:
    app = replay(*ticks(11))
    async with app.run_test(size=(80, 24)) as pilot:
        assert f"■ {clock(ticks(11)[10].wall_ns)} end of recording" in await header(pilot)
        drawn = await bar(pilot)
        assert len(drawn) == 80
        assert drawn[69] == "┃"
        assert set(drawn[10:69]) == {"─", "▁"}


async def test_the_bar_is_hidden_while_the_newest_is_followed_live() -> None:
    source = ListSource(*ticks(3))
    app = Dashboard(source, Attach(4711), Settings())
    async with app.run_test(size=(80, 24)) as pilot:
        assert await bar(pilot) == ""
        await pilot.press("left")
        assert "┃" in await bar(pilot)
        await pilot.press("end")
        assert await bar(pilot) == ""


async def test_arrows_home_and_end_move_the_head() -> None:
    app = replay(*ticks(11))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("home")
        assert (await bar(pilot))[10] == "┃"
        await pilot.press("right", "right")
        assert "tick 2/10" in await header(pilot)
        await pilot.press("shift+right")
        assert (await bar(pilot))[69] == "┃"


async def test_brackets_go_to_where_something_happened() -> None:
    app = replay(*ticks(11))
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("left_square_bracket")
        assert "tick 3/10" in await header(pilot)
        await pilot.press("right_square_bracket")
        assert "end of recording" in await header(pilot)


async def test_the_mark_is_on_the_bar() -> None:
    app = replay(*ticks(11))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("home", "m", "end")
        drawn = await bar(pilot)
        assert (drawn[10], drawn[69]) == ("m", "┃")


@pytest.mark.parametrize(("x", "tick"), [(10, "tick 0/10"), (40, "tick 5/10"), (0, "tick 0/10"), (79, "tick 10/10")])
async def test_a_click_goes_there(x: int, tick: str) -> None:
    app = replay(*ticks(11))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.click(TimeBar, offset=(x, 0))
        assert tick in await header(pilot)


async def test_a_drag_follows_the_pointer() -> None:
    app = replay(*ticks(11))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.mouse_down(TimeBar, offset=(12, 0))
        await pilot.hover(TimeBar, offset=(40, 0))
        assert "tick 5/10" in await header(pilot)
        await pilot.mouse_up(TimeBar, offset=(40, 0))
        await pilot.hover(TimeBar, offset=(60, 0))
        assert "tick 5/10" in await header(pilot)


async def test_space_plays_from_the_start_and_stops() -> None:
    app = replay(*ticks(601))  # a minute to see: however slow the machine is, it is not over
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("space")
        assert "▶ 1×" in await header(pilot)
        await pilot.press("p")
        assert "▶ 10×" in await header(pilot)
        before = at(pilot)
        await pause_until(pilot, lambda: at(pilot) > before, f"a tick after {before}")
        await pilot.press("space")
        assert "❚❚" in await header(pilot)
        assert before < at(pilot) < 600


def at(pilot: Pilot[int]) -> int:
    """The tick that is shown in the past."""
    (number,) = re.findall(r"tick (\d+)/", header_now(pilot))
    return int(number)


async def test_playing_is_as_fast_as_was_asked_for_and_ends_at_the_end() -> None:
    app = replay(*ticks(241))  # four seconds to see
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.press("p", "p", "p")
        assert "▶ 60×" in await header(pilot)
        await pause_until(pilot, lambda: "end of recording" in header_now(pilot), "the end")


async def test_a_recorded_end_is_the_end_of_the_process() -> None:
    app = replay(*ticks(3), tick_of(3, mappings_of(), [], ending=ExitStatus(3)))
    async with app.run_test(size=(118, 40)) as pilot:
        assert "exited 3" in await header(pilot)
        await pilot.press("home")
        assert "exited" not in await header(pilot)


async def test_a_notice_is_told_and_nothing_ends() -> None:
    source = ListSource(*ticks(3))
    app = Dashboard(source, Attach(4711), Settings())
    async with app.run_test(size=(118, 40), notifications=True) as pilot:
        source.deliver(Notice("the recording ended", "the disk is full"))
        await pilot.pause()
        assert [notice.message for notice in app._notifications] == ["the recording ended: the disk is full"]
        source.deliver(*ticks(4)[3:])
        assert "live" in await header(pilot)
