"""Derive the view from timeline and view state: a snapshot and its baseline, filtered and grouped."""

import numpy as np
from numpy.typing import NDArray

from smapstop.lazy_dataclass import dataclass
from smapstop.model.compare.previous_run import PreviousRun
from smapstop.model.grouping import GroupScope
from smapstop.model.history.inferred_growth import InferredGrowth, infer_growth
from smapstop.model.history.time_window import TickTimes, TimeWindow, window_until
from smapstop.model.tick import Ids, Tick
from smapstop.model.timeline.map_diff import MapDiff, diff_maps
from smapstop.model.timeline.map_snapshot import MapSnapshot
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.filter import parse_filter
from smapstop.model.view.groups import group_scope, groups_of, sum_groups, unfold
from smapstop.model.view.table_data import RemovedRows, TableData, build_table, with_removed
from smapstop.model.view.table_faults import with_faults
from smapstop.model.view.table_inferred import with_inferred
from smapstop.model.view.view_state import ViewState

REMOVED_ROW_TICKS = 3
"""Ticks for which a removed mapping is still shown."""
RATE_TICKS = 3
"""Ticks over which rates count."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What a view state shows of a timeline."""

    state: ViewState
    snapshot: MapSnapshot
    previous_tick: Tick
    """The tick before the snapshot's, for rates of the whole process; the same one if there is none before."""
    diff: MapDiff
    """The snapshot compared with its baseline."""
    recent: MapDiff
    """The snapshot compared with the one `RATE_TICKS` before, for rates."""
    mappings: TableData
    """One row per mapping, also of those just removed."""
    matching: NDArray[np.bool_]
    """Mask of `mappings` that pass the filter."""
    table: TableData
    """The rows to show: the mappings, or groups of those that pass the filter, some of them unfolded."""
    filter_mask: NDArray[np.bool_]
    """Mask of the table rows that pass the filter: of groups all, since they have nothing else."""
    scope: GroupScope
    """The mappings that are grouped, and by what."""
    group_of: Ids
    """Id of the group of each of `mappings`, 0 for those that do not pass the filter; -1 without groups."""
    newest: int
    """Number of the newest tick."""
    window: TimeWindow
    """The window of time of all charts."""
    growth: InferredGrowth | None = None
    """What is inferred of the mappings since they were read; `None` if they have just been."""
    previous_run: PreviousRun | None = None
    """The earlier run that has the baseline; `None` if the baseline is of the same run."""
    overdue_ns: int = 0
    """How long the snapshot's tick has been over, if it is the newest and the next one is overdue; else 0."""


def derive_view(
    timeline: Timeline,
    state: ViewState,
    previous_run: PreviousRun | None = None,
    times_ns: TickTimes | None = None,
    is_reading: NDArray[np.bool_] | None = None,
    overdue_ns: int = 0,
) -> View:
    """Derive the view of a timeline, which must have a tick.

    Args:
        timeline: The ticks.
        state: Tick, baseline, grouping and filter of the view.
        previous_run: Earlier run, used if `state` has it as the baseline.
        times_ns: Start of each tick, where known; else they are looked up one by one.
        is_reading: Which ticks read the mappings, likewise.
        overdue_ns: See `View`.

    Raises:
        SmapstopError: The filter is invalid.
    """
    newest = len(timeline) - 1
    snapshot = timeline.at(newest if state.at is None else max(timeline.oldest, state.at))
    previous_run = previous_run if state.baseline == "run" else None
    if times_ns is None or is_reading is None:
        headers = [timeline.header(max(timeline.oldest, n)) for n in range(newest + 1)]
        times_ns = np.array([tick.monotonic_ns for tick in headers])
        is_reading = np.array([tick.has_mappings for tick in headers])
    changes = diff_maps(_baseline(timeline, state, snapshot, previous_run), snapshot)
    recent_base = timeline.at(_rate_baseline(timeline, snapshot))
    recent = changes if recent_base is changes.before else diff_maps(recent_base, snapshot)
    growth = infer_growth(snapshot, timeline.faults.since_reading(snapshot.tick.number))
    mappings = _mappings(timeline, changes, recent, state, other_run=previous_run is not None)
    mappings = with_inferred(mappings, growth, timeline, snapshot.tick.number, state.baseline)
    matching = parse_filter(state.filter)(mappings)
    scope = group_scope(mappings, state.grouping, mappings.ids[matching] if state.filter else None)
    group_of = groups_of(mappings, scope)
    table = mappings if state.grouping == "none" else _tree(mappings, group_of, state)
    return View(
        state=state,
        snapshot=snapshot,
        previous_tick=timeline.header(max(timeline.oldest, snapshot.tick.number - 1)),
        diff=changes,
        recent=recent,
        mappings=mappings,
        matching=matching,
        table=table,
        filter_mask=matching if table is mappings else np.ones(len(table), np.bool_),
        scope=scope,
        group_of=group_of,
        newest=newest,
        window=window_until(times_ns, timeline.oldest, state.span_s, state.until, is_reading),
        growth=growth,
        previous_run=previous_run,
        overdue_ns=overdue_ns,
    )


