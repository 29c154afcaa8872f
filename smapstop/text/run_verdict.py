"""The verdict on a whole run: what grew, by how much, and why."""

from collections.abc import Sequence

import numpy as np

from smapstop.lazy_dataclass import dataclass
from smapstop.model.callers.culprit import function_faults
from smapstop.model.callers.page_faults import PageFaults
from smapstop.model.events import COST_OF, Cost, Event
from smapstop.model.history.mapping_history import MappingHistory
from smapstop.model.history.run_sums import RunSums
from smapstop.model.history.trend import trend_at
from smapstop.model.kinds import Kind
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.row_names import row_name
from smapstop.model.view.view import View
from smapstop.text import format as fmt
from smapstop.text.culprit import majority_text
from smapstop.text.limits import limit_texts
from smapstop.text.mapping_detail import compared_ticks
from smapstop.text.mechanisms import event_verdict
from smapstop.text.status import exit_status_text
from smapstop.text.units import AUTO
from smapstop.text.why import Reason, reason_of, trend_text

_MOST_MOVERS, _MOST_MECHANISMS = 4, 3
_LEAST_SHARE = 0.05
"""Share of all growth that a mapping needs to be named in the verdict."""
_SHORT_SECONDS = 10.0
"""Times below this one are given with a decimal."""
_SMALL_CHANGE, _HIGHER_PEAK = 0.01, 1.05
"""Changes below this share are small; a peak is worth a sentence from this multiple of both ends on."""
_MAJORITY = 0.5
"""Share of the page faults of a mapping that a function must have made to be named."""
_TAKES, _GIVES = (Cost.MEMORY, Cost.TIME), (Cost.RETURNED,)
_EITHER_WAY = ("unexplained", "shared-map", "shared-unmap")


@dataclass(frozen=True, slots=True)
class Mover:
    """A mapping that makes up much of the change."""

    mapping: int
    kind: Kind
    name: str
    kb: int
    """Its change, kB."""
    change: str
    share: str
    """Its share of all that grew, or shrank: "94 %"."""
    mechanisms: str
    """What moved its pages: "15,872 pages first touch"; empty if nothing is known."""
    trend: str
    culprit: str
    """Whose doing its page faults were; empty if not known."""
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class RunVerdict:
    """Verdict on a run."""

    lead: str
    change_kb: int
    """Change of Rss, kB; 0 if it is not known."""
    notes: tuple[str, ...]
    """Its peak, how it ended, its limits."""
    movers: tuple[Mover, ...]


def run_verdict(view: View, timeline: Timeline, sums: RunSums) -> RunVerdict:
    """Judge a run.

    Args:
        view: The end of the run, compared with its beginning.
        timeline: Its timeline.
        sums: Its sums.
    """
    start, last = view.diff.before.tick.number, view.newest
    rss = timeline.queries.totals("rss", start, last + 1)
    known = np.flatnonzero(~np.isnan(rss))
    change_kb = int(rss[known[-1]] - rss[known[0]]) if len(known) else 0
    seconds = (timeline.header(last).monotonic_ns - view.diff.before.tick.monotonic_ns) / 1e9
    lead = "How much memory it had is not known."
    notes: list[str] = []
    if len(known):
        lead = _lead_text(float(rss[known[0]]), float(rss[known[-1]]), seconds)
        peak = int(known[np.argmax(rss[known])])
        if rss[peak] > _HIGHER_PEAK * max(rss[known[0]], rss[known[-1]]):
            when = fmt.clock(timeline.header(start + peak).wall_ns)
            notes.append(f"It was highest at {when}, with {fmt.long_amount(float(rss[peak]))}.")
    movers = _movers(view, timeline, sums, rising=change_kb >= 0)
    notes += [*_rest_notes(view, movers), *_end_notes(view, timeline)]
    return RunVerdict(lead, change_kb, tuple(notes), movers)


def _lead_text(first: float, last: float, seconds: float) -> str:
    """How Rss moved: "Rss grew from 9.1 MiB to 75.3 MiB in 60 s, by 66.2 MiB"."""
    before, after, change = fmt.long_amount(first), fmt.long_amount(last), last - first
    if not seconds:
        return f"Rss was {after} in the only sample."
    time = fmt.duration(seconds) if seconds >= _SHORT_SECONDS else fmt.span(round(seconds * 1e9))
    if before == after:
        return f"Rss was {after} at the end of {time}, as at the start."
    if abs(change) < _SMALL_CHANGE * first:
        return f"Rss changed little in {time}: from {before} to {after}."
    verb = "grew" if change > 0 else "fell"
    return f"Rss {verb} from {before} to {after} in {time}, by {fmt.long_amount(abs(change))}."


