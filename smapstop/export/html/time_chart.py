"""The chart over time: memory by what backs it, other totals, and the mappings that moved most."""

import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from smapstop.export.html.recorded_run import RecordedRun
from smapstop.export.html.samples import TickChoice, choose_ticks, fill_forward
from smapstop.export.html.svg_paths import HEIGHT, WIDTH, area_path, line_path
from smapstop.lazy_dataclass import dataclass
from smapstop.model.history.activity import BACKINGS
from smapstop.model.metrics import METRIC_TITLES, Metric
from smapstop.text import format as fmt
from smapstop.text.limits import memory_limit_kb
from smapstop.text.run_verdict import Mover

Series = NDArray[np.float64]

_BACKING_NAMES = (("file", "file"), ("shared", "shared"), ("anonymous", "anonymous"), ("swap", "swap"))
"""Name and role of `BACKINGS`, the lowest first."""
_METRICS: tuple[Metric, ...] = ("pss", "uss", "dirty", "swap")
_TOPS = (1, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40, 50, 60, 80, 100, 150, 200, 300, 400, 500, 600, 800)
_LIMIT_IN_SIGHT = 2.0
"""The memory limit is drawn while it is at most so many times the highest amount."""
_LATE_FACTOR, _LATE_S = 3.0, 3.0
"""After a tick that comes so much later than its interval, there is a gap."""
_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400)
_MOST_LABELS = 6


@dataclass(frozen=True, slots=True)
class PlotPart:
    """An area, or a line, of a plot."""

    name: str
    role: str
    """Kind of memory, for its colour."""
    area: str
    """Path data of the area; empty for none."""
    line: str
    """Path data of its upper edge."""
    values: tuple[int | None, ...]
    """Amounts at the ticks of the chart, kB."""
    last: str
    """Amount at the end."""


@dataclass(frozen=True, slots=True)
class ScaleLabel:
    """A label of an axis."""

    percent: float
    """Its place, from the top or from the left."""
    text: str


@dataclass(frozen=True, slots=True)
class Plot:
    """What a chart shows at a time: areas on top of each other, or one area."""

    name: str
    parts: tuple[PlotPart, ...]
    labels: tuple[ScaleLabel, ...]
    limit: float | None = None
    """Height of the memory limit, in units of the chart; None if it is not in sight."""
    is_stacked: bool = True
    """Whether the parts stand on top of each other, and add up."""


@dataclass(frozen=True, slots=True)
class TimeChart:
    """Plots over the same time."""

    seconds: tuple[float, ...]
    """Times of the ticks since the first, seconds."""
    begin_s: float
    """Local time of day of the first tick, seconds."""
    plots: tuple[Plot, ...]
    labels: tuple[ScaleLabel, ...]
    """Of the axis of time."""

    @property
    def data(self) -> dict[str, object]:
        """What the script needs."""
        plots = [
            {"stacked": plot.is_stacked, "parts": [{"name": part.name, "kb": part.values} for part in plot.parts]}
            for plot in self.plots
        ]
        return {"seconds": self.seconds, "begin": self.begin_s, "plots": plots}


def time_chart(run: RecordedRun, movers: Sequence[Mover]) -> TimeChart:
    """Build the chart of a run.

    Args:
        run: The run.
        movers: Mappings to offer, too.
    """
    timeline, oldest = run.timeline, run.timeline.oldest
    times_ns = run.activity.times_ns[oldest:]
    backings = np.stack([_totals(run, name) for name in BACKINGS])
    height = np.where(np.isnan(backings).all(axis=0), np.nan, np.nan_to_num(backings).sum(axis=0))
    rss = _totals(run, "rss")
    chosen = choose_ticks(times_ns, np.where(np.isnan(height), rss, height))
    axis = _Axis(times_ns, chosen, _gaps(run)[chosen])
    plots = []
    if not np.isnan(height).all():
        plots.append(axis.stack("Memory", _BACKING_NAMES, backings, memory_limit_kb(run.view)))
    elif not np.isnan(rss).all():
        plots.append(axis.stack("Rss", [("Rss", "other")], rss[np.newaxis], memory_limit_kb(run.view)))
    for metric in _METRICS:
        values = _totals(run, metric)
        if np.nan_to_num(values).any():
            plots.append(axis.stack(METRIC_TITLES[metric], [(METRIC_TITLES[metric], "other")], values[np.newaxis]))
    ids = np.array([mover.mapping for mover in movers], np.int64)
    for mover, values in zip(movers, timeline.queries.series(ids, "rss", oldest, len(timeline)), strict=True):
        plots.append(axis.stack(mover.name, [(mover.name, mover.kind)], values[np.newaxis]))
    first = timeline.header(oldest)
    return TimeChart(
        seconds=tuple(round(float(at), 3) for at in axis.seconds),
        begin_s=_time_of_day(first.wall_ns),
        plots=tuple(plots),
        labels=time_labels(_time_of_day(first.wall_ns), run.seconds),
    )


