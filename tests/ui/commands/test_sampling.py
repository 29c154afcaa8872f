"""Commands about sampling."""

import pytest
from factories import mappings_of, tick_of
from list_source import ListSource

from smapstop.errors import SmapstopError
from smapstop.model.protocol import Attach, Pace
from smapstop.settings import Replay, Settings, StartRequest
from smapstop.ui.app import Dashboard

ROWS = mappings_of((0x1000, 0x1100, "rw-p", "[heap]", 40))


def write_snapshot(pid: int, file: str) -> str:
    if file == "there":
        raise SmapstopError("'there' already exists")
    return f"saved {file} of {pid}"


def dashboard(begin: StartRequest) -> tuple[Dashboard, ListSource]:
    source = ListSource(tick_of(0, ROWS, [0], keyframe=True))
    return Dashboard(source, begin, Settings(pace=Pace(), write_snapshot=write_snapshot)), source


async def told(line: str, begin: StartRequest = Attach(4711)) -> tuple[list[str], Pace]:  # noqa: B008
    """What a command tells, and the pace after it."""
    app, _ = dashboard(begin)
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        app.action_command(line)
        await pilot.pause()
        return [notice.message for notice in app._notifications], app.main_screen.pace


async def test_interval_and_budget_are_asked_of_the_source() -> None:
    app, source = dashboard(Attach(4711))
    async with app.run_test(size=(118, 40)) as pilot:
        await pilot.pause()
        app.action_command("interval 0.2")
        app.action_command("budget 2")
        assert source.requests[-2:] == [Pace(200_000_000), Pace(200_000_000, 0.02)]


async def test_a_snapshot_goes_to_the_file_named() -> None:
    assert (await told("snapshot now.json"))[0] == ["saved now.json of 4711"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("snapshot", "snapshot needs an argument: snapshot FILE"),
        ("snapshot there", "'there' already exists"),
        ("interval 0", "interval 0: give seconds from 0.05 to 3600"),
        ("budget 200", "budget 200: give percent of one CPU from 0.01 to 100"),
    ],
)
async def test_what_makes_no_sense_says_why(line: str, why: str) -> None:
    assert await told(line) == ([why], Pace())


@pytest.mark.parametrize("line", ["interval 1", "interval longer", "budget 2", "snapshot now.json"])
async def test_a_recording_has_what_it_has(line: str) -> None:
    notices, pace = await told(line, Replay("run.smaps"))
    assert ([notice.partition(":")[0] for notice in notices], pace) == (
        ["a recording has the samples it has"],
        Pace(),
    )