def _rest_notes(view: View, movers: Sequence[Mover]) -> list[str]:
    """A sentence if most of the change is in mappings that are not named."""
    change = view.mappings.change
    if change is None or not movers:
        return []
    sign = 1 if movers[0].kb > 0 else -1
    moved = np.maximum(sign * change, 0)
    rest_kb, others = int(moved.sum()) - sum(abs(mover.kb) for mover in movers), np.count_nonzero(moved) - len(movers)
    if 2 * rest_kb <= moved.sum():
        return []
    verb = "grew" if sign > 0 else "shrank"
    return [f"Most of it is spread: {others:,} other mappings {verb} by {fmt.amount(rest_kb)} together."]


def _end_notes(view: View, timeline: Timeline) -> list[str]:
    """How the process ended, and what its limits are."""
    notes, tick, read = [], view.snapshot.tick, view.snapshot.reading_tick
    if read.number < tick.number and tick.ending is None:
        age = fmt.span(tick.monotonic_ns - read.monotonic_ns)
        notes.append(f"The mappings were read last {age} before the end, at {fmt.clock(read.wall_ns)}.")
    if tick.ending is not None:
        how = exit_status_text(tick.ending)
        notes.append(f"The process {'was ' if how.startswith('killed') else ''}{how} at {fmt.clock(tick.wall_ns)}.")
    for limit in limit_texts(view, timeline):
        name = "Memory limit" if limit.label == "limit" else limit.label.capitalize()
        notes.append(f"{name}: {limit.text}.")
    return notes


def _movers(view: View, timeline: Timeline, sums: RunSums, *, rising: bool) -> tuple[Mover, ...]:
    """The mappings that moved most in the direction of the whole, the largest first."""
    change = view.mappings.change
    if change is None:
        return ()
    moved = np.maximum(change if rising else -change, 0)
    total = int(moved.sum())
    order = np.argsort(-moved, kind="stable")[:_MOST_MOVERS]
    rows = [
        row for at, row in enumerate(order.tolist()) if moved[row] and (not at or moved[row] >= _LEAST_SHARE * total)
    ]
    events = sums.events_of([int(view.mappings.ids[row]) for row in rows])
    faults = timeline.faults.between(view.diff.before.tick.number + 1, view.newest + 1)
    return tuple(
        _mover(view, timeline, row, total, events[int(view.mappings.ids[row])], faults, rising=rising) for row in rows
    )


def _mover(
    view: View,
    timeline: Timeline,
    row: int,
    total_kb: int,
    events: Sequence[Event],
    faults: PageFaults | None,
    *,
    rising: bool,
) -> Mover:
    """Describe one mapping that moved."""
    table = view.mappings
    assert table.change is not None, "it moved"
    mapping, kb, kind = int(table.ids[row]), int(table.change[row]), list(Kind)[int(table.kind[row])]
    history = MappingHistory(timeline, mapping)
    number = compared_ticks(history, view).number
    wanted = _TAKES if rising else _GIVES
    moving = [event for event in events if COST_OF[event.what] in wanted or event.what in _EITHER_WAY]
    moving = moving[:_MOST_MECHANISMS]
    return Mover(
        mapping=mapping,
        kind=kind,
        name=fmt.printable(row_name(table, row)),
        kb=kb,
        change=fmt.signed(kb),
        share=fmt.percent(abs(kb) / total_kb),
        mechanisms=", ".join(event_verdict(event, full=True) for event in moving),
        trend=trend_text(history, number, trend_at(history, number), AUTO),
        culprit=culprit_of_run(faults, mapping),
        reasons=tuple(reason_of(event, kind) for event in moving),
    )


def culprit_of_run(faults: PageFaults | None, mapping: int) -> str:
    """Function that made most page faults of a mapping; empty if it is not known, or there is no majority."""
    if faults is None:
        return ""
    made = function_faults(faults, [mapping])
    return "" if made.top is None or made.top.faults < _MAJORITY * made.seen else majority_text(made.top, made.seen)