def _totals(run: RecordedRun, name: str) -> Series:
    """A total over all known ticks, kB; of a tick that did not read it, that of the one before."""
    return fill_forward(run.timeline.queries.totals(name, run.timeline.oldest, len(run.timeline)))


def _gaps(run: RecordedRun) -> NDArray[np.bool_]:
    """Ticks before which none was taken for long, as while a connection was lost."""
    oldest = run.timeline.oldest
    times_s = run.activity.times_ns[oldest:] / 1e9
    headers = (run.timeline.header(number) for number in range(oldest, len(run.timeline)))
    intervals_s = np.array([max(tick.interval_ns, tick.smaps_interval_ns) / 1e9 for tick in headers])
    late: NDArray[np.bool_] = np.diff(times_s, prepend=times_s[0]) > _LATE_S + _LATE_FACTOR * intervals_s
    return late


@dataclass(frozen=True, slots=True, eq=False)
class _Axis:
    """The axis of time: places of the chosen ticks."""

    times_ns: NDArray[np.int64]
    chosen: TickChoice
    is_late: NDArray[np.bool_]

    @property
    def seconds(self) -> Series:
        """Time of each chosen tick since the first, seconds."""
        since_ns = self.times_ns[self.chosen] - self.times_ns[0]
        return np.asarray(since_ns / 1e9, np.float64)

    def stack(
        self, name: str, parts: Sequence[tuple[str, str]], values: Series, limit_kb: float | None = None
    ) -> Plot:
        """Stack areas, the first at the bottom.

        Args:
            name: Name of the plot.
            parts: Name and role of each area.
            values: Amounts at all ticks, kB, shape (len(parts), n).
            limit_kb: Memory limit, kB.
        """
        kb = values[:, self.chosen]
        unknown = np.isnan(kb).all(axis=0)
        edges = np.concatenate([np.zeros((1, kb.shape[1])), np.nan_to_num(kb).cumsum(axis=0)])
        highest = float(edges[-1].max(initial=0.0))
        limit_kb = limit_kb if limit_kb is not None and limit_kb <= _LIMIT_IN_SIGHT * highest else None
        top = nice_top(max(highest, limit_kb or 0.0, 1.0))
        y = np.where(unknown, np.nan, HEIGHT * (1 - edges / top))
        x = WIDTH * self.seconds / max(float(self.seconds[-1]), 1e-9)
        x, y = self._with_gaps(x, y)
        drawn = [at for at in range(len(parts)) if np.nan_to_num(kb[at]).any()] or [len(parts) - 1]
        return Plot(
            name=name,
            parts=tuple(
                PlotPart(
                    name=parts[at][0],
                    role=parts[at][1],
                    area=area_path(x, y[at + 1], y[at]),
                    line=line_path(x, y[at + 1]),
                    values=tuple(None if value != value else int(value) for value in kb[at].tolist()),
                    last=fmt.amount(float(kb[at, -1])) if kb[at, -1] == kb[at, -1] else fmt.UNKNOWN,
                )
                for at in drawn
            ),
            labels=scale_labels(top),
            limit=None if limit_kb is None else round(HEIGHT * (1 - limit_kb / top), 1),
        )

    def _with_gaps(self, x: Series, y: Series) -> tuple[Series, Series]:
        """Put an unknown point before each tick that is late; shapes (n,) and (lines, n)."""
        late = np.flatnonzero(self.is_late)
        return np.insert(x, late, x[late]), np.insert(y, late, np.nan, axis=1)


def scale_labels(top_kb: float) -> tuple[ScaleLabel, ...]:
    """Labels of the scale of amounts, from a round one down to 0."""
    return tuple(
        ScaleLabel(100 * (1 - share), fmt.amount(top_kb * share) if share else "0") for share in (1.0, 0.5, 0.0)
    )


def nice_top(kb: float) -> float:
    """Least round amount that is not less than an amount, kB."""
    unit = 1
    while kb > _TOPS[-1] * unit:
        unit *= 1024
    return unit * next(top for top in _TOPS if top * unit >= kb)


def _time_of_day(wall_ns: int) -> float:
    """Local time of day, seconds."""
    local = time.localtime(wall_ns // 1_000_000_000)
    return local.tm_hour * 3600 + local.tm_min * 60 + local.tm_sec + wall_ns % 1_000_000_000 / 1e9


def time_labels(begin_s: float, seconds: float) -> tuple[ScaleLabel, ...]:
    """Labels of the axis of time, at round times."""
    step = next((step for step in _STEPS_S if seconds / step <= _MOST_LABELS), _STEPS_S[-1])
    labels, at = [], -begin_s % step
    while at <= seconds:
        whole = round(begin_s + at) % 86_400
        text = f"{whole // 3600:02}:{whole // 60 % 60:02}" + (f":{whole % 60:02}" if step < 60 else "")
        labels.append(ScaleLabel(100 * at / max(seconds, 1e-9), text))
        at += step
    return tuple(labels)
