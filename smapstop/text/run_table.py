"""What the list of runs says of each, as text. No Textual here."""

from collections.abc import Sequence

import numpy as np

from smapstop.model.compare.previous_run import age_of, tick_at_age
from smapstop.model.compare.runs import Run
from smapstop.model.timeline.timeline import Timeline
from smapstop.text import format as fmt
from smapstop.text.status import exit_status_text

TITLES = ("Run", "Began", "Lasted", "Ended", "Peak Rss", "Rss at end", "Δ Rss")
_WIDTHS = (3, 8, 6, 17, 8, 10, 7)
_LEFT = (1, 3)
"""The columns that are no numbers."""


def header() -> str:
    """The titles, as the lines are laid out."""
    return _lay_out(TITLES)


def line_of(run: Run, before: Run | None) -> str:
    """A run: when, how long, how it ended, and what it had; compared with the run before it at the same age."""
    timeline = run.timeline
    if not len(timeline):
        return _lay_out((str(run.number), "", "", "no sample", "", "", ""))
    last = timeline.header(len(timeline) - 1)
    rss = last.totals.get("rss")
    was = None if before is None else _rss_at_age(before.timeline, age_of(timeline, last))
    return _lay_out(
        (
            str(run.number),
            fmt.clock(timeline.initial.tick.wall_ns),
            fmt.duration(age_of(timeline, last) / 1e9),
            exit_status_text(timeline.ending) if timeline.ending else "running",
            fmt.amount(_peak(timeline)),
            fmt.amount(rss),
            "" if was is None or rss is None else fmt.signed(rss - was),
        )
    )


def _peak(timeline: Timeline) -> float | None:
    """The most Rss, kB, as far as it was sampled, and the kernel's own peak, which sees what samples miss."""
    last = timeline.header(len(timeline) - 1)
    sampled = timeline.queries.totals("rss", 0, len(timeline))
    known = [*sampled[~np.isnan(sampled)].tolist(), *([last.counters.vm_hwm] if last.counters.vm_hwm else [])]
    return max(known, default=None)


def _rss_at_age(timeline: Timeline, age_ns: int) -> int | None:
    """Rss of a run at an age, or at its end when that was before, kB."""
    return timeline.header(tick_at_age(timeline, age_ns)).totals.get("rss") if len(timeline) else None


def _lay_out(cells: Sequence[str]) -> str:
    """The cells of a line in their columns."""
    pieces = []
    for at, (text, width) in enumerate(zip(cells, _WIDTHS, strict=True)):
        fitting = fmt.clip(text, width)
        pieces.append(fmt.pad(fitting, width) if at in _LEFT else " " * (width - fmt.cell_width(fitting)) + fitting)
    return "  ".join(pieces)
