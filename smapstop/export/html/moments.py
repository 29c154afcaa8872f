"""Moments of a run: the ticks that stand out, and the marks that the user set."""

from typing import Literal

from smapstop.export.html.recorded_run import RecordedRun
from smapstop.lazy_dataclass import dataclass
from smapstop.text import format as fmt
from smapstop.text.alerts import mapping_name
from smapstop.text.events import highlight_text

_MOST_MOMENTS = 16
_LEAST_DISTANCE = 3.5
"""Least distance of two markers in the chart, percent of its width."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A tick that stands out."""

    tick: int
    percent: float
    """Its place in the chart, percent from the left."""
    clock: str
    amount: str
    """"+50 M"; empty where there is none."""
    what: str
    mapping: str
    """Name of the mapping in which most of it happened; empty for the process."""
    direction: Literal["gain", "loss", "neutral"]
    has_marker: bool
    """Whether it has a marker in the chart: not if another is too near."""


@dataclass(frozen=True, slots=True)
class MarkedMoment:
    """A moment that the user marked."""

    letter: str
    percent: float
    clock: str


def moments_of(run: RecordedRun) -> list[Moment]:
    """The ticks that stand out most, in order of time."""
    activity, moments, last_percent = run.activity, list[Moment](), -100.0
    for number in sorted(activity.outliers(run.view.window, _MOST_MOMENTS)):
        tick = run.timeline.header(number)
        amount, what = highlight_text(tick, activity.highlight_of(number))
        if not what:
            continue
        percent = percent_of(run, number)
        has_marker = percent - last_percent >= _LEAST_DISTANCE
        last_percent = percent if has_marker else last_percent
        moments.append(
            Moment(
                tick=number,
                percent=percent,
                clock=fmt.clock(tick.wall_ns),
                amount=amount,
                what=what,
                mapping="" if tick.executed or tick.ending else _mapping_text(run, number),
                direction=_direction_of(amount),
                has_marker=has_marker,
            )
        )
    return moments


def marks_of(run: RecordedRun) -> list[MarkedMoment]:
    """The moments that the user marked."""
    return [
        MarkedMoment(
            mark.letter or "mark", percent_of(run, mark.tick), fmt.clock(run.timeline.header(mark.tick).wall_ns)
        )
        for mark in run.marks
        if mark.tick >= run.timeline.oldest
    ]


def percent_of(run: RecordedRun, number: int) -> float:
    """Place of a tick in the chart, percent from the left."""
    times_ns = run.activity.times_ns
    begin, end = int(times_ns[run.timeline.oldest]), int(times_ns[-1])
    return round(100 * (int(times_ns[number]) - begin) / max(1, end - begin), 3)


def _direction_of(amount: str) -> Literal["gain", "loss", "neutral"]:
    """Whether memory was taken or given back, by the sign of the amount."""
    return "gain" if amount.startswith("+") else "loss" if amount.startswith(fmt.MINUS) else "neutral"


def _mapping_text(run: RecordedRun, number: int) -> str:
    """Where it happened: the mapping, or the one in which most did; empty if it is not there any more."""
    mapping, highlight = run.activity.main_mapping(number), run.activity.highlight_of(number)
    if mapping is None or run.timeline.at(number).row_of(mapping) is None:
        return ""
    events, name = run.timeline.header(number).events, mapping_name(run.timeline, mapping, number)
    if highlight is None:
        return name
    here = (events.what == highlight.code) & (events.mapping == mapping)
    return f"most in {name}" if events.kb[here].sum() < highlight.kb else name
