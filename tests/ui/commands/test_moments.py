"""Commands about time go to the moment that a text names, or say why there is none."""

from datetime import datetime

import pytest
from factories import mappings_of, tick_of
from list_source import ListSource

from smapstop.errors import SmapstopError
from smapstop.model.protocol import Attach
from smapstop.model.timeline.timeline import Timeline
from smapstop.settings import Settings
from smapstop.ui.app import Dashboard
from smapstop.ui.commands.moments import tick_at_clock

ROWS = mappings_of((0x1000, 0x1100, "rw-p", "[heap]", 40))
SECOND_NS = 10**9
BEGIN_NS = int(datetime(2026, 11, 23, 23, 59, 50).astimezone().timestamp()) * SECOND_NS


def ticks(count: int) -> list[object]:
    return [
        tick_of(n, ROWS, [0], keyframe=True, monotonic_ns=n * SECOND_NS, wall_ns=BEGIN_NS + n * SECOND_NS)
        for n in range(count)
    ]


@pytest.mark.parametrize(
    ("clock", "number"),
    [("23:59:53", 3), ("23:59:53.9", 3), ("00:00:05", 15), ("0:00", 10), ("23:59:49.5", 0), ("23:59", 0)],
)
def test_a_time_of_day_is_the_last_one_that_the_history_has(clock: str, number: int) -> None:
    timeline = Timeline()
    for tick in ticks(20):
        timeline.append(tick)  # type: ignore[arg-type]
    assert tick_at_clock(timeline, clock) == number


@pytest.mark.parametrize(
    ("clock", "why"),
    [
        ("12:00", "the history has no 12:00: it is from 23:59:50 to 00:00:09"),
        ("00:00:30", "the history has no 00:00:30: it is from 23:59:50 to 00:00:09"),
        ("24:00", "'24:00' is not a time of day: 16:12, or 16:12:50"),
        ("1:2", "'1:2' is not a time of day: 16:12, or 16:12:50"),
    ],
)
def test_another_time_is_refused_with_the_times_that_there_are(clock: str, why: str) -> None:
    timeline = Timeline()
    for tick in ticks(20):
        timeline.append(tick)  # type: ignore[arg-type]
    with pytest.raises(SmapstopError) as refused:
        tick_at_clock(timeline, clock)
    assert str(refused.value) == why


def dashboard(count: int = 20) -> Dashboard:
    return Dashboard(ListSource(*ticks(count)), Attach(4711), Settings())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        (["goto -5s"], 14),
        (["goto -5s", "goto -5s", "goto +2s"], 11),
        (["goto -1h"], 0),
        (["goto start"], 0),
        (["goto 23:59:58"], 8),
        (["goto -5s", "mark a", "goto start", "goto mark a"], 14),
        (["goto -5s", "mark", "goto start", "goto mark"], 14),
        (["goto -5s", "mark a", "goto start", "goto 'a"], 14),
    ],
)
async def test_a_command_goes_to_a_moment(lines: list[str], shown: int) -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        for line in lines:
            app.action_command(line)
            await pilot.pause()
        assert app.view_state.at == shown
        app.action_command("goto live")
        assert app.view_state.at is None
        assert list(app._notifications) == []


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("goto mark b", "no mark 'b': set one with :mark A"),
        ("goto", "goto needs an argument: goto TIME|-30s|start|live|mark A"),
        ("goto there", "'there' is not a moment: a time of day, or -30s, +5m, start, live, mark A"),
        ("goto -5", "'5' is not a duration: give a duration: 30s, 10m, 1h30m"),
        ("zoom 10x", "'10x' is not a duration: give a duration: 30s, 10m, 1h30m"),
        ("play 0", "play 0: give a speed from 1 to 1000"),
        ("play 7", "this is live: there is nothing to play: goto -30s goes back"),
    ],
)
async def test_a_moment_that_makes_no_sense_says_why(line: str, why: str) -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        app.action_command(line)
        await pilot.pause()
        assert [notice.message for notice in app._notifications] == [why]
        assert app.view_state.at is None


async def test_the_window_has_the_length_given_and_play_the_speed() -> None:
    app = dashboard()
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        app.action_command("zoom 10m")
        assert app.view_state.span_s == 600
        app.action_command("zoom all")
        assert app.view_state.span_s is None
        app.action_command("goto start")
        app.action_command("play 30")
        assert app.view_state.speed == 30
