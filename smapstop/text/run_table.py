"""Text of the list of runs."""

from collections.abc import Sequence

import numpy as np

from smapstop.model.compare.previous_run import age_of, tick_at_age
from smapstop.model.compare.runs import Run
from smapstop.model.timeline.timeline import Timeline
from smapstop.text import format as fmt
from smapstop.text.status import exit_status_text
from smapstop.text.units import AUTO, UnitFormat

TITLES = ("Run", "Began", "Lasted", "Ended", "Peak Rss", "Rss at end", "Δ Rss")
_WIDTHS = (3, 8, 6, 17, 8, 10, 7)
_LEFT = (1, 3)
"""Left-aligned columns; the others are right-aligned."""


def header(unit: UnitFormat = AUTO) -> str:
    """Title line, laid out like the rows."""
    return _lay_out([f"{title} {unit.sign}".rstrip() if "Rss" in title else title for title in TITLES], unit)


def line_of(run: Run, before: Run | None, unit: UnitFormat = AUTO) -> str:
    """Line of a run: start, duration, end, Rss, and the change of Rss against the previous run at the same age."""
    timeline = run.timeline
    if not len(timeline):
        return _lay_out((str(run.number), "", "", "no sample", "", "", ""), unit)
    last = timeline.header(len(timeline) - 1)
    rss = last.totals.get("rss")
    previous_rss = None if before is None else _rss_at_age(before.timeline, age_of(timeline, last))
    return _lay_out(
        (
            str(run.number),
            fmt.clock(timeline.initial.tick.wall_ns),
            fmt.duration(age_of(timeline, last) / 1e9),
            exit_status_text(timeline.ending) if timeline.ending else "running",
            unit.amount(_peak(timeline)),
            unit.amount(rss),
            "" if previous_rss is None or rss is None else unit.signed(rss - previous_rss),
        ),
        unit,
    )


def _peak(timeline: Timeline) -> float | None:
    """Peak Rss, kB: the larger of the sampled peak and the kernel's VmHWM, which includes peaks between samples."""
    last = timeline.header(len(timeline) - 1)
    sampled = timeline.queries.totals("rss", 0, len(timeline))
    known = [*sampled[~np.isnan(sampled)].tolist(), *([last.counters.vm_hwm] if last.counters.vm_hwm else [])]
    return max(known, default=None)


def _rss_at_age(timeline: Timeline, age_ns: int) -> int | None:
    """Rss of a run at an age, or at its end if it ended earlier, kB."""
    return timeline.header(tick_at_age(timeline, age_ns)).totals.get("rss") if len(timeline) else None


def _lay_out(cells: Sequence[str], unit: UnitFormat) -> str:
    """Align the cells of a line in their columns, which have room for amounts in a unit."""
    pieces = []
    for at, (text, least) in enumerate(zip(cells, _WIDTHS, strict=True)):
        width = max(least, unit.cells + len(unit.sign)) if "Rss" in TITLES[at] else least
        cell = fmt.clip(text, width)
        pieces.append(fmt.pad(cell, width) if at in _LEFT else " " * (width - fmt.cell_width(cell)) + cell)
    return "  ".join(pieces)
