"""Figures of two runs side by side, up to the age of the shorter one: totals, growth, page faults, mechanisms."""

from collections.abc import Callable, Sequence

import numpy as np

from smapstop.export.html.recorded_run import RecordedRun
from smapstop.export.html.samples import fill_forward
from smapstop.export.html.time_chart import Series
from smapstop.lazy_dataclass import dataclass
from smapstop.model.compare.previous_run import tick_at_age
from smapstop.model.events import MECHANISMS
from smapstop.text import format as fmt


@dataclass(frozen=True, slots=True)
class ComparedFigure:
    """A figure of both runs, as text."""

    name: str
    before: str
    after: str
    change: str
    change_value: float
    """Its sign says whether it is more or less; 0 if that is not known."""


@dataclass(frozen=True, slots=True)
class RunFigures:
    """Figures of two runs over the same time."""

    age: str
    """Up to which age of both runs."""
    totals: tuple[ComparedFigure, ...]
    mechanisms: tuple[ComparedFigure, ...]
    """How much memory each mechanism moved, the largest difference first."""


def run_figures(runs: Sequence[RecordedRun]) -> RunFigures:
    """Compare two runs up to the age of the shorter one."""
    seconds = min(run.seconds for run in runs)
    spans = [_Span(run, tick_at_age(run.timeline, round(seconds * 1e9))) for run in runs]
    totals = [
        _figure("Rss", [each.last("rss") for each in spans], fmt.amount, fmt.signed),
        _figure("Pss", [each.last("pss") for each in spans], fmt.amount, fmt.signed),
        _figure("Uss", [each.last("uss") for each in spans], fmt.amount, fmt.signed),
        _figure("Swap", [each.last("swap") for each in spans], fmt.amount, fmt.signed),
        _figure("Rss at most", [each.peak("rss") for each in spans], fmt.amount, fmt.signed),
        _figure("Growth of Rss per second", [each.growth("rss") for each in spans], fmt.rate, fmt.rate),
        _figure("Mappings", [each.mappings() for each in spans], _count, _signed_count),
        _figure("Page faults", [each.faults() for each in spans], _count, _signed_count),
    ]
    moved = [each.moved_kb() for each in spans]
    order = np.argsort(-np.abs(moved[1] - moved[0]), kind="stable").tolist()
    return RunFigures(
        age=fmt.duration(seconds) if seconds >= 1 else fmt.span(round(seconds * 1e9)),
        totals=tuple(each for each in totals if each is not None),
        mechanisms=tuple(
            figure
            for code in order
            if any(kb[code] for kb in moved)
            and (figure := _figure(MECHANISMS[code], [float(kb[code]) for kb in moved], fmt.amount, fmt.signed))
        ),
    )


class _Span:
    """A run from its first tick to another one."""

    def __init__(self, run: RecordedRun, last: int) -> None:
        self._timeline, self._last = run.timeline, last

    def last(self, name: str) -> float | None:
        """A total at the end, kB."""
        known = self._known(name)
        return float(known[-1]) if len(known) else None

    def peak(self, name: str) -> float | None:
        """The highest value of a total, kB."""
        known = self._known(name)
        return float(known.max()) if len(known) else None

    def growth(self, name: str) -> float | None:
        """Mean growth of a total, kB/s: the line that fits all its values best; None if it is known only once."""
        values = self._values(name)
        known = np.flatnonzero(~np.isnan(values))
        if not len(known):
            return None
        ticks = (self._timeline.header(self._timeline.oldest + at) for at in known.tolist())
        seconds = np.array([tick.monotonic_ns for tick in ticks], np.float64) / 1e9
        seconds -= seconds.mean()
        spread = float((seconds**2).sum())
        return float((seconds * values[known]).sum()) / spread if spread else None

    def mappings(self) -> float:
        """Number of mappings at the end."""
        return float(len(self._timeline.at(self._last).mappings))

    def faults(self) -> float | None:
        """Page faults, minor and major."""
        ends = [self._timeline.header(number).counters for number in (self._timeline.oldest, self._last)]
        minor, major = ([getattr(each, name) for each in ends] for name in ("minor_faults", "major_faults"))
        if None in (*minor, *major):
            return None
        return float(minor[1] - minor[0] + major[1] - major[0])

    def moved_kb(self) -> Series:
        """Memory that each mechanism moved, kB, shape (len(MECHANISMS),)."""
        moved = np.zeros(len(MECHANISMS))
        for number in range(self._timeline.oldest, self._last + 1):
            events = self._timeline.header(number).events
            if len(events):
                moved += np.bincount(events.what, events.kb, len(MECHANISMS))
        return moved

    def _values(self, name: str) -> Series:
        """A total at all ticks, kB; NaN where it is not known."""
        return self._timeline.queries.totals(name, self._timeline.oldest, self._last + 1)

    def _known(self, name: str) -> Series:
        """A total wherever it is known, kB."""
        filled = fill_forward(self._values(name))
        return filled[~np.isnan(filled)]


def _figure(
    name: str,
    values: Sequence[float | None],
    form: Callable[[float | None], str],
    form_change: Callable[[float | None], str],
) -> ComparedFigure | None:
    """A figure of both runs; None if neither has it, or it is 0 in both."""
    if not any(values):
        return None
    before, after = values
    change = None if before is None or after is None else after - before
    return ComparedFigure(
        name=name,
        before=fmt.UNKNOWN if before is None else form(before),
        after=fmt.UNKNOWN if after is None else form(after),
        change=fmt.UNKNOWN if change is None else form_change(change),
        change_value=change or 0.0,
    )


def _count(number: float | None) -> str:
    """A number of things."""
    return fmt.UNKNOWN if number is None else f"{round(number):,}"


def _signed_count(number: float | None) -> str:
    """Difference of two numbers of things."""
    if number is None:
        return fmt.UNKNOWN
    whole = round(number)
    return f"+{whole:,}" if whole > 0 else f"{fmt.MINUS}{-whole:,}" if whole else fmt.STILL
