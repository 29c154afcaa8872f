"""Commands about smapstop itself: live, how often it samples, its end."""

from dataclasses import replace

from smapstop.errors import SmapstopError
from smapstop.number_limits import INTERVAL_LIMITS, parse_number
from smapstop.ui.commands.command import ScreenCommand
from smapstop.ui.screens.dashboard import MainScreen
from smapstop.ui.user_state import INTERVAL_STEPS, step_interval

_STEPS = {"shorter": 1, "longer": -1}


def _interval(screen: MainScreen, argument: str) -> None:
    if screen.recorded:
        raise SmapstopError("the sampling interval of a recording is fixed")
    if argument in _STEPS:
        screen.set_pace(step_interval(screen.pace, _STEPS[argument]))
    else:
        seconds = parse_number(argument, INTERVAL.name, *INTERVAL_LIMITS, "seconds")
        screen.set_pace(replace(screen.pace, interval_ns=round(seconds * 1e9)))


INTERVAL = ScreenCommand(
    "interval",
    "SECONDS|shorter|longer",
    "Sample so often.",
    _interval,
    lambda *_: (*_STEPS, *(f"{seconds:g}" for seconds in INTERVAL_STEPS)),
)
LIVE = ScreenCommand("live", "", "Back to live.", lambda screen, _: screen.action_live())
