"""Commands about time: the moment shown, and how much time around it."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from smapstop.errors import SmapstopError
from smapstop.model.history.time_window import last_tick_before
from smapstop.model.marks import Mark
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.view_state import SPEEDS
from smapstop.number_limits import parse_duration, parse_number
from smapstop.text import format as fmt
from smapstop.ui.commands.command import ScreenCommand
from smapstop.ui.screens.dashboard import MainScreen
from smapstop.ui.state.session import Session

_WORDS = ("start", "live")
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d(?:\.\d+)?))?")
_USAGE = "a time of day, or -30s, +5m, start, live, mark A"
_MAX_SPEED = 1000


def mark_of(session: Session, letter: str) -> Mark:
    """Mark of a letter; empty for the one without.

    Raises:
        SmapstopError: There is none.
    """
    found = {} if session.run is None else session.run.marks
    if letter not in found:
        what = f"no mark {letter!r}" if letter else "no mark without a letter"
        raise SmapstopError(
            what, f"there are {', '.join(filter(None, found))}" if any(found) else "set one with :mark A"
        )
    return found[letter]


def tick_at_clock(timeline: Timeline, clock: str) -> int:
    """Last tick that started at or before a time of day, the last such time of the history.

    Raises:
        SmapstopError: The history has no such time.
    """
    match = _CLOCK.fullmatch(clock)
    oldest, newest = (timeline.header(number).wall_ns for number in (timeline.oldest, len(timeline) - 1))
    hours, minutes, seconds = match.groups(default="0") if match else ("99", "0", "0")
    if int(hours) > 23 or int(minutes) > 59 or float(seconds) >= 60:
        raise SmapstopError(f"{clock!r} is not a time of day", "16:12, or 16:12:50")
    last = datetime.fromtimestamp(newest / 1e9).astimezone()
    then = last.replace(hour=int(hours), minute=int(minutes), second=0, microsecond=0) + timedelta(
        seconds=float(seconds)
    )
    wall_ns = int((then if then <= last else then - timedelta(days=1)).timestamp() * 1e9)
    inside_ns = 10**9 if match and match[3] else 60 * 10**9
    if wall_ns + inside_ns < oldest:
        raise SmapstopError(f"the history has no {clock}", f"it is from {fmt.clock(oldest)} to {fmt.clock(newest)}")
    numbers = range(timeline.oldest, len(timeline))
    after = bisect_right(numbers, wall_ns, key=lambda number: timeline.header(number).wall_ns)
    return numbers[max(0, after - 1)]


def find_moment(session: Session, text: str) -> Mark:
    """Moment that a text names: "16:12:50", "-30s" from the one shown, "start", "mark a".

    Returns:
        Its tick, and the mapping of a mark.

    Raises:
        SmapstopError: The text names none.
    """
    timeline = session.timeline
    if not len(timeline):
        raise SmapstopError("there is no moment yet")
    name, _, letter = text.partition(" ")
    if name == "mark" or (len(text) == 2 and text[0] == "'"):
        return mark_of(session, letter.strip() if name == "mark" else text[1])
    if text == "start":
        return Mark("", timeline.oldest)
    if text[:1] in ("-", "+"):
        shown = max(session.shown_number, timeline.oldest)
        offset_ns = int(parse_duration(text[1:]) * 1e9) * (-1 if text[0] == "-" else 1)
        time_ns = timeline.header(shown).monotonic_ns + offset_ns
        return Mark("", last_tick_before(session.activity.times_ns, time_ns, timeline.oldest))
    if text[:1].isdigit() and ":" in text:
        return Mark("", tick_at_clock(timeline, text))
    raise SmapstopError(f"{text!r} is not a moment", _USAGE)


def _goto(screen: MainScreen, argument: str) -> None:
    if argument == "live":
        screen.action_live()
    else:
        moment = find_moment(screen.session, argument)
        screen.go_to_moment(moment.tick, moment.mapping)


def _complete_goto(screen: MainScreen, _argument: str) -> Iterator[str]:
    yield from _WORDS
    yield from (f"mark {mark.letter}".rstrip() for mark in screen.session.marks)
    yield from ("-30s", "-5m")


def show_span(screen: MainScreen, duration: str) -> None:
    """Show a span of time in the band and in histories; "all" for everything.

    Raises:
        SmapstopError: It is not a duration.
    """
    span_s = None if duration == "all" else max(1, round(parse_duration(duration)))
    screen.change_view(replace(screen.session.view_state, span_s=span_s))


def _play(screen: MainScreen, argument: str) -> None:
    speed = int(parse_number(argument, PLAY.name, 1, _MAX_SPEED, "a speed")) if argument else 0
    if not PLAY.available(screen):
        raise SmapstopError("this is live: there is nothing to play", "goto -30s goes back")
    screen.action_play(speed)


GOTO = ScreenCommand("goto", "TIME|-30s|start|live|mark A", "Go to a moment.", _goto, _complete_goto)
PLAY = ScreenCommand(
    "play",
    "[SPEED]",
    "Play from the moment shown.",
    _play,
    lambda *_: map(str, SPEEDS),
    available=lambda screen: screen.session.view_state.at is not None or screen.recorded,
)
PAUSE = ScreenCommand("pause", "", "Pause or resume; in a recording: play.", lambda screen, _: screen.action_pause())
LIVE = ScreenCommand("live", "", "Back to live.", lambda screen, _: screen.action_live())
