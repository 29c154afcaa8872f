"""The comparison of two runs: what is larger, smaller, new or gone at the end, and both over time."""

from collections.abc import Sequence

import numpy as np

from smapstop.export.html.facts import Fact, facts_of, name_of
from smapstop.export.html.recorded_run import RecordedRun
from smapstop.export.html.run_figures import RunFigures, run_figures
from smapstop.export.html.samples import fill_forward
from smapstop.export.html.svg_paths import HEIGHT, WIDTH, area_path, line_path
from smapstop.export.html.time_chart import Plot, PlotPart, Series, TimeChart, nice_top, scale_labels, time_labels
from smapstop.lazy_dataclass import dataclass
from smapstop.model.compare.group_comparison import MatchKey
from smapstop.model.kinds import Kind
from smapstop.model.metrics import METRIC_TITLES, METRICS
from smapstop.model.timestamps import format_utc
from smapstop.report.diff.compare import Diff, DiffRow, diff_runs
from smapstop.report.diff.inputs import ComparedRun
from smapstop.report.diff.render import change_text, group_cells, metric_label
from smapstop.text import format as fmt
from smapstop.text.kinds import letter_of
from smapstop.text.run_verdict import run_verdict

MAX_GROUPS = 250
_MOST_MOVERS = 4
_POINTS = 600
_NAME_WIDTH = 48
_SIDES = (("before", "before"), ("after", "after"))
"""Name and role of each run."""


