"""Commands about sampling: how often, for how much time, and one sample as a file."""

from dataclasses import replace

from smapstop.errors import SmapstopError
from smapstop.number_limits import BUDGET_LIMITS, INTERVAL_LIMITS, parse_number
from smapstop.ui.commands.command import ScreenCommand
from smapstop.ui.screens.dashboard import MainScreen
from smapstop.ui.state.user_state import INTERVAL_STEPS, step_interval

_STEPS = {"shorter": 1, "longer": -1}


def _require_live(screen: MainScreen) -> None:
    """Require a process that is sampled.

    Raises:
        SmapstopError: A recording is shown.
    """
    if screen.recorded:
        raise SmapstopError("a recording has the samples it has", "its interval, budget and content are fixed")


def _interval(screen: MainScreen, argument: str) -> None:
    _require_live(screen)
    if argument in _STEPS:
        screen.set_pace(step_interval(screen.pace, _STEPS[argument]))
    else:
        seconds = parse_number(argument, INTERVAL.name, *INTERVAL_LIMITS, "seconds")
        screen.set_pace(replace(screen.pace, interval_ns=round(seconds * 1e9)))


def _budget(screen: MainScreen, argument: str) -> None:
    _require_live(screen)
    percent = parse_number(argument, BUDGET.name, *BUDGET_LIMITS, "percent of one CPU")
    screen.set_pace(replace(screen.pace, budget=percent / 100))


def _snapshot(screen: MainScreen, argument: str) -> None:
    """Save a sample of the process, read now."""
    _require_live(screen)
    run = screen.session.runs.newest
    if run is None:
        raise SmapstopError("there is no process yet")
    screen.notify(screen.settings.write_snapshot(run.target.pid, argument), markup=False)


INTERVAL = ScreenCommand(
    "interval",
    "SECONDS|shorter|longer",
    "Set the time between samples.",
    _interval,
    lambda *_: (*_STEPS, *(f"{seconds:g}" for seconds in INTERVAL_STEPS)),
)
BUDGET = ScreenCommand(
    "budget", "PERCENT", "Set how much of one CPU sampling may use.", _budget, lambda *_: ("1", "5", "100")
)
SNAPSHOT = ScreenCommand("snapshot", "FILE", "Save one sample: .json, .csv, or else a table.", _snapshot)