def _baseline(
    timeline: Timeline, state: ViewState, snapshot: MapSnapshot, previous_run: PreviousRun | None
) -> MapSnapshot:
    """Snapshot to compare with: of the earlier run if given, else of this run, and never a later one."""
    if previous_run is not None:
        return previous_run.at_same_age(timeline, snapshot)
    if state.baseline == "start":
        return timeline.initial
    if state.baseline == "mark" and state.mark is not None:
        return timeline.at(min(state.mark, snapshot.tick.number))
    if state.baseline == "range" and state.range_start is not None:
        return timeline.at(max(timeline.oldest, min(state.range_start, snapshot.tick.number)))
    return timeline.at(max(timeline.oldest, snapshot.reading_tick.number - 1))


def _rate_baseline(timeline: Timeline, snapshot: MapSnapshot) -> int:
    """The tick since which rates count: `RATE_TICKS` before, or earlier, so that a reading lies between."""
    number = min(snapshot.tick.number - RATE_TICKS, snapshot.reading_tick.number - 1)
    return max(timeline.oldest, number)


def _tree(mappings: TableData, group_of: Ids, state: ViewState) -> TableData:
    """Groups of the mappings that pass the filter, some of them unfolded."""
    rows = np.flatnonzero(group_of)
    if len(rows) < len(mappings):
        mappings, group_of = mappings.take(rows), group_of[rows]
    return unfold(sum_groups(mappings, group_of), mappings, group_of, state.unfolded)


def _mappings(
    timeline: Timeline, changes: MapDiff, recent: MapDiff, state: ViewState, *, other_run: bool
) -> TableData:
    """Table of a snapshot with the removed rows.

    Args:
        timeline: Timeline of the snapshot.
        changes: The snapshot compared with its baseline.
        recent: The snapshot compared with that of a few ticks before.
        state: The metric.
        other_run: Whether the baseline is of another run: the removed rows are those that only the baseline has.
    """
    snapshot = changes.after
    number = snapshot.tick.number
    stacks, purposes = timeline.stacks_at(number), timeline.purposes_at(number)
    table = build_table(changes, recent, state.metric, stacks, purposes)
    removed = _rows_only_in_baseline(changes) if other_run else _removed_rows(timeline, snapshot)
    since = None if other_run else changes.before.tick.number
    shown = with_removed(table, changes, removed)
    return with_faults(shown, timeline.faults, number, since, recent.before.tick.number)


def _removed_rows(timeline: Timeline, snapshot: MapSnapshot) -> RemovedRows:
    """Rows of the mappings removed in the last `REMOVED_ROW_TICKS` ticks, with the first tick without each."""
    number = snapshot.tick.number
    before = timeline.at(max(timeline.oldest, number - REMOVED_ROW_TICKS))
    rows = diff_maps(before, snapshot).gone_rows
    if not len(rows):
        return RemovedRows(before, rows, np.zeros(0, np.int64))
    return RemovedRows(before, rows, _removal_ticks(timeline, before.ids[rows], before.tick.number, number))


def _removal_ticks(timeline: Timeline, ids: Ids, first: int, last: int) -> NDArray[np.int64]:
    """First tick after `first` without each of some mappings, all of which are gone by `last`."""
    removed = np.full(len(ids), last)
    for tick in reversed(timeline.ticks[first + 1 : last]):
        removed[~np.isin(ids, tick.ids) if tick.keyframe else np.isin(ids, tick.gone)] = tick.number
    return removed


def _rows_only_in_baseline(changes: MapDiff) -> RemovedRows:
    """Rows of the mappings that only the earlier run has."""
    return RemovedRows(changes.before, changes.gone_rows, np.full(len(changes.gone_rows), -1))