@dataclass(frozen=True, slots=True)
class ComparedGroup:
    """Mappings of a name in both runs. Amounts are kB, of the metric."""

    name: str
    full_name: str
    kind: Kind
    letter: str
    mappings: str
    before_kb: int
    before: str
    after_kb: int
    after: str
    change_kb: int
    change: str
    share: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs, compared at their ends."""

    title: str
    metric: str
    lead: str
    notes: tuple[str, ...]
    movers: tuple[ComparedGroup, ...]
    groups: tuple[ComparedGroup, ...]
    left_out: int
    """Groups that are left out."""
    by: str
    chart: TimeChart
    figures: RunFigures
    facts: tuple[tuple[str, Sequence[Fact]], ...]
    """Facts about each run, with its file."""


def compare(before: RecordedRun, after: RecordedRun) -> Comparison:
    """Compare two runs at their ends.

    Raises:
        SmapstopError: The kernels have no amount in common.
    """
    is_comparable = before.redaction == after.redaction
    by: MatchKey = "name" if is_comparable else "kind"
    diff = diff_runs(_compared_run(before), _compared_run(after), by, unchanged=False)
    groups = tuple(_group(diff, row) for row in diff.rows[:MAX_GROUPS])
    verdicts = (run_verdict(run.view, run.timeline, run.sums).lead for run in (before, after))
    notes = [f"{side.capitalize()}: {lead}" for (side, _), lead in zip(_SIDES, verdicts, strict=True)]
    notes += [*diff.notes, *_peak_notes(before, after)]
    if not is_comparable:
        notes.append("Names are redacted, with other numbers in each run: only kinds of memory can be compared.")
    titles = list(dict.fromkeys(map(name_of, (before, after))))
    return Comparison(
        title=" and ".join(titles),
        metric=metric_label(diff),
        lead=_lead_text(diff),
        notes=tuple(notes),
        movers=groups[:_MOST_MOVERS],
        groups=groups,
        left_out=len(diff.rows) - len(groups),
        by=diff.by,
        chart=_chart((before, after)),
        figures=run_figures((before, after)),
        facts=tuple((fmt.printable(run.file), facts_of(run)) for run in (before, after)),
    )


def _lead_text(diff: Diff) -> str:
    """The totals at the ends: "Uss + Swap at the end: 41.2 MiB before, 38.1 MiB after, −3.1 MiB (−7.5 %)."."""
    total = diff.sum_of(diff.metric)
    before, after = (fmt.long_amount(kb) for kb in (total.before, total.after))
    return f"{metric_label(diff)} at the end: {before} before, {after} after, {change_text(total)}."


def _compared_run(run: RecordedRun) -> ComparedRun:
    """The end of a run, as `smapstop diff` takes it."""
    tick = run.view.snapshot.tick
    return ComparedRun(
        file=run.file,
        mappings=run.view.snapshot.mappings,
        pid=run.target.pid or None,
        name=tick.counters.name,
        taken_at=format_utc(tick.wall_ns),
        tick=tick.number,
        seconds=run.seconds,
        redaction=run.redaction,
    )


def _group(diff: Diff, row: DiffRow) -> ComparedGroup:
    """One group of the table."""
    cells = group_cells(diff, row)
    return ComparedGroup(
        name=fmt.shorten(row.name, _NAME_WIDTH),
        full_name=fmt.printable(row.name),
        kind=row.kind,
        letter=letter_of(row.kind),
        mappings=cells["members"],
        before_kb=row.amount.before or 0,
        before=cells["before"],
        after_kb=row.amount.after or 0,
        after=cells["after"],
        change_kb=row.amount.change or 0,
        change=cells["change"],
        share=cells["share"],
    )


def _peak_notes(before: RecordedRun, after: RecordedRun) -> list[str]:
    """How high Rss was at most in each run, and how long they are."""
    peaks = [np.nanmax(_totals(run, "rss"), initial=0.0) for run in (before, after)]
    lengths = [fmt.duration(run.seconds) for run in (before, after)]
    notes = [
        f"Rss was at most {fmt.long_amount(float(peaks[0]))} before, and {fmt.long_amount(float(peaks[1]))} after."
    ]
    if lengths[0] != lengths[1]:
        notes.append(f"The recordings are not of the same length: {lengths[0]} and {lengths[1]}.")
    return notes


def _totals(run: RecordedRun, name: str) -> Series:
    """A total over all known ticks, kB."""
    return fill_forward(run.timeline.queries.totals(name, run.timeline.oldest, len(run.timeline)))


def _chart(runs: Sequence[RecordedRun]) -> TimeChart:
    """Both runs over the time since their first ticks."""
    longest = max(run.seconds for run in runs)
    seconds = np.linspace(0.0, longest, _POINTS)
    plots = []
    for metric in METRICS[:-1]:
        values = np.stack([_resample(run, metric, seconds) for run in runs])
        if np.nan_to_num(values).any():
            plots.append(_plot(METRIC_TITLES[metric], seconds, values))
    return TimeChart(tuple(seconds.round(3).tolist()), 0.0, tuple(plots), time_labels(0.0, longest))


def _resample(run: RecordedRun, name: str, seconds: Series) -> Series:
    """A total at some times since the first tick, kB; NaN after the last."""
    times_ns = run.activity.times_ns[run.timeline.oldest :]
    own_seconds = (times_ns - times_ns[0]) / 1e9
    at = np.searchsorted(own_seconds, seconds, side="right") - 1
    sampled: Series = np.where(seconds <= own_seconds[-1], _totals(run, name)[np.maximum(at, 0)], np.nan)
    return sampled


def _plot(name: str, seconds: Series, values: Series) -> Plot:
    """One total of both runs, as lines; the second is filled."""
    top = nice_top(max(float(np.nanmax(values)), 1.0))
    x, y = WIDTH * seconds / max(float(seconds[-1]), 1e-9), HEIGHT * (1 - values / top)
    return Plot(
        name=name,
        parts=tuple(
            PlotPart(
                name=side,
                role=role,
                area=area_path(x, y[at], np.full(len(x), float(HEIGHT))) if at else "",
                line=line_path(x, y[at]),
                values=tuple(None if kb != kb else int(kb) for kb in values[at].tolist()),
                last=_last_text(values[at]),
            )
            for at, (side, role) in reversed(list(enumerate(_SIDES)))  # the line over the area
        ),
        labels=scale_labels(top),
        is_stacked=False,
    )


def _last_text(values: Series) -> str:
    """The last known amount."""
    known = values[~np.isnan(values)]
    return fmt.amount(float(known[-1])) if len(known) else fmt.UNKNOWN
