"""What a reader looks at: one moment, compared with another, filtered and grouped."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smapstop.model.compare.previous_run import PreviousRun
from smapstop.model.grouping import Grouping
from smapstop.model.tick import Ids, Tick
from smapstop.model.timeline.map_diff import MapDiff, diff_maps
from smapstop.model.timeline.map_snapshot import MapSnapshot
from smapstop.model.timeline.rates import rate_seconds
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.filter import parse_filter
from smapstop.model.view.table_data import RemovedRows, TableData, build_table, group_rows, with_removed
from smapstop.model.view.view_state import ViewState

LINGER = 3
"""Ticks for which a mapping that is gone is still shown."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What is seen through a lens."""

    state: ViewState
    snapshot: MapSnapshot
    previous_tick: Tick
    """The tick before it, for rates of the whole process; the moment's own when it is the first."""
    diff: MapDiff
    """The moment against the compared one."""
    table: TableData
    filter_mask: NDArray[np.bool_]
    """The rows of the sheet that the filter lets through."""
    newest: int
    """Number of the newest tick."""
    previous_run: PreviousRun | None = None
    """The earlier run that it is compared with; None when that is another moment of the same run."""


def derive_view(timeline: Timeline, state: ViewState, previous_run: PreviousRun | None = None) -> View:
    """Look at a timeline, which must have a tick.

    Args:
        timeline: What to look at.
        lens: How.
        earlier: The run that it may be compared with.

    Raises:
        SmapstopError: The filter makes no sense.
    """
    newest = len(timeline) - 1
    moment = timeline.at(newest if state.at is None else max(timeline.oldest, state.at))
    previous_run = previous_run if state.baseline == "run" else None
    changes = diff_maps(_baseline(timeline, state, moment, previous_run), moment)
    sheet = _table(timeline, changes, state.grouping, other_run=previous_run is not None)
    return View(
        state=state,
        snapshot=moment,
        previous_tick=timeline.header(max(timeline.oldest, moment.tick.number - 1)),
        diff=changes,
        table=sheet,
        filter_mask=parse_filter(state.filter)(sheet),
        newest=newest,
        previous_run=previous_run,
    )


def _baseline(timeline: Timeline, lens: ViewState, moment: MapSnapshot, earlier: PreviousRun | None) -> MapSnapshot:
    """The moment to compare with: of the earlier run when there is one, else of this run, and never a later one."""
    if earlier is not None:
        return earlier.at_same_age(timeline, moment)
    if lens.baseline == "start":
        return timeline.initial
    if lens.baseline == "mark" and lens.mark is not None:
        return timeline.at(min(lens.mark, moment.tick.number))
    return timeline.at(max(timeline.oldest, moment.reading_tick.number - 1))


def _table(timeline: Timeline, changes: MapDiff, grouping: Grouping, *, other_run: bool) -> TableData:
    """The rows of a moment with those removed, grouped.

    Args:
        timeline: The moment's.
        changes: The moment against its baseline.
        grouping: How to group the rows.
        other_run: Whether the baseline is of another run, so that there is no rate, and nothing lingers.
    """
    moment = changes.after
    seconds = None if other_run else rate_seconds(changes.before.reading_tick, moment.reading_tick)
    sheet = build_table(changes, seconds, timeline.stacks_at(moment.tick.number))
    lost = _missing_rows(changes) if other_run else _removed_rows(timeline, moment)
    return group_rows(with_removed(sheet, changes, lost), grouping)


def _removed_rows(timeline: Timeline, moment: MapSnapshot) -> RemovedRows:
    """The rows of mappings that were gone in the last ticks up to a moment, with the tick that found each gone."""
    number = moment.tick.number
    before = timeline.at(max(timeline.oldest, number - LINGER))
    rows = diff_maps(before, moment).gone_rows
    return RemovedRows(before, rows, _removal_ticks(timeline, before.ids[rows], before.tick.number, number))


def _removal_ticks(timeline: Timeline, ids: Ids, first: int, last: int) -> NDArray[np.int64]:
    """The first tick after `first`, and up to `last`, without each of some mappings that are gone by `last`."""
    removed = np.full(len(ids), last)
    for tick in reversed(timeline.ticks[first + 1 : last]):
        removed[~np.isin(ids, tick.ids) if tick.keyframe else np.isin(ids, tick.gone)] = tick.number
    return removed


def _missing_rows(changes: MapDiff) -> RemovedRows:
    """The rows of an earlier run that this one does not have."""
    return RemovedRows(changes.before, changes.gone_rows, np.full(len(changes.gone_rows), -1))
